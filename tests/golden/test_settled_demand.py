"""Demand charges worked out on paper and settled without a solver."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from storage_opt.ledger.ledger import Ledger
from storage_opt.studies.billing import bill
from tests.support.settled import at_rest, bill_of, entries, load_with
from tests.support.small_sites import small_site

HOURS = 24


def monthly_demand(load: Any, charge: dict[str, Any], start: str, end: str, **parts: Any) -> Ledger:
    return bill_of(load, start, end, {"demand": [charge]}, **parts)


def billed(ledger: Ledger) -> list[float]:
    return [entry.quantity for entry in entries(ledger, "t.demand")]


SUMMER = [100.0] * 6 + [200.0] + [100.0] * 5


def test_ratchet_of_a_repeating_year():
    """100 kW, in July 200 kW; at least 80 % of the year's highest, 10 per kW.

    Eleven months are billed 160 kW, July 200 kW: (11 x 160 + 200) x 10 = 19,600.
    """
    charge = {"price_per_kw": 10.0, "ratchet": {"share_frac": 0.8}}
    ledger = monthly_demand(SUMMER, charge, "2025-01-01", "2026-01-01")
    assert billed(ledger) == pytest.approx([160.0] * 6 + [200.0] + [160.0] * 5)
    assert ledger.total == pytest.approx(19_600.0)


def test_ratchet_of_the_last_three_periods():
    """The same year looking back three months: August to October are billed 160 kW.

    (6 x 100 + 200 + 3 x 160 + 2 x 100) x 10 = 14,800.
    """
    charge = {"price_per_kw": 10.0, "ratchet": {"share_frac": 0.8, "last_periods": 3}}
    assert monthly_demand(SUMMER, charge, "2025-01-01", "2026-01-01").total == pytest.approx(14_800.0)


def test_ratchet_on_chosen_months():
    """Only June to August count: December's 300 kW binds nobody but itself, July's 200 kW binds 160 kW."""
    load = [*SUMMER[:11], 300.0]
    charge = {"price_per_kw": 10.0, "ratchet": {"share_frac": 0.8, "months": [6, 7, 8]}}
    ledger = monthly_demand(load, charge, "2025-01-01", "2026-01-01")
    assert billed(ledger) == pytest.approx([160.0] * 6 + [200.0] + [160.0] * 4 + [300.0])


def test_ratchet_remembers_what_was_before_the_horizon():
    """October 300, November 150, December 120 kW before; 100 kW after; 80 % of the last two periods.

    January looks at 150 and 120: 120 kW. February looks at 120 and January's own 100: 96, so 100 kW. October is gone.
    """
    ratchet = {"share_frac": 0.8, "last_periods": 2, "history_kw": [300.0, 150.0, 120.0]}
    charge = {"price_per_kw": 10.0, "ratchet": ratchet}
    ledger = monthly_demand(100.0, charge, "2025-01-01", "2025-03-01")
    assert billed(ledger) == pytest.approx([120.0, 100.0])


def test_ratchet_knows_the_months_of_its_history():
    """History July 250, August 300, ... December 110 kW; only July counts: 0.8 x 250 = 200 kW in January."""
    ratchet = {"share_frac": 0.8, "months": [7], "history_kw": [250.0, 300.0, 110.0, 110.0, 110.0, 110.0]}
    ledger = monthly_demand(100.0, {"price_per_kw": 10.0, "ratchet": ratchet}, "2025-01-01", "2025-02-01")
    assert billed(ledger) == pytest.approx([200.0])


def test_ratchet_counts_measured_not_billed_demand():
    """400, 100, 100, 10 kW; 80 % of the period before; floor 90 kW.

    February is billed 0.8 x 400 = 320 kW. March looks at the 100 kW that February measured, not at the 320 kW it was
    billed: 100 kW. April's 0.8 x 100 = 80 kW lies below the floor.
    """
    charge = {"price_per_kw": 1.0, "floor_kw": 90.0, "ratchet": {"share_frac": 0.8, "last_periods": 1}}
    ledger = monthly_demand([400.0, 100.0, 100.0] + [10.0] * 9, charge, "2025-01-01", "2025-05-01")
    assert billed(ledger) == pytest.approx([400.0, 320.0, 100.0, 90.0])


def test_coincident_peak():
    """The system peaks on 10 January at 18:00; the site draws 300 kW then and 500 kW at noon: 300 x 50 = 15,000."""
    load = [100.0] * 12 + [500.0] + [100.0] * 5 + [300.0] + [100.0] * 5
    charge = {"price_per_kw": 50.0, "coincident_at": ["2025-01-10T18:00:00"]}
    assert monthly_demand(load, charge, "2025-01-01", "2025-02-01").total == pytest.approx(15_000.0)


def test_coincident_peak_averaged_over_half_an_hour():
    """15 min data, half-hour demand: 300 and 200 kW from 18:00 are 250 kW."""
    load = load_with(100.0, 96, {72: 300.0, 73: 200.0, 74: 900.0})
    charge = {"price_per_kw": 1.0, "averaging_minutes": 30, "coincident_at": ["2025-01-01T18:00:00"]}
    ledger = monthly_demand(load, charge, "2025-01-01", "2025-01-02", step_minutes=15)
    assert billed(ledger) == pytest.approx([250.0])


def test_coincident_peaks_of_another_part_are_left_out():
    """Peaks in January and in February; a bill of February alone looks at February's: 10 kW instead of 20 kW."""
    charge = {"price_per_kw": 1.0, "coincident_at": ["2025-01-10T18:00:00", "2025-02-10T18:00:00"]}
    horizon = {"start": "2025-01-01", "end": "2025-03-01"}
    load = [20.0, 10.0] + [0.0] * 10
    site = small_site(load, horizon=horizon, tariff={"t": {"demand": [charge]}})
    assert billed(bill(site, at_rest(site))) == pytest.approx([20.0, 10.0])
    february = site.between(date(2025, 2, 1), date(2025, 3, 1))
    assert billed(bill(february, at_rest(february))) == pytest.approx([10.0])


