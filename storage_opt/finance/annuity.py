"""Payments that are the same every year."""

from __future__ import annotations

import math

__all__ = ["annuity_factor"]


def annuity_factor(rate: float, years: int) -> float:
    """Present worth of 1 at the end of each of `years` years: (1 - (1 + i)^-n) / i. [year]

    Parameters
    ----------
    rate : float
        Interest i, above -1. [1/year]
    years : int
        Number of payments n.

    Examples
    --------
    >>> round(annuity_factor(0.08, 10), 6)
    6.710081
    """
    # the difference in the formula would lose its digits at small rates
    return -math.expm1(-years * math.log1p(rate)) / rate if rate else float(years)
