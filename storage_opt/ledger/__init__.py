"""Settle a schedule without a solver, compare it with the baseline, attribute the savings."""
