"""Sizes worked out on paper.

Unless said otherwise: a day at 0.1 in its first and 0.5 in its second half, a load of 100 kW, a battery without losses,
and a project of one year without interest, so that a unit saved a year is worth a unit of capex. A kWh of content then
earns 0.4 a day, 146 a year, as long as the load of the dear half, 100 kW x 12 h = 1200 kWh, takes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.charges.base import Stream
from storage_opt.finance.measures import npv
from storage_opt.studies.sizing.result import SizingResult
from storage_opt.studies.sizing.study import size
from tests.support.sizing_sites import bess, built, described, finance

DAYS = 365
A_KWH = 0.4 * DAYS
WIDE: dict[str, Any] = {"most": 5000.0}


def sized(site: dict[str, Any]) -> SizingResult:
    result = size(built(site))
    assert result.certificate.certified, result.certificate
    return result


def battery_site(open_: dict[str, Any], cost: dict[str, Any], limits: dict[str, Any] | None = None, **parts: Any):
    """The site of this page, its battery open."""
    battery = parts.pop("battery", bess(power_kw=1000.0))
    project = parts.pop("finance", {})
    sizing = {"battery": {"bess": open_}} | (limits or {})
    return (
        described(
            parts.pop("load_kw", 100.0),
            battery={"bess": battery},
            sizing=sizing,
            finance=finance({"bess": cost}, **project),
        )
        | parts
    )


def present_worth(result: SizingResult) -> float:
    return npv(result.cash_flow.project.spec.discount_rate_frac, result.cash_flow.after_tax)


# ------------------------------------------------------------------------------- whether it pays


@pytest.mark.parametrize(("years", "rate"), [(1, 0.0), (10, 0.08), (20, 0.03)])
@pytest.mark.parametrize("eta", [1.0, 0.9])
@pytest.mark.parametrize("above", [False, True])
def test_a_kwh_pays_where_its_spread_beats_its_annuity(years, rate, eta, above):
    """A kWh of content costs 0.1 / eta to fill and serves eta at 0.5: (0.5 eta - 0.1 / eta) 365 a year.

    Its present worth is that times sum_y (1 + i)^-y; one per cent above nothing is built, one below all that may be.
    """
    worth = (0.5 * eta - 0.1 / eta) * DAYS * sum((1.0 + rate) ** -year for year in range(1, years + 1))
    capex = worth * (1.01 if above else 0.99)
    battery = bess(power_kw=1000.0, charge_efficiency=eta, discharge_efficiency=eta)
    project = {"years": years, "discount_rate_frac": rate}
    site = battery_site({"energy_kwh": {"most": 300.0}}, {"capex_per_kwh": capex}, battery=battery, finance=project)
    result = sized(site)
    assert result.value("bess.energy_kwh") == pytest.approx(0.0 if above else 300.0, abs=1e-4)
    assert present_worth(result) == pytest.approx(0.0 if above else 300.0 * 0.01 * worth, rel=1e-5, abs=1e-4)


def test_the_dear_half_of_the_load_is_all_that_a_battery_can_serve():
    """1200 kWh at 146 - 100 each: NPV 55,200; a kWh more would serve nothing, so it is worth what it costs at most."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(1200.0)
    assert present_worth(result) == pytest.approx(1200.0 * (A_KWH - 100.0))
    assert result.saving_per_year[Stream.ENERGY] == pytest.approx(1200.0 * A_KWH)
    assert result.limits == ()
    (size_,) = result.sizes
    assert size_.capex == size_.cost_per_year == pytest.approx(120_000.0)


def test_losses_make_it_larger():
    """1200 kWh delivered are 1200 / 0.8 = 1500 kWh of content."""
    battery = bess(power_kw=1000.0, discharge_efficiency=0.8)
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 50.0}, battery=battery))
    assert result.value("bess.energy_kwh") == pytest.approx(1500.0)


