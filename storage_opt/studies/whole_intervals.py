"""What it costs to start and stop jobs only at the clock: an upper bound on the best schedule in whole intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from storage_opt.errors import Fault, Faults
from storage_opt.ledger.ledger import settle
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.studies.result import DispatchResult
from storage_opt.workload.flows import ColdDecision, WorkDecision, compute_flows, resting_extra, units_left
from storage_opt.workload.plan import ClusterPlan, FacilityPlan, WorkPlan
from storage_opt.workload.whole import in_whole_intervals

__all__ = ["WholeIntervals", "whole_intervals"]


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
        A plan of a site with job logs.

    Raises
    ------
    InputError
        When a class with a log may be late, refused, capped, or pays for suspension: its jobs have more to decide than
        when they run. Lists all of them.

    Notes
    -----
    fluid optimum <= optimum in whole intervals <= this. Batteries, plants, tanks and work given as a series keep their
    plan; the grid takes up the difference, and may exceed its limits by what rounding moves.
    """
    site, plan = result.site, result.schedule
    _refuse_more_than_time(result)
    h = site.horizon.step_h
    flows = dict(plan.flows)
    unplaced = 0.0
    for facility in compute_plan(site).facilities.values():
        work: dict[str, WorkDecision] = {}
        for cluster in facility.clusters:
            for one in cluster.work:
                work[one.name], missing = _decision(result, cluster, one)
                unplaced += missing
        flows |= compute_flows(facility, work, _cold(facility, plan), h)
    rounded = Schedule(site.horizon, flows)
    net = rounded.total(FlowKind.LOAD_KW) + rounded.total(FlowKind.CHARGE_KW)
    net = net - rounded.total(FlowKind.USED_KW) - rounded.total(FlowKind.DISCHARGE_KW)
    flows[Flow(GRID, FlowKind.IMPORT_KW)] = np.maximum(net, 0.0)
    flows[Flow(GRID, FlowKind.EXPORT_KW)] = np.maximum(-net, 0.0)
    ledger = settle(Schedule(site.horizon, flows), lower_site(site))
    return WholeIntervals(ledger.total, result.ledger.total, unplaced)


def _refuse_more_than_time(result: DispatchResult) -> None:
    faults = Faults()
    for name, spec in result.site.spec.workload.items():
        asked = {
            "late_cost_per_unit_h": spec.late_cost_per_unit_h is not None,
            "value_per_unit_h": spec.value_per_unit_h is not None,
            "speed_curve": bool(spec.speed_curve),
            "checkpoint_h": spec.checkpoint_h > 0,
        }
        for key in [key for key, is_asked in asked.items() if is_asked and spec.jobs is not None]:
            what = (
                f"jobs of `{name}` can't be rounded to whole intervals, for `{key}` leaves more than their times open"
            )
            faults.add(Fault(what, f"leave `{key}` out for this question", key=f"workload.{name}.{key}"))
    faults.raise_if_any()


def _decision(result: DispatchResult, cluster: ClusterPlan, work: WorkPlan) -> tuple[WorkDecision, float]:
    """What a class does, its jobs in whole intervals, and the work that found none. [unit h]"""
    plan, horizon = result.schedule, result.site.horizon
    if work.windows is None or not work.moves:
        rate, running = (plan[Flow(work.name, kind)] for kind in (FlowKind.WORK_UNITS, FlowKind.RUNNING_UNITS))
        extra = {kind: plan[Flow(work.name, kind)] for kind in resting_extra(work)}
        return WorkDecision(rate, running, extra), 0.0
    assert result.compute is not None
    liked = result.compute.jobs[work.name].placed
    room = np.maximum(units_left(cluster, work, plan), 0.0)
    placed, missing = in_whole_intervals(work.windows, liked, room, work.allowed, horizon.step_h)
    rate = placed.rate(horizon.steps)
    return WorkDecision(rate, rate), float(missing.sum())


def _cold(facility: FacilityPlan, plan: Schedule) -> ColdDecision | None:
    building, name = facility.building, facility.name
    if building.cooling is None:
        return None
    nothing = np.zeros(plan.horizon.steps)
    kinds = (FlowKind.TANK_CHARGE_KW, FlowKind.TANK_DISCHARGE_KW, FlowKind.TANK_KWH, FlowKind.ROOM_TEMP_C)
    return ColdDecision(*(plan.flows.get(Flow(name, kind), nothing) for kind in kinds))
