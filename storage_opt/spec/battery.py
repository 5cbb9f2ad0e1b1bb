"""Batteries.

Defaults for efficiency and window are those of utility-scale lithium iron phosphate systems quoted by
suppliers and public calculators for 2025-2026: 0.95 each way at the AC side (round trip 0.90), 10 % to
95 % state of charge. Give your own data sheet's numbers where you have one.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import EnergyKwh, Fraction, FractionSeries, MoneyPerKwh, PowerKw, Quantity, Spec
from storage_opt.spec.series import Constant
from storage_opt.spec.tariff import Window
from storage_opt.spec.wear import WearSpec

__all__ = ["AtLeast", "BatterySpec", "TaperPoint", "taper_lines"]

Efficiency = Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, le=1)]


class AtLeast(Spec):
    """A lower bound instead of a value."""

    at_least: Fraction
    """Smallest admissible state of charge, as a share of energy capacity."""


class TaperPoint(Spec):
    """A corner of the power limit that depends on the state of charge."""

    soc_frac: Fraction
    """State of charge at the end of the interval."""
    power_frac: Fraction
    """Power limit at that state of charge, as a share of rated power."""


class BatterySpec(Spec):
    """A battery with its converter, metered at the AC side."""

    energy_kwh: EnergyKwh
    """Rated energy capacity."""
    power_kw: PowerKw
    """Rated charging power; also the discharging power unless `discharge_kw` is given."""
    discharge_kw: PowerKw | None = None
    """Rated discharging power when it differs from `power_kw`."""
    charge_efficiency: Efficiency = 0.95
    """Energy stored per energy drawn at the AC side."""
    discharge_efficiency: Efficiency = 0.95
    """Energy delivered at the AC side per energy taken from the cells."""
    soc_min_frac: FractionSeries = Constant(0.10)
    """Lowest admissible state of charge at the end of each interval."""
    soc_max_frac: FractionSeries = Constant(0.95)
    """Highest admissible state of charge at the end of each interval."""
    self_discharge_frac_per_h: Annotated[float, Quantity("1/h", None, 0.0), Field(ge=0, lt=1)] = 0.0
    """Share of the stored energy lost each hour."""
    auxiliary_kw: PowerKw = 0.0
    """Constant draw of cooling and control, taken from the stored energy."""
    initial_soc_frac: Fraction | None = None
    """State of charge at the start; left out, the optimiser chooses it (cyclic end only)."""
    final_soc: Literal["cyclic", "free"] | Fraction | AtLeast = "cyclic"
    """State of charge at the end: ``cyclic`` (as at the start), a share, ``{at_least = 0.5}``, or ``free``."""
    grid_charging: bool = True
    """Whether the battery may charge from the grid; false limits charging to on-site generation."""
    export: bool = True
    """Whether discharged energy may be exported; false limits export to on-site generation."""
    ramp_kw_per_h: Annotated[float, Quantity("kW/h", None, 0.0), Field(ge=0)] | None = None
    """Largest change of net power between intervals, per hour."""
    charge_taper: tuple[TaperPoint, ...] = ()
    """Corners of a concave limit of charging power over state of charge."""
    discharge_taper: tuple[TaperPoint, ...] = ()
    """Corners of a concave limit of discharging power over state of charge."""
    max_cycles_per_day: Annotated[float, Quantity("1/day", None, 0.0), Field(ge=0)] | None = None
    """Equivalent full cycles a local day: energy taken from the cells over rated energy."""
    max_throughput_kwh_per_year: Annotated[float, Quantity("kWh/year", None, 0.0), Field(ge=0)] | None = None
    """Energy delivered at the AC side a year (warranty); shorter horizons get their share."""
    max_cycles_per_year: Annotated[float, Quantity("1/year", None, 0.0), Field(ge=0)] | None = None
    """Equivalent full cycles a year (warranty): energy taken from the cells over rated energy; shorter horizons get
    their share."""
    max_mean_soc_frac: Fraction | None = None
    """Largest mean state of charge over the horizon (warranty)."""
    rest: tuple[Window, ...] = ()
    """Windows in which the battery neither charges nor discharges."""
    wear_cost_per_kwh: Annotated[MoneyPerKwh, Field(ge=0)] = 0.0
    """Wear for each kWh delivered at the AC side: replacement cost over lifetime throughput."""
    wear: WearSpec | None = None
    """Wear by depth of cycle and by time, instead of `wear_cost_per_kwh`."""

    @property
    def discharge_limit_kw(self) -> float:
        """Rated discharging power. [kW]"""
        return self.power_kw if self.discharge_kw is None else self.discharge_kw

    def loss_frac(self, step_h: float) -> float:
        """Share of the stored energy lost in one interval of `step_h` hours."""
        return 1.0 - float((1.0 - self.self_discharge_frac_per_h) ** step_h)

    @model_validator(mode="after")
    def _start_must_be_fixed_unless_cyclic(self) -> Self:
        if self.initial_soc_frac is None and self.final_soc != "cyclic":
            message = (
                f"final_soc is {self.final_soc!r} while the initial state of charge is left to the optimiser, "
                "which would sell energy that was never bought; give initial_soc_frac"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _windows_must_be_ordered(self) -> Self:
        low, high = self.soc_min_frac, self.soc_max_frac
        if isinstance(low, Constant) and isinstance(high, Constant) and low.value > high.value:
            message = f"soc_min_frac {low.value} is above soc_max_frac {high.value}; lower one or raise the other"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _cycles_have_one_price(self) -> Self:
        if self.wear_cost_per_kwh and self.wear is not None and self.wear.cycle_life is not None:
            message = (
                f"wear_cost_per_kwh {self.wear_cost_per_kwh:g} and wear.cycle_life would both price the same cycles; "
                "leave one out"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _tapers_must_be_concave(self) -> Self:
        for name in ("charge_taper", "discharge_taper"):
            points: tuple[TaperPoint, ...] = getattr(self, name)
            if len(points) == 1:
                message = f"{name} has one point, needs two or more; add one, or leave it out"
                raise ValueError(message)
            slopes = [_slope(a, b, name) for a, b in zip(points, points[1:], strict=False)]
            if any(later > earlier + 1e-12 for earlier, later in zip(slopes, slopes[1:], strict=False)):
                message = f"{name} is not concave: power must fall ever faster, or rise ever slower; correct its points"
                raise ValueError(message)
        return self


def taper_lines(points: tuple[TaperPoint, ...]) -> list[tuple[float, float]]:
    """Slope and intercept of each segment of a taper, in shares of rating over state of charge."""
    lines = []
    for left, right in zip(points, points[1:], strict=False):
        slope = (right.power_frac - left.power_frac) / (right.soc_frac - left.soc_frac)
        lines.append((slope, left.power_frac - slope * left.soc_frac))
    return lines


def _slope(left: TaperPoint, right: TaperPoint, name: str) -> float:
    if right.soc_frac <= left.soc_frac:
        message = f"{name} must rise in soc_frac, got {left.soc_frac} then {right.soc_frac}; sort its points"
        raise ValueError(message)
    return (right.power_frac - left.power_frac) / (right.soc_frac - left.soc_frac)