def test_power_that_stays_limits_energy():
    """30 kW x 12 h = 360 kWh a half day."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0}, battery=bess(power_kw=30.0)))
    assert result.value("bess.energy_kwh") == pytest.approx(360.0)


def test_energy_that_stays_limits_power():
    """600 kWh over 12 h: 50 kW."""
    result = sized(battery_site({"power_kw": WIDE}, {"capex_per_kw": 10.0}, battery=bess(energy_kwh=600.0)))
    assert result.value("bess.power_kw") == pytest.approx(50.0)


def test_a_demand_charge_sizes_power_and_energy():
    """One hour of 300 kW above 200 kW at a flat price; 30 a kW and month, one day of a month bills it in full.

    x kW of power and x kWh of energy save 30 x 365 x a year (the demand of the day stands for the year), until the peak
    is as low as what charging leaves: the x kWh fill in 23 h, so the peak is max(300 - x, 200 + x / 23); equal at
    x = 100 x 23 / 24.
    """
    load = [200.0] * 10 + [300.0] + [200.0] * 13
    tariff = {"t": {"energy": [{"price_per_kwh": 0.3}], "demand": [{"price_per_kw": 30.0}]}}
    both = {"energy_kwh": WIDE, "power_kw": WIDE}
    cost = {"capex_per_kwh": 100.0, "capex_per_kw": 50.0}
    result = sized(battery_site(both, cost, load_kw=load, tariff=tariff))
    x = 100.0 * 23 / 24
    assert result.value("bess.power_kw") == pytest.approx(x)
    assert result.value("bess.energy_kwh") == pytest.approx(x)
    assert present_worth(result) == pytest.approx((30.0 * DAYS - 150.0) * x, rel=1e-6)


# ------------------------------------------------------------------------------- what limits it


def test_the_budget_is_spent():
    """20,000 at 100 a kWh: 200 kWh; one more unit of money earns 146 / 100 - 1, one more kWh for nothing 146."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0}, {"budget": 20_000.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(200.0)
    (limit,) = result.limits
    assert (limit.name, limit.key) == ("sizing.budget", "sizing.budget")
    assert limit.worth_per_year == pytest.approx(0.46, rel=1e-5)
    assert result.sizes[0].worth_per_unit_year == pytest.approx(A_KWH, rel=1e-5)


