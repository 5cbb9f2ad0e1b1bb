"""What a battery's ageing costs: by energy, by depth of cycle, by time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.curve import CurveCharge
from storage_opt.charges.cycle_depth import CycleDepthCharge, DepthSegments
from storage_opt.charges.energy import EnergyCharge
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.window import rest_mask
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.wear import CalendarFadeSpec, WearSpec

__all__ = ["HOURS_PER_YEAR", "WEAR_PAYEE", "initial_kwh", "lower_wear"]

WEAR_PAYEE = "battery wear"
"""Who receives the cost of wear: nobody today, the replacement later."""

HOURS_PER_YEAR = 8760.0
"""Hours of the year that a rate of calendar fade refers to."""

_ROUNDING = 1e-9


def lower_wear(name: str, battery: BatterySpec, site: Site) -> list[Charge]:
    """A charge for each way in which a battery ages and that costs money.

    Raises
    ------
    InputError
        When the battery may cycle deeper than its cycle life is known, or a window of rest cuts an interval.
    """
    charges: list[Charge] = []
    resting = rest_mask(name, battery, site.horizon)
    if battery.wear_cost_per_kwh:
        price = np.full(site.horizon.steps, battery.wear_cost_per_kwh)
        line = Line(f"{name}.wear", WEAR_PAYEE, Stream.WEAR)
        charges.append(EnergyCharge(line, Metered.of(Flow(name, FlowKind.DISCHARGE_KW)), price))
    wear = battery.wear
    if wear is None or not battery.energy_kwh:
        return charges
    if wear.cycle_life is not None:
        charge = _cycles(name, battery, wear, site, resting)
        charges += [charge] if wear.replacement_cost_per_kwh else []
    if wear.calendar is not None and wear.replacement_cost_per_kwh:
        charges.append(_calendar(name, battery, wear.calendar, wear.replacement_cost_per_kwh))
    return charges


def initial_kwh(battery: BatterySpec) -> float | None:
    """Energy at the start; None where the battery ends as it starts, so that its cycles close. [kWh]"""
    if battery.final_soc == "cyclic" or battery.initial_soc_frac is None:
        return None
    return battery.initial_soc_frac * battery.energy_kwh


def _cycles(name: str, battery: BatterySpec, wear: WearSpec, site: Site, rest: NDArray[np.bool_]) -> CycleDepthCharge:
    rated, stored = battery.energy_kwh, Flow(name, FlowKind.ENERGY_KWH)
    low = float(site.values(battery.soc_min_frac).min())
    high = float(site.values(battery.soc_max_frac).max())
    known = wear.cycle_life.deepest_frac if wear.cycle_life else 1.0
    if high - low > known + _ROUNDING:
        key = f"battery.{name}.wear.cycle_life.corners"
        what = (
            f"the window lets cycles be {high - low:g} of rated energy deep, the last corner is at depth_frac {known:g}"
        )
        refuse(key, what, f"add a corner at {high - low:g} or deeper, or narrow soc_min_frac to soc_max_frac")
    leaks = bool(battery.self_discharge_frac_per_h or battery.auxiliary_kw)
    still = rest if rest.any() and not leaks else None
    widths = np.full(wear.segments, rated / wear.segments)
    whole_life = wear.replacement_cost_per_kwh * rated
    withdrawn = Metered.of(Flow(name, FlowKind.DISCHARGE_KW)).times(1.0 / battery.discharge_efficiency)
    return CycleDepthCharge(
        Line(f"{name}.wear", WEAR_PAYEE, Stream.WEAR),
        stored,
        withdrawn,
        DepthSegments(widths, whole_life * wear.segment_life_frac() / widths),
        whole_life,
        low * rated,
        high * rated,
        initial_kwh(battery),
        leaks=leaks,
        still=still,
    )


def _calendar(name: str, battery: BatterySpec, calendar: CalendarFadeSpec, cost_per_kwh: float) -> CurveCharge:
    slope, offset = calendar.lines()
    life_per_h = 1.0 / (calendar.end_of_life_fade_frac * HOURS_PER_YEAR)
    return CurveCharge(
        Line(f"{name}.calendar", WEAR_PAYEE, Stream.WEAR),
        Metered.of(Flow(name, FlowKind.ENERGY_KWH)),
        slope * life_per_h / battery.energy_kwh,
        offset * life_per_h,
        cost_per_kwh * battery.energy_kwh,
        "life",
    )
