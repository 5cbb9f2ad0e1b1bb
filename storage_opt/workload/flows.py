"""Every flow of the compute of a site from its decisions, without a solver: the plan, the baseline, a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage_opt.schedule import Flow, FlowKind
from storage_opt.workload.building import Building
from storage_opt.workload.plan import ClusterPlan, ComputePlan, FacilityPlan, WorkPlan
from storage_opt.workload.power import segments

__all__ = [
    "ColdDecision",
    "WorkDecision",
    "arrived_unit_h",
    "compute_flows",
    "resting_extra",
    "units_left",
    "unshifted_flows",
    "unshifted_load_kw",
]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WorkDecision:
    """What a class does.

    Parameters
    ----------
    work_units : (T,) array
        Work done, as units at full speed. [unit]
    running_units : (T,) array
        Units at work. [unit]
    extra : mapping of FlowKind to (T,) array
        Work refused [unit], late [unit h] and lost to suspension [unit]; absent where the class knows none.
    """

    work_units: _Array
    running_units: _Array
    extra: Mapping[FlowKind, _Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ColdDecision:
    """What the tank and the room of a building do.

    Parameters
    ----------
    tank_charge_kw, tank_discharge_kw : (T,) array
        Cold put in and taken out. [kW]
    tank_kwh : (T,) array
        Cold held at the end of each interval. [kWh]
    room_temp_c : (T,) array
        Temperature at the end of each interval. [degC]
    """

    tank_charge_kw: _Array
    tank_discharge_kw: _Array
    tank_kwh: _Array
    room_temp_c: _Array


def unshifted_flows(plan: ComputePlan, step_h: float) -> dict[Flow, _Array]:
    """All flows when nothing is shifted: work as it arrives, full speed, tank at rest, room at its set point."""
    flows: dict[Flow, _Array] = {}
    for facility in plan.facilities.values():
        work = {
            work.name: WorkDecision(work.unshifted_units, work.unshifted_units, resting_extra(work))
            for cluster in facility.clusters
            for work in cluster.work
        }
        flows |= compute_flows(facility, work, None, step_h)
    return flows


def unshifted_load_kw(facility: FacilityPlan) -> _Array:
    """Power that a building draws when nothing is shifted (T,). [kW]"""
    building, it_kw = facility.building, facility.unshifted_it_kw()
    cooling_kw = 0.0 if building.cooling is None else building.cooling_kw(building.removed_kw(it_kw))
    return building.load_kw(it_kw, cooling_kw)


def units_left(cluster: ClusterPlan, work: WorkPlan, flows: Mapping[Flow, _Array]) -> _Array:
    """Units that the other classes of a cluster leave to one of them, as far as it may use them (T,). [unit]"""
    left = cluster.power.on_units
    for other in cluster.work:
        if other.name != work.name:
            left = left - flows[Flow(other.name, FlowKind.RUNNING_UNITS)]
    return np.minimum(left, np.where(work.allowed, work.room_units, left))


def compute_flows(
    facility: FacilityPlan, work: Mapping[str, WorkDecision], cold: ColdDecision | None, step_h: float
) -> dict[Flow, _Array]:
    """All flows of a building.

    Parameters
    ----------
    facility : FacilityPlan
        The building.
    work : mapping of str to WorkDecision
        What each class does.
    cold : ColdDecision or None
        What tank and room do; None leaves both at rest.
    step_h : float
        Interval length. [h]
    """
    flows: dict[Flow, _Array] = {}
    it_kw = np.zeros_like(facility.building.outdoor_temp_c)
    for cluster in facility.clusters:
        it_kw = it_kw + _cluster_flows(cluster, work, flows, step_h)
    building, name = facility.building, facility.name
    cooling_kw: _Array | float = 0.0
    if building.cooling is not None:
        cooling_kw = _cooling(building, name, it_kw, cold, flows)
        flows[Flow(name, FlowKind.COOLING_KW)] = cooling_kw
    flows[Flow(name, FlowKind.LOAD_KW)] = building.load_kw(it_kw, cooling_kw)
    return flows


def arrived_unit_h(work: WorkPlan, step_h: float) -> _Array:
    """Work that has arrived by the end of each interval (T,). [unit h]"""
    if work.windows is not None:
        steps = work.room_units.size
        interval = np.minimum((work.windows.release_h / step_h + 1e-9).astype(np.intp), steps - 1)
        arrived: _Array = np.cumsum(np.bincount(interval, work.windows.work_unit_h, steps))
        return arrived
    if work.curves:
        return work.curves[0].arrived_unit_h
    return np.cumsum(work.unshifted_units * step_h)


def resting_extra(work: WorkPlan) -> dict[FlowKind, _Array]:
    """Work refused, late and lost of a class that may know them, all at rest (T,)."""
    spec, nothing = work.spec, np.zeros_like(work.unshifted_units)
    asked = {
        FlowKind.REFUSED_UNITS: spec.value_per_unit_h is not None,
        FlowKind.LATE_UNIT_H: spec.late_cost_per_unit_h is not None,
        FlowKind.LOST_UNITS: spec.checkpoint_h > 0,
    }
    return {kind: nothing for kind, is_asked in asked.items() if is_asked}


def _cluster_flows(
    cluster: ClusterPlan, work: Mapping[str, WorkDecision], flows: dict[Flow, _Array], step_h: float
) -> _Array:
    """Flows of a cluster and its classes; returns its IT power (T,). [kW]"""
    power = cluster.power
    activity = {plan.name: _activity(plan, work[plan.name]) for plan in cluster.work}
    total: _Array = sum(activity.values(), np.zeros_like(power.on_units))
    it_kw = power.it_kw(total)
    above = it_kw - power.idle_kw * power.on_units
    for plan in cluster.work:
        decision = work[plan.name]
        lost = decision.extra.get(FlowKind.LOST_UNITS, 0.0)
        refused = decision.extra.get(FlowKind.REFUSED_UNITS, 0.0)
        done = np.cumsum((decision.work_units - lost + refused) * step_h)
        arrived = arrived_unit_h(plan, step_h)
        share = np.divide(activity[plan.name], total, out=np.zeros_like(total), where=total > 0)
        flows[Flow(plan.name, FlowKind.WORK_UNITS)] = decision.work_units
        flows[Flow(plan.name, FlowKind.RUNNING_UNITS)] = decision.running_units
        flows[Flow(plan.name, FlowKind.BACKLOG_UNIT_H)] = _settled(arrived - done, arrived)
        flows |= {Flow(plan.name, kind): values for kind, values in decision.extra.items()}
        flows[Flow(plan.name, FlowKind.IT_KW)] = power.idle_kw * decision.running_units + share * above
    flows[Flow(cluster.name, FlowKind.IT_KW)] = it_kw
    return it_kw


def _activity(plan: WorkPlan, decision: WorkDecision) -> _Array:
    """Power above idle, in units at full load (T,). [unit]"""
    if not plan.spec.speed_curve:
        return plan.spec.power_frac * decision.work_units
    lines = segments(plan.spec.speed_curve)
    drawn = [line.slope * decision.work_units + line.offset * decision.running_units for line in lines]
    activity: _Array = plan.spec.power_frac * np.maximum(np.max(drawn, axis=0), 0.0)
    return activity


def _settled(backlog: _Array, arrived: _Array) -> _Array:
    """The backlog without rounding of long sums."""
    rounding = 1e-12 * float(arrived[-1])
    return np.where(np.abs(backlog) <= rounding, 0.0, backlog)


def _cooling(
    building: Building, name: str, it_kw: _Array, cold: ColdDecision | None, flows: dict[Flow, _Array]
) -> _Array:
    """Electricity of the plant (T,). [kW]"""
    cooling = building.cooling
    assert cooling is not None
    nothing = np.zeros_like(it_kw)
    removed = building.removed_kw(it_kw)
    if building.room is not None:
        temp = np.full_like(it_kw, building.room.held_temp_c) if cold is None else cold.room_temp_c
        if cold is not None:
            removed = _removed_for(building, it_kw, temp)
        flows[Flow(name, FlowKind.ROOM_TEMP_C)] = temp
    fill, melt, held = (
        (nothing, nothing, nothing) if cold is None else (cold.tank_charge_kw, cold.tank_discharge_kw, cold.tank_kwh)
    )
    if cooling.tank is not None:
        flows |= {
            Flow(name, FlowKind.TANK_CHARGE_KW): fill,
            Flow(name, FlowKind.TANK_DISCHARGE_KW): melt,
            Flow(name, FlowKind.TANK_KWH): held,
        }
    return building.cooling_kw(np.maximum(removed - melt, 0.0), fill)


def _removed_for(building: Building, it_kw: _Array, temp: _Array) -> _Array:
    """Heat removed so that the room takes these temperatures (T,). [kW]"""
    assert building.room is not None
    before = np.concatenate([[building.room.held_temp_c], temp[:-1]])
    kept = building.room_kept
    gain = (temp - kept * before - (1.0 - kept) * building.outdoor_temp_c) / building.room_k_per_kw
    removed: _Array = building.heat_kw(it_kw) - gain
    return removed
