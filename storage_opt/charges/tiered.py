"""Rising block prices, on the energy of each billing period or on its peak."""
