"""The twin of every plan: the same site and contracts without storage action, by a rule instead of a solver.

Contract rules on export are obeyed as far as curtailing can obey them; the others are measured, not enforced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.ledger.export_rules import export_cap_kw, within_export_ratios
from storage_opt.ledger.marginal import cost_when_short, least_gain_of_export, price_per_kwh
from storage_opt.lowering.consumption import consumption_flows
from storage_opt.lowering.products.flows import nothing_sold
from storage_opt.lowering.wear import initial_kwh
from storage_opt.rules.base import ContractRule
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site

__all__ = ["BaselineRun", "baseline_schedule", "consumption_flows"]

_NOISE = 1e-9
"""Share of the largest flow below which a breach is rounding."""

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class BaselineRun:
    """What the site does without storage.

    Parameters
    ----------
    schedule : Schedule
        All flows of the site; batteries stand still at their start, empty where they may start anywhere, tanks stand
        still, work runs as it arrives.
    notes : tuple of str
        Where the rule breaks a limit or leaves money on the table, and how much.
    """

    schedule: Schedule
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Plants:
    """Plants of a site, one a row (N, T)."""

    names: tuple[str, ...]
    available_kw: _Array
    must_take: NDArray[np.bool_]
    cost_of_use: _Array


def baseline_schedule(site: Site, charges: Iterable[Charge], rules: Iterable[ContractRule] = ()) -> BaselineRun:
    """Dispatch a site by rule, with batteries at rest.

    On-site generation serves the load first, whatever import costs in that interval; what is left is exported up
    to the limits and rules where exporting pays; the rest is curtailed; the grid serves the remaining load. Output that
    must be taken is exported whether it pays or not, and beyond the limits too: the breach is noted, not hidden.

    Parameters
    ----------
    site : Site
        A validated site.
    charges : iterable of Charge
        Its charges, from :func:`~storage_opt.lowering.site.lower_site`.
    rules : iterable of ContractRule
        Rules of its contract; those on export are obeyed, in a year's ratio the export that earns most first.

    Notes
    -----
    Using a kWh of plant i costs ``a_i``: what the charges ask for it, less what they ask for curtailing it and what is
    paid for it anyway (take-or-pay). Plants are used in the order of ``a_i``, so that the dearest is curtailed first,
    in proportion to what is available among equals. Exporting pays when ``a_i`` is below what one more kWh of export
    earns (of tiers and net billing: at least).
    """
    charges, rules = tuple(charges), tuple(rules)
    horizon = site.horizon
    nothing = np.zeros(horizon.steps)
    consumed = consumption_flows(site)
    load = np.sum([values for flow, values in consumed.items() if flow.kind is FlowKind.LOAD_KW], axis=0)
    plants = _plants(site, charges)
    import_limit, export_limit = _limits(site)
    export_limit = np.minimum(export_limit, export_cap_kw(rules, horizon))
    gain = least_gain_of_export(charges, horizon)
    used = _used(plants, load, export_limit, gain)
    within = within_export_ratios(rules, used.sum(axis=0) - load, gain, plants.available_kw.sum(axis=0), horizon)
    used = _used(plants, load, np.minimum(export_limit, within), gain)
    supply = used.sum(axis=0)
    imported, exported = np.maximum(load - supply, 0.0), np.maximum(supply - load, 0.0)

    flows: dict[Flow, _Array] = {Flow(GRID, FlowKind.IMPORT_KW): imported, Flow(GRID, FlowKind.EXPORT_KW): exported}
    flows |= consumed
    for number, name in enumerate(plants.names):
        flows[Flow(name, FlowKind.AVAILABLE_KW)] = plants.available_kw[number]
        flows[Flow(name, FlowKind.USED_KW)] = used[number]
        flows[Flow(name, FlowKind.CURTAILED_KW)] = plants.available_kw[number] - used[number]
    for name, battery in site.spec.battery.items():
        flows[Flow(name, FlowKind.CHARGE_KW)] = flows[Flow(name, FlowKind.DISCHARGE_KW)] = nothing
        # what stands in a battery at the start stays there: it neither falls nor is sold
        flows[Flow(name, FlowKind.ENERGY_KWH)] = np.full(horizon.steps, initial_kwh(battery) or 0.0)
    flows |= {
        Flow(name, FlowKind.DROPPED_KW): nothing for name, load in site.spec.load.items() if load.curtailable_frac
    }
    flows |= nothing_sold(site)
    schedule = Schedule(horizon, flows)
    dear = _dear_use_kw(plants, used, load, price_per_kwh(charges, Flow(GRID, FlowKind.IMPORT_KW), horizon))
    notes = [
        *_breach(schedule, imported - import_limit, "import", "load exceeds what may be imported without storage"),
        *_breach(schedule, exported - export_limit, "export", "output that must be taken exceeds what may be exported"),
        *_dear_note(schedule, dear),
    ]
    return BaselineRun(schedule, tuple(notes))


def _plants(site: Site, charges: tuple[Charge, ...]) -> _Plants:
    specs = site.spec.generator
    steps = site.horizon.steps
    available = [plant.capacity_kw * site.values(plant.profile) for plant in specs.values()]
    horizon = site.horizon
    cost = [
        cost_when_short(charges, Flow(name, FlowKind.USED_KW), horizon)
        - price_per_kwh(charges, Flow(name, FlowKind.CURTAILED_KW), horizon)
        for name in specs
    ]
    return _Plants(
        tuple(specs),
        np.array(available).reshape(-1, steps),
        np.array([not plant.curtailable for plant in specs.values()], dtype=np.bool_),
        np.array(cost).reshape(-1, steps),
    )


def _limits(site: Site) -> tuple[_Array, _Array]:
    """Most import and most export the connection allows (T,). [kW]"""
    grid = site.spec.grid
    rating = np.inf if grid.transformer_kva is None else grid.transformer_kva * grid.power_factor
    most_import = np.full(site.horizon.steps, rating)
    if grid.import_limit_kw is not None:
        most_import = np.minimum(most_import, site.values(grid.import_limit_kw))
    return most_import, np.minimum(site.values(grid.export_limit_kw), rating)


def _used(plants: _Plants, load: _Array, export_limit: _Array, gain: _Array) -> _Array:
    """Output used of each plant (N, T). [kW]"""
    taken = plants.available_kw[plants.must_take].sum(axis=0)
    on_site = np.maximum(load - taken, 0.0)
    exportable = np.maximum(export_limit - np.maximum(taken - load, 0.0), 0.0)
    free = np.where(plants.must_take[:, None], 0.0, plants.available_kw)
    used = plants.available_kw.copy()
    for number in np.flatnonzero(~plants.must_take):
        cost = plants.cost_of_use[number]
        cheaper = np.sum(free, axis=0, where=plants.cost_of_use < cost)
        equal = np.sum(free, axis=0, where=plants.cost_of_use == cost)
        room = on_site + np.where(cost < gain, exportable, 0.0)
        share = np.divide(np.clip(room - cheaper, 0.0, equal), equal, out=np.zeros_like(equal), where=equal > 0)
        used[number] = free[number] * share
    return used


def _dear_use_kw(plants: _Plants, used: _Array, load: _Array, import_price: _Array) -> _Array:
    """Curtailable output that serves the load although import would be cheaper (T,). [kW]"""
    dear = np.sum(used, axis=0, where=(plants.cost_of_use > import_price) & ~plants.must_take[:, None])
    limited: _Array = np.minimum(dear, load)
    return limited


def _breach(schedule: Schedule, excess: _Array, flow: str, why: str) -> Iterator[str]:
    scale = max(float(np.max(np.abs(values), initial=0.0)) for values in schedule.flows.values())
    over = np.flatnonzero(excess > _NOISE * max(scale, 1.0))
    if over.size:
        first = schedule.horizon.stamps[int(over[0])].strftime("%Y-%m-%d %H:%M")
        yield (
            f"baseline breaks the {flow} limit in {over.size:,} intervals, by up to {excess[over].max():,.6g} kW, "
            f"first at {first}: {why}"
        )


def _dear_note(schedule: Schedule, dear: _Array) -> Iterator[str]:
    used = np.flatnonzero(dear > 0)
    if used.size:
        first = schedule.horizon.stamps[int(used[0])].strftime("%Y-%m-%d %H:%M")
        energy_kwh = dear.sum() * schedule.horizon.step_h
        yield (
            f"baseline uses on-site generation first although import is cheaper in {used.size:,} intervals, "
            f"{energy_kwh:,.6g} kWh, first at {first}"
        )
