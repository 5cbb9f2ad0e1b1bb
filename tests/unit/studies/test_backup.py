"""A plan with backup: every start survives by construction, and what that costs."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import storage_opt
from storage_opt.errors import InfeasibleError, InputError
from storage_opt.lowering.backup import backup_plan, least_stored_kwh
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.solve import solve_convex
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.backup import BackupSpec
from storage_opt.studies.flexibility import without_storage
from tests.support.kkt import assert_optimal
from tests.support.physics import assert_physical
from tests.support.plain_highs import Arbitrage
from tests.support.small_sites import small_site

PRICES = [0.2] * 7 + [0.9] * 4 + [0.5] * 6 + [1.3] * 4 + [0.5] * 2 + [0.2]
LOAD = [60.0, 55.0, 50.0, 50.0, 55.0, 60.0, 70.0, 90.0] + [110.0] * 10 + [100.0, 90.0, 80.0, 70.0, 65.0, 60.0]
BESS = {"energy_kwh": 400.0, "power_kw": 100.0, "charge_efficiency": 0.95, "discharge_efficiency": 0.9}
FLAWED = BESS | {"self_discharge_frac_per_h": 0.002, "auxiliary_kw": 0.5, "power_kw": 60.0}
TARIFF = {"supply": {"energy": [{"price_per_kwh": PRICES}]}}


def site_with(backup, *, step_minutes=60, days=2, battery=None, **parts):
    load = np.repeat(np.tile(LOAD, days), 60 // step_minutes)
    battery = battery or {"bess": BESS}
    tariff = {"tariff": TARIFF}
    return small_site(load, days=days, step_minutes=step_minutes, battery=battery, backup=backup, **(tariff | parts))


@pytest.mark.parametrize("step_minutes", [60, 15])
@pytest.mark.parametrize(
    "hours",
    [2.0, 0.25, 1.5, [1.0, 0.0, 2.0] * 4, [0.5] * 8 + [1.75] * 8 + [2.25] * 8],
    ids=["two hours", "a quarter", "one and a half", "by month", "by hour"],
)
@pytest.mark.parametrize("battery", [{"bess": BESS}, {"one": BESS, "two": FLAWED}], ids=["one", "two"])
def test_every_start_of_the_plan_survives_the_ride_through(step_minutes, hours, battery):
    site = site_with(
        {"critical_frac": 0.5, "ride_through_h": hours, "outage_soc_min_frac": 0.02},
        step_minutes=step_minutes,
        battery=battery,
    )
    result = storage_opt.optimize(site)
    assert result.certificate.certified
    assert_physical(site, result.schedule)
    assert result.backup.islanding.ride_through_kept_frac == 1.0
    found = result.backup.islanding.without_genset.hours
    assert np.all(found >= result.backup.plan.ride_through_h - 1e-3)
    for name, held in backup_plan(site).reserve_kwh.items():
        stored = result.schedule[Flow(name, FlowKind.ENERGY_KWH)]
        assert np.all(stored >= held[1:] - 1e-5 * 400.0)
        assert np.all(held <= least_stored_kwh(site, name))


def test_the_reserve_binds_and_its_worth_is_told():
    result = storage_opt.optimize(site_with({"critical_frac": 0.5, "ride_through_h": 2.0}))
    worth = [value for value in result.marginals if value.rule == "bess.backup"]
    assert worth
    assert worth[0].unit == "kWh"
    assert worth[0].sense == "floor"
    assert worth[0].value > 0


def test_the_reserve_costs_the_difference_of_two_optimums_found_elsewhere():
    """Import and export at one price: the bill is that of the load plus that of the battery, which plain HiGHS finds
    with and without the floor."""
    parts = {"grid": {"export_limit_kw": 1000.0}}
    sale = {"sale": {"meter": "export", "paid_to_site": True, "energy": [{"name": "sale", "price_per_kwh": PRICES}]}}
    battery = {"bess": BESS | {"discharge_efficiency": 0.95, "soc_min_frac": 0.1, "soc_max_frac": 0.9}}
    site = site_with({"critical_frac": 0.5, "ride_through_h": 1.5}, battery=battery, tariff=TARIFF | sale, **parts)
    price = np.tile(PRICES, 2)
    result = storage_opt.optimize(site)
    floor = np.maximum(40.0, backup_plan(site).reserve_kwh["bess"])
    load = float(np.tile(LOAD, 2) @ price)
    kept = Arbitrage(price, 100.0, floor[1:], 360.0, 0.95).solve(binaries=False).cost
    free = Arbitrage(price, 100.0, 40.0, 360.0, 0.95).solve(binaries=False).cost
    assert result.ledger.total == pytest.approx(load + kept, rel=1e-7)
    assert result.backup.reserve_cost == pytest.approx(kept - free, rel=1e-5)
    assert result.backup.reserve_cost > 1.0


def test_the_reserve_costs_the_difference_of_two_plans():
    site = site_with({"critical_frac": 0.5, "ride_through_h": 2.0})
    free = storage_opt.optimize(replace(site, spec=site.spec.model_copy(update={"backup": None})))
    result = storage_opt.optimize(site)
    assert free.backup is None
    assert result.backup.reserve_cost == pytest.approx(result.ledger.total - free.ledger.total, rel=1e-5)
    assert result.baseline_ledger.total == free.baseline_ledger.total


def test_more_ride_through_never_costs_less():
    costs = [
        storage_opt.optimize(site_with({"critical_frac": 0.5, "ride_through_h": hours})).ledger.total
        for hours in (0.0, 0.5, 1.0, 2.0, 3.0)
    ]
    assert np.all(np.diff(costs) >= -1e-6 * costs[0])
    assert costs[-1] > costs[0] * 1.01


def test_no_ride_through_changes_nothing():
    site = site_with({"critical_frac": 0.5, "ride_through_h": 0.0, "outage_soc_min_frac": 0.5})
    free = storage_opt.optimize(replace(site, spec=site.spec.model_copy(update={"backup": None})))
    result = storage_opt.optimize(site)
    for flow, values in free.schedule.items():
        np.testing.assert_allclose(result.schedule[flow], values, rtol=0, atol=1e-6)
    assert result.backup.reserve_cost == 0.0
    assert result.backup.islanding.ride_through_kept_frac == 1.0


def test_the_optimality_conditions_hold_with_a_floor():
    site = site_with({"critical_frac": 0.5, "ride_through_h": [0.5, 1.5] * 12})
    program = compile_program(site, lower_site(site))
    point = solve_convex(program.form, program.scaling, program.tie_break).point
    assert_optimal(program, point)


def test_a_conflict_names_the_backup():
    """45 kW for 2 h take 100 kWh out of the cells; the start at 15 % of 400 kWh is 60."""
    battery = {"bess": BESS | {"initial_soc_frac": 0.15, "final_soc": {"at_least": 0.15}}}
    site = site_with({"critical_kw": 45.0, "ride_through_h": 2.0}, battery=battery)
    with pytest.raises(InfeasibleError) as raised:
        storage_opt.optimize(site)
    conflicts = {conflict.name: conflict for conflict in raised.value.conflicts}
    assert set(conflicts) == {"bess.backup", "bess.initial_soc"}
    assert conflicts["bess.backup"].relaxation == pytest.approx(40.0, rel=1e-4)
    assert conflicts["bess.backup"].key == "backup.ride_through_h"
    assert "loss of the grid" in str(conflicts["bess.backup"])


def test_a_part_of_the_horizon_keeps_its_backup():
    site = site_with({"critical_frac": 0.5, "ride_through_h": 1.5}, days=3)
    part = site.between(site.horizon.stamps[24].to_pydatetime(), site.horizon.stamps[48].to_pydatetime())
    assert backup_plan(part).critical_kw.size == 24
    assert storage_opt.optimize(part).backup.islanding.ride_through_kept_frac == 1.0


def test_a_written_site_has_its_backup_again(tmp_path):
    genset = {"power_kw": 30.0, "fuel_kwh": 100.0, "start_delay_h": 0.25}
    backup = {"critical_frac": 0.5, "ride_through_h": [0.5] * 12 + [1.5] * 12, "batteries": ["bess"], "genset": genset}
    site = site_with(backup, load={"load": {"power_kw": 100.0}})
    storage_opt.write_site(site.spec, tmp_path / "site.toml")
    again = storage_opt.load_site(tmp_path)
    assert again.spec.backup == site.spec.backup
    np.testing.assert_array_equal(backup_plan(again).reserve_kwh["bess"], backup_plan(site).reserve_kwh["bess"])


def test_a_column_of_a_file_in_minutes(tmp_path):
    file = tmp_path / "site.toml"
    site = site_with({"critical_kw": 40.0, "ride_through_h": 1.0}, load={"load": {"power_kw": 100.0}})
    storage_opt.write_site(site.spec, file)
    stamps = [f"2025-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00,{30 if hour % 2 else 60}" for hour in range(48)]
    (tmp_path / "asked.csv").write_text("time,ride (min)\n" + "\n".join(stamps) + "\n", encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    column = 'ride_through_h = {file = "asked.csv", column = "ride (min)"}'
    file.write_text(re.sub(r"ride_through_h = 1(\.0)?", column, text), encoding="utf-8")
    hours = backup_plan(storage_opt.load_site(tmp_path)).ride_through_h
    np.testing.assert_allclose(hours, [1.0, 0.5] * 24)


def test_without_storage_there_is_no_backup():
    site = site_with({"critical_frac": 0.5, "ride_through_h": 1.5})
    assert without_storage(site).spec.backup is None


@pytest.mark.parametrize(("longest_h", "lasting_h"), [(2, 2.0), (4, 180.0 / 55.0), (2.6, 2.6)])
def test_a_metered_schedule_is_simulated(longest_h, lasting_h):
    """A day that stands at 200 kWh: 180 kWh at 0.9 carry 55 kW for 3.27 h, unless the simulation ends before."""
    battery = {"bess": BESS | {"soc_min_frac": 0.0}}
    site = small_site(110.0, battery=battery, backup={"critical_frac": 0.5, "ride_through_h": 0.0})
    nothing, full = np.zeros(24), np.full(24, 200.0)
    kinds = (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH)
    flows = dict(zip((Flow("bess", kind) for kind in kinds), (nothing, nothing, full), strict=True))
    found = storage_opt.simulate_islanding(site, storage_opt.Schedule(site.horizon, flows), longest_h=longest_h)
    assert found.without_genset.hours == pytest.approx(np.full(24, lasting_h), abs=1e-9)


def test_a_site_without_backup_has_nothing_to_simulate():
    site = site_with(None)
    result = storage_opt.optimize(site)
    with pytest.raises(InputError, match=r"write a \[backup\] section"):
        storage_opt.simulate_islanding(site, result.schedule)


def test_a_schedule_that_does_not_fit_is_refused():
    site = site_with({"critical_frac": 0.5, "ride_through_h": 1.0})
    planned = storage_opt.optimize(site).schedule
    longer = site_with({"critical_frac": 0.5, "ride_through_h": 1.0}, days=3)
    with pytest.raises(InputError, match="schedule has 48 intervals"):
        storage_opt.simulate_islanding(longer, planned)
    flows = {flow: values for flow, values in planned.items() if flow.kind is not FlowKind.ENERGY_KWH}
    with pytest.raises(InputError, match=r"needs `bess\.energy_kwh`"):
        storage_opt.simulate_islanding(site, storage_opt.Schedule(site.horizon, flows))


@pytest.mark.parametrize(
    ("backup", "words"),
    [
        ({"critical_kw": np.full(47, 10.0), "ride_through_h": 1.0}, "47"),
        ({"critical_kw": np.full(48, -10.0), "ride_through_h": 1.0}, "-10 is out of range, first at 2025-01-01 00:00"),
        ({"critical_kw": np.full(48, np.nan), "ride_through_h": 1.0}, "nan is out of range"),
        ({"critical_frac": np.full(48, 30.0), "ride_through_h": 1.0}, "give values from 0 to 1"),
        ({"critical_kw": 20.0, "ride_through_h": np.full(48, 900.0)}, "give values from 0 to 168"),
    ],
)
def test_arrays_are_checked_as_columns_are(backup, words):
    with pytest.raises(InputError) as raised:
        storage_opt.optimize(site_with(backup))
    assert words in str(raised.value)


def test_the_spec_refuses_what_contradicts_itself():
    for fields, words in (
        ({"ride_through_h": 1.0}, "neither"),
        ({"ride_through_h": 1.0, "critical_kw": 1.0, "critical_frac": 0.1}, "both"),
        ({"ride_through_h": 1.0, "critical_kw": 1.0, "batteries": ["a", "a"]}, "named twice"),
    ):
        with pytest.raises(ValueError, match=words):
            BackupSpec.model_validate(fields)
