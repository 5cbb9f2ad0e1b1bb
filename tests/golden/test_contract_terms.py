"""Terms of the supply contract worked out on paper: agency, time of use, declared quantities, market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.catalog.tou_calendar import tou_calendar
from storage_opt.catalog.tou_rows import Period
from storage_opt.errors import InfeasibleError, InputError
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.studies.dispatch import optimize
from tests.support.contract_terms import DAYS, DIRECT, lines, site

# ------------------------------------------------------------------------------------ agency, time of use


def test_agency_components_of_shanghai_sum_to_the_published_prices_of_every_period() -> None:
    """110 kV, August 2026: flat 0.604413, tip 1.259662, peak 1.023772, valley 0.289894, each the sum of five lines."""
    agency = {"regime": "ordinary_agency", "region": "SH", "voltage": "110kV"}
    august = {"start": "2026-08-03", "end": "2026-08-04"}
    made = site(agency, generator={}, horizon=august)
    per_hour = []
    for hour in range(24):
        imported = np.zeros(24)
        imported[hour] = 1.0
        per_hour.append(sum(lines(made, imported).values()))
    tip, peak, flat, valley = 1.259662, 1.023772, 0.604413, 0.289894
    assert per_hour[12:14] == pytest.approx([tip] * 2, abs=1e-6)
    assert per_hour[8:12] == pytest.approx([peak] * 4, abs=1e-6)
    assert per_hour[15] == pytest.approx(flat, abs=1e-6)
    assert per_hour[22:24] + per_hour[:6] == pytest.approx([valley] * 8, abs=1e-6)


def test_agency_prices_known_by_total_only_give_the_published_periods() -> None:
    """Mengxi at 10 kV, March 2026, flat 0.4524, peak 0.6651, valley 0.2900; the floating part is inferred to 1e-4."""
    made = site({"regime": "ordinary_agency", "region": "NM_W", "voltage": "10kV"}, generator={})
    one = np.zeros(made.horizon.steps)
    hourly = {}
    for hour in (3, 7, 12, 17):
        imported = one.copy()
        imported[hour] = 1.0
        hourly[hour] = sum(lines(made, imported).values())
    assert hourly == pytest.approx({3: 0.2900, 7: 0.6651, 12: 0.2900, 17: 0.4524}, abs=3e-4)
    assert any("calendar of NM_W" in note for note in contract_notes(made))
    assert any("price sheet of NM_W" in note for note in contract_notes(made))


def test_bill_shows_energy_by_period() -> None:
    made = site({"regime": "ordinary_agency", "region": "NM_W", "voltage": "10kV"}, generator={})
    entries = [e for e in optimize(made).ledger.entries if e.line.name == "contract.grid_energy"]
    # April has no tip and no deep valley: 6 peak, 9 valley, 9 flat hours a day
    assert {e.band: e.quantity for e in entries} == pytest.approx(
        {"peak": 100 * 6 * DAYS, "valley": 100 * 9 * DAYS, "flat": 100 * 9 * DAYS}
    )


def test_what_the_user_writes_beats_the_catalog() -> None:
    agency = {"regime": "ordinary_agency", "region": "NM_W", "voltage": "10kV", "energy_price_per_kwh": [0.5] * 24}
    made = site(agency | {"system_operation_per_kwh": 0.01, "line_loss_per_kwh": 0.0}, generator={})
    found = lines(made, 1.0)
    assert found["grid_energy"] == pytest.approx(0.5 * 24 * DAYS)  # a series has its own shape
    assert found["system_operation"] == pytest.approx(0.01 * 24 * DAYS)
    assert found["transmission"] == pytest.approx(0.0787 * 24 * DAYS)
    nothing = {"line_loss_per_kwh": 0.0, "system_operation_per_kwh": 0.0, "deviation_per_kwh": 0.0}
    written = site({"regime": "ordinary_agency", "region": "SH", "voltage": "110kV"} | nothing, generator={})
    found = lines(written, 1.0)  # a zero that is written is a price, not a gap
    assert (found["line_loss"], found["system_operation"]) == (0.0, 0.0)
    assert found["grid_energy"] > 0


def test_retail_contract_with_the_shape_of_a_calendar_floats_energy_alone() -> None:
    """V4: 0.30 m(t) on energy, the network price as it is; m = 1.68 at seven o'clock, 0.48 at noon."""
    made = site(DIRECT | {"tou": {"calendar": "NM_W"}})
    imported = np.zeros(made.horizon.steps)
    imported[[7, 12, 17]] = 1.0
    found = lines(made, imported)
    assert found["grid_energy"] == pytest.approx(0.30 * (1.68 + 0.48 + 1.0))
    assert found["transmission"] == pytest.approx(0.05 * 100 * 24 * DAYS)


