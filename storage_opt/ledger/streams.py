"""Where savings come from: the bill's difference split into value streams that add up to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.ledger.ledger import Ledger
from storage_opt.ledger.marginal import weight_of
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site

__all__ = ["value_streams"]

_Array = NDArray[np.float64]

_IMPORT, _EXPORT = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)

_LOAD = FlowKind.LOAD_KW

_ORDER = (
    "energy_arbitrage",
    "self_consumption",
    "storage_losses",
    "load_change",
    "block_and_net_energy",
    "demand",
    "power_factor",
    "export",
    "generation",
    "certificates",
    "curtailment",
    "wear",
    "service",
    "reserve",
    "fixed",
    "minimum_bill",
)

_BY_LINE = {
    "demand": Stream.DEMAND,
    "power_factor": Stream.POWER_FACTOR,
    "certificates": Stream.CERTIFICATES,
    "export": Stream.EXPORT,
    "generation": Stream.GENERATION,
    "curtailment": Stream.CURTAILMENT,
    "wear": Stream.WEAR,
    "service": Stream.SERVICE,
    "reserve": Stream.RESERVE,
    "fixed": Stream.FIXED,
    "minimum_bill": Stream.MINIMUM,
}
"""Value streams that are the difference of the lines of one kind."""


def value_streams(
    site: Site,
    charges: Sequence[Charge],
    plan: Schedule,
    baseline: Schedule,
    plan_ledger: Ledger,
    baseline_ledger: Ledger,
) -> dict[str, float]:
    """Savings of a plan against the baseline, by where they come from; they sum to the difference of the totals.

    Parameters
    ----------
    site : Site
        Whose bill it is.
    charges : sequence of Charge
        The charges both ledgers were settled with.
    plan, baseline : Schedule
        The two schedules, on the same horizon.
    plan_ledger, baseline_ledger : Ledger
        Their bills.

    Returns
    -------
    dict of str to float
        Every stream that the site's charges can feed, in a fixed order; positive is saved. [money]

    Notes
    -----
    Most streams are differences of lines: ``demand``, ``power_factor``, ``export``, ``generation``, ``certificates``,
    ``curtailment``, ``wear``, ``service``, ``reserve``, ``fixed``, ``minimum_bill``, and ``block_and_net_energy`` for
    energy that is not priced per kWh of an interval of grid or load: tiers, net billing. Prices per kWh of import mix
    two effects, volume and timing, and are split. With I imports, p the sum of those prices, ``pbar`` their mean
    weighted by baseline imports (plain where there are none), h the step, and d(x) = h sum(x plan - x baseline):

    - ``self_consumption = pbar dG``, with G = used generation - export: more of the own energy used on site;
    - ``storage_losses = -pbar dS``, with S = charge - discharge: losses, and energy still stored at the end;
    - ``load_change = -pbar dL``, only where the two schedules have different loads;
    - ``energy_arbitrage = h sum p (I baseline - I plan) - pbar (dG - dS - dL)``: the same kWh at better times.

    On the bus dG - dS - dL is the volume of import saved, so a plan that only shifts energy saves by timing alone.
    In metered flows that do not balance, the imbalance stands in timing. A price on net import counts for import as
    above and for export under ``export``; a price on all consumption, metered as import + generation - export, for
    generation under ``generation``. The decomposition values volumes at one mean price; another mean would move
    money between the volume streams and timing, never change their sum.
    """
    kinds = {charge.line.name: charge.line.stream for charge in charges}
    used = [Flow(name, FlowKind.USED_KW) for name in site.spec.generator]
    known = {_IMPORT, _EXPORT, *used, *(Flow(load, _LOAD) for load in site.spec.consumers)}
    linear = [
        charge
        for charge in charges
        if isinstance(charge, EnergyCharge)
        and charge.line.stream is Stream.ENERGY
        and all(flow in known for flow, _ in charge.metered.terms)
    ]
    saved = _saved_by_line(plan_ledger, baseline_ledger)

    found: list[tuple[str, float]] = []
    if linear:
        found += _volume_and_timing(linear, plan, baseline)
    in_blocks = {line for line, kind in kinds.items() if kind is Stream.ENERGY} - {c.line.name for c in linear}
    if in_blocks:
        found.append(("block_and_net_energy", sum(saved.get(line, 0.0) for line in in_blocks)))
    for name, stream in _BY_LINE.items():
        if stream in kinds.values():
            found.append((name, sum(amount for line, amount in saved.items() if kinds.get(line) is stream)))
    if any(weight_of(charge.metered, _EXPORT) for charge in linear):
        found.append(("export", _saved_on(_EXPORT, linear, plan, baseline)))
    for flow in used:
        if any(weight_of(charge.metered, flow) for charge in linear):
            found.append(("generation", _saved_on(flow, linear, plan, baseline)))
    if _loads_differ(plan, baseline):
        found += [("load_change", _saved_on(Flow(load, _LOAD), linear, plan, baseline)) for load in site.spec.consumers]

    names = {name for name, _ in found}
    return {name: sum(amount for key, amount in found if key == name) for name in _ORDER if name in names}


def _saved_by_line(plan: Ledger, baseline: Ledger) -> dict[str, float]:
    after, before = plan.by_line(), baseline.by_line()
    return {line: before.get(line, 0.0) - after.get(line, 0.0) for line in {**before, **after}}


def _volume_and_timing(linear: list[EnergyCharge], plan: Schedule, baseline: Schedule) -> list[tuple[str, float]]:
    horizon = plan.horizon
    price = np.zeros(horizon.steps)
    for charge in linear:
        price += weight_of(charge.metered, _IMPORT) * charge.price_per_kwh
    before, after = baseline[_IMPORT], plan[_IMPORT]
    drawn = float(before.sum())
    mean_price = float(price @ before) / drawn if drawn > 0 else float(price.mean())

    def rise(kind: FlowKind) -> float:
        return plan.energy_kwh(kind) - baseline.energy_kwh(kind)

    own = rise(FlowKind.USED_KW) - rise(FlowKind.EXPORT_KW)
    stored = rise(FlowKind.CHARGE_KW) - rise(FlowKind.DISCHARGE_KW)
    load = rise(_LOAD) if _loads_differ(plan, baseline) else 0.0
    all_of_it = horizon.step_h * float(price @ (before - after))
    return [
        ("energy_arbitrage", all_of_it - mean_price * (own - stored - load)),
        ("self_consumption", mean_price * own),
        ("storage_losses", -mean_price * stored),
        ("load_change", -mean_price * load),
    ][: 4 if load else 3]


def _loads_differ(plan: Schedule, baseline: Schedule) -> bool:
    return not np.allclose(plan.total(_LOAD), baseline.total(_LOAD), rtol=1e-9, atol=1e-9)


def _saved_on(flow: Flow, linear: list[EnergyCharge], plan: Schedule, baseline: Schedule) -> float:
    """What linear energy prices on one flow save. [money]"""
    saved = 0.0
    for charge in linear:
        weight = weight_of(charge.metered, flow)
        if weight:
            saved += weight * float(charge.price_per_kwh @ (baseline[flow] - plan[flow]))
    return saved * plan.horizon.step_h
