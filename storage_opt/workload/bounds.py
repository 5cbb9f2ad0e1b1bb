"""Least and most power that a building with clusters can draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.plan import ClusterPlan, FacilityPlan

__all__ = ["activity_bounds", "least_it_kw", "load_bounds_kw"]

_Array = NDArray[np.float64]


def load_bounds_kw(plan: FacilityPlan) -> tuple[_Array, _Array]:
    """Least and most power that the building can draw (T,). [kW]"""
    building = plan.building
    least_it, most_it = least_it_kw(plan), np.zeros_like(building.outdoor_temp_c)
    for cluster in plan.clusters:
        most_it = most_it + cluster.power.it_kw(activity_bounds(cluster)[1])
    if building.cooling is None:
        return building.load_kw(least_it), building.load_kw(most_it)
    cooling, tank = building.cooling, building.cooling.tank
    held = tank is not None or building.room is not None
    least_cold = np.zeros_like(least_it) if held else building.cooling_kw(building.removed_kw(least_it))
    warmest = building.heat_kw(most_it)
    if building.room is not None:
        span_k = building.room.temp_max_c - building.room.temp_min_c
        gained = building.room.loss_kw_per_k * np.maximum(building.outdoor_temp_c - building.room.temp_min_c, 0.0)
        warmest = warmest + gained + building.room.capacity_kwh_per_k * span_k / building.step_h
    if cooling.capacity_kw is not None:
        warmest = np.minimum(warmest, cooling.capacity_kw)
    most_cold = building.cooling_kw(warmest, 0.0 if tank is None else tank.charge_kw)
    return building.load_kw(least_it, least_cold), building.load_kw(most_it, most_cold)


def activity_bounds(cluster: ClusterPlan) -> tuple[_Array, _Array]:
    """Least and most activity of a cluster, in units at full load (T,). [unit]"""
    fixed = _fixed_activity(cluster)
    moving = sum((w.spec.power_frac * w.room_units for w in cluster.work if w.moves), np.zeros_like(fixed))
    return fixed, np.minimum(fixed + moving, np.maximum(cluster.power.on_units, fixed))


def least_it_kw(plan: FacilityPlan) -> _Array:
    """Power of the servers when nothing that can move runs (T,). [kW]"""
    standing = (cluster.power.it_kw(_fixed_activity(cluster)) for cluster in plan.clusters)
    return sum(standing, np.zeros_like(plan.building.outdoor_temp_c))


def _fixed_activity(cluster: ClusterPlan) -> _Array:
    """Power above idle of work that can't move, in units at full load (T,). [unit]"""
    fixed = (work.spec.power_frac * work.unshifted_units for work in cluster.work if not work.moves)
    return sum(fixed, np.zeros_like(cluster.power.on_units))
