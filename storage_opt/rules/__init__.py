"""Contract rules: each a named constraint and its NumPy check side by side."""
