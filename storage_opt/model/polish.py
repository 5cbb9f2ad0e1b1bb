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
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site

__all__ = ["NOISE_RELATIVE", "polished", "simultaneous_kwh"]

NOISE_RELATIVE = 1e-6
"""Share of a rating below which a flow is solver noise."""

_Values = NDArray[np.float64]


def polished(site: Site, flows: Mapping[Flow, _Values]) -> Schedule:
    """The schedule of a point without solver noise.

    Parameters
    ----------
    site : Site
        The site that was solved.
    flows : mapping of Flow to (T,) array
        Flows at the solver's point. [kW], energy [kWh]
    """
    clean = dict(flows)
    for name, plant in site.spec.generator.items():
        available = flows[Flow(name, FlowKind.AVAILABLE_KW)]
        used = _snapped(flows[Flow(name, FlowKind.USED_KW)], available, plant.capacity_kw)
        clean[Flow(name, FlowKind.USED_KW)] = used
        clean[Flow(name, FlowKind.CURTAILED_KW)] = available - used
    for name, spec in site.spec.battery.items():
        charge = _snapped(
            flows[Flow(name, FlowKind.CHARGE_KW)], np.full(site.horizon.steps, spec.power_kw), spec.power_kw
        )
        rating = spec.discharge_limit_kw
        discharge = _snapped(flows[Flow(name, FlowKind.DISCHARGE_KW)], np.full(site.horizon.steps, rating), rating)
        clean[Flow(name, FlowKind.CHARGE_KW)], clean[Flow(name, FlowKind.DISCHARGE_KW)] = charge, discharge
        change = _stored(
            site,
            name,
            charge - flows[Flow(name, FlowKind.CHARGE_KW)],
            discharge - flows[Flow(name, FlowKind.DISCHARGE_KW)],
        )
        clean[Flow(name, FlowKind.ENERGY_KWH)] = flows[Flow(name, FlowKind.ENERGY_KWH)] + change
    net = _net_import(Schedule(site.horizon, clean))
    both = np.minimum(flows[Flow(GRID, FlowKind.IMPORT_KW)], flows[Flow(GRID, FlowKind.EXPORT_KW)])
    circulating = np.where(both > _noise_kw(net), both, 0.0)
    noise = _noise_kw(net) * 1e-3
    clean[Flow(GRID, FlowKind.IMPORT_KW)] = np.where(net > noise, net, 0.0) + circulating
    clean[Flow(GRID, FlowKind.EXPORT_KW)] = np.where(net < -noise, -net, 0.0) + circulating
    return Schedule(site.horizon, clean)


def simultaneous_kwh(schedule: Schedule, names: tuple[str, ...]) -> float:
    """Energy charged while discharging in the named batteries, plus energy imported while exporting. [kWh]"""
    pairs = [(Flow(n, FlowKind.CHARGE_KW), Flow(n, FlowKind.DISCHARGE_KW)) for n in names]
    pairs.append((Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)))
    overlap = sum(float(np.minimum(schedule[a], schedule[b]).sum()) for a, b in pairs)
    return overlap * schedule.horizon.step_h


def _snapped(values: _Values, most: _Values, rating: float) -> _Values:
    noise = NOISE_RELATIVE * rating
    near_zero, near_most = values <= noise, values >= most - noise
    return np.where(near_zero, 0.0, np.where(near_most, most, values))


def _stored(site: Site, name: str, charge_kw: _Values, discharge_kw: _Values) -> _Values:
    """Stored energy that a change of flows leaves at the end of each interval. [kWh]"""
    spec = site.spec.battery[name]
    kept = 1.0 - site_battery(site, name, spec).loss_frac(site.horizon)
    gained = site.horizon.step_h * (spec.charge_efficiency * charge_kw - discharge_kw / spec.discharge_efficiency)
    stored: _Values = lfilter([1.0], [1.0, -kept], gained)
    return stored


def _net_import(schedule: Schedule) -> _Values:
    drawn = schedule.total(FlowKind.LOAD_KW) + schedule.total(FlowKind.CHARGE_KW)
    return drawn - schedule.total(FlowKind.USED_KW) - schedule.total(FlowKind.DISCHARGE_KW)


def _noise_kw(net: _Values) -> float:
    return NOISE_RELATIVE * max(float(np.abs(net).max(initial=0.0)), 1e-9)
