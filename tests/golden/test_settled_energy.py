"""Energy charges, fixed charges and minimum bills worked out on paper and settled without a solver."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.studies.billing import bill
from tests.support.settled import at_rest, bill_of, entries
from tests.support.small_sites import small_site

DAY_AND_NIGHT = [
    {"period": "night", "hours": ["22:00-06:00"], "price_per_kwh": 0.10},
    {"period": "day", "price_per_kwh": 0.30},
]


def test_flat_load_with_four_hours_of_double_power():
    """100 kW for 20 h and 200 kW for 4 h a day, April (30 days), 0.10 per kWh, 35 per kW and month.

    Energy (20 x 100 + 4 x 200) kWh x 30 = 84,000 kWh x 0.10 = 8,400.  Demand 200 kW x 35 = 7,000.
    """
    load = [100.0] * 17 + [200.0] * 4 + [100.0] * 3
    tariff = {"energy": [{"price_per_kwh": 0.10}], "demand": [{"price_per_kw": 35.0}]}
    ledger = bill_of(load, "2025-04-01", "2025-05-01", tariff)
    assert ledger.by_line() == pytest.approx({"t.energy": 8_400.0, "t.demand": 7_000.0})
    (energy,) = entries(ledger, "t.energy")
    assert (energy.period, energy.quantity, energy.unit, energy.rate) == pytest.approx(("2025-04", 84_000, "kWh", 0.1))


def test_window_across_midnight_and_the_days_it_belongs_to():
    """Friday 3 and Saturday 4 January 2025, 10 kW; weekday nights 22:00-06:00 at 0.1, all else at 0.3.

    Friday 00:00-06:00 and 22:00-24:00 are a weekday's night: 8 h. The hours after midnight belong to Saturday, so
    its 00:00-06:00 is dear. Night 80 kWh x 0.1 = 8, rest (16 + 24) h x 10 x 0.3 = 120.
    """
    rules = [DAY_AND_NIGHT[0] | {"days": ["weekday"]}, DAY_AND_NIGHT[1]]
    ledger = bill_of(10.0, "2025-01-03", "2025-01-05", {"energy": [{"tou": rules}]})
    amounts = {entry.band: (entry.quantity, entry.amount) for entry in entries(ledger, "t.energy")}
    assert amounts["night"] == pytest.approx((80.0, 8.0))
    assert amounts["day"] == pytest.approx((400.0, 120.0))


@pytest.mark.parametrize(("day", "night_kwh"), [("2025-03-30", 700.0), ("2025-10-26", 900.0), ("2025-05-04", 800.0)])
def test_night_window_on_the_days_the_clock_changes(day, night_kwh):
    """Berlin, 100 kW, night 22:00-06:00 at 0.10, day at 0.30: 16 day hours always, 1,600 kWh x 0.30 = 480.

    30 March loses the hour 02:00 (night 5 + 2 = 7 h), 26 October has it twice (7 + 2 = 9 h), 4 May has 6 + 2 = 8 h.
    """
    following = str(np.datetime64(day) + 1)
    horizon = {"zone": "Europe/Berlin"}
    ledger = bill_of(100.0, day, following, {"energy": [{"tou": DAY_AND_NIGHT}]}, horizon=horizon)
    amounts = {entry.band: entry.amount for entry in ledger.entries}
    assert amounts == pytest.approx({"night": night_kwh * 0.10, "day": 480.0})


def test_holiday_weekend_and_worked_sunday():
    """27 September to 1 October 2025, 10 kW (240 kWh a day): Saturday, worked Sunday, Monday, Tuesday, holiday.

    September: 240 x 0.3 + 3 x 240 x 0.5 = 72 + 360.  October: 240 x 0.2 = 48.
    """
    rules = [
        {"period": "work", "days": ["weekday"], "price_per_kwh": 0.5},
        {"period": "rest", "days": ["weekend"], "price_per_kwh": 0.3},
        {"period": "feast", "days": ["holiday"], "price_per_kwh": 0.2},
    ]
    horizon = {"zone": "Asia/Shanghai", "holidays": ["2025-10-01"], "workdays": ["2025-09-28"]}
    ledger = bill_of(10.0, "2025-09-27", "2025-10-02", {"energy": [{"tou": rules}]}, horizon=horizon)
    amounts = {(entry.period, entry.band): entry.amount for entry in ledger.entries}
    expected = {("2025-09", "work"): 360.0, ("2025-09", "rest"): 72.0, ("2025-10", "feast"): 48.0}
    assert amounts == pytest.approx(expected)


def test_seasons_share_a_band():
    """Peak 18:00-20:00 costs 1.0 in January and 0.6 in February; 10 kW on 31 January and 1 February: 20 and 12."""
    rules = [
        {"period": "peak", "months": [1], "hours": ["18:00-20:00"], "price_per_kwh": 1.0},
        {"period": "peak", "months": [2], "hours": ["18:00-20:00"], "price_per_kwh": 0.6},
        {"period": "flat", "price_per_kwh": 0.0},
    ]
    ledger = bill_of(10.0, "2025-01-31", "2025-02-02", {"energy": [{"tou": rules}]})
    peaks = {e.period: (e.quantity, e.rate, e.amount) for e in ledger.entries if e.band == "peak"}
    assert peaks["2025-01"] == pytest.approx((20.0, 1.0, 20.0))
    assert peaks["2025-02"] == pytest.approx((20.0, 0.6, 12.0))


def test_three_rising_tiers():
    """5 kW in April is 3,600 kWh: 1,000 at 0.1 + 2,000 at 0.2 + 600 at 0.4 = 100 + 400 + 240 = 740."""
    tiers = [
        {"up_to_kwh": 1000.0, "price_per_kwh": 0.1},
        {"up_to_kwh": 3000.0, "price_per_kwh": 0.2},
        {"price_per_kwh": 0.4},
    ]
    ledger = bill_of(5.0, "2025-04-01", "2025-05-01", {"energy": [{"tiers": tiers}]})
    assert [entry.quantity for entry in ledger.entries] == pytest.approx([1000.0, 2000.0, 600.0])
    assert ledger.total == pytest.approx(740.0)


def test_net_billing_over_each_billing_period():
    """Load 10 kW on 31 January and 1 February; PV in February only, 50 kW from 06:00 to 18:00; price 0.5, credit 0.2.

    January: 240 kWh x 0.5 = 120.  February: 12 h x 10 imported, 12 h x 40 exported, net -360 kWh x 0.2 = -72.
    """
    pv = {"capacity_kw": 50.0, "profile": [[0.0] * 24, [0.0] * 6 + [1.0] * 12 + [0.0] * 6] + [[0.0] * 24] * 10}
    tariff = {"meter": "net", "energy": [{"net_billing": {"price_per_kwh": 0.5, "credit_per_kwh": 0.2}}]}
    parts = {"generator": {"pv": pv}, "grid": {"export_limit_kw": 1000.0}}
    ledger = bill_of(10.0, "2025-01-31", "2025-02-02", tariff, **parts)
    assert ledger.by_period() == pytest.approx({"2025-01": 120.0, "2025-02": -72.0})


def test_minimum_bill_of_half_a_month():
    """10 kW for 15 of April's 30 days; 0.1 per kWh, 20 per kW, 100 a month; at least 3,000 a month, so 1,500 here.

    Energy 3,600 kWh x 0.1 = 360, demand 200 (never shared), fee 50: 610. Top-up 1,500 - 610 = 890.
    """
    tariff = {
        "energy": [{"price_per_kwh": 0.1}],
        "demand": [{"price_per_kw": 20.0}],
        "fixed": [{"per_period": 100.0}],
        "minimum_bill": {"per_period": 3000.0},
    }
    ledger = bill_of(10.0, "2025-04-01", "2025-04-16", tariff)
    expected = {"t.energy": 360.0, "t.demand": 200.0, "t.fixed": 50.0, "t.minimum_bill": 890.0}
    assert ledger.by_line() == pytest.approx(expected)
    tariff["minimum_bill"] = {"per_period": 1200.0}
    assert bill_of(10.0, "2025-04-01", "2025-04-16", tariff).total == pytest.approx(610.0)


def test_fees_by_period_day_and_capacity():
    """Ten days of June (30): 300 a month x 1/3 = 100; 2 a day x 10 = 20; 24 per kVA x 500 kVA x 1/3 = 4,000."""
    fees = [
        {"name": "basic", "per_period": 300.0, "per_day": 2.0},
        {"name": "capacity", "price_per_kva": 24.0, "capacity_kva": 500.0},
    ]
    ledger = bill_of(10.0, "2025-06-11", "2025-06-21", {"fixed": fees})
    expected = {"t.basic_per_period": 100.0, "t.basic_per_day": 20.0, "t.capacity": 4_000.0}
    assert ledger.by_line() == pytest.approx(expected)
    assert [entry.unit for entry in ledger.entries] == ["period", "day", "kVA"]


def test_two_tariffs_meter_two_flows():
    """PV 30 kW from 12:00 to 14:00 over a load of 10 kW: 22 h x 10 kW at 0.5 paid, 2 h x 20 kW at 0.3 received.

    A levy of 0.02 on all 240 kWh of load comes on top. 110 - 12 + 4.8 = 102.8, and what parties get sums to zero.
    """
    site = small_site(
        10.0,
        generator={"pv": {"capacity_kw": 30.0, "profile": [0.0] * 12 + [1.0] * 2 + [0.0] * 10}},
        grid={"export_limit_kw": 50.0},
        tariff={
            "supply": {"energy": [{"price_per_kwh": 0.5}]},
            "sale": {"meter": "export", "paid_to_site": True, "payee": "trader", "energy": [{"price_per_kwh": 0.3}]},
            "levy": {"meter": "load", "payee": "state", "energy": [{"price_per_kwh": 0.02}]},
        },
    )
    ledger = bill(site, at_rest(site))
    parties = {"grid company": 110.0, "trader": -12.0, "state": 4.8, "site": -102.8}
    assert ledger.by_party() == pytest.approx(parties)


def test_costs_of_assets_are_lines():
    """10 kWh of PV used at 0.2, 20 kWh curtailed at 0.05 and no wear at rest: 2 + 1 + 0."""
    site = small_site(
        10.0,
        generator={
            "pv": {
                "capacity_kw": 30.0,
                "profile": [0.0] * 12 + [1.0] + [0.0] * 11,
                "energy_cost_per_kwh": 0.2,
                "curtailment_cost_per_kwh": 0.05,
                "payee": "solar company",
            }
        },
        battery={"bess": {"energy_kwh": 10.0, "power_kw": 5.0, "wear_cost_per_kwh": 0.04}},
    )
    ledger = bill(site, at_rest(site))
    assert ledger.by_line() == pytest.approx(
        {"flat.energy": 23.0, "bess.wear": 0.0, "pv.energy": 2.0, "pv.curtailment": 1.0}
    )
    assert ledger.by_party()["solar company"] == pytest.approx(3.0)
