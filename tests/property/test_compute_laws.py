"""Laws of work that can wait, on random arrivals, jobs, prices and limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage_opt
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.jobs import JobTable
from storage_opt.spec.resolved import Site
from storage_opt.studies.flexibility import without_flexibility
from storage_opt.workload.flows import arrived_unit_h
from tests.support.compute_sites import compute_site, job_table

UNITS, HOURS = 12.0, 24
ATTEMPTS = settings(max_examples=25, deadline=None)

prices = st.lists(st.sampled_from([0.05, 0.2, 0.5, 1.0, 1.7]), min_size=HOURS, max_size=HOURS)
arrivals = st.lists(st.sampled_from([0.0, 0.0, 1.0, 3.0, 9.0]), min_size=HOURS, max_size=HOURS)


def _tariff(price: list[float]) -> dict[str, Any]:
    return {"t": {"energy": [{"price_per_kwh": price}], "demand": [{"price_per_kw": 2.0}]}}


def _jobs(draw: st.DrawFn) -> JobTable:
    count = draw(st.integers(1, 8))
    quarters = [draw(st.integers(0, 80)) for _ in range(count)]
    durations = [draw(st.sampled_from([0.1, 0.5, 1.0, 1.75, 3.0])) for _ in range(count)]
    widths = [draw(st.sampled_from([1.0, 2.0, 5.0])) for _ in range(count)]
    jobs = [
        (quarter / 4, min(duration, HOURS - quarter / 4), width)
        for quarter, duration, width in zip(sorted(quarters), durations, widths, strict=True)
    ]
    return job_table(*jobs)


@st.composite
def sites(draw: st.DrawFn, delay_h: float | None = None) -> Site:
    """A site with inference, a series of batch work and training jobs."""
    delay = draw(st.sampled_from([0.0, 2.0, 5.0, 23.0])) if delay_h is None else delay_h
    train: dict[str, Any] = {"kind": "training", "jobs": {"file": "jobs.csv"}, "max_delay_h": delay}
    batch: dict[str, Any] = {"kind": "batch", "units": draw(arrivals), "max_delay_h": delay, "power_frac": 0.8}
    work = {"chat": {"kind": "inference", "units": 2.0}, "train": train, "batch": batch}
    parts: dict[str, Any] = {"tariff": _tariff(draw(prices))}
    if draw(st.booleans()):
        parts["battery"] = {"bess": {"energy_kwh": 10.0, "power_kw": 4.0}}
    facility: dict[str, Any] = {"pue": 1.3}
    if draw(st.booleans()):
        tank = {"energy_kwh": 15.0, "charge_kw": 5.0, "discharge_kw": 5.0}
        facility = {"cooling": {"cop": 3.0, "tank": tank}}
    jobs = {"train": _jobs(draw)}
    return compute_site(work, units=UNITS, jobs=jobs, facility=facility, cluster={"idle_kw_per_unit": 0.25}, **parts)


def _with_delay(site: Site, delay_h: float) -> Site:
    work = {
        name: spec if spec.kind == "inference" else spec.model_copy(update={"max_delay_h": delay_h})
        for name, spec in site.spec.workload.items()
    }
    return replace(site, spec=site.spec.model_copy(update={"workload": work}))


@ATTEMPTS
@given(sites())
def test_work_stays_between_its_curves_and_is_conserved(site):
    result = storage_opt.optimize(site)
    assert result.certificate.certified
    h = site.horizon.step_h
    for work in compute_plan(site).work:
        rate = result.schedule[Flow(work.name, FlowKind.WORK_UNITS)]
        assert rate.sum() * h == pytest.approx(work.unshifted_units.sum() * h, rel=1e-9, abs=1e-9)
        assert np.all(rate <= work.room_units + 1e-6)
        done, size = np.cumsum(rate) * h, max(float(arrived_unit_h(work, h)[-1]), 1.0)
        due = sum((curves.due_unit_h for curves in work.curves), np.zeros(site.horizon.steps))
        assert np.all(done <= arrived_unit_h(work, h) + 1e-6 * size)
        assert np.all(done >= due - 1e-6 * size)
    running = sum(result.schedule[Flow(name, FlowKind.RUNNING_UNITS)] for name in site.spec.workload)
    assert np.all(running <= UNITS * (1 + 1e-6))


@ATTEMPTS
@given(sites())
def test_inference_never_moves(site):
    result = storage_opt.optimize(site)
    chat = Flow("chat", FlowKind.WORK_UNITS)
    assert np.array_equal(result.schedule[chat], result.baseline[chat])
    assert np.all(result.schedule[Flow("chat", FlowKind.BACKLOG_UNIT_H)] == 0.0)


@ATTEMPTS
@given(sites(delay_h=0.0), st.sampled_from([1.0, 3.0]), st.sampled_from([5.0, 23.0]))
def test_wider_windows_never_cost_more(site, short_h, long_h):
    none, short, long = (
        storage_opt.optimize(_with_delay(site, delay)).ledger.total for delay in (0.0, short_h, long_h)
    )
    size = max(abs(none), 1.0)
    assert long <= short + 1e-6 * size
    assert short <= none + 1e-6 * size


@ATTEMPTS
@given(sites(delay_h=0.0))
def test_without_flexibility_the_bill_is_that_of_a_fixed_load(site):
    spec = site.spec.facility["hall"].model_copy(update={"cooling": None})
    rigid = replace(site, spec=site.spec.model_copy(update={"facility": {"hall": spec}}))
    result, fixed = storage_opt.optimize(rigid), storage_opt.optimize(without_flexibility(rigid))
    assert result.ledger.total == pytest.approx(fixed.ledger.total, rel=1e-6)
    assert result.baseline_ledger.total == pytest.approx(fixed.baseline_ledger.total, rel=1e-12)


@ATTEMPTS
@given(sites(), st.sampled_from([0.0, 0.3, 0.9]))
def test_limits_of_suspension_hold_and_cost(site, share):
    work = dict(site.spec.workload)
    for name in ("train", "batch"):
        work[name] = work[name].model_copy(update={"max_suspended_frac": share})
    limited = replace(site, spec=site.spec.model_copy(update={"workload": work}))
    free, held = storage_opt.optimize(site), storage_opt.optimize(limited)
    assert held.ledger.total >= free.ledger.total - 1e-6 * max(abs(free.ledger.total), 1.0)
    for name in ("train", "batch"):
        flow = Flow(name, FlowKind.WORK_UNITS)
        assert np.all(held.schedule[flow] >= (1.0 - share) * held.baseline[flow] - 1e-5)


@ATTEMPTS
@given(sites())
def test_the_bill_is_shared_out_whole(site):
    from storage_opt.lowering.site import lower_site
    from storage_opt.studies.compute_use import energy_of_work, work_use

    result, charges = storage_opt.optimize(site), lower_site(site)
    for schedule, ledger in ((result.schedule, result.ledger), (result.baseline, result.baseline_ledger)):
        use = work_use(site, schedule, energy_of_work(site, charges, schedule, ledger))
        assert sum(part.cost for part in use.values()) == pytest.approx(ledger.total, rel=1e-9)
        energy = schedule.energy_kwh(FlowKind.LOAD_KW)
        assert sum(part.energy_kwh for part in use.values()) == pytest.approx(energy, rel=1e-9)
