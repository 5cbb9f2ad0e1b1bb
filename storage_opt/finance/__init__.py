"""Cash flow of a project over its life, and what it is worth; NumPy only."""