def test_what_costs_the_same_whatever_the_size_is_of_the_budget():
    """20,000 less 5,000 for the connection: 150 kWh."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0, "capex": 5_000.0}, {"budget": 20_000.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(150.0)
    assert present_worth(result) == pytest.approx(150.0 * (A_KWH - 100.0) - 5_000.0)


def test_a_budget_buys_what_is_new():
    """300 kWh stand already: 20,000 buy 200 more."""
    open_ = {"energy_kwh": {"most": 5000.0, "existing": 300.0}}
    result = sized(battery_site(open_, {"capex_per_kwh": 100.0}, {"budget": 20_000.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(500.0)


def test_land_is_built_over():
    """150 m2 at 0.5 m2 a kWh: 300 kWh; a square metre more earns 2 x 46."""
    open_ = {"energy_kwh": WIDE, "land_m2_per_kwh": 0.5}
    result = sized(battery_site(open_, {"capex_per_kwh": 100.0}, {"land_m2": 150.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(300.0)
    assert {limit.name: limit.worth_per_year for limit in result.limits} == {
        "sizing.land_m2": pytest.approx(92.0, rel=1e-5)
    }


def test_longest_duration():
    """Power at 20 a kW, at most 50 kW, at most 4 h: 200 kWh; an hour more of it would be 50 kWh."""
    open_ = {"energy_kwh": WIDE, "power_kw": {"most": 50.0}, "max_duration_h": 4.0}
    result = sized(battery_site(open_, {"capex_per_kwh": 100.0, "capex_per_kw": 20.0}))
    assert [built_.value for built_ in result.sizes] == pytest.approx([200.0, 50.0])
    assert {limit.name for limit in result.limits} == {"bess.max_duration", "bess.power_kw.most"}


def test_shortest_duration():
    """An hour of 100 kW that is to be shaved, and no energy below 4 h of power: 400 kWh, of which 100 are used.

    Power of 50 x 24 / 25 kW would do with an hour; see the case of the demand charge.
    """
    load = [100.0] * 10 + [150.0] + [100.0] * 13
    tariff = {"t": {"energy": [{"price_per_kwh": 0.3}], "demand": [{"price_per_kw": 30.0}]}}
    open_ = {"energy_kwh": WIDE, "power_kw": WIDE, "min_duration_h": 4.0}
    cost = {"capex_per_kwh": 10.0, "capex_per_kw": 5.0}
    result = sized(battery_site(open_, cost, load_kw=load, tariff=tariff))
    power = 50.0 * 23 / 24
    assert [built_.value for built_ in result.sizes] == pytest.approx([4.0 * power, power])
    assert {limit.name for limit in result.limits} == {"bess.min_duration"}


@pytest.mark.parametrize("open_", ["energy_kwh", "power_kw"])
def test_a_product_of_four_hours(open_):
    """Energy over power is 4 h: 1200 kWh come with 300 kW; 1200 x 100 + 300 x 80, whichever of the two is open."""
    cost = {"capex_per_kwh": 100.0, "capex_per_kw": 80.0}
    result = sized(battery_site({open_: WIDE, "duration_h": 4.0}, cost))
    assert result.value(f"bess.{open_}") == pytest.approx(1200.0 if open_ == "energy_kwh" else 300.0)
    assert result.site.spec.battery["bess"].energy_kwh == pytest.approx(1200.0)
    assert result.site.spec.battery["bess"].power_kw == pytest.approx(300.0)
    assert result.sizes[0].capex == pytest.approx(144_000.0)


def test_discharging_power_keeps_its_ratio():
    """80 of 100 kW: the 12 dear hours ask for 100 kW, so 125 kW are built."""
    battery = bess(energy_kwh=1200.0, power_kw=100.0, discharge_kw=80.0)
    result = sized(battery_site({"power_kw": WIDE}, {"capex_per_kw": 10.0}, battery=battery))
    assert result.value("bess.power_kw") == pytest.approx(125.0)
    assert result.site.spec.battery["bess"].discharge_kw == pytest.approx(100.0)


# ------------------------------------------------------------------------------- what stands already


def test_what_stands_already_costs_nothing():
    """800 of 1200 kWh are new; the bill that is compared with stores nothing, so all 1200 kWh save."""
    result = sized(battery_site({"energy_kwh": WIDE | {"existing": 400.0}}, {"capex_per_kwh": 100.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(1200.0)
    assert result.sizes[0].capex == pytest.approx(80_000.0)
    assert -result.cash_flow.after_tax[0] == pytest.approx(80_000.0)


def test_what_stands_already_stays_when_no_more_pays():
    """A kWh costs 200 and earns 146: the 400 kWh stay, nothing is paid."""
    result = sized(battery_site({"energy_kwh": WIDE | {"existing": 400.0}}, {"capex_per_kwh": 200.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(400.0)
    assert result.cash_flow.after_tax[0] == 0.0


# ------------------------------------------------------------------------------- units and catalogues


@pytest.mark.parametrize(("step", "units"), [(430.0, 3), (1000.0, 1), (250.0, 5), (400.0, 3)])
def test_containers(step, units):
    """n containers of s kWh save 146 min(n s, 1200) and cost 100 n s.

    s = 430:  62,780 - 43,000 = 19,780;  39,560;  175,200 - 129,000 = 46,200;  3,200.  s = 1000:  46,000;  negative.
    s = 250: 1000 kWh give 46,000, 1250 kWh 175,200 - 125,000 = 50,200.  s = 400: 1200 kWh are the best of all.
    """
    result = sized(battery_site({"energy_kwh": WIDE | {"step": step}}, {"capex_per_kwh": 100.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(units * step)
    expected = A_KWH * min(units * step, 1200.0) - 100.0 * units * step
    assert present_worth(result) == pytest.approx(expected)


def test_units_come_on_top_of_what_stands():
    """100 kWh stand; units of 500: 600 or 1100 or 1600 kWh; the last saves 14,600 more for 50,000."""
    open_ = {"energy_kwh": {"most": 5000.0, "existing": 100.0, "step": 500.0}}
    assert sized(battery_site(open_, {"capex_per_kwh": 100.0})).value("bess.energy_kwh") == pytest.approx(1100.0)


CATALOGUE = [{"size": 500.0, "capex": 30_000.0}, {"size": 1200.0, "capex": 119_000.0}, {"size": 1300.0}]


def test_catalogue():
    """500: 73,000 - 30,000 = 43,000;  1200: 175,200 - 119,000 = 56,200;  1300 at 100 a kWh: 45,200;  none: 0."""
    result = sized(battery_site({"energy_kwh": {"choices": CATALOGUE}}, {"capex_per_kwh": 100.0}))
    assert result.value("bess.energy_kwh") == 1200.0
    assert present_worth(result) == pytest.approx(56_200.0)
    assert result.sizes[0].capex == pytest.approx(119_000.0)
    assert -result.cash_flow.after_tax[0] == pytest.approx(119_000.0)


def test_prices_of_a_catalogue_are_of_the_budget():
    """By the kWh 900 kWh would cost 90,000; the catalogue asks 100,000, which 95,000 do not pay. 500 kWh they do."""
    choices = [{"size": 500.0, "capex": 60_000.0}, {"size": 900.0, "capex": 100_000.0}]
    site = battery_site({"energy_kwh": {"choices": choices}}, {"capex_per_kwh": 100.0}, {"budget": 95_000.0})
    result = sized(site)
    assert result.value("bess.energy_kwh") == 500.0
    assert present_worth(result) == pytest.approx(73_000.0 - 60_000.0)


def test_a_budget_buys_what_a_catalogue_sells_for_less():
    """By the kWh 900 kWh would cost 90,000, above the budget; the catalogue sells them for 80,000."""
    choices = [{"size": 500.0}, {"size": 900.0, "capex": 80_000.0}]
    site = battery_site({"energy_kwh": {"choices": choices}}, {"capex_per_kwh": 100.0}, {"budget": 85_000.0})
    assert sized(site).value("bess.energy_kwh") == 900.0


def test_a_size_that_stands_is_not_bought_again():
    """500 kWh stand; the catalogue sells them for 60,000, and 900 kWh for 100,000, which 400 x 146 don't pay."""
    choices = [{"size": 500.0, "capex": 60_000.0}, {"size": 900.0, "capex": 100_000.0}]
    site = battery_site({"energy_kwh": {"choices": choices, "existing": 500.0}}, {"capex_per_kwh": 100.0})
    result = sized(site)
    assert result.value("bess.energy_kwh") == 500.0
    assert result.sizes[0].capex == result.cash_flow.after_tax[0] == 0.0


