"""What it costs to start and stop jobs only at the clock: an upper bound on the best schedule in whole intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.ledger.ledger import settle
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.studies.result import DispatchResult
from storage_opt.workload.flows import ColdDecision, WorkDecision, compute_flows, resting_extra
from storage_opt.workload.plan import ClusterPlan, FacilityPlan, WorkPlan
from storage_opt.workload.whole import in_whole_intervals

__all__ = ["WholeIntervals", "whole_intervals"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WholeIntervals:
    """A feasible schedule whose jobs run at full width in whole intervals, found by rounding the optimum.

    Parameters
    ----------
    cost : float
        Its bill. [money]
    fluid_cost : float
        The optimal bill, which no schedule in whole intervals can beat. [money]
    unplaced_unit_h : float
        Work for which no whole intervals were left; the bound holds only where it is zero. [unit h]
    """

    cost: float
    fluid_cost: float
    unplaced_unit_h: float

    @property
    def bound(self) -> float:
        """Most that deciding in whole intervals can cost. [money]"""
        return self.cost - self.fluid_cost


def whole_intervals(result: DispatchResult) -> WholeIntervals:
    """Round the jobs of a plan to whole intervals, everything else as planned, and settle the bill.

    Parameters
    ----------
    result : DispatchResult
        A plan of a site with job logs whose work is neither refused, late, capped nor suspended at a cost.

    Notes
    -----
    fluid optimum <= optimum in whole intervals <= this. Batteries, plants and tanks keep their plan; the grid takes up
    the difference, and may exceed its limits by what rounding moves.
    """
    site, plan = result.site, result.schedule
    h = site.horizon.step_h
    flows = dict(plan.flows)
    unplaced = 0.0
    for facility in compute_plan(site).facilities.values():
        work: dict[str, WorkDecision] = {}
        for cluster in facility.clusters:
            for one in cluster.work:
                rate, missing = _rate(result, cluster, one)
                unplaced += missing
                work[one.name] = WorkDecision(rate, rate, resting_extra(one))
        flows |= compute_flows(facility, work, _cold(facility, plan), h)
    rounded = Schedule(site.horizon, flows)
    net = rounded.total(FlowKind.LOAD_KW) + rounded.total(FlowKind.CHARGE_KW)
    net = net - rounded.total(FlowKind.USED_KW) - rounded.total(FlowKind.DISCHARGE_KW)
    flows[Flow(GRID, FlowKind.IMPORT_KW)] = np.maximum(net, 0.0)
    flows[Flow(GRID, FlowKind.EXPORT_KW)] = np.maximum(-net, 0.0)
    ledger = settle(Schedule(site.horizon, flows), lower_site(site))
    return WholeIntervals(ledger.total, result.ledger.total, unplaced)


def _rate(result: DispatchResult, cluster: ClusterPlan, work: WorkPlan) -> tuple[_Array, float]:
    """Work rate of a class in whole intervals (T,) [unit], and its work that found none [unit h]."""
    rate = result.schedule[Flow(work.name, FlowKind.WORK_UNITS)]
    if work.windows is None or not work.moves:
        return rate, 0.0
    assert result.compute is not None
    horizon, liked = result.site.horizon, result.compute.jobs[work.name].placed
    left = np.minimum(cluster.power.on_units, work.room_units)
    for other in cluster.work:
        if other.name != work.name:
            left = left - result.schedule[Flow(other.name, FlowKind.RUNNING_UNITS)]
    allowed = work.room_units > 0
    placed, missing = in_whole_intervals(work.windows, liked, np.maximum(left, 0.0), allowed, horizon.step_h)
    return placed.rate(horizon.steps), float(missing.sum())


def _cold(facility: FacilityPlan, plan: Schedule) -> ColdDecision | None:
    building, name = facility.building, facility.name
    if building.cooling is None:
        return None
    nothing = np.zeros(plan.horizon.steps)
    kinds = (FlowKind.TANK_CHARGE_KW, FlowKind.TANK_DISCHARGE_KW, FlowKind.TANK_KWH, FlowKind.ROOM_TEMP_C)
    return ColdDecision(*(plan.flows.get(Flow(name, kind), nothing) for kind in kinds))