@pytest.mark.parametrize(
    ("base", "floats"),
    [("purchase_avg", 0.29), ("purchase_loss", 0.31), ("purchase_td", 0.35), ("all_but_funds", 0.39), ("all", 0.41)],
)
def test_what_floats_is_the_base(base: str, floats: float) -> None:
    """Energy 0.30 with a deviation of 0.01, loss 0.01, network 0.05, system 0.03, funds 0.02; multiplier 2."""
    parts: dict[str, Any] = {"deviation_per_kwh": 0.01, "line_loss_per_kwh": 0.01, "system_operation_per_kwh": 0.03}
    parts |= {"funds_per_kwh": 0.02, "regime": "ordinary_market"}

    def total(multiplier: float) -> float:
        made = site(DIRECT | parts | {"tou": {"multiplier": multiplier, "base": base}}, generator={})
        return sum(lines(made, 1.0).values()) / (24 * DAYS)

    assert total(1.0) == pytest.approx(0.41)
    assert total(2.0) - total(1.0) == pytest.approx(floats)


def test_calendar_that_turns_at_half_past_needs_half_hours() -> None:
    """Jiangsu's tip of July runs from 19:30 to 21:30."""
    july = {"start": "2027-07-01", "end": "2027-07-02", "step_minutes": 60}
    with pytest.raises(InputError, match="half past"):
        lower_site(site(DIRECT | {"tou": {"calendar": "JS"}}, horizon=july))
    found = site(DIRECT | {"tou": {"calendar": "JS"}}, horizon=july | {"step_minutes": 30})
    imported = np.zeros(48)
    imported[[38, 39]] = 2.0  # 19:00 peak 1.80, 19:30 tip 2.16, one kWh each
    assert lines(found, imported)["grid_energy"] == pytest.approx(0.30 * (1.80 + 2.16))


def test_variants_of_a_calendar_hold_on_their_days() -> None:
    """Jiangsu on holidays of spring: 10 to 14 at 0.8 of the valley multiplier, 0.28."""
    horizon = {"start": "2027-05-01", "end": "2027-05-03", "step_minutes": 30, "holidays": ["2027-05-01"]}
    made = site(DIRECT | {"tou": {"calendar": "JS", "variants": ["holiday"]}}, horizon=horizon)
    imported = np.zeros(96)
    imported[[20, 20 + 48]] = 2.0
    assert tou_calendar("JS", made.horizon.first_day).multipliers(5)[Period.VALLEY] == 0.35
    assert lines(made, imported)["grid_energy"] == pytest.approx(0.30 * (0.28 + 0.35))
    with pytest.raises(InputError, match="hot_day"):
        lower_site(site(DIRECT | {"tou": {"calendar": "GD", "variants": ["hot_day"]}}))


# ------------------------------------------------------------------------------------ declared quantities


def test_optimal_declaration_is_the_cheapest_of_all_declarations() -> None:
    """An import that peaks at 105 kW: declared 100 kW, because 5 % are free; a declared kW costs 30, excess 60."""
    load = np.full(720, 60.0)
    load[100] = 105.0
    shape = {"load": {"dc": {"power_kw": load}}, "generator": {}, "battery": {}}

    def cost(contract_kw: Any) -> float:
        basic = {"mode": "contract_demand", "contract_kw": contract_kw, "price_per_kw": 30.0}
        return optimize(site(DIRECT | {"basic": basic}, **shape)).ledger.by_line()["contract.basic"]

    result = optimize(
        site(
            DIRECT | {"basic": {"mode": "contract_demand", "contract_kw": "optimal", "price_per_kw": 30.0}},
            **shape,
        )
    )
    assert result.ledger.by_line()["contract.basic"] == pytest.approx(30.0 * 100.0)
    (declared,) = result.declared
    assert (declared.key, declared.unit) == ("contract.supply.basic.contract_kw", "kW")
    assert declared.value == pytest.approx(100.0)
    for contract_kw in (80.0, 95.0, 99.0, 100.0, 101.0, 110.0):
        basic = {"mode": "contract_demand", "contract_kw": contract_kw, "price_per_kw": 30.0}
        settled = optimize(site(DIRECT | {"basic": basic}, **shape)).ledger.by_line()
        assert settled["contract.basic"] + settled.get("contract.basic_excess", 0.0) >= 3_000.0 - 1e-6
    assert cost("optimal") == pytest.approx(3_000.0)


