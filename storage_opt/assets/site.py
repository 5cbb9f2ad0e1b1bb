"""The assets of a site, from its spec and the values of its series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Asset
from storage_opt.assets.battery import Battery
from storage_opt.assets.facility import Facility
from storage_opt.assets.generator import Generator
from storage_opt.assets.grid import GridConnection
from storage_opt.assets.load import FixedLoad
from storage_opt.modeler import Limit
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site
from storage_opt.workload.bounds import load_bounds_kw
from storage_opt.workload.plan import ComputePlan

__all__ = ["Caps", "Reserves", "Rest", "site_assets", "site_battery"]

Caps = Mapping[Flow, Sequence[Limit]]
"""Limits of flows that come from a contract."""

Reserves = Mapping[str, NDArray[np.float64]]
"""Energy that a battery holds for a loss of the grid (T+1,), by name. [kWh]"""

Rest = Mapping[str, NDArray[np.bool_]]
"""Intervals in which each battery rests (T,)."""


def site_assets(site: Site, caps: Caps, compute: ComputePlan, reserves: Reserves, rest: Rest) -> tuple[Asset, ...]:
    """Every asset of the site, the grid connection first; `caps` are those of a contract on the exchange."""
    spec = site.spec
    loads = [FixedLoad(name, site.values(load.power_kw), load.curtailable_frac) for name, load in spec.load.items()]
    plants = [
        Generator(name, plant.capacity_kw * site.values(plant.profile), plant.curtailable)
        for name, plant in spec.generator.items()
    ]
    batteries = [
        site_battery(site, name, battery, reserves.get(name), rest.get(name)) for name, battery in spec.battery.items()
    ]
    facilities = [Facility(plan, bool(spec.regulation)) for plan in compute.facilities.values()]
    grid = _grid(site, _drawn(site, loads, facilities), plants, batteries, caps)
    return (grid, *loads, *facilities, *plants, *batteries)


def site_battery(
    site: Site,
    name: str,
    spec: BatterySpec,
    backup_kwh: NDArray[np.float64] | None = None,
    rest: NDArray[np.bool_] | None = None,
) -> Battery:
    """A battery with its window in energy, what it holds for a loss of the grid (T+1,) [kWh], and when it rests."""
    low, high = site.values(spec.soc_min_frac), site.values(spec.soc_max_frac)
    return Battery(name, spec, low * spec.energy_kwh, high * spec.energy_kwh, backup_kwh, rest)


_Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def _drawn(site: Site, loads: list[FixedLoad], facilities: list[Facility]) -> _Bounds:
    """Least and most power that all consumers draw (T,). [kW]"""
    nothing = np.zeros(site.horizon.steps)
    least, most = sum((load.least_kw for load in loads), nothing), sum((load.power_kw for load in loads), nothing)
    bounds = [load_bounds_kw(facility.plan) for facility in facilities]
    return sum((low for low, _ in bounds), start=least), sum((high for _, high in bounds), start=most)


def _grid(site: Site, drawn: _Bounds, plants: list[Generator], batteries: list[Battery], caps: Caps) -> GridConnection:
    grid = site.spec.grid
    rating = None if grid.transformer_kva is None else grid.transformer_kva * grid.power_factor
    limit = None if grid.import_limit_kw is None else site.values(grid.import_limit_kw)
    nothing = np.zeros(site.horizon.steps)
    least, most = drawn
    available = sum((plant.available_kw for plant in plants), start=nothing)
    taken = sum((plant.available_kw for plant in plants if not plant.curtailable), start=nothing)
    most_import = np.maximum(most + sum(b.spec.power_kw for b in batteries) - taken, 0.0)
    most_export = np.maximum(available + sum(b.spec.discharge_limit_kw for b in batteries) - least, 0.0)
    import_caps, export_caps = (
        tuple(caps.get(Flow(GRID, kind), ())) for kind in (FlowKind.IMPORT_KW, FlowKind.EXPORT_KW)
    )
    return GridConnection(
        limit, site.values(grid.export_limit_kw), rating, most_import, most_export, import_caps, export_caps
    )
