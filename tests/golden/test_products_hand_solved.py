"""Products of the market for flexibility, worked out on paper.

Unless said otherwise: a battery of 1000 kWh and 500 kW without losses, its whole window usable, at a flat price of
0.5 per kWh, so that energy costs the same whenever it is bought and only products earn; a load of 1000 kW.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import storage_opt
from storage_opt.schedule import GRID, Flow, FlowKind
from tests.support.product_sites import battery, described, site_of

EVENING = [{"hours": ["18:00-22:00"]}]
EVENT = {"start": "2025-01-03T18:00:00", "end": "2025-01-03T20:00:00"}


def flat(days: int = 1, load_kw: Any = 1000.0, price: Any = 0.5, **parts: Any) -> dict[str, Any]:
    """The site of this page."""
    tariff = {"t": {"energy": [{"price_per_kwh": price}]}}
    site = described(days=days, load={"dc": {"power_kw": load_kw}}, tariff=tariff)
    return site | {"battery": {"bess": battery()}} | parts


def saved(site: dict[str, Any]) -> float:
    result = storage_opt.optimize(site_of(site))
    assert result.certificate.certified, result.notes
    return float(result.savings)


def held(**terms: Any) -> dict[str, Any]:
    return {"regulation": {"p": {"direction": "up", "duration_h": 2.0} | terms}}


def response(**terms: Any) -> dict[str, Any]:
    return {"response": {"dr": {"events": [EVENT], "price_per_kwh": 2.0} | terms}}


# ------------------------------------------------------------------------------- power held


def test_bid_for_a_day():
    # 2 h x r <= 1000 kWh, r <= 500 kW: 500 kW x 0.3 per kW and day
    site = flat(**held(price_held_per_kw_day=0.3, window=EVENING))
    result = storage_opt.optimize(site_of(site))
    assert result.savings == pytest.approx(150.0, rel=1e-6)
    up = result.schedule[Flow("p.bess", FlowKind.UP_KW)]
    assert up == pytest.approx(np.r_[np.zeros(18), np.full(4, 500.0), np.zeros(2)], abs=1e-3)


def test_energy_limits_what_long_calls_can_hold():
    # 4 h x r <= 1000 kWh: 250 kW x 0.3
    assert saved(flat(**held(duration_h=4.0, price_held_per_kw_day=0.3, window=EVENING))) == pytest.approx(75.0)


def test_prices_by_day_and_hour_over_two_windows():
    # 500 kW x (0.3 a day + 4 h x 0.01)
    windows = [{"hours": ["08:00-10:00"]}, {"hours": ["18:00-20:00"]}]
    terms = held(price_held_per_kw_day=0.3, price_held_per_kwh=0.01, window=windows)
    site = flat(**terms)
    assert saved(site) == pytest.approx(500.0 * (0.3 + 0.04), rel=1e-6)
    result = storage_opt.optimize(site_of(site))
    (entry,) = [e for e in result.ledger.entries if e.line.name == "p.held"]
    # 500 kW for 4 hours, 0.3 / 4 h + 0.01 each
    assert entry.quantity == pytest.approx(2000.0, rel=1e-6)
    assert entry.amount == pytest.approx(-2000.0 * (0.3 / 4 + 0.01), rel=1e-6)


def test_bid_for_a_month_is_paid_for_the_days_of_the_horizon():
    # two of the 31 days of January: 500 kW x 6 x 2/31
    terms = held(commitment="month", price_held_per_kw_month=6.0, window=EVENING)
    assert saved(flat(days=2, **terms)) == pytest.approx(500.0 * 6.0 * 2 / 31, rel=1e-6)


def test_symmetric_power_is_paid_once():
    # 250 <= E <= 750 keeps half an hour either way; 500 kW x 24 h x 0.01, up and down paid as one
    terms = {"direction": "symmetric", "duration_h": 0.5, "commitment": "interval", "price_held_per_kwh": 0.01}
    result = storage_opt.optimize(site_of(flat(regulation={"p": terms})))
    assert result.savings == pytest.approx(120.0, rel=1e-6)
    stored = result.schedule[Flow("bess", FlowKind.ENERGY_KWH)]
    assert 250.0 - 1e-2 <= stored.min() <= stored.max() <= 750.0 + 1e-2


def test_called_energy_is_that_of_the_mean():
    # a tenth is called: 0.9 x 2 h x r below, 0.1 x 2 h x r above the plan: 2 r <= 1000 kWh, r = 500 kW;
    # 500 x (0.3 a day + 0.1 x 4 h x 0.6); energy is given back at the flat price
    terms = held(price_held_per_kw_day=0.3, price_called_per_kwh=0.6, call_probability_frac=0.1, window=EVENING)
    assert saved(flat(**terms)) == pytest.approx(500.0 * (0.3 + 0.24), rel=1e-6)


def test_after_a_call_the_next_one_finds_the_energy_of_the_plan():
    # 500 kW for an hour from 18:00 take 500 kWh of 1,000, 500 kW for two hours from 19:00 take all: 0.2 and 0.3 for
    # each kW, because they are never called together and the first call is made good before the next
    first = {"direction": "up", "duration_h": 1.0, "price_held_per_kw_day": 0.2, "window": [{"hours": ["18:00-19:00"]}]}
    second = {
        "direction": "up",
        "duration_h": 2.0,
        "price_held_per_kw_day": 0.3,
        "window": [{"hours": ["19:00-21:00"]}],
    }
    site = flat(price=[0.5] * 24, regulation={"first": first, "second": second})
    assert saved(site) == pytest.approx(500.0 * 0.2 + 500.0 * 0.3, rel=1e-6)


def test_what_a_short_call_took_stays_behind_while_a_longer_one_goes_on():
    # called together at 18:00: an hour of r and two of s take r + 2 s of 1,000 kWh, at 0.4 and 0.5 for each kW; r = 500
    # leaves s = 250: 200 + 125, more than s = 500 alone, 250
    short = {"direction": "up", "duration_h": 1.0, "price_held_per_kw_day": 0.4, "window": [{"hours": ["18:00-19:00"]}]}
    long = {"direction": "up", "duration_h": 2.0, "price_held_per_kw_day": 0.5, "window": [{"hours": ["18:00-20:00"]}]}
    site = flat(price=[0.5] * 24, regulation={"short": short | {"max_kw": 500.0}, "long": long})
    assert saved(site) == pytest.approx(500.0 * 0.4 + 250.0 * 0.5, rel=1e-6)


# ------------------------------------------------------------------------------- load that may be dropped


def test_load_is_dropped_where_energy_costs_more():
    # 200 kW x 2 h x (1.2 - 0.8)
    load = {"dc": {"power_kw": 1000.0, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 0.8}}
    price = [0.3] * 18 + [1.2] * 2 + [0.3] * 4
    assert saved(flat(price=price) | {"load": load, "battery": {}}) == pytest.approx(160.0, rel=1e-6)


def test_calls_of_load_cost_what_dropping_costs():
    # 200 kW held for 2 h at 0.1 = 40; a quarter of 400 kWh is called for 1.0 = 100, is dropped for 0.8 = 80 and not
    # bought for 0.5 = 50
    load = {"dc": {"power_kw": 1000.0, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 0.8}}
    terms = {"duration_h": 1.0, "commitment": "interval", "price_held_per_kwh": 0.1, "price_called_per_kwh": 1.0}
    site = flat(**held(**terms, call_probability_frac=0.25, window=[{"hours": ["18:00-20:00"]}]))
    result = storage_opt.optimize(site_of(site | {"load": load, "battery": {}}))
    assert result.savings == pytest.approx(40.0 + 100.0 - 80.0 + 50.0, rel=1e-6)
    assert result.schedule[Flow("dc", FlowKind.DROPPED_KW)][18:20] == pytest.approx(50.0, rel=1e-5)


# ------------------------------------------------------------------------------- response


def _three_days(first: float, second: float, third: float) -> np.ndarray:
    """1000 kW, and these from 18:00 to 20:00."""
    load = np.full(72, 1000.0)
    for day, value in enumerate((first, second, third)):
        load[24 * day + 18 : 24 * day + 20] = value
    return load


@pytest.mark.parametrize(("like_days", "expected"), [(2, 2000.0), (1, 2400.0)])
def test_response_against_like_days(like_days, expected):
    # the mean of 900 and 1100 kW is the 1000 kW of the event day: 500 kW x 2 h x 2.0; against the last day alone the
    # load is 100 kW below its baseline, which counts as well
    site = flat(days=3, load_kw=_three_days(900.0, 1100.0, 1000.0), **response(baseline={"like_days": like_days}))
    assert saved(site) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("most_frac", "kw"), [(0.2, 600.0), (0.05, 550.0), (0.0, 500.0)])
def test_response_with_the_baseline_scaled_by_the_same_day(most_frac, kw):
    # from 14:00 to 16:00 the event day shows 1100 kW where like days show 1000: the baseline of 1000 rises by 10 %
    load = np.full(72, 1000.0)
    load[48 + 14 : 48 + 16] = 1100.0
    site = flat(days=3, load_kw=load, **response(baseline={"adjustment_max_frac": most_frac}))
    assert saved(site) == pytest.approx(kw * 2 * 2.0, rel=1e-6)


def test_filling_a_valley():
    # 500 kW x 2 h x 0.3 for charging
    event = {"start": "2025-01-03T12:00:00", "end": "2025-01-03T14:00:00"}
    terms = response(direction="fill", events=[event], price_per_kwh=0.3)
    assert saved(flat(days=3, **terms)) == pytest.approx(300.0, rel=1e-6)


def test_promised_power_caps_what_is_paid():
    # 300 kW x 2 h x 2.0, although the battery could give 500 kW
    assert saved(flat(days=3, **response(committed_kw=300.0))) == pytest.approx(1200.0, rel=1e-6)


def test_power_is_sold_to_regulation_or_to_response_and_missing_response_is_paid_for():
    # each kW of 18:00 to 20:00 earns 10 when held, or 2 h x 2.0 as response and spares 2 h x 0.5 of penalty: all 500 kW
    # are held, and 500 kW x 2 h x 0.5 is the penalty of the promise
    regulation = held(price_held_per_kw_day=10.0, window=[{"hours": ["18:00-20:00"], "days": ["weekday"]}])
    dr = response(committed_kw=500.0, underdelivery_price_per_kwh=0.5)
    # 1 and 2 January have no event: 500 kW x 10 each
    assert saved(flat(days=3, **regulation, **dr)) == pytest.approx(3 * 5000.0 - 500.0, rel=1e-6)


@pytest.mark.parametrize(("block_kw", "expected"), [(150.0, 60.0), (250.0, 0.0)])
def test_a_block_is_taken_only_if_it_earns(block_kw, expected):
    # 50 kW of a small battery earn 2 h x 2.0 = 200; each kW of load dropped besides costs
    # 2 h x (3.2 - 0.5 - 2.0) = 1.4: 200 - 100 x 1.4 = 60 for a block of 150 kW, 200 - 200 x 1.4 = -80 for one of 250 kW
    load = {"dc": {"power_kw": 1000.0, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 3.2}}
    site = flat(days=3, **response(min_block_kw=block_kw))
    site |= {"load": load, "battery": {"bess": battery(100.0, 100.0)}}
    assert saved(site) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("most", "expected"), [(None, 4000.0), (1, 2000.0), (0, 0.0)])
def test_events_of_a_month_are_counted(most, expected):
    # Thursday and Friday have like days before them: 500 kW x 2 h x 2.0 each
    terms = {"window": [{"hours": ["18:00-20:00"], "days": ["weekday"]}], "price_per_kwh": 2.0}
    if most is not None:
        terms["max_events_per_month"] = most
    assert saved(flat(days=4, response={"dr": terms})) == pytest.approx(expected, abs=1e-2)


def test_whole_decisions_against_enumeration():
    """Two of four events, in blocks, with losses and prices by the hour: every choice solved by linprog."""
    days, steps, block, most_events = 5, 120, 180.0, 2
    price = np.tile([0.3] * 8 + [1.0] * 4 + [0.6] * 6 + [1.0] * 4 + [0.3] * 2, days)
    load = 600.0 + 100.0 * np.sin(np.arange(steps))
    spec = battery(700.0, 200.0, charge_efficiency=0.9, discharge_efficiency=0.9)
    terms = {"window": [{"hours": ["12:00-15:00"]}], "price_per_kwh": 0.9, "min_block_kw": block}
    baseline = {"fixed_kw": load}
    dr = {"dr": terms | {"max_events_per_month": most_events, "baseline": baseline}}
    site = flat(days=days, load_kw=load, price=price, response=dr)
    result = storage_opt.optimize(site_of(site | {"battery": {"bess": spec}}))
    assert result.certificate.certified

    events = [np.arange(24 * day + 12, 24 * day + 15) for day in range(days)]
    costs = [
        _enumerated(price, load, np.concatenate([[], *chosen]).astype(int), block)
        for count in range(most_events + 1)
        for chosen in combinations(events, count)
    ]
    total = sum(entry.amount for entry in result.ledger.entries)
    assert min(costs) < costs[0] - 1.0, "some event is worth joining"
    assert total == pytest.approx(min(costs), rel=1e-6)


def _enumerated(price: np.ndarray, load: np.ndarray, inside: np.ndarray, block: float) -> float:
    """Least cost with response of at least a block in the intervals `inside` and none elsewhere."""
    steps = price.size
    # charge, discharge, stored energy at the start of each interval, response
    cost = np.concatenate([price, -price, np.zeros(steps), np.zeros(steps)])
    cost[3 * steps + inside] = -0.9
    eye, following = np.eye(steps), np.roll(np.eye(steps), 1, axis=1)
    dynamics = np.hstack([0.9 * eye, -eye / 0.9, eye - following, 0 * eye])
    # response <= baseline - (load + charge - discharge), and no export
    shown = np.hstack([eye, -eye, 0 * eye, eye])[inside]
    no_export = np.hstack([-eye, eye, 0 * eye, 0 * eye])
    sold = np.zeros((steps, 2))
    sold[inside] = [block, 1e6]
    bounds = [(0, 200.0)] * (2 * steps) + [(0, 700.0)] * steps + [tuple(row) for row in sold]
    found = linprog(
        cost,
        A_ub=np.vstack([shown, no_export]),
        b_ub=np.concatenate([np.zeros(inside.size), load]),
        A_eq=dynamics,
        b_eq=np.zeros(steps),
        bounds=bounds,
    )
    return float(found.fun + price @ load) if found.success else np.inf


# ------------------------------------------------------------------------------- payments by rule


def test_a_kwh_is_sold_to_response_or_by_rule():
    # 1000 kWh from 18:00 to 20:00 of each of three days: by rule 0.35 on two days, as response 2.0 on the third
    rule = {"kind": "discharge", "eligible": True, "price_per_kwh": 0.35, "window": [{"hours": ["18:00-20:00"]}]}
    site = flat(days=3, incentive={"i": rule}, **response())
    assert saved(site) == pytest.approx(2 * 350.0 + 2000.0, rel=1e-6)


def test_charging_on_order():
    # 1000 kWh from 02:00 to 04:00
    rule = {"kind": "charge", "eligible": True, "price_per_kwh": 0.05, "window": [{"hours": ["02:00-04:00"]}]}
    assert saved(flat(incentive={"i": rule})) == pytest.approx(50.0, rel=1e-6)


@pytest.mark.parametrize(("net_peak_h", "share"), [(4.0, 0.5), (2.0, 1.0), (1.0, 1.0)])
def test_capacity_counts_by_its_hours(net_peak_h, share):
    # k = min(1, 1000 kWh / 500 kW / T); a day is 1/365 of a year. It is paid whatever the battery does, so it is no
    # saving of the plan
    rule = {"kind": "capacity", "eligible": True, "price_per_kw_year": 330.0, "net_peak_h": net_peak_h}
    result = storage_opt.optimize(site_of(flat(incentive={"i": rule})))
    assert result.savings == pytest.approx(0.0, abs=1e-6)
    for ledger in (result.ledger, result.baseline_ledger):
        (entry,) = [e for e in ledger.entries if e.line.name == "i.capacity"]
        assert entry.quantity == pytest.approx(500.0 * share)
        assert entry.amount == pytest.approx(-330.0 * 500.0 * share / 365, rel=1e-9)


def test_the_grid_carries_what_is_called():
    # a load of 300 kW and no export: no more than 300 kW may be given
    site = flat(load_kw=300.0, **held(price_held_per_kw_day=0.3, window=EVENING))
    result = storage_opt.optimize(site_of(site))
    assert result.schedule[Flow("p.bess", FlowKind.UP_KW)].max() <= (
        result.schedule[Flow(GRID, FlowKind.IMPORT_KW)][18:22].min() + 1e-3
    )
