"""What a tariff may not say: each refusal with its key, what is wrong, and one thing to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage_opt.errors import Fault, InputError
from storage_opt.lowering.site import lower_site
from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

HORIZON = {"start": "2025-01-20", "end": "2025-03-01", "zone": "Europe/Berlin"}


def faults_of(tariff: dict[str, Any], **horizon: Any) -> tuple[Fault, ...]:
    site = small_site(100.0, horizon=HORIZON | horizon, tariff={"t": tariff})
    with pytest.raises(InputError) as raised:
        lower_site(site)
    return raised.value.faults


def tou(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"energy": [{"tou": [{"price_per_kwh": 0.1} | rule for rule in rules]}]}


REST = {"period": "rest"}

CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "overlap": (
        tou({"period": "peak", "hours": ["17:00-22:00"]}, {"period": "late", "hours": ["21:00-24:00"]}, REST),
        "tariff.t.energy[0].tou[1]",
        "(peak) and `tou[1]` (late) overlap in 40 intervals, first in month 1 at 21:00 on 2025-01-20 (weekday)",
        "separate",
    ),
    "uncovered": (
        tou(
            {"period": "day", "hours": ["06:00-22:00"]},
            {"period": "night", "months": [1], "hours": ["22:00-06:00"]},
        ),
        "tariff.t.energy[0].tou",
        "no rule covers 224 intervals, first in month 2 at 00:00 on 2025-02-01 (weekend)",
        "add a rule",
    ),
    "two rests": (tou(REST, {"period": "other"}), "tariff.t.energy[0].tou", "both fill", "keep one"),
    "window boundary": (
        tou({"period": "peak", "hours": ["18:30-22:00"]}, REST),
        "tariff.t.energy[0].tou[0].hours",
        "18:30",
        "step_minutes = 30",
    ),
    "credit to the site twice": (
        {
            "meter": "net",
            "paid_to_site": True,
            "energy": [{"net_billing": {"price_per_kwh": 0.3, "credit_per_kwh": 0.1}}],
        },
        "tariff.t.energy[0].net_billing",
        "net billing",
        "paid_to_site",
    ),
    "array of another length": (
        {"energy": [{"price_per_kwh": np.ones(5)}]},
        "tariff.t.energy[0].price_per_kwh",
        "(5,)",
        "one value for each interval",
    ),
    "averaging shorter than a step": (
        {"demand": [{"price_per_kw": 1.0, "averaging_minutes": 15}]},
        "tariff.t.demand[0].averaging_minutes",
        "15 min, must be a multiple of the interval of 60 min",
        "step_minutes = 15",
    ),
    "averaging that does not divide the day": (
        {"demand": [{"price_per_kw": 1.0, "averaging_minutes": 420}]},
        "tariff.t.demand[0].averaging_minutes",
        "does not divide a day",
        "15, 30 or 60",
    ),
    "window that cuts a block": (
        {"demand": [{"price_per_kw": 1.0, "averaging_minutes": 120, "hours": ["17:00-22:00"]}]},
        "tariff.t.demand[0].averaging_minutes",
        "inside an averaging block, first at 2025-01-20 17:00",
        "move the window",
    ),
    "system peak outside the horizon": (
        {"demand": [{"price_per_kw": 1.0, "coincident_at": ["2025-01-20T18:00:00", "2025-03-01T00:00:00"]}]},
        "tariff.t.demand[0].coincident_at[1]",
        "outside the horizon",
        "leave it out",
    ),
    "system peak inside an interval": (
        {"demand": [{"price_per_kw": 1.0, "coincident_at": ["2025-01-20T18:15:00"]}]},
        "tariff.t.demand[0].coincident_at[0]",
        "not the start of an interval",
        "start of the interval",
    ),
    "system peak inside a block": (
        {"demand": [{"price_per_kw": 1.0, "averaging_minutes": 120, "coincident_at": ["2025-01-20T19:00:00"]}]},
        "tariff.t.demand[0].coincident_at[0]",
        "inside the averaging block of 2025-01-20 18:00",
        "start of the averaging block",
    ),
    "system peak outside the window": (
        {"demand": [{"price_per_kw": 1.0, "hours": ["08:00-12:00"], "coincident_at": ["2025-01-20T18:00:00"]}]},
        "tariff.t.demand[0].coincident_at",
        "outside the charge's own",
        "widen",
    ),
    "ratchet of days": (
        {"demand": [{"price_per_kw": 1.0, "per": "day", "ratchet": {"share_frac": 0.5}}]},
        "tariff.t.demand[0].ratchet",
        "billed each day",
        "billing_period",
    ),
    "ratchet of years": (
        {"demand": [{"price_per_kw": 1.0, "per": "year", "ratchet": {"share_frac": 0.5}}]},
        "tariff.t.demand[0].ratchet",
        "billed each year",
        "billing_period",
    ),
    "monthly prices of a year": (
        {"demand": [{"price_per_kw": [1.0] * 12, "per": "year"}]},
        "tariff.t.demand[0].price_per_kw",
        "12 monthly prices",
        "one price a kW and year",
    ),
    "start of no year": (
        {"demand": [{"price_per_kw": 1.0, "year_start_month": 4}]},
        "tariff.t.demand[0].year_start_month",
        "billed each billing period",
        'per = "year"',
    ),
    "mean of daily peaks within a day": (
        {"demand": [{"price_per_kw": 1.0, "per": "day", "top_n": 3, "top_n_of": "day"}]},
        "tariff.t.demand[0].top_n",
        "3 highest daily peaks",
        "billing_period",
    ),
    "fee without an amount": ({"fixed": [{"name": "fee"}]}, "tariff.t.fixed[0]", "no amount", "give per_period"),
    "price per kVA of nothing": (
        {"fixed": [{"price_per_kva": 24.0}]},
        "tariff.t.fixed[0].capacity_kva",
        "24",
        "give capacity_kva",
    ),
    "capacity without a price": (
        {"fixed": [{"capacity_kva": 500.0}]},
        "tariff.t.fixed[0].price_per_kva",
        "500 kVA",
        "give price_per_kva",
    ),
    "minimum bill named like a charge": (
        {"fixed": [{"name": "least", "per_day": 1.0}], "minimum_bill": {"name": "least", "per_period": 5.0}},
        "tariff.t",
        "`t.least` occurs 2 times",
        "rename",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case):
    tariff, key, what, hint = CASES[case]
    (fault,) = faults_of(tariff)
    assert fault.key == key
    assert what in fault.what
    assert hint in fault.hint


def test_a_moment_that_occurs_twice_needs_its_offset():
    charge = {"price_per_kw": 1.0, "coincident_at": ["2025-10-26T02:00:00"]}
    (fault,) = faults_of({"demand": [charge]}, start="2025-10-20", end="2025-11-01")
    assert "occurs twice" in fault.what
    assert "offset" in fault.hint
    charge["coincident_at"] = ["2025-10-26T02:00:00+01:00"]
    horizon = HORIZON | {"start": "2025-10-20", "end": "2025-11-01"}
    assert lower_site(small_site(100.0, horizon=horizon, tariff={"t": {"demand": [charge]}}))


def test_history_needs_monthly_periods_when_months_are_chosen():
    ratchet = {"share_frac": 0.5, "months": [7], "history_kw": [100.0]}
    (fault,) = faults_of(
        {"demand": [{"price_per_kw": 1.0, "ratchet": ratchet}]},
        start="2025-01-20",
        end="2025-06-01",
        reading_dates=["2025-01-01", "2025-03-01", "2025-06-01"],
    )
    assert fault.key == "tariff.t.demand[0].ratchet.history_kw"
    assert "not one a month" in fault.what


def test_blocks_follow_the_clock_only_if_intervals_do():
    charge = {"price_per_kw": 1.0, "averaging_minutes": 60}
    (fault,) = faults_of({"demand": [charge]}, start="2025-01-20T00:10:00", end="2025-01-21T00:10:00", step_minutes=30)
    assert "starts at 2025-01-20 00:10" in fault.what


def test_all_faults_of_all_tariffs_come_together():
    bad_rules = tou({"period": "a", "hours": ["18:30-22:00"]}, {"period": "b", "hours": ["05:15-06:00"]}, REST)
    tariffs = {
        "one": bad_rules | {"demand": [{"price_per_kw": 1.0, "averaging_minutes": 15}], "fixed": [{"name": "fee"}]},
        "two": {
            "meter": "load",
            "energy": [{"tou": [{"period": "x", "hours": ["00:00-12:00"], "price_per_kwh": 1.0}]}],
        },
    }
    generator = {"pv": {"capacity_kw": 1.0, "profile": 0.5, "curtailment_cost_per_kwh": np.ones(3)}}
    site = small_site(100.0, horizon=HORIZON, tariff=tariffs, generator=generator)
    with pytest.raises(InputError) as raised:
        lower_site(Site(site.spec, site.horizon, source=Path("some") / "site.toml"))
    assert [fault.key for fault in raised.value.faults] == [
        "tariff.one.energy[0].tou[0].hours",
        "tariff.one.energy[0].tou[1].hours",
        "tariff.one.demand[0].averaging_minutes",
        "tariff.one.fixed[0]",
        "tariff.two.energy[0].tou",
        "generator.pv.curtailment_cost_per_kwh",
    ]
    assert {fault.file for fault in raised.value.faults} == {"site.toml"}


def test_lines_carry_names_payees_and_streams():
    tariffs = {
        "buy": {"energy": [{"price_per_kwh": 0.1}], "demand": [{"price_per_kw": 1.0}], "fixed": [{"per_day": 1.0}]},
        "sell": {"meter": "export", "payee": "trader", "paid_to_site": True, "energy": [{"price_per_kwh": 0.1}]},
    }
    site = small_site(100.0, tariff=tariffs)
    lines = [(charge.line.name, charge.line.payee, str(charge.line.stream)) for charge in lower_site(site)]
    assert lines == [
        ("buy.energy", "grid company", "energy"),
        ("buy.demand", "grid company", "demand"),
        ("buy.fixed", "grid company", "fixed"),
        ("sell.energy", "trader", "export"),
    ]


def test_a_window_that_does_not_occur_gives_no_line():
    july = {"price_per_kw": 1.0, "months": [7]}
    assert lower_site(small_site(1.0, tariff={"t": {"demand": [july]}})) == ()
    assert lower_site(
        small_site(1.0, horizon={"start": date(2025, 7, 1), "end": date(2025, 7, 2)}, tariff={"t": {"demand": [july]}})
    )
