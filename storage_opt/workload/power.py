"""From work to power: what the units of a cluster draw, idle, at full speed and capped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.cluster import ClusterSpec, MeasuredPowerSpec
from storage_opt.spec.workload import SpeedPoint

__all__ = ["Corner", "PowerModel", "Segment", "corners", "measured_powers", "power_model", "segments"]

_Array = NDArray[np.float64]
_STRAIGHT = 1e-9
"""Rise of a slope, as a share of it, below which two lines are one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A line ``y = slope x + offset`` of a convex piecewise linear curve."""

    slope: float
    offset: float


@dataclass(frozen=True, slots=True)
class Corner:
    """Where the slope of a curve rises, and by how much."""

    at: float
    rise: float


@dataclass(frozen=True, slots=True, eq=False)
class PowerModel:
    """IT power of a cluster.

    Parameters
    ----------
    installed_units : float
        Units. [unit]
    on_units : (T,) array
        Units that are switched on. [unit]
    idle_kw, full_kw : float
        Power of a unit that waits, and of one at full load. [kW]
    curve : tuple of Segment
        Power above idle over activity, both as shares of all units at full load; the largest line counts.

    Notes
    -----
    ``P[t] = idle on[t] + (full - idle) N phi(y[t] / N)`` with activity ``y``, in units at full load, and phi the curve.
    """

    installed_units: float
    on_units: _Array
    idle_kw: float
    full_kw: float
    curve: tuple[Segment, ...]

    @property
    def span_kw(self) -> float:
        """Power of a unit at full load above idle. [kW]"""
        return self.full_kw - self.idle_kw

    def it_kw(self, activity_units: _Array) -> _Array:
        """IT power at an activity (T,). [kW]"""
        share = activity_units / self.installed_units
        above = np.max([line.slope * share + line.offset for line in self.curve], axis=0)
        power: _Array = self.idle_kw * self.on_units + self.span_kw * self.installed_units * above
        return power


def power_model(spec: ClusterSpec, on_units: _Array) -> PowerModel:
    """The power model that a cluster's spec describes; `on_units` are those switched on (T,). [unit]"""
    if spec.measured_power is not None:
        idle, full = measured_powers(spec.measured_power)
    else:
        idle, full = float(spec.idle_kw_per_unit or 0.0), float(spec.full_kw_per_unit or 0.0)
    corners = [(point.busy_frac, point.power_frac) for point in spec.power_curve] or [(0.0, 0.0), (1.0, 1.0)]
    return PowerModel(spec.installed_units, on_units, idle, full, segments(corners))


def segments(corners: Sequence[tuple[float, float]] | Sequence[SpeedPoint]) -> tuple[Segment, ...]:
    """Lines through consecutive corners."""
    points = [(c.speed_frac, c.power_frac) if isinstance(c, SpeedPoint) else c for c in corners]
    lines = []
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        slope = (y1 - y0) / (x1 - x0)
        lines.append(Segment(slope, y0 - slope * x0))
    return tuple(lines)


def corners(lines: Sequence[Segment]) -> tuple[Corner, ...]:
    """Corners of a convex curve: it is ``first line + sum of rise max(0, x - at)``; there is none within a line."""
    pairs = zip(lines, lines[1:], strict=False)
    rises = ((before, after, after.slope - before.slope) for before, after in pairs)
    return tuple(Corner((a.offset - b.offset) / rise, rise) for a, b, rise in rises if rise > _STRAIGHT * b.slope)


def measured_powers(measured: MeasuredPowerSpec) -> tuple[float, float]:
    """Idle and full power of a unit from quantiles: means of the readings below and above the busy share. [kW]

    Notes
    -----
    With quantile function Q and busy share u: ``idle`` is the mean of Q over (0, 1 - u), ``full`` that over (1 - u, 1);
    so ``(1 - u) idle + u full`` is the mean of the readings. It assumes that waiting units draw less than working ones,
    and calls `full` what working units draw on average.
    """
    share = np.array([point.percentile for point in measured.quantiles]) / 100.0
    power = np.array([point.power_kw for point in measured.quantiles]) / measured.units_per_reading
    split = 1.0 - measured.busy_frac
    at_split = float(np.interp(split, share, power))
    below = (np.append(share[share < split], split), np.append(power[share < split], at_split))
    above = (np.insert(share[share > split], 0, split), np.insert(power[share > split], 0, at_split))
    return float(np.trapezoid(below[1], below[0])) / split, float(np.trapezoid(above[1], above[0])) / (1.0 - split)
