"""Where green energy went and where stored energy came from, interval by interval; every kWh is counted once.

Conventions, none of which moves money. Within an interval generation serves storage that may not take grid energy,
then the load, then other storage, then export, and what it leaves of load and storage is drawn from the grid. Storage
serves the load first and export with the rest. A battery is a well-mixed tank: what it delivers and loses has the
green share of its content. A cyclic battery starts with the green share it ends with, any other starts without.
Energy that passes from one battery to another loses its origin and counts as grid energy from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from storage_opt.horizon import Horizon
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site

__all__ = ["Provenance", "trace"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Provenance:
    """Energy flows by origin (T,). [kW]

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    green_to_load, green_to_storage, green_to_export, curtailed : (T,) array
        Where available generation went.
    grid_to_load, grid_to_storage, grid_to_export : (T,) array
        Where import went.
    stored_green_to_load, stored_green_to_export : (T,) array
        What storage delivered of the green energy it took.
    stored_grid_to_load, stored_grid_to_export : (T,) array
        What it delivered of grid energy.
    stored_to_storage : (T,) array
        What passed from one battery to another.
    green_stored_kwh : (T,) array
        Green energy in storage at the end of each interval. [kWh]

    Notes
    -----
    ``available = green_to_load + green_to_storage + green_to_export + curtailed``;
    ``import = grid_to_load + grid_to_storage + grid_to_export``;
    ``discharge = `` the five ``stored_*``;  ``load = `` the four ``*_to_load``;
    ``charge = green_to_storage + grid_to_storage + stored_to_storage``.
    """

    horizon: Horizon
    green_to_load: _Array
    green_to_storage: _Array
    green_to_export: _Array
    curtailed: _Array
    grid_to_load: _Array
    grid_to_storage: _Array
    grid_to_export: _Array
    stored_green_to_load: _Array
    stored_green_to_export: _Array
    stored_grid_to_load: _Array
    stored_grid_to_export: _Array
    stored_to_storage: _Array
    green_stored_kwh: _Array

    @property
    def flows(self) -> Mapping[str, _Array]:
        """Every flow by name (T,). [kW]"""
        names = [f.name for f in fields(self) if f.name not in {"horizon", "green_stored_kwh"}]
        return {name: getattr(self, name) for name in names}

    @property
    def energy_kwh(self) -> Mapping[str, float]:
        """Energy of every flow over the horizon. [kWh]"""
        return {name: float(values.sum()) * self.horizon.step_h for name, values in self.flows.items()}

    @property
    def green_used_kwh(self) -> float:
        """Green energy that reached the load, directly or through storage. [kWh]"""
        return float((self.green_to_load + self.stored_green_to_load).sum()) * self.horizon.step_h

    @property
    def columns(self) -> Mapping[str, _Array]:
        """Every flow under its name with unit, and the green energy in storage (T,). [kW], [kWh]"""
        return {f"{name}_kw": values for name, values in self.flows.items()} | {
            "green_stored_kwh": self.green_stored_kwh
        }


def trace(site: Site, schedule: Schedule) -> Provenance:
    """Follow every kWh of a schedule from its source to its use.

    Parameters
    ----------
    site : Site
        Whose batteries and plants the flows belong to.
    schedule : Schedule
        Planned or metered flows.

    Notes
    -----
    Green energy in a battery: ``g[t+1] = (1 - out[t] / pool[t]) ((1 - sigma) g[t] + h eta_c s[t] c[t])`` with s the
    green share of charging, ``pool[t] = (1 - sigma) E[t] + h eta_c c[t]`` and ``out[t] = h d[t] / eta_d + h aux``: a
    lower bidiagonal system, solved at once.
    """
    load, charge = schedule.total(FlowKind.LOAD_KW), schedule.total(FlowKind.CHARGE_KW)
    used, imported = schedule.total(FlowKind.USED_KW), schedule[Flow(GRID, FlowKind.IMPORT_KW)]
    discharge = schedule.total(FlowKind.DISCHARGE_KW)
    only_green = _total(schedule, _own_energy_only(site), FlowKind.CHARGE_KW)
    stays = np.minimum(_total(schedule, _never_exported(site), FlowKind.DISCHARGE_KW), load)

    green_first = np.minimum(used, only_green)
    green_to_load = np.minimum(used - green_first, load - stays)
    green_later = np.minimum(used - green_first - green_to_load, charge - only_green)
    green_to_storage = green_first + green_later
    to_load = stays + np.minimum(discharge - stays, load - stays - green_to_load)
    grid_to_load = np.minimum(load - green_to_load - to_load, imported)
    grid_to_storage = np.minimum(charge - green_to_storage, imported - grid_to_load)
    passed_on = np.minimum(np.maximum(charge - green_to_storage - grid_to_storage, 0.0), discharge - to_load)

    delivered, stored = np.zeros_like(load), np.zeros_like(load)
    shares = (_share(green_later, charge - only_green), _share(green_first, only_green))
    for name, spec in site.spec.battery.items():
        green_out, green_held = _battery(name, spec, schedule, shares[name in _own_energy_only(site)])
        delivered += green_out
        stored += green_held
    load_share, out_share = _share(to_load, discharge), _share(discharge - to_load - passed_on, discharge)
    return Provenance(
        schedule.horizon,
        green_to_load,
        green_to_storage,
        used - green_to_load - green_to_storage,
        schedule.total(FlowKind.CURTAILED_KW),
        grid_to_load,
        grid_to_storage,
        imported - grid_to_load - grid_to_storage,
        delivered * load_share,
        delivered * out_share,
        (discharge - delivered) * load_share,
        (discharge - delivered) * out_share,
        passed_on,
        stored,
    )


def _own_energy_only(site: Site) -> frozenset[str]:
    """Batteries that may not charge from the grid, by themselves or by the contract."""
    contract = site.spec.contract
    forbidden = contract is not None and contract.storage_from_grid == "forbidden"
    return frozenset(name for name, spec in site.spec.battery.items() if forbidden or not spec.grid_charging)


def _never_exported(site: Site) -> frozenset[str]:
    return frozenset(name for name, spec in site.spec.battery.items() if not spec.export)


def _total(schedule: Schedule, names: frozenset[str], kind: FlowKind) -> _Array:
    chosen = [schedule[Flow(name, kind)] for name in sorted(names)]
    return np.sum(chosen, axis=0) if chosen else np.zeros(schedule.horizon.steps)


def _share(part: _Array, whole: _Array) -> _Array:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _battery(name: str, spec: BatterySpec, schedule: Schedule, charge_share: _Array) -> tuple[_Array, _Array]:
    """Green power delivered (T,) [kW] and green energy held at the end of each interval (T,) [kWh]."""
    h = schedule.horizon.step_h
    charge, discharge = schedule[Flow(name, FlowKind.CHARGE_KW)], schedule[Flow(name, FlowKind.DISCHARGE_KW)]
    after = schedule[Flow(name, FlowKind.ENERGY_KWH)]
    kept = (1.0 - spec.self_discharge_frac_per_h) ** h
    gained = h * (spec.charge_efficiency * charge - discharge / spec.discharge_efficiency - spec.auxiliary_kw)
    before = np.concatenate([[max((after[0] - gained[0]) / kept, 0.0)], after[:-1]])
    # energy that is drawn in the interval mixes with what is charged in it
    pool = kept * before + h * spec.charge_efficiency * charge
    drawn = h * (discharge / spec.discharge_efficiency + spec.auxiliary_kw)
    left = np.clip(1.0 - np.divide(drawn, pool, out=np.ones_like(pool), where=pool > 0), 0.0, 1.0)
    carried, fresh = left * kept, left * h * spec.charge_efficiency * charge * charge_share
    start = _held(carried, fresh, 0.0)
    if spec.final_soc == "cyclic":
        whole = float(np.prod(carried))
        start = _held(carried, fresh, float(start[-1]) / (1.0 - whole) if whole < 1.0 else 0.0)
        first = float(start[-1])
    else:
        first = 0.0
    green_before = np.concatenate([[first], start[:-1]])
    green_pool = kept * green_before + h * spec.charge_efficiency * charge * charge_share
    share = np.divide(green_pool, pool, out=np.zeros_like(pool), where=pool > 0)
    # stored energy of a solver or a meter drifts by noise from what its flows add up to
    return np.clip(share, 0.0, 1.0) * discharge, np.minimum(start, after)


def _held(carried: _Array, fresh: _Array, first: float) -> _Array:
    """``g[t+1] = carried[t] g[t] + fresh[t]`` from ``g[0] = first`` (T,)."""
    bands = np.vstack([np.ones_like(carried), np.append(-carried[1:], 0.0)])
    right = fresh.copy()
    right[0] += carried[0] * first
    held: _Array = solve_banded((1, 0), bands, right)
    return held
