"""From a solver's point to a schedule a person can read: no stray 1e-9 flows, and the physics exact.

Solver noise is removed from the free decisions (charge, discharge, used output); everything that follows from
them (stored energy, import, export, curtailment) is recomputed, so that balances hold to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from storage_opt.assets.site import site_battery
from storage_opt.model.polish_compute import polished_compute
from storage_opt.model.polish_products import polished_products
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site

__all__ = ["NOISE_RELATIVE", "polished", "simultaneous_kwh"]

NOISE_RELATIVE = 1e-5
"""Share of a rating below which a flow is solver noise."""

_FINER = 1e-3
"""Factor to a smaller notion of noise, where removing it would move the stored energy."""

_Values = NDArray[np.float64]


def polished(site: Site, flows: Mapping[Flow, _Values], noise: float = NOISE_RELATIVE) -> Schedule:
    """The schedule of a point without solver noise.

    Parameters
    ----------
    site : Site
        The site that was solved.
    flows : mapping of Flow to (T,) array
        Flows at the solver's point. [kW], energy [kWh]
    noise : float
        Share of a rating below which a flow is removed.
    """
    clean = dict(flows) | polished_compute(site, flows, noise)
    for name, plant in site.spec.generator.items():
        used, available = Flow(name, FlowKind.USED_KW), flows[Flow(name, FlowKind.AVAILABLE_KW)]
        clean[used] = _snapped(flows[used], available, noise * plant.capacity_kw)
    for name in site.spec.battery:
        clean |= _snapped_battery(site, name, flows, noise)
    clean |= _served_loads(site, flows, noise)
    clean |= polished_products(site, flows, noise)
    _absorb_idle_exchange(site, clean, noise)
    for name in site.spec.generator:
        clean[Flow(name, FlowKind.CURTAILED_KW)] = (
            flows[Flow(name, FlowKind.AVAILABLE_KW)] - clean[Flow(name, FlowKind.USED_KW)]
        )
    for name in site.spec.battery:
        stored = Flow(name, FlowKind.ENERGY_KWH)
        clean[stored] = np.maximum(flows[stored] + _stored_change(site, name, flows, clean), 0.0)
    net = _net_import(site, clean)
    circulating = _circulating(flows, net)
    clean[Flow(GRID, FlowKind.IMPORT_KW)] = np.maximum(net, 0.0) + circulating
    clean[Flow(GRID, FlowKind.EXPORT_KW)] = np.maximum(-net, 0.0) + circulating
    return Schedule(site.horizon, clean)


def simultaneous_kwh(schedule: Schedule) -> float:
    """Energy charged while discharging, in batteries and tanks, plus energy imported while exporting. [kWh]"""
    both = {
        FlowKind.CHARGE_KW: FlowKind.DISCHARGE_KW,
        FlowKind.TANK_CHARGE_KW: FlowKind.TANK_DISCHARGE_KW,
    }
    pairs = [(flow, Flow(flow.owner, both[flow.kind])) for flow in schedule if flow.kind in both]
    pairs.append((Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)))
    overlap = sum(float(np.minimum(schedule[a], schedule[b]).sum()) for a, b in pairs)
    return overlap * schedule.horizon.step_h


def _snapped(values: _Values, most: _Values | float, noise: float) -> _Values:
    """Values moved to nothing or to the most where they are within noise of it."""
    return np.where(values <= noise, 0.0, np.where(values >= most - noise, most, values))


def _served_loads(site: Site, flows: Mapping[Flow, _Values], noise: float) -> dict[Flow, _Values]:
    served: dict[Flow, _Values] = {}
    for name, load in site.spec.load.items():
        if load.curtailable_frac:
            power, flow = site.values(load.power_kw), Flow(name, FlowKind.DROPPED_KW)
            most = load.curtailable_frac * power
            served[flow] = _snapped(flows[flow], most, noise * float(most.max(initial=0.0)))
            served[Flow(name, FlowKind.LOAD_KW)] = power - served[flow]
    return served


def _snapped_battery(site: Site, name: str, flows: Mapping[Flow, _Values], noise: float) -> dict[Flow, _Values]:
    """Charge and discharge without noise; less is removed when the stored energy would notice."""
    spec = site.spec.battery[name]
    charge, discharge = Flow(name, FlowKind.CHARGE_KW), Flow(name, FlowKind.DISCHARGE_KW)
    one_step_kwh = site.horizon.step_h * max(spec.power_kw, spec.discharge_limit_kw)
    admitted = noise
    while True:
        into = _snapped(flows[charge], spec.power_kw, noise * spec.power_kw)
        out = _snapped(flows[discharge], spec.discharge_limit_kw, noise * spec.discharge_limit_kw)
        # what runs both ways is netted so that the cells notice nothing
        kept = spec.charge_efficiency * spec.discharge_efficiency
        less_in = (into < out) & (into <= NOISE_RELATIVE * spec.power_kw)
        less_out = (out < into) & (out <= NOISE_RELATIVE * spec.discharge_limit_kw)
        snapped = {
            charge: np.where(less_in, 0.0, np.where(less_out, np.maximum(into - out / kept, 0.0), into)),
            discharge: np.where(less_out, 0.0, np.where(less_in, np.maximum(out - into * kept, 0.0), out)),
        }
        drift_kwh = np.abs(_stored_change(site, name, flows, snapped)).max(initial=0.0)
        if drift_kwh <= admitted * max(spec.energy_kwh, one_step_kwh) or noise < NOISE_RELATIVE * _FINER**2:
            return snapped
        noise *= _FINER


def _absorb_idle_exchange(site: Site, clean: dict[Flow, _Values], noise: float) -> None:
    """Where import and export are noise, make them nothing: a flow that varies freely takes up the difference."""
    net = _net_import(site, clean)
    rest = np.where(np.abs(net) <= noise * float(np.abs(net).max(initial=0.0)), net, 0.0)
    takers: list[tuple[Flow, float, _Values | float]] = []
    for name, spec in site.spec.battery.items():
        takers.append((Flow(name, FlowKind.CHARGE_KW), -1.0, spec.power_kw))
        takers.append((Flow(name, FlowKind.DISCHARGE_KW), 1.0, spec.discharge_limit_kw))
    for name, plant in site.spec.generator.items():
        if plant.curtailable:
            takers.append((Flow(name, FlowKind.USED_KW), 1.0, clean[Flow(name, FlowKind.AVAILABLE_KW)]))
    for flow, sign, most in takers:
        changed = clean[flow] + sign * rest
        free = (clean[flow] > 0) & (clean[flow] < most) & (changed > 0) & (changed <= most)
        clean[flow] = np.where(free, changed, clean[flow])
        rest = np.where(free, 0.0, rest)


def _stored_change(site: Site, name: str, before: Mapping[Flow, _Values], after: Mapping[Flow, _Values]) -> _Values:
    """By how much the stored energy at the end of each interval differs between two sets of flows. [kWh]"""
    spec = site.spec.battery[name]
    kept = 1.0 - site_battery(site, name, spec).loss_frac(site.horizon)
    charge, discharge = Flow(name, FlowKind.CHARGE_KW), Flow(name, FlowKind.DISCHARGE_KW)
    more_in, more_out = after[charge] - before[charge], after[discharge] - before[discharge]
    gained = site.horizon.step_h * (spec.charge_efficiency * more_in - more_out / spec.discharge_efficiency)
    change: _Values = lfilter([1.0], [1.0, -kept], gained)
    return change


def _net_import(site: Site, flows: Mapping[Flow, _Values]) -> _Values:
    schedule = Schedule(site.horizon, flows)
    drawn = schedule.total(FlowKind.LOAD_KW) + schedule.total(FlowKind.CHARGE_KW)
    net = drawn - schedule.total(FlowKind.USED_KW) - schedule.total(FlowKind.DISCHARGE_KW)
    rounding = 1e-12 * (1.0 + np.abs(drawn))
    return np.where(np.abs(net) <= rounding, 0.0, net)


def _circulating(flows: Mapping[Flow, _Values], net: _Values) -> _Values:
    """Import and export that run together, kept as they are so that the certificate shows them. [kW]"""
    both = np.minimum(flows[Flow(GRID, FlowKind.IMPORT_KW)], flows[Flow(GRID, FlowKind.EXPORT_KW)])
    return np.where(both > _noise_kw(net), both, 0.0)


def _noise_kw(net: _Values) -> float:
    return NOISE_RELATIVE * float(np.abs(net).max(initial=0.0))
