"""One class of work: rates, backlog between its curves, jobs one by one, capping, suspension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.assets.job_blocks import Part, state_blocks
from storage_opt.assets.parts import state_parts
from storage_opt.modeler import Expression, Limit, Modeler, Rule, Sense
from storage_opt.schedule import Flow, FlowKind
from storage_opt.workload.curves import Curves
from storage_opt.workload.flows import resting_extra
from storage_opt.workload.plan import WorkPlan
from storage_opt.workload.power import corners, segments

__all__ = ["Work", "state_work"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What a class brings to its cluster.

    Parameters
    ----------
    units : (T,) expression
        Units at work, capped or not. [unit]
    activity : (T,) expression
        Power above idle, in units at full load. [unit]
    flows : mapping of Flow to (T,) expression
        Flows of the class.
    opposites : tuple of Opposites
        Pairs of variables of which one is zero.
    """

    units: Expression
    activity: Expression
    flows: Mapping[Flow, Expression]
    opposites: tuple[Opposites, ...] = ()


def state_work(model: Modeler, plan: WorkPlan) -> Work:
    """State a class of work.

    Notes
    -----
    ``backlog``:  ``B[t+1] = B[t] + h (a[t] - r[t] - q[t]) + lost[t]`` with ``0 <= B <= A - D``, which is
    ``D <= W <= A``;  ``late``:  ``B <= A - D + L``;  ``at_full_speed``:  ``r <= u``;  ``slowdown``:  ``r >= s_min u``;
    ``speed_power``:  ``faster_k >= r - s_k u`` for each corner of the curve, where faster or the slack is zero, and
    ``y = slope_1 r + offset_1 u + sum_k (slope_{k+1} - slope_k) faster_k``;
    ``suspension``:  ``v[t] >= (b - r)[t] - (b - r)[t-1]``, where v or the slack is zero;
    ``suspended``, ``min_running``:  ``r >= share b``;  ``ramp_up``, ``ramp_down``.
    """
    if not plan.moves:
        rate = plan.unshifted_units
        resting = {Flow(plan.name, kind): values for kind, values in resting_extra(plan).items()}
        return Work(rate, plan.spec.power_frac * rate, resting | _flows(plan, rate, rate))
    parts = [_state_curves(model, plan, number) for number in range(len(plan.curves))]
    if plan.blocks is not None:
        parts.append(state_blocks(model, plan))
    rate = _rate(model, plan, [part.rate for part in parts])
    _require_ramp(model, plan, rate)
    units = rate
    if plan.spec.speed_curve:
        units = _capped_units(model, plan, rate)
    flows = _flows(plan, rate, units)
    for kind, at_rest in resting_extra(plan).items():
        flows[Flow(plan.name, kind)] = sum((part.extra[kind] for part in parts if kind in part.extra), start=at_rest)
    if len(parts) == 1 and parts[0].backlog is not None:
        flows[Flow(plan.name, FlowKind.BACKLOG_UNIT_H)] = parts[0].backlog
    activity, pairs = _activity(model, plan, rate, units)
    return Work(units, activity, flows, (*pairs, *(pair for part in parts for pair in part.opposites)))


def _state_curves(model: Modeler, plan: WorkPlan, number: int) -> Part:
    curves, spec, name, h = plan.curves[number], plan.spec, plan.stream_name(number), model.horizon.step_h
    steps = curves.arrived_unit_h.size
    alone = len(plan.curves) == 1 and plan.blocks is None
    lower = _least(plan) if alone else []
    rate = model.variable(f"{name}.rate", steps, lower=lower or 0.0, upper=_room(plan))
    rule = _rule(plan, "deadline", "waiting work", "unit h", "max_delay_h")
    limit = curves.most_backlog_unit_h
    extra: dict[FlowKind, Expression] = {}
    opposites: tuple[Opposites, ...] = ()
    if plan.late_curves is None:
        backlog = model.variable(f"{name}.backlog", steps, lower=0.0, upper=[Limit(rule, limit)], prompt=1.0)
    else:
        backlog = _late_backlog(model, plan.late_curves[number], limit, name, rule, extra)
    served = h * rate
    if spec.value_per_unit_h is not None:
        refused = model.variable(f"{name}.refused", steps, lower=0.0)
        extra[FlowKind.REFUSED_UNITS] = refused
        served = served + h * refused
    # a job no longer than an interval is never suspended
    if spec.checkpoint_h and not curves.members.size:
        lost, pair = _suspension(model, plan, name, rate)
        extra[FlowKind.LOST_UNITS] = lost
        opposites = (pair,)
        served = served - h * lost
    model.require(f"{name}.backlog", backlog[1:] - backlog[:-1] + served[1:] == curves.arriving_unit_h[1:])
    model.require(f"{name}.first_backlog", backlog[:1] + served[:1] == curves.arriving_unit_h[:1])
    return Part(rate, extra, backlog, opposites)


def _late_backlog(
    model: Modeler, latest: Curves, limit: _Array, name: str, rule: Rule, extra: dict[FlowKind, Expression]
) -> Expression:
    """Backlog that may exceed what is due in time, each hour of it at a price."""
    most = np.maximum(latest.most_backlog_unit_h, limit)
    backlog = model.variable(f"{name}.backlog", limit.size, lower=0.0, upper=[Limit(rule, most)], prompt=1.0)
    late = model.variable(f"{name}.late", limit.size, lower=0.0, upper=[Limit(None, most - limit)])
    model.require(f"{name}.late", backlog - late <= limit)
    extra[FlowKind.LATE_UNIT_H] = late
    return backlog