def test_mean_of_the_three_highest_hours_and_days():
    """Day 1 has 400 and 370 kW, day 2 has 340, day 3 has 310; 30 per kW.

    Hours: (400 + 370 + 340) / 3 = 370, 11,100.  Daily peaks: (400 + 340 + 310) / 3 = 350, 10,500.
    """
    load = load_with(100.0, 72, {10: 400.0, 12: 370.0, 34: 340.0, 58: 310.0})
    hours = monthly_demand(load, {"price_per_kw": 30.0, "top_n": 3}, "2025-01-01", "2025-01-04")
    assert hours.total == pytest.approx(11_100.0)
    charge = {"price_per_kw": 30.0, "top_n": 3, "top_n_of": "day"}
    assert monthly_demand(load, charge, "2025-01-01", "2025-01-04").total == pytest.approx(10_500.0)


def test_half_hour_demand_of_quarter_hour_data():
    """From 10:00: 100, 300, 200, 150 kW. Half hours of the clock: 200 and 175 kW; a sliding one would see 250."""
    load = load_with(100.0, 96, {41: 300.0, 42: 200.0, 43: 150.0})
    charge = {"price_per_kw": 10.0, "averaging_minutes": 30}
    ledger = monthly_demand(load, charge, "2025-01-01", "2025-01-02", step_minutes=15)
    assert ledger.total == pytest.approx(2_000.0)


