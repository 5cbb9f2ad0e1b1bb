"""Import less export: what the connection allows, what the site can reach, and what it is when nothing is shifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.consumption import consumption_kw
from storage_opt.lowering.contract.meters import EXPORT, IMPORT
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.rules.cap import PowerCap
from storage_opt.spec.resolved import Site
from storage_opt.workload.bounds import load_bounds_kw

__all__ = ["grid_limit_kw", "net_bounds_kw", "net_reach_kw", "unshifted_net_kw"]

_Array = NDArray[np.float64]


def grid_limit_kw(site: Site, direction: str) -> tuple[_Array, str]:
    """Most export (up) or import (down) that connection and contract allow (T,), and where it is written. [kW]"""
    grid, steps = site.spec.grid, site.horizon.steps
    rating = np.inf if grid.transformer_kva is None else grid.transformer_kva * grid.power_factor
    if direction == "up":
        limit, key, metered = site.values(grid.export_limit_kw), "grid.export_limit_kw", EXPORT
        if any(not battery.export for battery in site.spec.battery.values()):
            limit = np.zeros(steps)
    else:
        limit, key, metered = np.full(steps, np.inf), "grid.import_limit_kw", IMPORT
        if grid.import_limit_kw is not None:
            limit = site.values(grid.import_limit_kw)
    return np.minimum.reduce([limit, np.full(steps, rating), *_caps(site, metered)]), key


def _caps(site: Site, metered: object) -> list[_Array]:
    return [rule.limit_kw for rule in lower_rules(site) if isinstance(rule, PowerCap) and rule.metered == metered]


def net_bounds_kw(site: Site, short_kw: _Array | float = 0.0) -> tuple[_Array, _Array]:
    """Least and most import less export that the site can reach and may (T,), `short_kw` of its reach left out. [kW]"""
    least, most = net_reach_kw(site)
    exported = site.values(site.spec.grid.export_limit_kw)
    return np.maximum(least + short_kw, -exported), np.minimum(most - short_kw, grid_limit_kw(site, "down")[0])


def net_reach_kw(site: Site) -> tuple[_Array, _Array]:
    """Least and most import less export that the site could reach if the connection did not limit it (T,). [kW]

    Calls are within: they take a battery from what is planned to its rating, and a load to the least or most it draws.
    """
    spec, nothing = site.spec, np.zeros(site.horizon.steps)
    least, most = nothing.copy(), nothing.copy()
    for load in spec.load.values():
        power = site.values(load.power_kw)
        least, most = least + (1.0 - load.curtailable_frac) * power, most + power
    for facility in compute_plan(site).facilities.values():
        low, high = load_bounds_kw(facility)
        least, most = least + low, most + high
    for plant in spec.generator.values():
        available = plant.capacity_kw * site.values(plant.profile)
        least, most = least - available, most if plant.curtailable else most - available
    for battery in spec.battery.values():
        least, most = least - battery.discharge_limit_kw, most + battery.power_kw
    return least, most


def unshifted_net_kw(site: Site) -> _Array:
    """Import less export with storage at rest, work unshifted and plants used as far as they can be (T,). [kW]"""
    available = np.zeros(site.horizon.steps)
    for plant in site.spec.generator.values():
        available += plant.capacity_kw * site.values(plant.profile)
    exported = np.minimum.reduce([site.values(site.spec.grid.export_limit_kw), *_caps(site, EXPORT)])
    net: _Array = np.maximum(consumption_kw(site) - available, -exported)
    return net