def test_an_asset_of_which_nothing_is_built_pays_nothing():
    """At 1000 a kWh nothing pays, so neither do 5,000 for its connection."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 1000.0, "capex": 5_000.0}))
    assert result.value("bess.energy_kwh") == pytest.approx(0.0, abs=1e-6)
    assert np.all(result.cash_flow.after_tax == pytest.approx(0.0, abs=1e-6))


def test_what_costs_more_than_it_earns_whatever_its_size_is_not_built():
    """1200 kWh earn 55,200 beyond their price a kWh, but not the 60,000 that come with the first of them."""
    result = sized(battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0, "capex": 60_000.0}))
    assert present_worth(result) == pytest.approx(0.0, abs=1e-6)
    assert result.value("bess.energy_kwh") == pytest.approx(0.0, abs=1e-6)


def test_what_is_paid_whatever_the_size_is_paid_where_it_pays():
    """50,000 at first and 1,000 of upkeep a year leave 4,200 of the 55,200."""
    result = sized(
        battery_site({"energy_kwh": WIDE}, {"capex_per_kwh": 100.0, "capex": 50_000.0, "om_per_year": 1_000.0})
    )
    assert result.value("bess.energy_kwh") == pytest.approx(1200.0)
    assert present_worth(result) == pytest.approx(4_200.0)


def test_of_two_batteries_that_do_the_same_one_is_built():
    """Each would serve the 1200 kWh; `a` asks for 10,000 and 100 a kWh, `b` for 40,000 and 60: 45,200 and 63,200."""
    cost = {"a": {"capex_per_kwh": 100.0, "capex": 10_000.0}, "b": {"capex_per_kwh": 60.0, "capex": 40_000.0}}
    open_ = {"energy_kwh": WIDE}
    site = described(
        battery={"a": bess(power_kw=1000.0), "b": bess(power_kw=1000.0)},
        sizing={"battery": {"a": open_, "b": open_}},
        finance=finance(cost),
    )
    result = sized(site)
    assert [built_.value for built_ in result.sizes] == pytest.approx([0.0, 1200.0], abs=1e-4)
    assert present_worth(result) == pytest.approx(1200.0 * (A_KWH - 60.0) - 40_000.0)


def test_containers_that_do_not_pay_for_their_connection():
    """Three of 430 kWh leave 46,200 before 47,000 for the connection; a budget below that builds nothing either."""
    units = {"energy_kwh": WIDE | {"step": 430.0}}
    for capex, limits in ((47_000.0, {}), (10_000.0, {"budget": 9_000.0})):
        result = sized(battery_site(units, {"capex_per_kwh": 100.0, "capex": capex}, limits))
        assert result.value("bess.energy_kwh") == 0.0
        assert present_worth(result) == pytest.approx(0.0, abs=1e-6)


# ------------------------------------------------------------------------------- backup


def test_backup_asks_for_power_and_energy():
    """50 kW over two hours: 50 kW and 100 kWh, at prices at which nothing else pays."""
    site = battery_site(
        {"energy_kwh": WIDE, "power_kw": WIDE},
        {"capex_per_kwh": 1000.0, "capex_per_kw": 500.0},
        backup={"ride_through_h": 2.0, "critical_kw": 50.0},
    )
    result = sized(site)
    assert [built_.value for built_ in result.sizes] == pytest.approx([100.0, 50.0], rel=1e-6)
