"""Money: six primitives, each a CVXPY expression and a NumPy settlement side by side."""
