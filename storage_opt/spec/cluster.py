"""Clusters of accelerators: how many, and what they draw."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, FractionSeries, Name, PowerKw, Quantity, Spec
from storage_opt.spec.series import Constant

__all__ = ["ClusterSpec", "MeasuredPowerSpec", "PowerPoint", "Quantile"]


class PowerPoint(Spec):
    """A corner of the power of a cluster over the share of it that works."""

    busy_frac: Fraction
    """Work done, as a share of what all units do at full speed."""
    power_frac: Fraction
    """Power, as a share of the way from all units idle to all units at full speed."""


class Quantile(Spec):
    """One reading of a quantile function of measured power."""

    percentile: Annotated[float, Quantity("%", None, 0.0, 100.0), Field(ge=0, le=100)]
    """Share of the readings at or below the power. [%]"""
    power_kw: PowerKw
    """Power of what was measured."""


class MeasuredPowerSpec(Spec):
    """Idle and full power from measured quantiles: the mean of the readings below and above the busy share."""

    quantiles: tuple[Quantile, ...] = Field(min_length=2)
    """Quantile function, in rising order of percentile, from 0 to 100."""
    busy_frac: Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, lt=1)]
    """Share of the time in which the measured units worked."""
    units_per_reading: Annotated[float, Quantity("unit", None, 0.0), Field(gt=0)] = 1.0
    """Units behind one reading: 1 for a GPU, 8 for a server of eight."""

    @model_validator(mode="after")
    def _must_be_a_quantile_function(self) -> Self:
        percentiles = [point.percentile for point in self.quantiles]
        powers = [point.power_kw for point in self.quantiles]
        if percentiles[0] != 0 or percentiles[-1] != 100:
            message = f"quantiles run from {percentiles[0]:g} to {percentiles[-1]:g} %; give them from 0 to 100 %"
            raise ValueError(message)
        if any(b <= a for a, b in zip(percentiles, percentiles[1:], strict=False)):
            message = "quantiles are not in rising order of percentile; sort them"
            raise ValueError(message)
        if any(b < a for a, b in zip(powers, powers[1:], strict=False)):
            message = "power_kw falls from one quantile to the next, which no quantile function does; sort the powers"
            raise ValueError(message)
        return self


class ClusterSpec(Spec):
    """Accelerators of one kind with their share of server, network and storage power."""

    facility: Name
    """Building in which the cluster stands: the name of a [facility.NAME]."""
    accelerator: str = ""
    """Type of the units, for people: such as `H100` or `910B`."""
    installed_units: Annotated[float, Quantity("unit", None, 0.0), Field(gt=0)]
    """Accelerators installed."""
    idle_kw_per_unit: PowerKw | None = None
    """IT power of a unit that waits, its share of the server included. For 8 x H100: some 0.25 to 0.31 kW
    (background knowledge)."""
    full_kw_per_unit: PowerKw | None = None
    """IT power of a unit that works, its share of the server included. For 8 x H100: 1.05 kW at most (8.4 kW a server
    observed in training, arXiv:2412.08602), 0.97 kW for compute-heavy work (arXiv:2506.14551)."""
    measured_power: MeasuredPowerSpec | None = None
    """Idle and full power from measured quantiles, instead of the two numbers."""
    power_curve: tuple[PowerPoint, ...] = ()
    """Convex corners between idle and full power; left out, a straight line."""
    available_frac: FractionSeries = Constant(1.0)
    """Share of the units that may work: maintenance switches off the rest."""
    ramp_kw_per_h: Annotated[float, Quantity("kW/h", None, 0.0), Field(ge=0)] | None = None
    """Largest change of IT power between intervals, per hour."""

    @model_validator(mode="after")
    def _power_is_told_once(self) -> Self:
        plain = (self.idle_kw_per_unit, self.full_kw_per_unit)
        if self.measured_power is not None and plain != (None, None):
            message = "both `measured_power` and powers per unit are given; keep one"
            raise ValueError(message)
        if self.measured_power is None and None in plain:
            message = "idle_kw_per_unit and full_kw_per_unit are missing; give both, or measured_power"
            raise ValueError(message)
        if None not in plain and plain[0] > plain[1]:  # type: ignore[operator]
            message = f"idle_kw_per_unit {plain[0]} kW is above full_kw_per_unit {plain[1]} kW; swap or mend them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _curve_must_be_convex(self) -> Self:
        points = self.power_curve
        if not points:
            return self
        ends = [(points[0].busy_frac, points[0].power_frac), (points[-1].busy_frac, points[-1].power_frac)]
        if len(points) == 1 or ends != [(0.0, 0.0), (1.0, 1.0)]:
            message = "power_curve does not run from (0, 0) to (1, 1); begin it with { busy_frac = 0, power_frac = 0 }"
            raise ValueError(message)
        if any(b.busy_frac <= a.busy_frac for a, b in zip(points, points[1:], strict=False)):
            message = "power_curve is not in rising order of busy_frac; sort its corners"
            raise ValueError(message)
        pairs = zip(points, points[1:], strict=False)
        slopes = [(b.power_frac - a.power_frac) / (b.busy_frac - a.busy_frac) for a, b in pairs]
        if any(later < earlier - 1e-12 for earlier, later in zip(slopes, slopes[1:], strict=False)) or slopes[0] < 0:
            message = "power_curve is not convex: power must rise, and ever faster; correct it, or leave it out"
            raise ValueError(message)
        return self
