"""What is known between the points of a map: cuts from above, chords from below.

The net present value is a concave function of the sizes, because the optimal cost is convex in them. So every plane
through a point with the slopes of its multipliers lies nowhere below it, and every chord nowhere above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "chords_1d", "chords_2d", "cuts"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most that a net present value can be. [money]"""

    least: float
    most: float


def cuts(points: Sequence[_Array], most: _Array, slopes: Sequence[_Array], at: Sequence[float]) -> float:
    """Lowest of the planes through the points.

    Parameters
    ----------
    points : sequence of (P,) array
        Coordinates, one array for each axis.
    most : (P,) array
        What nothing beats at each point; NaN where there is no schedule. [money]
    slopes : sequence of (P,) array
        Slope along each axis. [money/unit]
    at : sequence of float
        Where to look.

    Notes
    -----
    ``NPV(s) <= min_i NPV_i + g_i (s - s_i)``
    """
    planes = most + sum(slope * (value - axis) for axis, slope, value in zip(points, slopes, at, strict=True))
    return float(np.nanmin(planes))


def chords_1d(values: _Array, npv: _Array, at: float) -> float:
    """The straight line between the two neighbours; minus infinite where one of them has no schedule."""
    left = int(np.clip(np.searchsorted(values, at, side="right") - 1, 0, values.size - 2))
    share = (at - values[left]) / (values[left + 1] - values[left])
    ends = npv[left], npv[left + 1]
    parts = [weight * end for weight, end in zip((1.0 - share, share), ends, strict=True) if weight > 0.0]
    return _known(float(sum(parts)))


def chords_2d(x: _Array, y: _Array, npv: _Array, at: tuple[float, float]) -> float:
    """The higher of the two ways to span the four corners of a cell by two triangles.

    Parameters
    ----------
    x, y : (X,), (Y,) array
        Values of the axes, rising.
    npv : (X, Y) array
        Values at the points. [money]
    at : tuple of float
        Where to look.
    """
    i = int(np.clip(np.searchsorted(x, at[0], side="right") - 1, 0, x.size - 2))
    j = int(np.clip(np.searchsorted(y, at[1], side="right") - 1, 0, y.size - 2))
    u = (at[0] - x[i]) / (x[i + 1] - x[i])
    v = (at[1] - y[j]) / (y[j + 1] - y[j])
    low, right, up, far = npv[i, j], npv[i + 1, j], npv[i, j + 1], npv[i + 1, j + 1]
    rising = _mean(((low, 1.0 - u), (right, u - v), (far, v)) if u >= v else ((low, 1.0 - v), (up, v - u), (far, u)))
    if u + v <= 1.0:
        falling = _mean(((low, 1.0 - u - v), (right, u), (up, v)))
    else:
        falling = _mean(((far, u + v - 1.0), (up, 1.0 - u), (right, 1.0 - v)))
    return max(rising, falling)


def _mean(parts: Sequence[tuple[float, float]]) -> float:
    return _known(sum(value * weight for value, weight in parts if weight > 0.0))


def _known(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