def test_the_hour_that_occurs_twice_is_two_demands():
    """Berlin, 26 October 2025, 15 min data: 02:00 summer time draws 100 kW, 02:00 winter time 200 kW: 200, not 150."""
    load = load_with(100.0, 100, dict.fromkeys(range(12, 16), 200.0))
    charge = {"price_per_kw": 1.0, "averaging_minutes": 60}
    horizon = {"zone": "Europe/Berlin"}
    ledger = monthly_demand(load, charge, "2025-10-26", "2025-10-27", step_minutes=15, horizon=horizon)
    assert billed(ledger) == pytest.approx([200.0])


def test_overlapping_demand_windows_add_up():
    """Flat demand 500 kW x 10; weekday 18:00-22:00 demand 300 kW x 20; July's window does not occur in January."""
    load = [100.0] * 12 + [500.0] + [100.0] * 5 + [300.0] + [100.0] * 5
    charges = [
        {"name": "any", "price_per_kw": 10.0},
        {"name": "peak", "price_per_kw": 20.0, "days": ["weekday"], "hours": ["18:00-22:00"]},
        {"name": "summer", "price_per_kw": 99.0, "months": [7], "floor_kw": 1000.0},
    ]
    ledger = bill_of(load, "2025-01-01", "2025-02-01", {"demand": charges})
    assert ledger.by_line() == pytest.approx({"t.any": 5_000.0, "t.peak": 6_000.0})


def test_contract_demand_with_dearer_excess():
    """Contract 1,000 kW at 30, beyond 1,050 kW at 60.  700 kW pay the contract, 30,000.

    1,200 kW pay 1,050 x 30 + 150 x 60 = 31,500 + 9,000 = 40,500.
    """
    tiers = [{"up_to_kw": 1050.0, "price_per_kw": 30.0}, {"price_per_kw": 60.0}]
    load = [700.0, 1200.0] + [0.0] * 10
    ledger = monthly_demand(load, {"tiers": tiers, "floor_kw": 1000.0}, "2025-01-01", "2025-03-01")
    assert ledger.by_period() == pytest.approx({"2025-01": 30_000.0, "2025-02": 40_500.0})


def test_reading_dates_decide_period_and_price():
    """Meter read on 20 December, 20 January, 20 February; bill from 10 January to 20 February; 31 a period.

    19 January's 300 kW belong to the period from December, 10 per kW; 20 January's 250 kW to the next, 20 per kW.
    Fees: 10 of 31 days are 10, then 31.
    """
    load = load_with(100.0, 41 * HOURS, {9 * HOURS + 12: 300.0, 10 * HOURS + 12: 250.0})
    prices = [20.0] + [5.0] * 10 + [10.0]
    tariff = {"demand": [{"price_per_kw": prices}], "fixed": [{"per_period": 31.0}]}
    horizon = {"reading_dates": ["2024-12-20", "2025-01-20", "2025-02-20"]}
    ledger = bill_of(load, "2025-01-10", "2025-02-20", tariff, horizon=horizon)
    demand = {entry.period: entry.amount for entry in entries(ledger, "t.demand")}
    assert demand == pytest.approx({"2024-12-20": 3_000.0, "2025-01-20": 5_000.0})
    assert [entry.amount for entry in entries(ledger, "t.fixed")] == pytest.approx([10.0, 31.0])


def test_carried_peak_of_the_running_period():
    """500 kW were reached before 20 January; January is billed 500 kW although 100 kW are drawn, February 100 kW."""
    charge = {"price_per_kw": 2.0, "carried_kw": 500.0}
    ledger = monthly_demand(100.0, charge, "2025-01-20", "2025-02-10")
    assert billed(ledger) == pytest.approx([500.0, 100.0])


def test_carried_peak_stays_with_its_period():
    """Seen from 1 February, January's carried peak is past: 100 kW are billed."""
    charge = {"price_per_kw": 2.0, "carried_kw": 500.0}
    horizon = {"start": "2025-01-20", "end": "2025-02-10"}
    site = small_site(100.0, horizon=horizon, tariff={"t": {"demand": [charge]}})
    february = site.between(date(2025, 2, 1), date(2025, 2, 10))
    assert billed(bill(february, at_rest(february))) == pytest.approx([100.0])