def test_declaration_by_month_and_the_band_that_is_not_free() -> None:
    """Declared 50 kW in April (12 values): demand 60 exceeds 52.5 by 7.5, twice; or band 2.5 once and 7.5 twice."""
    months = [10.0] * 3 + [50.0] + [10.0] * 8
    basic = {"mode": "contract_demand", "contract_kw": months, "price_per_kw": 30.0}
    free = lines(site(DIRECT | {"basic": basic}), 60.0)
    assert free["basic"] == pytest.approx(30 * 50)
    assert free["basic_excess"] == pytest.approx(2 * 30 * 7.5)
    charged = lines(site(DIRECT | {"basic": basic | {"band_is_free": False}}), 60.0)
    # 50 declared, 10 above it at the plain price, 7.5 above the band once more
    assert charged["basic_band"] == pytest.approx(30 * 10)
    assert charged["basic_excess"] == pytest.approx(30 * 7.5)


def test_optimal_access_capacity_is_what_the_import_needs_and_storage_lowers_it() -> None:
    """100 kW at night and 20 by day with 60 kWh from the battery each night hour: capacity follows the peak / 0.95."""
    load = np.tile([100.0] * 4 + [20.0] * 20, DAYS)
    single = DIRECT | {
        "regime": "direct_single_capacity",
        "access_capacity_kva": "optimal",
        "load_factor_frac": 0.6,
        "basic": {"mode": "capacity", "price_per_kva": 20.0},
    }
    shape = {"load": {"dc": {"power_kw": load}}, "generator": {"wind": {"capacity_kw": 0.0, "profile": 1.0}}}
    bare = optimize(site(single, **shape))
    kva = 100.0 / 0.95
    assert bare.ledger.by_line()["contract.basic"] == pytest.approx(20.0 * kva)
    assert bare.ledger.by_line()["contract.transmission"] == pytest.approx(0.05 * 0.6 * 730 * kva)
    battery = {"energy_kwh": 200.0, "power_kw": 60.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}
    helped = optimize(site(single, battery={"bess": battery}, **shape))
    assert helped.certificate.certified
    peak = helped.schedule[Flow(GRID, FlowKind.IMPORT_KW)].max()
    assert peak < 70.0
    assert {d.key for d in helped.declared} == {"contract.supply.access_capacity_kva"}
    assert [d.value for d in helped.declared] == pytest.approx([peak / 0.95], rel=1e-5)


def test_given_access_capacity_limits_import() -> None:
    supply = DIRECT | {"regime": "direct_single_capacity", "access_capacity_kva": 60.0, "load_factor_frac": 0.6}
    rules = {check.name: check for check in optimize(site(supply | {"access_capacity_kva": 64.0})).certificate.rules}
    assert rules["contract.access_capacity"].required == pytest.approx(64.0 * 0.95)
    with pytest.raises(InfeasibleError, match="access capacity"):
        optimize(site(supply))


# ------------------------------------------------------------------------------------ power factor


def test_measured_power_factor_is_looked_up_month_by_month() -> None:
    """0.85 in April: five hundredths below 0.90 at 0.5 % each, 2.5 % of energy 0.30 x 43,200 kWh and network."""
    months = [0.90] * 3 + [0.85] + [0.90] * 8
    found = lines(site(DIRECT | {"power_factor": months}), 60.0)
    base = found["grid_energy"] + found["transmission"]
    assert found["power_factor"] == pytest.approx(0.025 * base)
    bonus = lines(site(DIRECT | {"power_factor": 0.97}), 60.0)
    assert bonus["power_factor"] == pytest.approx(-0.0075 * base)
    assert "power_factor" not in lines(site(DIRECT | {"power_factor": 0.90}), 60.0)


