"""Cash flow, life and fade: from a year's bill to the years of a project."""
