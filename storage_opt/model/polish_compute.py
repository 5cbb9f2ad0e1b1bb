"""Work and cold at a solver's point without its noise; everything that follows from them is worked out again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.facility import TankSpec
from storage_opt.spec.resolved import Site
from storage_opt.workload.flows import ColdDecision, WorkDecision, compute_flows, resting_extra
from storage_opt.workload.plan import FacilityPlan, WorkPlan

__all__ = ["polished_compute"]

_Values = NDArray[np.float64]
_WORK_FINER = 1e-3
"""Noise of work is smaller than that of power: what is removed has to be done at another time."""
_LOST_NOISE = 1e-6
"""Share of the units by which a solver may overstate what suspension costs."""


def polished_compute(site: Site, flows: Mapping[Flow, _Values], noise: float) -> dict[Flow, _Values]:
    """Flows of all buildings, their clusters and classes.

    Parameters
    ----------
    site : Site
        The site that was solved.
    flows : mapping of Flow to (T,) array
        Flows at the solver's point.
    noise : float
        Share of a rating below which a flow is removed.
    """
    clean: dict[Flow, _Values] = {}
    h = site.horizon.step_h
    for facility in compute_plan(site).facilities.values():
        work = {
            plan.name: _work(plan, flows, noise * _WORK_FINER, h)
            for cluster in facility.clusters
            for plan in cluster.work
        }
        clean |= compute_flows(facility, work, _cold(facility, flows, noise, h), h)
    return clean


def _work(plan: WorkPlan, flows: Mapping[Flow, _Values], noise: float, h: float) -> WorkDecision:
    resting = resting_extra(plan)
    if not plan.moves:
        return WorkDecision(plan.unshifted_units, plan.unshifted_units, resting)
    extra = {kind: np.maximum(flows[Flow(plan.name, kind)], 0.0) for kind in resting}
    most = float(plan.room_units.max(initial=0.0))
    rate = np.clip(flows[Flow(plan.name, FlowKind.WORK_UNITS)], 0.0, plan.room_units)
    rate = np.where(rate <= noise * most, 0.0, rate)
    if FlowKind.LOST_UNITS in extra and plan.blocks is None:
        extra[FlowKind.LOST_UNITS] = np.minimum(extra[FlowKind.LOST_UNITS], _lost_at_most(plan, rate, h))
    owed = float(plan.unshifted_units.sum())
    owed += float(np.sum(extra.get(FlowKind.LOST_UNITS, 0.0)) - np.sum(extra.get(FlowKind.REFUSED_UNITS, 0.0)))
    done = float(rate.sum())
    rate = rate * (owed / done) if done > 0 else rate
    running = rate
    if plan.spec.speed_curve:
        running = np.clip(flows[Flow(plan.name, FlowKind.RUNNING_UNITS)], rate, rate / plan.slowest_frac)
    return WorkDecision(rate, running, extra)


def _lost_at_most(plan: WorkPlan, rate: _Values, h: float) -> _Values:
    """Work that suspension really costs; where power is paid for, a solver would like to do more of it twice."""
    short = plan.unshifted_units - rate
    stopped = np.maximum(np.diff(short, prepend=0.0), 0.0)
    lost: _Values = plan.spec.checkpoint_h / h * stopped
    return lost + _LOST_NOISE * float(plan.room_units.max(initial=0.0))


def _cold(facility: FacilityPlan, flows: Mapping[Flow, _Values], noise: float, h: float) -> ColdDecision | None:
    building, name = facility.building, facility.name
    if building.cooling is None:
        return None
    nothing = np.zeros_like(building.outdoor_temp_c)
    fill, melt, held = nothing, nothing, nothing
    tank = building.cooling.tank
    if tank is not None:
        fill, melt, held = _tank(tank, name, flows, noise, h)
    temp = flows[Flow(name, FlowKind.ROOM_TEMP_C)] if building.room is not None else nothing
    return ColdDecision(fill, melt, held, temp)


def _tank(
    tank: TankSpec, name: str, flows: Mapping[Flow, _Values], noise: float, h: float
) -> tuple[_Values, _Values, _Values]:
    """Filling, emptying and content without noise."""
    raw_fill, raw_melt = flows[Flow(name, FlowKind.TANK_CHARGE_KW)], flows[Flow(name, FlowKind.TANK_DISCHARGE_KW)]
    if tank.charge_cop_frac == 1.0:
        both = np.minimum(raw_fill, raw_melt)
        raw_fill, raw_melt = raw_fill - both, raw_melt - both
    fill = np.where(raw_fill <= noise * tank.charge_kw, 0.0, raw_fill)
    melt = np.where(raw_melt <= noise * tank.discharge_kw, 0.0, raw_melt)
    kept = (1.0 - tank.loss_frac_per_h) ** h
    drift: _Values = lfilter([1.0], [1.0, -kept], h * ((fill - raw_fill) - (melt - raw_melt)))
    return fill, melt, np.maximum(flows[Flow(name, FlowKind.TANK_KWH)] + drift, 0.0)
