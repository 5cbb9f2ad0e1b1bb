"""Depths of a battery in the model: optimality, exclusivity, diagnosis, warranties, hours of rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt import optimize
from storage_opt.errors import InfeasibleError
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.model.polish import polished
from storage_opt.model.standard_form import longest_line
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.studies.explain import explain
from tests.support.kkt import assert_optimal
from tests.support.physics import assert_physical
from tests.support.small_sites import small_site

CHARGE, DISCHARGE = Flow("bess", FlowKind.CHARGE_KW), Flow("bess", FlowKind.DISCHARGE_KW)
STORED = Flow("bess", FlowKind.ENERGY_KWH)
LIFE = {"coefficient": 5.24e-4, "exponent": 2.03}
CALENDAR = {
    "corners": [{"soc_frac": soc, "fade_frac_per_year": rate} for soc, rate in ((0.3, 0.01), (0.6, 0.015), (1, 0.05))]
}


def worn_site(*, days: int = 3, wear: dict[str, Any] | None = None, prices: Any = None, **battery: Any) -> Site:
    described = {"replacement_cost_per_kwh": 300.0, "cycle_life": LIFE, "calendar": CALENDAR} | (wear or {})
    bess = {"energy_kwh": 400.0, "power_kw": 100.0, "wear": described} | battery
    rng = np.random.default_rng(7)
    price = rng.uniform(0.0, 0.8, 24 * days) if prices is None else prices
    tariff: dict[str, Any] = {"spot": {"energy": [{"price_per_kwh": price}]}}
    if prices is not None:
        tariff["sale"] = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": price}]}
    parts = {"grid": {"export_limit_kw": 300.0}} if prices is not None else {}
    return small_site(150.0, days=days, battery={"bess": bess}, tariff=tariff, **parts)


STARTS = {
    "closed": {},
    "open": {"initial_soc_frac": 0.6, "final_soc": {"at_least": 0.5}},
    "free end": {"initial_soc_frac": 0.4, "final_soc": "free"},
    "leaking": {"self_discharge_frac_per_h": 0.002, "auxiliary_kw": 1.0},
    "leaking, open": {"self_discharge_frac_per_h": 0.002, "initial_soc_frac": 0.5, "final_soc": 0.5},
    "resting": {"rest": [{"hours": ["10:00-13:00"]}]},
    "resting, leaking": {"rest": [{"hours": ["10:00-13:00"]}], "auxiliary_kw": 1.0},
    "window in time": {"soc_min_frac": [0.1] * 12 + [0.4] * 12},
}
every_start = pytest.mark.parametrize("battery", STARTS.values(), ids=STARTS)


@every_start
def test_optimality_conditions_hold_and_rainflow_counts_what_was_planned(battery):
    site = worn_site(**battery)
    program = compile_program(site, lower_site(site))
    optimum = solve_program(program)
    assert_optimal(program, optimum.point)
    result = optimize(site)
    assert result.certificate.certified, result.certificate
    assert result.certificate.ledger_mismatch_relative <= 1e-7
    assert_physical(site, result.schedule)
    lines = result.ledger.by_line()
    assert lines["bess.wear"] > 0
    assert lines["bess.calendar"] > 0
    planned = program.line_costs(optimum.point.x)
    assert planned["bess.wear"] == pytest.approx(lines["bess.wear"], rel=1e-4)
    wear = result.batteries["bess"].wear
    assert 0.0 < (wear.counted_cost or 0.0) <= (wear.planned_cost or 0.0) * (1 + 1e-9)
    taken = lines["bess.calendar"] / (300.0 * 400.0)
    assert wear.calendar_life_frac == pytest.approx(taken, rel=1e-9)


@every_start
def test_polishing_leaves_the_cost_of_wear(battery):
    """Depths are not part of a schedule: what polishing changes in the stored energy shows in the audit only."""
    site = worn_site(**battery)
    charges = lower_site(site)
    program = compile_program(site, charges)
    point = solve_program(program).point
    schedule = polished(site, program.flow_values(point.x))
    wear = next(charge for charge in charges if charge.line.name == "bess.wear")
    settled = sum(entry.amount for entry in wear.settle(schedule, site.horizon))
    assert settled == pytest.approx(program.line_costs(point.x)["bess.wear"], abs=1e-6 * abs(point.optimality.cost))


@pytest.mark.parametrize("segments", [1, 4])
def test_a_battery_that_would_burn_energy_is_repaired(segments):
    """At -0.5 for six hours a day, burning pays; wear makes it dearer, not impossible. The repair keeps the audit."""
    prices = np.tile([-0.5] * 6 + [0.1] * 18, 2)
    site = worn_site(days=2, prices=prices, wear={"segments": segments, "replacement_cost_per_kwh": 30.0})
    result = optimize(site)
    assert result.certificate.certified, result.certificate
    assert result.certificate.simultaneous_kwh == 0.0
    assert result.certificate.repair is not None
    np.testing.assert_array_equal(np.minimum(result.schedule[CHARGE], result.schedule[DISCHARGE]), 0.0)


def test_diagnosis_speaks_of_the_window_and_not_of_depths():
    """From 10 to 90 of 100 kWh in one hour with 50 kW: the end is 30 kWh away, with depths or without."""
    found = []
    for wear in (None, {"replacement_cost_per_kwh": 300.0, "cycle_life": LIFE}):
        battery: dict[str, Any] = {"energy_kwh": 100.0, "power_kw": 50.0, "charge_efficiency": 1.0, "soc_min_frac": 0.0}
        battery |= {"initial_soc_frac": 0.1, "final_soc": 0.9, "soc_max_frac": 1.0, "wear": wear}
        horizon = {"start": "2025-01-01T00:00:00", "end": "2025-01-01T01:00:00"}
        site = small_site(10.0, battery={"bess": battery}, horizon=horizon)
        with pytest.raises(InfeasibleError) as raised:
            optimize(site)
        found.append({conflict.name: conflict.relaxation for conflict in raised.value.conflicts})
    assert found[1] == pytest.approx(found[0], rel=1e-4)
    assert found[1]["bess.final_soc"] == pytest.approx(30.0, rel=1e-4)


def test_a_start_outside_the_window_is_told_in_its_words():
    """0.05 of 100 kWh under a window from 0.1: the depths would be negative, and must not stand in the way."""
    battery = {"energy_kwh": 100.0, "power_kw": 50.0, "initial_soc_frac": 0.05, "final_soc": 0.5}
    wear = {"replacement_cost_per_kwh": 300.0, "cycle_life": LIFE}
    with pytest.raises(InfeasibleError) as raised:
        optimize(small_site(10.0, battery={"bess": battery | {"wear": wear}}))
    conflicts = {conflict.name: conflict.relaxation for conflict in raised.value.conflicts}
    assert conflicts == {"bess.soc_min": pytest.approx(5.0, rel=1e-3), "bess.initial_soc": pytest.approx(5.0, rel=1e-3)}


def test_rest_that_leaves_no_schedule_is_told_in_its_words():
    """The peak of 300 kW under 250 kW of import needs 50 kW just when the battery rests."""
    load = np.full(24, 100.0)
    load[12] = 300.0
    battery = {"bess": {"energy_kwh": 500.0, "power_kw": 60.0, "rest": [{"hours": ["12:00-13:00"]}]}}
    with pytest.raises(InfeasibleError) as raised:
        optimize(small_site(load, grid={"import_limit_kw": 250.0}, battery=battery))
    found = {conflict.name: conflict.relaxation for conflict in raised.value.conflicts}
    assert found["bess.rest"] == pytest.approx(50.0, rel=1e-3)


def test_a_battery_rests_in_its_windows():
    site = worn_site(days=4, rest=[{"hours": ["22:00-02:00"]}, {"days": ["weekend"]}])
    result = optimize(site)
    horizon = site.horizon
    resting = (horizon.hour >= 22) | (horizon.hour < 2) | (horizon.day_types == "weekend")
    assert resting.sum() > 24
    for flow in (CHARGE, DISCHARGE):
        assert not result.schedule[flow][resting].any()
        assert result.schedule[flow][~resting].any()


@pytest.mark.parametrize(
    ("field", "limit"),
    [("max_cycles_per_year", 80.0), ("max_mean_soc_frac", 0.3), ("max_throughput_kwh_per_year", 3e4)],
)
def test_warranties_bind_and_hold(field, limit):
    wear = {"replacement_cost_per_kwh": 30.0}
    loose, tight = optimize(worn_site(wear=wear)), optimize(worn_site(wear=wear, **{field: limit}))

    def measured(result) -> float:
        years = result.site.horizon.years
        stored, use = result.schedule[STORED], result.batteries["bess"]
        return {
            "max_cycles_per_year": use.equivalent_cycles / years,
            "max_mean_soc_frac": float(stored.mean()) / 400.0,
            "max_throughput_kwh_per_year": use.throughput_kwh / years,
        }[field]

    assert measured(loose) > limit * 1.01
    assert measured(tight) == pytest.approx(limit, rel=1e-5)
    assert tight.ledger.total > loose.ledger.total
    key = {"max_cycles_per_year": "cycles_per_year", "max_mean_soc_frac": "mean_soc"}.get(field, "throughput")
    (worth,) = [value for value in tight.marginals if value.rule == f"bess.{key}"]
    assert worth.value > 0


def test_no_line_of_the_matrix_is_long():
    site = worn_site(days=60, wear={"segments": 8}, max_mean_soc_frac=0.5, max_cycles_per_year=300.0)
    assert longest_line(compile_program(site, lower_site(site)).form) <= 400


def test_explain_knows_every_equation():
    told = explain(worn_site(self_discharge_frac_per_h=0.001, rest=[{"hours": ["10:00-13:00"]}]))
    equations = {row.name: row.equation for row in told.constraints}
    for name in ("bess.wear.segments", "bess.wear.fall_2", "bess.wear.leak", "bess.calendar.curve_1", "bess.rest"):
        assert equations[name]
    kinds = {row.line: row.primitive for row in told.charges}
    assert (kinds["bess.wear"], kinds["bess.calendar"]) == ("CycleDepthCharge", "CurveCharge")
