"""Mean and tail of costs that may come: what is expected, and how bad the worst years are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cvar", "mean_and_tail"]

_Vector = NDArray[np.float64]


def cvar(costs: _Vector, weights: _Vector, level_frac: float) -> float:
    """Conditional value at risk: the mean of the worst ``1 - level_frac`` by cost. [money]

    Parameters
    ----------
    costs, weights : (S,) array
        Cost of each year and its relative probability.
    level_frac : float
        Level below 1; 0 gives the mean of all.

    Notes
    -----
    The year at the edge of the tail counts with the part of its probability that lies in it, so that a year split in
    two halves changes nothing (Rockafellar and Uryasev 2002, Conditional value-at-risk for general loss distributions).

    Examples
    --------
    >>> cvar(np.array([1.0, 2.0, 4.0]), np.ones(3), 0.5)  # the worst, and half as much of the middle one
    3.333333333333333
    """
    worst = np.argsort(-costs, kind="stable")
    share = weights[worst] / weights.sum()
    tail = 1.0 - level_frac
    before = np.concatenate([[0.0], np.cumsum(share)[:-1]])
    inside = np.clip(tail - before, 0.0, share)
    kept = inside > 0.0
    return float(costs[worst][kept] @ inside[kept] / inside.sum())


def mean_and_tail(costs: _Vector, weights: _Vector, level_frac: float, tail_frac: float) -> float:
    """``(1 - w) mean + w cvar``, what sizes are chosen by. [money]

    Parameters
    ----------
    costs, weights : (S,) array
        Cost of each year and its relative probability.
    level_frac, tail_frac : float
        Level of the conditional value at risk, and its share w.
    """
    mean = float(costs @ weights / weights.sum())
    return mean if tail_frac == 0.0 else (1.0 - tail_frac) * mean + tail_frac * cvar(costs, weights, level_frac)
