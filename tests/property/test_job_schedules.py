"""From fluid to jobs: everything that a job must keep, held by code that shares nothing with the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage_opt
from storage_opt.model.placing import consolidated
from storage_opt.spec.jobs import JobTable
from storage_opt.workload.first_come import chain_placement, whole_jobs_rate
from storage_opt.workload.grouping import chains_of
from storage_opt.workload.jobs import JobWindows, Placement, blocks_of
from storage_opt.workload.segments import Segments, clock_segments, peak_units
from storage_opt.workload.unshifted import run_on_arrival
from storage_opt.workload.verify import Promise, breaches
from tests.support.compute_sites import compute_site, job_table

STEPS = 24
ATTEMPTS = settings(max_examples=60, deadline=None)
FEWER = settings(max_examples=25, deadline=None)


@st.composite
def windows_of(draw: st.DrawFn, longest_h: float) -> JobWindows:
    """Jobs inside a day, up to a length."""
    count = draw(st.integers(1, 25))
    duration = np.array([draw(st.floats(0.02, longest_h)) for _ in range(count)])
    release = np.array([draw(st.floats(0.0, 1.0)) for _ in range(count)]) * (STEPS - duration)
    slack = np.array([draw(st.sampled_from([0.0, 0.5, 3.0, 12.0])) for _ in range(count)])
    units = np.array([draw(st.sampled_from([1.0, 2.0, 8.0])) for _ in range(count)])
    due = np.minimum(release + duration + slack, STEPS)
    order = np.argsort(release, kind="stable")
    return JobWindows(units[order], (units * duration)[order], release[order], due[order], due[order])


def _between(due: np.ndarray, arrived: np.ndarray, pull: list[float]) -> np.ndarray:
    """A rate whose work lies between two curves."""
    done = np.maximum.accumulate(due + np.array(pull) * (arrived - due))
    return np.diff(np.clip(done, due, arrived), prepend=0.0)


def _table(windows: JobWindows) -> JobTable:
    jobs = zip(windows.release_h, windows.duration_h, windows.units, strict=True)
    return job_table(*((float(a), float(b), float(c)) for a, b, c in jobs))


def _promise(windows: JobWindows, units: float = np.inf) -> Promise:
    most = np.full(STEPS, units if np.isfinite(units) else 1e6)
    return Promise(windows.latest_h, windows.work_unit_h, most, np.ones(STEPS, dtype=np.bool_), 1.0)


@ATTEMPTS
@given(windows_of(1.0), st.lists(st.floats(0.0, 1.0), min_size=STEPS, max_size=STEPS), st.booleans())
def test_earliest_deadline_first_realises_every_feasible_chain(windows, pull, whole):
    allowed = np.ones(STEPS, dtype=np.bool_)
    for curves in chains_of(windows, allowed, 1.0)[0]:
        rate = _between(curves.due_unit_h, curves.arrived_unit_h, pull)
        rate[-1] += curves.due_unit_h[-1] - rate.sum()
        if whole:
            rate = whole_jobs_rate(curves, windows, rate, np.full(STEPS, 1e6), 1.0)
        placed = chain_placement(curves, windows, rate, 1.0)
        work = placed.work_unit_h(windows.count, 1.0)[curves.members]
        assert work == pytest.approx(windows.work_unit_h[curves.members], rel=1e-9)
        if whole:
            assert placed.job.size == curves.members.size, "a job was cut although there is room"
        chained = JobWindows(*(getattr(windows, name)[curves.members] for name in JobWindows.__dataclass_fields__))
        place = np.full(windows.count, -1)
        place[curves.members] = np.arange(curves.members.size)
        own = Placement(place[placed.job], placed.interval, placed.units)
        order = np.lexsort((own.interval, own.job))
        own = Placement(own.job[order], own.interval[order], own.units[order])
        segments = clock_segments(own, chained, np.ones(STEPS), 1.0)
        assert breaches(_table(chained), segments, _promise(chained)) == ()


@ATTEMPTS
@given(windows_of(6.0), st.floats(10.0, 60.0))
def test_unshifted_service_keeps_what_a_job_is(windows, units):
    placed = run_on_arrival(windows, np.full(STEPS, units), 1.0)
    assert np.all(placed.rate(STEPS) <= units * (1 + 1e-9))
    work = placed.work_unit_h(windows.count, 1.0)
    assert np.all(work <= windows.work_unit_h * (1 + 1e-9))
    if placed.rate(STEPS)[:-8].max() < units * 0.5:
        assert work == pytest.approx(windows.work_unit_h, rel=1e-9)


@ATTEMPTS
@given(windows_of(6.0), st.data())
def test_consolidation_keeps_rates_and_totals(windows, data):
    allowed = np.ones(STEPS, dtype=np.bool_)
    jobs = np.arange(windows.count)
    blocks = blocks_of(windows, jobs, allowed, 1.0)
    # any feasible point: a mix of running early and running late
    early, late = _filled(blocks, windows), _filled(blocks, windows, backwards=True)
    mix = data.draw(st.floats(0.0, 1.0))
    units = mix * early + (1.0 - mix) * late
    placed = consolidated(blocks, windows, units, np.full(STEPS, 1e6), 1.0)
    assert placed.work_unit_h(windows.count, 1.0) == pytest.approx(windows.work_unit_h, rel=1e-6)
    # intervals in which hardly anything runs are left to rest
    rate, most = (np.bincount(blocks.interval, of, STEPS) for of in (units, blocks.most_units))
    assert np.abs(placed.rate(STEPS) - rate).sum() <= 0.01 * most.sum() + 1e-6
    segments = clock_segments(placed, windows, np.ones(STEPS), 1.0)
    assert breaches(_table(windows), segments, _promise(windows)) == ()


def _filled(blocks: Any, windows: JobWindows, *, backwards: bool = False) -> np.ndarray:
    units = np.zeros(blocks.size)
    owed = windows.work_unit_h.copy()
    order = range(blocks.size - 1, -1, -1) if backwards else range(blocks.size)
    for place in order:
        job = blocks.owner[place]
        units[place] = min(blocks.most_units[place], owed[job])
        owed[job] -= units[place]
    return units


@FEWER
@given(windows_of(5.0), st.sampled_from([16.0, 40.0]), st.sampled_from([0.0, 4.0, 20.0]), st.booleans())
def test_every_constraint_of_every_job_holds(windows, units, delay_h, late):
    table = _table(windows)
    spec: dict[str, Any] = {"kind": "batch", "jobs": {"file": "jobs.csv"}, "max_delay_h": delay_h}
    if late:
        spec |= {"late_cost_per_unit_h": 0.02, "max_late_h": 5.0}
    prices = {"t": {"energy": [{"price_per_kwh": [0.1, 0.9, 0.3, 0.7] * 6}], "demand": [{"price_per_kw": 1.0}]}}
    site = compute_site({"batch": spec}, units=units, jobs={"batch": table}, tariff=prices)
    result = storage_opt.optimize(site)
    assert result.certificate.certified
    jobs = result.compute.jobs["batch"]
    assert jobs.breaches == ()
    assert jobs.unplaced_unit_h == 0.0
    assert jobs.before.energy_kwh.sum() == pytest.approx(result.compute.before["batch"].energy_kwh, rel=1e-6)
    assert jobs.after.energy_kwh.sum() == pytest.approx(result.compute.after["batch"].energy_kwh, rel=1e-4)


PLANTED = {
    "starts before": lambda s: replace(s, start_h=s.start_h - 0.5, end_h=s.end_h - 0.5),
    "ends after": lambda s: replace(s, start_h=s.start_h + 6.0, end_h=s.end_h + 6.0),
    "more units": lambda s: replace(s, units=s.units * 1.5),
    "unit-hours of": lambda s: replace(s, end_h=s.start_h + 0.5 * (s.end_h - s.start_h)),
    "faster": lambda s: replace(s, speed_frac=s.speed_frac * 1.2),
    "twice at once": lambda s: Segments(
        *(np.concatenate([getattr(s, name), getattr(s, name)]) for name in Segments.__dataclass_fields__)
    ),
}


@pytest.mark.parametrize("words", PLANTED)
def test_planted_breaches_are_found(words):
    table = job_table((2.0, 2.0, 4.0), (5.0, 1.0, 2.0))
    release, duration = table.submit_h, table.duration_h
    windows = JobWindows(table.units, table.work_unit_h, release, release + duration + 3.0, release + duration + 3.0)
    right = Segments(np.array([0, 1]), np.array([2.0, 5.0]), np.array([4.0, 6.0]), np.array([4.0, 2.0]), np.ones(2))
    promise = _promise(windows, 6.0)
    assert breaches(table, right, promise) == ()
    found = breaches(table, PLANTED[words](right), promise)
    assert any(words in breach for breach in found), found
    assert any("`job 0`" in breach for breach in found)


def test_too_many_units_and_forbidden_hours_are_found():
    table = job_table((2.0, 2.0, 4.0), (2.0, 1.0, 4.0))
    windows = JobWindows(table.units, table.work_unit_h, table.submit_h, table.submit_h + 6.0, table.submit_h + 6.0)
    both = Segments(np.array([0, 1]), np.array([2.0, 2.0]), np.array([4.0, 3.0]), np.array([4.0, 4.0]), np.ones(2))
    assert any(
        "more units than there are: 8 of 6" in breach for breach in breaches(table, both, _promise(windows, 6.0))
    )
    closed = np.ones(STEPS, dtype=np.bool_)
    closed[3] = False
    promise = replace(_promise(windows), allowed=closed)
    assert any("not allowed" in breach for breach in breaches(table, both, promise))


def test_runs_are_laid_side_by_side_where_there_is_room():
    # three jobs of 6 units, twenty minutes each, all wish to start at the full hour; 10 units are there
    table = job_table((0.0, 1 / 3, 6.0), (0.0, 1 / 3, 6.0), (0.0, 1 / 3, 6.0))
    windows = JobWindows(table.units, table.work_unit_h, table.submit_h, np.full(3, 2.0), np.full(3, 2.0))
    placed = Placement(np.arange(3), np.zeros(3, dtype=np.intp), np.full(3, 2.0))
    assert peak_units(clock_segments(placed, windows, np.ones(STEPS), 1.0)) == 18.0
    apart = clock_segments(placed, windows, np.ones(STEPS), 1.0, np.full(STEPS, 10.0))
    assert peak_units(apart) == 6.0
    assert breaches(table, apart, _promise(windows, 10.0)) == ()
