"""Work of clusters in numbers: curves, jobs, power and heat, without a solver."""