def test_demand_of_each_day():
    """Peaks 150 and 120 kW on two days at 2 per kW and day: 300 + 240, each entry with its date."""
    load = load_with(100.0, 48, {10: 150.0, 34: 120.0})
    ledger = monthly_demand(load, {"price_per_kw": 2.0, "per": "day"}, "2025-01-31", "2025-02-02")
    found = {(entry.period, entry.band): entry.amount for entry in ledger.entries}
    assert found == pytest.approx({("2025-01", "2025-01-31"): 300.0, ("2025-02", "2025-02-01"): 240.0})


SUMMER_YEAR = "2025-01-01", "2026-01-01"


def test_demand_of_a_year():
    """100 kW, in July 200 kW, at 120 per kW and year: 24,000, billed in December with the year as its band."""
    ledger = monthly_demand(SUMMER, {"price_per_kw": 120.0, "per": "year"}, *SUMMER_YEAR)
    (entry,) = entries(ledger, "t.demand")
    assert (entry.period, entry.band, entry.quantity) == ("2025-12", "2025", 200.0)
    assert entry.amount == pytest.approx(24_000.0)


def test_demand_of_a_year_is_a_full_ratchet_by_twelfths():
    """A twelfth of the price each month on the highest demand of all months is the same money."""
    yearly = monthly_demand(SUMMER, {"price_per_kw": 120.0, "per": "year"}, *SUMMER_YEAR)
    twelfths = monthly_demand(SUMMER, {"price_per_kw": 10.0, "ratchet": {"share_frac": 1.0}}, *SUMMER_YEAR)
    assert yearly.total == pytest.approx(twelfths.total)


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        (None, {("2026-06", "2025"): 300.0}),
        (1, {("2025-12", "2025"): 200.0, ("2026-06", "2026"): 300.0}),
        (4, {("2026-03", "2025"): 300.0, ("2026-06", "2026"): 100.0}),
    ],
)
def test_where_a_year_starts(month, expected):
    """July 2025 to June 2026, 100 kW but for 200 kW in July and 300 kW in February."""
    load = [200.0, *[100.0] * 6, 300.0, *[100.0] * 4]
    charge = {"price_per_kw": 1.0, "per": "year"} | ({} if month is None else {"year_start_month": month})
    horizon = {"start": "2025-07-01", "end": "2026-07-01"}
    by_month = [load[(number - 7) % 12] for number in range(1, 13)]
    ledger = monthly_demand(by_month, charge, horizon["start"], horizon["end"])
    found = {(entry.period, entry.band): entry.quantity for entry in entries(ledger, "t.demand")}
    assert found == pytest.approx(expected)


def test_carried_peak_of_the_running_year():
    """250 kW were reached in the year before July: July's 200 kW win nothing."""
    charge = {"price_per_kw": 1.0, "per": "year", "carried_kw": 250.0}
    horizon = {"start": SUMMER_YEAR[0], "end": SUMMER_YEAR[1]}
    site = small_site(SUMMER, horizon=horizon, tariff={"t": {"demand": [charge]}})
    july = site.between(date(2025, 7, 1), date(2025, 8, 1))
    (entry,) = entries(bill(july, at_rest(july)), "t.demand")
    assert (entry.period, entry.quantity) == ("2025-07", 250.0)


def test_three_highest_days_of_a_year():
    """Peaks of 400, 300 and 200 kW on three days of a year, 100 kW on the others: 300 kW at 10 are 3,000."""
    load = load_with(100.0, 365 * HOURS, {10: 400.0, 11: 390.0, 100 * HOURS: 300.0, 200 * HOURS: 200.0})
    charge = {"price_per_kw": 10.0, "per": "year", "top_n": 3, "top_n_of": "day"}
    assert monthly_demand(load, charge, *SUMMER_YEAR).total == pytest.approx(3_000.0)
