"""Products of the market for flexibility: what the site may sell apart from energy, lowered to charges and rules."""
