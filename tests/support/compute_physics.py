"""The physics of buildings, clusters and work in a schedule, recomputed from the spec in plain NumPy."""

from __future__ import annotations

import numpy as np

from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.facility import FacilitySpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.workload import WorkloadSpec

__all__ = ["assert_compute_physical", "served_as_it_arrives"]

_NOISE = 1e-5
"""Of the units of a cluster, for an hour: noise taken out of many intervals adds up in the work that waits."""

_TANK_DRIFT = 1e-5
"""Of the content of a tank."""


def assert_compute_physical(site: Site, schedule: Schedule) -> None:
    """Power follows from work, cold from heat; work is done after it arrives, before it is due, and all of it.

    Buildings without a room that stores heat, and work given as units, are understood.
    """
    for name, facility in site.spec.facility.items():
        _assert_building(site, schedule, name, facility)
    for name in site.spec.cluster:
        _assert_cluster(site, schedule, name)
        for work, unshifted in served_as_it_arrives(site, name).items():
            _assert_work(site, schedule, work, unshifted)


def served_as_it_arrives(site: Site, cluster: str) -> dict[str, np.ndarray]:
    """Units at work of every class of a cluster when nothing is shifted, interval by interval (T,). [unit]"""
    h, steps = site.horizon.step_h, site.horizon.steps
    classes = {name: spec for name, spec in site.spec.workload.items() if spec.cluster == cluster}
    order = sorted(classes, key=lambda name: (classes[name].kind != "inference", -classes[name].priority))
    left = np.full(steps, site.spec.cluster[cluster].installed_units)
    served = {}
    for name in order:
        arriving, waiting = site.values(classes[name].units) * h, 0.0
        done = np.zeros(steps)
        for t in range(steps):
            waiting += arriving[t]
            done[t] = min(waiting, left[t] * h)
            waiting -= done[t]
        served[name] = done / h
        left = left - served[name]
    return served


def _assert_building(site: Site, schedule: Schedule, name: str, facility: FacilitySpec) -> None:
    outdoor = site.values(facility.outdoor_temp_c)
    clusters = [cluster for cluster, spec in site.spec.cluster.items() if spec.facility == name]
    heat = (1.0 + facility.ups_loss_frac) * sum(schedule[Flow(cluster, FlowKind.IT_KW)] for cluster in clusters)
    load = schedule[Flow(name, FlowKind.LOAD_KW)]
    cooling = facility.cooling
    if cooling is None:
        pue = np.interp(outdoor, [c.outdoor_temp_c for c in facility.pue], [c.pue for c in facility.pue])
        np.testing.assert_allclose(load, pue * heat + facility.fixed_overhead_kw, rtol=1e-9)
        return
    cop = np.interp(outdoor, [c.outdoor_temp_c for c in cooling.cop], [c.cop for c in cooling.cop])
    tank = cooling.tank
    fill, melt, held = (
        schedule[Flow(name, kind)] for kind in (FlowKind.TANK_CHARGE_KW, FlowKind.TANK_DISCHARGE_KW, FlowKind.TANK_KWH)
    )
    drawn = (heat - melt) / cop + fill / (cop * tank.charge_cop_frac)
    np.testing.assert_allclose(schedule[Flow(name, FlowKind.COOLING_KW)], drawn, rtol=1e-9)
    np.testing.assert_allclose(load, heat + drawn + facility.fixed_overhead_kw, rtol=1e-9)
    assert fill.max() <= tank.charge_kw * (1 + 1e-9)
    assert melt.max() <= tank.discharge_kw * (1 + 1e-9)
    assert held.max() <= tank.energy_kwh * (1 + _TANK_DRIFT)
    kept = (1.0 - tank.loss_frac_per_h) ** site.horizon.step_h
    gained = held - kept * np.roll(held, 1)
    np.testing.assert_allclose(gained, site.horizon.step_h * (fill - melt), atol=_TANK_DRIFT * tank.energy_kwh)


def _assert_cluster(site: Site, schedule: Schedule, name: str) -> None:
    spec = site.spec.cluster[name]
    running, activity = np.zeros(site.horizon.steps), np.zeros(site.horizon.steps)
    for work, of in site.spec.workload.items():
        if of.cluster != name:
            continue
        units = schedule[Flow(work, FlowKind.RUNNING_UNITS)]
        running += units
        activity += of.power_frac * _power_frac(of, schedule[Flow(work, FlowKind.WORK_UNITS)], units) * units
    assert running.max() <= spec.installed_units * (1 + _NOISE)
    assert spec.idle_kw_per_unit is not None
    assert spec.full_kw_per_unit is not None
    it_kw = spec.idle_kw_per_unit * spec.installed_units + (spec.full_kw_per_unit - spec.idle_kw_per_unit) * activity
    np.testing.assert_allclose(schedule[Flow(name, FlowKind.IT_KW)], it_kw, rtol=1e-6)


def _power_frac(spec: WorkloadSpec, rate: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Power above idle of the units that run, by their speed (T,)."""
    speed = np.divide(rate, units, out=np.ones_like(rate), where=units > 0)
    if not spec.speed_curve:
        np.testing.assert_allclose(speed, 1.0, rtol=1e-9)
        return speed
    corners = spec.speed_curve
    assert speed.min() >= max(corners[0].speed_frac, 1.0 - spec.max_slowdown_frac) - _NOISE
    return np.interp(speed, [c.speed_frac for c in corners], [c.power_frac for c in corners])


def _assert_work(site: Site, schedule: Schedule, name: str, unshifted: np.ndarray) -> None:
    spec, h = site.spec.workload[name], site.horizon.step_h
    units = site.spec.cluster[spec.cluster].installed_units
    rate = schedule[Flow(name, FlowKind.WORK_UNITS)]
    arrived, then = np.cumsum(site.values(spec.units)) * h, np.cumsum(unshifted) * h
    if spec.kind == "inference":
        np.testing.assert_array_equal(rate, site.values(spec.units))
    lost_flow = Flow(name, FlowKind.LOST_UNITS)
    lost = schedule[lost_flow] if lost_flow in schedule else np.zeros_like(rate)
    done = np.cumsum(rate - lost) * h
    delay = int(spec.max_delay_h / h)
    due = np.minimum(np.concatenate([np.zeros(delay), arrived[: arrived.size - delay]]), then)
    assert np.all(done <= arrived + _NOISE * units)
    assert np.all(done >= due - _NOISE * units)
    assert abs(done[-1] - then[-1]) <= _NOISE * units
    backlog = schedule[Flow(name, FlowKind.BACKLOG_UNIT_H)]
    np.testing.assert_allclose(backlog, arrived - done, atol=_NOISE * units)
    if spec.max_suspended_frac is not None:
        assert np.all(rate >= (1.0 - spec.max_suspended_frac) * unshifted - _NOISE * units)
    if spec.checkpoint_h:
        stopped = np.maximum(np.diff(unshifted - rate, prepend=0.0), 0.0)
        assert np.all(lost >= spec.checkpoint_h / h * stopped - _NOISE * units)
