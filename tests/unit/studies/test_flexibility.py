"""What flexibility earns, by arithmetic on two prices."""

from __future__ import annotations

import pytest

import storage_opt
from storage_opt.schedule import FlowKind
from storage_opt.studies.flexibility import value_of_flexibility, without_flexibility, without_storage
from tests.support.compute_sites import compute_site, job_table, two_prices

# two days, valley 00-08 at 0.2, else 1.0: the 16 unit-hours of the first day wait for the second night
WORK = {"batch": {"kind": "batch", "units": 1.0, "max_delay_h": 24.0}}
LOSSLESS = {
    "energy_kwh": 4.0,
    "power_kw": 4.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "soc_min_frac": 0.0,
    "soc_max_frac": 1.0,
}


def test_work_storage_and_both():
    site = compute_site(WORK, days=2, battery={"bess": LOSSLESS})
    found = value_of_flexibility(site)
    assert found.cost_of_neither == pytest.approx(2 * (8 * 0.2 + 16 * 1.0), rel=1e-6)
    # work: 16 kWh from 1.0 to 0.2; storage: 4 kWh a day
    assert found.by_work == pytest.approx(16 * 0.8, rel=1e-6)
    assert found.by_storage == pytest.approx(2 * 4 * 0.8, rel=1e-6)
    # the first day's work is gone, so storage serves the second day only
    assert found.by_both == pytest.approx(16 * 0.8 + 4 * 0.8, rel=1e-6)
    assert found.together == pytest.approx(-4 * 0.8, rel=1e-5)
    assert found.without_rules == ()
    steps = {step.key: step for step in found.steps}
    assert set(steps) == {"workload.batch.max_delay_h", "cluster.gpu.installed_units"}
    assert steps["workload.batch.max_delay_h"].value == pytest.approx(0.0, abs=1e-6)
    assert steps["cluster.gpu.installed_units"].value == pytest.approx(0.0, abs=1e-6)


def test_one_more_hour_and_one_more_unit_are_worth_what_they_save():
    # a unit-hour arrives at 12, the valley begins at 20: eight hours of delay reach it, seven do not
    arriving = [0.0] * 12 + [1.0] + [0.0] * 11
    work = {"batch": {"kind": "batch", "units": arriving, "max_delay_h": 7.0}}
    found = value_of_flexibility(compute_site(work, tariff=two_prices("20:00-24:00")))
    assert {step.key: step.value for step in found.steps}["workload.batch.max_delay_h"] == pytest.approx(0.8, abs=1e-6)
    # night of the second day: 8 h of 2 units hold 16 of 24 unit-hours; a third unit holds 8 more
    narrow = value_of_flexibility(compute_site(WORK, days=2, units=2.0))
    assert {step.key: step.value for step in narrow.steps}["cluster.gpu.installed_units"] == pytest.approx(
        6.4, abs=1e-5
    )
    # of what would run unshifted 40 % may stand still at any time; 41 % would leave 1 % of 16 kWh more for the night
    held = {"batch": WORK["batch"] | {"max_suspended_frac": 0.4}}
    steps = {step.key: step for step in value_of_flexibility(compute_site(held, days=2)).steps}
    assert steps["workload.batch.max_suspended_frac"].value == pytest.approx(0.01 * 16 * 0.8, rel=1e-4)


def test_variants_leave_the_site_alone():
    jobs = {"train": job_table((1.0, 2.0, 4.0))}
    train = {"kind": "training", "jobs": {"file": "jobs.csv"}, "max_delay_h": 3.0}
    tank = {"energy_kwh": 4.0, "charge_kw": 1.0, "discharge_kw": 1.0}
    site = compute_site(
        {"train": train}, jobs=jobs, facility={"cooling": {"cop": 3.0, "tank": tank}}, battery={"b": LOSSLESS}
    )
    fixed = without_flexibility(site)
    assert set(fixed.spec.load) == {"hall"}
    assert not fixed.spec.workload
    assert without_storage(site).spec.battery == {}
    assert set(site.spec.workload) == {"train"}
    result, twin = storage_opt.optimize(site), storage_opt.optimize(fixed)
    assert twin.baseline_ledger.total == pytest.approx(result.baseline_ledger.total, rel=1e-12)
    assert twin.baseline.energy_kwh(FlowKind.LOAD_KW) == pytest.approx(result.baseline.energy_kwh(FlowKind.LOAD_KW))
