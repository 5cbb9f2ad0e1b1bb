"""How hard each battery of a schedule works, and how much of its life that takes."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.cycle_count import counted_cycles
from storage_opt.ledger.ledger import Ledger
from storage_opt.lowering.wear import HOURS_PER_YEAR, initial_kwh
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.result import BatteryUse, BatteryWear
from storage_opt.studies.stored import stored_at_starts_kwh

__all__ = ["DEPTH_BINS", "battery_use", "battery_wear"]

DEPTH_BINS = 10
"""Equal parts of depth in which cycles are told."""

_SHALLOWEST_FRAC = 1e-3
"""Share of rated energy below which a cycle is solver noise, and not told."""


def battery_use(site: Site, schedule: Schedule, ledger: Ledger) -> dict[str, BatteryUse]:
    """Use of every battery, from its flows alone.

    Parameters
    ----------
    site : Site
        Whose batteries they are.
    schedule : Schedule
        Planned flows.
    ledger : Ledger
        Its bill.
    """
    return {name: _use(name, spec, site, schedule, ledger) for name, spec in site.spec.battery.items()}


def _use(name: str, spec: BatterySpec, site: Site, schedule: Schedule, ledger: Ledger) -> BatteryUse:
    charge, discharge = schedule[Flow(name, FlowKind.CHARGE_KW)], schedule[Flow(name, FlowKind.DISCHARGE_KW)]
    stored = schedule[Flow(name, FlowKind.ENERGY_KWH)]
    h = site.horizon.step_h
    delivered = float(discharge.sum() * h)
    rise = float(stored[-1] - stored_at_starts_kwh(spec, schedule, name)[0])
    cells = delivered / spec.discharge_efficiency
    cycles = cells / spec.energy_kwh if spec.energy_kwh else 0.0
    losses = float(charge.sum() * h) - delivered - rise
    return BatteryUse(delivered, cycles, losses, battery_wear(name, spec, site, schedule, ledger))


def battery_wear(name: str, spec: BatterySpec, site: Site, schedule: Schedule, ledger: Ledger) -> BatteryWear | None:
    """Cycles of a battery counted by rainflow, and the life they and time take; None for a battery without energy.

    Parameters
    ----------
    name, spec : str, BatterySpec
        The battery.
    site : Site
        Its site.
    schedule, ledger : Schedule, Ledger
        What it does, and the bill with the wear that was planned for.

    Notes
    -----
    Counted with Phi itself; the bill has its piecewise linear form, which is never cheaper. Life taken by cycles and by
    time adds up, and the rest of a year is taken to be like the horizon.
    """
    if not spec.energy_kwh:
        return None
    stored = schedule[Flow(name, FlowKind.ENERGY_KWH)]
    depth = counted_cycles(stored, initial_kwh(spec)).depth_kwh / spec.energy_kwh
    told = depth[depth >= _SHALLOWEST_FRAC]
    place = np.minimum(np.ceil(told * DEPTH_BINS - 1e-9).astype(np.intp) - 1, DEPTH_BINS - 1)
    by_depth = np.bincount(place, minlength=DEPTH_BINS)
    wear, exact, planned, of_cycles, of_time = spec.wear, None, None, None, None
    if wear is not None and wear.cycle_life is not None:
        of_cycles = float(wear.cycle_life.life_frac(depth).sum())
        exact = of_cycles * wear.replacement_cost_per_kwh * spec.energy_kwh
        planned = ledger.by_line().get(f"{name}.wear", 0.0)
    if wear is not None and wear.calendar is not None:
        slope, offset = wear.calendar.lines()
        rate = (np.outer(stored / spec.energy_kwh, slope) + offset).max(axis=1)
        of_time = float(rate.sum()) * site.horizon.step_h / (wear.calendar.end_of_life_fade_frac * HOURS_PER_YEAR)
    life = (of_cycles or 0.0) + (of_time or 0.0)
    return BatteryWear(
        full_cycles=float(depth.sum()),
        cycles_by_depth=tuple(int(count) for count in by_depth),
        mean_soc_frac=float(stored.mean()) / spec.energy_kwh,
        counted_cost=exact,
        planned_cost=planned,
        relative_difference=(planned - exact) / exact if exact and planned is not None else None,
        cycle_life_frac=of_cycles,
        calendar_life_frac=of_time,
        years_to_end_of_life=site.horizon.years / life if life else None,
    )
