"""Fluid schedules against two independent references: an integer program over jobs, and the rule of other tools."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize as so
import scipy.sparse as sp

import storage_opt
from storage_opt.spec.jobs import JobTable
from storage_opt.studies.whole_intervals import whole_intervals
from tests.support.compute_sites import compute_site, job_table
from tests.support.greedy_jobs import greedy_rate

HOURS, DEMAND = 24, 3.0
SPEC = {"kind": "batch", "jobs": {"file": "jobs.csv"}}


def _instance(seed: int, count: int) -> tuple[JobTable, np.ndarray]:
    """Jobs of whole hours from whole hours on, and a price of each hour."""
    draw = np.random.default_rng(seed)
    length = draw.integers(1, 5, count)
    submit = np.sort(draw.integers(0, HOURS - 10, count))
    units = draw.choice([1.0, 2.0, 4.0, 8.0], count)
    table = job_table(*((float(s), float(d), float(u)) for s, d, u in zip(submit, length, units, strict=True)))
    return table, np.round(draw.uniform(0.1, 1.2, HOURS), 3)


def _optimum_in_whole_hours(table: JobTable, price: np.ndarray, delay_h: int, units: float, demand: float) -> float:
    """Least cost when every job runs in whole hours at full width, pauses allowed: HiGHS over binaries."""
    pairs = [
        (job, hour)
        for job in range(table.count)
        for hour in range(
            int(table.submit_h[job]), min(int(table.submit_h[job] + table.duration_h[job]) + delay_h, HOURS)
        )
    ]
    size = len(pairs) + 1
    cost = np.array([price[hour] * table.units[job] for job, hour in pairs] + [demand])
    work, used, peak = sp.lil_array((table.count, size)), sp.lil_array((HOURS, size)), sp.lil_array((HOURS, size))
    for place, (job, hour) in enumerate(pairs):
        work[job, place] = 1.0
        used[hour, place] = peak[hour, place] = table.units[job]
    peak[:, size - 1] = -np.ones((HOURS, 1))
    found = so.milp(
        cost,
        integrality=np.append(np.ones(size - 1), 0),
        bounds=so.Bounds(0.0, np.append(np.ones(size - 1), np.inf)),
        constraints=[
            so.LinearConstraint(work.tocsr(), table.duration_h, table.duration_h),
            so.LinearConstraint(used.tocsr(), -np.inf, units),
            so.LinearConstraint(peak.tocsr(), -np.inf, 0.0),
        ],
    )
    assert found.success
    return float(found.fun)


@pytest.mark.parametrize("demand", [0.0, DEMAND])
@pytest.mark.parametrize("units", [16.0, 100.0])
@pytest.mark.parametrize("seed", range(8))
def test_the_integer_optimum_lies_between_ours_and_the_stated_bound(seed, demand, units):
    table, price = _instance(seed, 7)
    delay = 6
    tariff = {"t": {"energy": [{"price_per_kwh": price.tolist()}], "demand": [{"price_per_kw": demand}]}}
    work = {"batch": SPEC | {"max_delay_h": float(delay)}}
    site = compute_site(work, units=units, jobs={"batch": table}, tariff=tariff)
    result = storage_opt.optimize(site)
    per_kw = sum(entry.rate for entry in result.ledger.entries if entry.line.name == "t.demand")
    whole = whole_intervals(result)
    integer = _optimum_in_whole_hours(table, price, delay, units, per_kw)
    assert result.certificate.certified
    assert result.ledger.total <= integer + 1e-6
    if whole.unplaced_unit_h == 0.0:
        assert integer <= whole.cost + 1e-6
    if demand == 0.0 and units == 100.0:
        # with neither a peak nor a lack of units nothing couples the jobs, and every corner is whole
        assert whole.unplaced_unit_h == 0.0
        assert whole.cost == pytest.approx(integer, rel=1e-6)
        assert integer == pytest.approx(result.ledger.total, rel=1e-6)


def test_jobs_with_more_to_decide_than_their_times_are_not_rounded():
    table, price = _instance(1, 4)
    tariff = {"t": {"energy": [{"price_per_kwh": price.tolist()}]}}
    work = {"batch": SPEC | {"max_delay_h": 4.0, "checkpoint_h": 0.1, "value_per_unit_h": 5.0}}
    result = storage_opt.optimize(compute_site(work, units=20.0, jobs={"batch": table}, tariff=tariff))
    with pytest.raises(storage_opt.InputError) as refused:
        whole_intervals(result)
    assert {fault.key for fault in refused.value.faults} == {
        "workload.batch.checkpoint_h",
        "workload.batch.value_per_unit_h",
    }


def test_work_without_a_log_keeps_its_plan_when_jobs_are_rounded():
    table, price = _instance(2, 5)
    tariff = {"t": {"energy": [{"price_per_kwh": price.tolist()}]}}
    curve = [{"speed_frac": 0.8, "power_frac": 0.6}, {"speed_frac": 1.0, "power_frac": 1.0}]
    series = {"kind": "batch", "units": 3.0, "max_delay_h": 3.0, "speed_curve": curve, "late_cost_per_unit_h": 0.01}
    work = {"batch": SPEC | {"max_delay_h": 6.0}, "series": series}
    result = storage_opt.optimize(compute_site(work, units=200.0, jobs={"batch": table}, tariff=tariff))
    whole = whole_intervals(result)
    # nothing couples the jobs, so rounding them costs nothing, and what the series costs is in both bills
    assert whole.unplaced_unit_h == 0.0
    assert whole.bound == pytest.approx(0.0, abs=1e-5 * abs(whole.fluid_cost))


@pytest.mark.parametrize("demand", [0.0, DEMAND])
@pytest.mark.parametrize("units", [60.0, 1000.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_greedy_rule_never_wins(seed, demand, units):
    table, price = _instance(seed, 30)
    delay = 8.0
    tariff = {"t": {"energy": [{"price_per_kwh": price.tolist()}], "demand": [{"price_per_kw": demand}]}}
    site = compute_site({"batch": SPEC | {"max_delay_h": delay}}, units=units, jobs={"batch": table}, tariff=tariff)
    result = storage_opt.optimize(site)
    rate, homeless = greedy_rate(table, delay, price, np.full(HOURS, units), 1.0)
    assert homeless == pytest.approx(0.0, abs=1e-9)
    per_kw = sum(entry.rate for entry in result.ledger.entries if entry.line.name == "t.demand")
    greedy = float(price @ rate) + per_kw * float(rate.max())
    assert result.ledger.total <= greedy + 1e-6 * greedy
    if demand == 0.0 and units == 1000.0:
        assert result.ledger.total == pytest.approx(greedy, rel=1e-6), "prices alone and room enough: greedy is optimal"