def _suspension(model: Modeler, plan: WorkPlan, name: str, rate: Expression) -> tuple[Expression, Opposites]:
    """Work lost because units that unshifted work would keep busy are stopped (T,). [unit]"""
    unshifted, room = plan.unshifted_units, plan.room_units
    before, room_before = (np.append(0.0, values[:-1]) for values in (unshifted, room))
    change = sp.eye_array(unshifted.size, format="csr") - sp.eye_array(unshifted.size, k=-1, format="csr")
    parts = state_parts(
        model,
        f"{name}.stopped",
        f"{name}.suspension",
        change @ unshifted - change @ rate,
        unshifted - before + room_before,
        unshifted - before - room,
    )
    return (plan.spec.checkpoint_h / model.horizon.step_h) * parts.above, parts.opposites


def _rate(model: Modeler, plan: WorkPlan, rates: list[Expression]) -> Expression:
    """Work of the class as one variable, within its limits (T,). [unit]"""
    if len(rates) == 1 and plan.blocks is None:
        return rates[0]
    total = model.variable(
        f"{plan.name}.work_units", plan.unshifted_units.size, lower=_least(plan) or 0.0, upper=_room(plan)
    )
    model.require(f"{plan.name}.work", total == sum(rates[1:], start=rates[0]))
    return total


def _least(plan: WorkPlan) -> list[Limit]:
    """Least work rate; none where it may be zero."""
    unshifted, spec = plan.unshifted_units, plan.spec
    lower: list[Limit] = []
    if spec.max_suspended_frac is not None:
        rule = _rule(plan, "suspended", "share that may be suspended", "unit", "max_suspended_frac", Sense.FLOOR)
        lower.append(Limit(rule, (1.0 - spec.max_suspended_frac) * unshifted))
    if spec.min_running_frac is not None:
        rule = _rule(plan, "min_running", "least running share", "unit", "min_running_frac", Sense.FLOOR)
        lower.append(Limit(rule, np.minimum(spec.min_running_frac * float(plan.room_units.max()), unshifted)))
    return lower


def _room(plan: WorkPlan) -> list[Limit]:
    if plan.spec.max_units is None:
        return [Limit(None, plan.room_units)]
    return [Limit(_rule(plan, "max_units", "most units", "unit", "max_units"), plan.room_units)]


def _require_ramp(model: Modeler, plan: WorkPlan, rate: Expression) -> None:
    if plan.spec.ramp_units_per_h is None:
        return
    rule = _rule(plan, "ramp", "ramp limit", "unit", "ramp_units_per_h")
    most = plan.spec.ramp_units_per_h * model.horizon.step_h
    model.require(f"{plan.name}.ramp_up", rate[1:] - rate[:-1] <= most, rule)
    model.require(f"{plan.name}.ramp_down", rate[:-1] - rate[1:] <= most, rule)


def _capped_units(model: Modeler, plan: WorkPlan, rate: Expression) -> Expression:
    """Units at work, at least those that the rate needs at full speed (T,). [unit]"""
    units = model.variable(f"{plan.name}.running_units", plan.room_units.size, lower=0.0, upper=_room(plan))
    model.require(f"{plan.name}.at_full_speed", rate <= units)
    rule = _rule(plan, "slowdown", "largest slowdown", "unit", "max_slowdown_frac")
    model.require(f"{plan.name}.slowdown", plan.slowest_frac * units - rate <= 0, rule)
    return units


def _activity(
    model: Modeler, plan: WorkPlan, rate: Expression, units: Expression
) -> tuple[Expression, list[Opposites]]:
    """Power above idle, in units at full load (T,), and the pairs that keep it on its curve. [unit]"""
    if not plan.spec.speed_curve:
        return plan.spec.power_frac * rate, []
    lines, room = segments(plan.spec.speed_curve), plan.room_units
    drawn, pairs = lines[0].slope * rate + lines[0].offset * units, []
    for number, corner in enumerate(corners(lines), start=1):
        speed, variable, row = corner.at, f"{plan.name}.faster_{number}", f"{plan.name}.speed_power_{number}"
        difference, most, least = rate - speed * units, (1.0 - speed) * room, (plan.slowest_frac - speed) * room
        parts = state_parts(model, variable, row, difference, most, least)
        drawn = drawn + corner.rise * parts.above
        pairs.append(parts.opposites)
    return plan.spec.power_frac * drawn, pairs


def _flows(plan: WorkPlan, rate: Expression, units: Expression) -> dict[Flow, Expression]:
    return {Flow(plan.name, FlowKind.WORK_UNITS): rate, Flow(plan.name, FlowKind.RUNNING_UNITS): units}


def _rule(plan: WorkPlan, name: str, words: str, unit: str, key: str, sense: Sense = Sense.CAP) -> Rule:
    return Rule(f"{plan.name}.{name}", f"{words} of {plan.name}", unit, f"workload.{plan.name}.{key}", sense)