def test_bonus_on_demand_and_excess_keeps_the_optimum_certified() -> None:
    """A negative share of charges with peaks is concave by itself; together with them it is not."""
    basic = {"mode": "contract_demand", "contract_kw": 30.0, "price_per_kw": 30.0, "band_is_free": False}
    battery = {"bess": {"energy_kwh": 100.0, "power_kw": 30.0}}
    load = np.tile([100.0] * 6 + [60.0] * 18, DAYS)
    made = site(DIRECT | {"basic": basic, "power_factor": 0.97}, battery=battery, load={"dc": {"power_kw": load}})
    result = optimize(made)
    assert result.certificate.certified
    settled = result.ledger.by_line()
    names = ("grid_energy", "line_loss", "transmission", "system_operation", "basic", "basic_band", "basic_excess")
    assert settled["contract.power_factor"] == pytest.approx(
        -0.0075 * sum(settled[f"contract.{name}"] for name in names), rel=1e-9
    )


# ------------------------------------------------------------------------------------ market


def test_difference_quantities_and_contract_for_difference_come_to_the_same() -> None:
    """1656号 art. 74: sum Qc Pc + (Qda - Qc) Pda + (Qrt - Qda) Prt, on random curves."""
    rng = np.random.default_rng(8)
    steps = 24 * DAYS
    qc, qda, qrt = rng.uniform(0, 80, (3, steps))
    pc, pda, prt = rng.uniform(-0.05, 0.6, (3, steps))
    market = {
        "contract_kw": qc,
        "contract_price_per_kwh": pc,
        "day_ahead_price_per_kwh": pda,
        "day_ahead_kw": qda,
        "real_time_price_per_kwh": prt,
    }
    supply = {key: value for key, value in DIRECT.items() if key != "energy_price_per_kwh"} | {"market": market}
    found = lines(site(supply), qrt)
    settled = found["grid_energy"] + found["contract_difference"] + found["day_ahead_difference"]
    assert settled == pytest.approx(float((qc * pc + (qda - qc) * pda + (qrt - qda) * prt).sum()))
    perfect = {key: market[key] for key in ("contract_kw", "contract_price_per_kwh", "day_ahead_price_per_kwh")}
    found = lines(site(supply | {"market": perfect}), qrt)
    assert found["grid_energy"] + found["contract_difference"] == pytest.approx(
        float((qc * pc + (qrt - qc) * pda).sum())
    )


def test_line_loss_of_the_catalog_follows_the_last_market_price() -> None:
    market = {"day_ahead_price_per_kwh": 0.2, "day_ahead_kw": 50.0, "real_time_price_per_kwh": [0.4] * 12 + [-0.1] * 12}
    supply = {"regime": "direct_two_part", "region": "NM_W", "voltage": "110kV", "system_operation_per_kwh": 0.0}
    found = lines(site(supply | {"market": market}), 1.0)
    assert found["line_loss"] == pytest.approx(0.4 * 12 * DAYS * 0.0281 / (1 - 0.0281))


# ------------------------------------------------------------------------------------ other components


def test_fees_by_other_bases() -> None:
    """System fee on consumption and per kVA, capacity compensation on import, cross-subsidy on self-use."""
    supply = DIRECT | {
        "system_operation_per_kwh": 0.03,
        "system_operation_basis": "consumption",
        "system_operation_per_kva": 1.5,
        "access_capacity_kva": 120.0,
        "capacity_compensation_per_kwh": 0.07,
        "cross_subsidy_on_self_use_per_kwh": 0.01,
    }
    found = lines(site(supply), imported=60.0, used=40.0)
    assert found["system_operation"] == pytest.approx(0.03 * 100 * 720)
    assert found["system_capacity"] == pytest.approx(1.5 * 120)
    assert found["capacity_compensation"] == pytest.approx(0.07 * 60 * 720)
    assert found["cross_subsidy"] == pytest.approx(0.01 * 40 * 720)
