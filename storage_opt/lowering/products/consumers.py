"""Headroom of what consumes: work that can be stopped or brought forward, cold in tanks, load that may be dropped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.products.provider import Backing, Provider, Room, Side, WorkBacking
from storage_opt.modeler import Rule
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from storage_opt.workload.plan import ClusterPlan, FacilityPlan, WorkPlan

__all__ = ["cold_provider", "load_provider", "work_providers"]

_Array = NDArray[np.float64]


def work_providers(site: Site) -> Iterator[Provider]:
    """Every class of work that may wait, in the order of the site.

    Notes
    -----
    Up: units that work above the least that must; a call stops them for its duration, and what they would have done
    waits: within its deadlines, and caught up by free units in the time allowed. Down: units that are free do work that
    waits. Power a unit gives is that of the flattest part of the cluster's curve, so a call gives at least what was
    sold; cooling that is saved besides is not counted. Classes whose jobs are decided one by one, that are capped, or
    that have a ramp limit are left out, and so is taking more where a cooling plant would have to follow.
    """
    for facility in compute_plan(site).facilities.values():
        for cluster in facility.clusters:
            for plan in cluster.work:
                yield _work_provider(facility, cluster, plan)


def _work_provider(facility: FacilityPlan, cluster: ClusterPlan, plan: WorkPlan) -> Provider:
    reason = _why_not(cluster, plan)
    notice_h = plan.spec.notice_h
    if reason:
        return Provider(plan.name, None, None, notice_h, {"up": reason, "down": reason})
    slope = min(line.slope for line in cluster.power.curve)
    kw_per_unit = cluster.power.span_kw * slope * plan.spec.power_frac * facility.building.it_factor
    if not np.all(kw_per_unit > 0):
        flat = "its power does not depend on what it does"
        return Provider(plan.name, None, None, notice_h, {"up": flat, "down": flat})
    up = _work_up(cluster, plan, kw_per_unit)
    if facility.building.cooling is not None:
        return Provider(plan.name, up, None, notice_h, {"down": "cooling would have to follow"})
    down = _work_down(cluster, plan, kw_per_unit, facility.building.step_h)
    if plan.spec.checkpoint_h:
        lost = {"down": "units started for a call would lose work when it ends"}
        return Provider(plan.name, up, None, notice_h, lost, {"down": down})
    return Provider(plan.name, up, down, notice_h)


def _why_not(cluster: ClusterPlan, plan: WorkPlan) -> str:
    spec = plan.spec
    if not plan.moves or len(plan.curves) != 1 or not np.any(plan.curves[0].most_backlog_unit_h > 0):
        return "it never waits" if plan.blocks is None else "its jobs are decided one by one"
    if plan.blocks is not None:
        return "its jobs are decided one by one"
    if spec.speed_curve:
        return "its units may be capped already"
    if spec.ramp_units_per_h is not None or cluster.ramp_kw_per_h is not None:
        return "a ramp limit could be broken by a call"
    return ""


def _work_up(cluster: ClusterPlan, plan: WorkPlan, kw_per_unit: _Array) -> Side:
    per_kw, spec, name = 1.0 / kw_per_unit, plan.spec, plan.name
    rate = Metered.of(Flow(name, FlowKind.WORK_UNITS))
    least = np.zeros_like(per_kw)
    if spec.max_suspended_frac is not None:
        least = np.maximum(least, (1.0 - spec.max_suspended_frac) * plan.unshifted_units)
    if spec.min_running_frac is not None:
        floor = np.minimum(spec.min_running_frac * float(plan.room_units.max()), plan.unshifted_units)
        least = np.maximum(least, floor)
    rooms = (Room(_rule(name, "room_up", "units left to stop", "unit"), rate, -least, per_kw),)
    # where lateness is priced, work may wait until its latest deadline
    most_backlog = (plan.late_curves or plan.curves)[0].most_backlog_unit_h
    work = WorkBacking(
        _rule(name, "deadline_room", "work that may wait longer", "unit h"),
        _rule(name, "catching_up", "units left to catch up", "unit h"),
        Rule(
            f"{cluster.name}.catching_up",
            f"units left to catch up on {cluster.name}",
            "unit h",
            f"cluster.{cluster.name}.installed_units",
        ),
        cluster.name,
        per_kw,
        spec.checkpoint_h,
        Metered.of(Flow(name, FlowKind.BACKLOG_UNIT_H)),
        most_backlog,
        Metered.of(*(Flow(other.name, FlowKind.RUNNING_UNITS) for other in cluster.work)),
        cluster.power.on_units,
        Metered.of(Flow(name, FlowKind.RUNNING_UNITS)),
        plan.room_units,
    )
    most_kw = np.maximum(plan.room_units - least, 0.0) * kw_per_unit
    return Side(
        most_kw, float(most_kw.max(initial=0.0)), rooms, work=work, most_kwh=float((most_backlog * kw_per_unit).max())
    )


def _work_down(cluster: ClusterPlan, plan: WorkPlan, kw_per_unit: _Array, step_h: float) -> Side:
    per_kw, name = 1.0 / kw_per_unit, plan.name
    rate = Metered.of(Flow(name, FlowKind.WORK_UNITS))
    at_work = Metered.of(*(Flow(other.name, FlowKind.RUNNING_UNITS) for other in cluster.work))
    rooms = (
        Room(_rule(name, "room_down", "units left to start", "unit"), rate.times(-1.0), plan.room_units, per_kw),
        Room(
            Rule(
                f"{name}.units_down",
                f"units of {cluster.name} left to start {name}",
                "unit",
                f"cluster.{cluster.name}.installed_units",
            ),
            at_work.times(-1.0),
            cluster.power.on_units,
            per_kw,
        ),
    )
    backlog = Metered.of(Flow(name, FlowKind.BACKLOG_UNIT_H))
    waiting = _rule(name, "energy_down", "work that waits", "unit h")
    arriving = plan.curves[0].arriving_unit_h
    change = rate.times(-step_h)
    if plan.spec.checkpoint_h:
        change = change + Metered.of(Flow(name, FlowKind.LOST_UNITS)).times(step_h)
    nothing = np.zeros_like(per_kw)
    backing = Backing(waiting, backlog, nothing, per_kw, change, arriving)
    most_kwh = float((plan.curves[0].most_backlog_unit_h * kw_per_unit).max())
    most_kw = plan.room_units * kw_per_unit
    return Side(most_kw, float(most_kw.max(initial=0.0)), rooms, (backing,), most_kwh=most_kwh)


def _rule(name: str, part: str, words: str, unit: str) -> Rule:
    return Rule(f"{name}.{part}", f"{words} of {name}", unit, f"workload.{name}.max_delay_h")


def cold_provider(facility: FacilityPlan) -> Provider:
    """Cold in a tank: up by emptying it instead of running the plant, down by filling it.

    Notes
    -----
    ``cop r <= melt_max - melt + fill``, ``r <= cooling``, ``cop W <= C``; down ``cop r <= fill_max - fill + melt``,
    ``r <= capacity / cop - cooling``, ``cop W <= C_max - C``.
    """
    name, building = facility.name, facility.building
    cooling = building.cooling
    if cooling is None or cooling.tank is None or cooling.tank.charge_cop_frac != 1.0:
        reason = "it has no tank of cold that is as efficient as direct cooling"
        return Provider(name, None, None, why_not={"up": reason, "down": reason})
    tank, ones, h = cooling.tank, np.ones_like(building.cop), building.step_h
    fill, melt = (Metered.of(Flow(name, k)) for k in (FlowKind.TANK_CHARGE_KW, FlowKind.TANK_DISCHARGE_KW))
    content, plant = (Metered.of(Flow(name, k)) for k in (FlowKind.TANK_KWH, FlowKind.COOLING_KW))

    losses = (1.0 - (1.0 - tank.loss_frac_per_h) ** h) * tank.energy_kwh * ones
    most_kw = (tank.discharge_kw + tank.charge_kw) / building.cop
    most_kwh = tank.energy_kwh / float(building.cop.min())

    def room(part: str, words: str, key: str, available: Metered, limit_kw: _Array, scale: _Array) -> Room:
        return Room(_cold_rule(name, part, words, "kW", key), available, limit_kw, scale)

    def backing(part: str, words: str, margin: Metered, limit_kwh: float, change: Metered, besides: _Array) -> Backing:
        rule = _cold_rule(name, part, words, "kWh", "tank.energy_kwh")
        return Backing(rule, margin, limit_kwh * ones, building.cop, change.times(h), besides)

    capacity = np.full_like(ones, np.inf if cooling.capacity_kw is None else cooling.capacity_kw) / building.cop
    up = Side(
        most_kw,
        tank.discharge_kw / float(building.cop.max()),
        (
            room(
                "room_up", "cold left to give", "tank.discharge_kw", fill - melt, tank.discharge_kw * ones, building.cop
            ),
            room("plant_up", "cooling left to stop", "cop", plant, 0.0 * ones, ones),
        ),
        (backing("energy_up", "cold left to give", content, 0.0, fill - melt, 0.0 * ones),),
        most_kwh=most_kwh,
    )
    down = Side(
        most_kw,
        tank.charge_kw / float(building.cop.max()),
        (
            room("room_down", "cold left to take", "tank.charge_kw", melt - fill, tank.charge_kw * ones, building.cop),
            room("plant_down", "cooling left to start", "capacity_kw", plant.times(-1.0), capacity, ones),
        ),
        (backing("energy_down", "cold left to take", content.times(-1.0), tank.energy_kwh, melt - fill, losses),),
        most_kwh=most_kwh,
    )
    return Provider(name, up, down)


def _cold_rule(name: str, part: str, words: str, unit: str, key: str) -> Rule:
    return Rule(f"{name}.{part}", f"{words} of {name}", unit, f"facility.{name}.cooling.{key}")


def load_provider(site: Site, name: str) -> Provider:
    """Load that may be dropped: ``r <= load - what may not be dropped``, for as long as it can stay dropped.

    What calls drop on average is dropped in the plan; without calls that much more is drawn: ``share r <= dropped``.
    """
    spec = site.spec.load[name]
    down = {"down": "a fixed load takes no more"}
    if not spec.curtailable_frac:
        return Provider(name, None, None, spec.notice_h, {"up": "no part of it may be dropped", **down})
    power = site.values(spec.power_kw)
    rule = Rule(f"{name}.room_up", f"load of {name} left to drop", "kW", f"load.{name}.curtailable_frac")
    kept = (1.0 - spec.curtailable_frac) * power
    room = Room(rule, Metered.of(Flow(name, FlowKind.LOAD_KW)), -kept, np.ones_like(power))
    most = spec.curtailable_frac * power
    back = Room(
        Rule(f"{name}.room_down", f"dropped load of {name} that calls account for", "kW", rule.key),
        Metered.of(Flow(name, FlowKind.DROPPED_KW)),
        np.zeros_like(power),
        np.ones_like(power),
    )
    return Provider(
        name,
        Side(most, float(most.max(initial=0.0)), (room,), longest_h=spec.max_curtailment_h),
        None,
        spec.notice_h,
        down,
        {"down": Side(most, 0.0, (back,))},
    )
