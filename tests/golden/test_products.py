"""Products on sites without losses, worked out on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import storage_opt
from storage_opt.schedule import Flow, FlowKind
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.stack import value_stack
from tests.support.product_sites import battery, described, site_of

FLAT = {"t": {"energy": [{"price_per_kwh": 0.5}]}}
EVENING = [{"hours": ["17:00-21:00"]}]


def solved(**parts: Any) -> DispatchResult:
    """A day of 1,000 kW under a price of 0.5 with a battery of 1,000 kWh and 500 kW, unless told otherwise."""
    plain: dict[str, Any] = {"battery": {"bess": battery()}, "tariff": FLAT, "load": {"dc": {"power_kw": 1000.0}}}
    result = storage_opt.optimize(site_of(described(**plain | parts)))
    assert result.certificate.certified, result.notes
    return result


def line(result: DispatchResult, name: str) -> float:
    return result.ledger.by_line()[name]


def test_a_bid_for_a_day_is_backed_for_the_whole_call() -> None:
    """1,000 kWh last two hours at 500 kW, which is 0.3 CNY x 500 = 150 CNY a day for two days; four hours halve it."""
    held = {"direction": "up", "price_held_per_kw_day": 0.3, "window": EVENING}
    short = solved(days=2, regulation={"peak": held | {"duration_h": 2.0}})
    long = solved(days=2, regulation={"peak": held | {"duration_h": 4.0}})
    assert line(short, "peak.held") == pytest.approx(-300.0, rel=1e-6)
    assert line(long, "peak.held") == pytest.approx(-150.0, rel=1e-6)
    # 500 kW x 4 h x 2 days are 4,000 kW h at 0.3 / 4 h
    (first, *_) = [entry for entry in short.ledger.entries if entry.line.name == "peak.held"]
    assert [first.quantity, first.rate] == pytest.approx([4000.0, -0.075], rel=1e-6)


def test_power_called_on_average_is_planned_and_paid() -> None:
    """A tenth of 500 kW over four hours is 200 kWh at 0.2 CNY: 40; the room of 500 kW is for the call of everything."""
    held = {
        "direction": "up",
        "duration_h": 0.5,
        "price_called_per_kwh": 0.2,
        "call_probability_frac": 0.1,
        "window": EVENING,
    }
    result = solved(regulation={"peak": held | {"max_kw": 500.0}})
    assert line(result, "peak.called") == pytest.approx(-40.0, rel=1e-6)


def test_symmetric_reserve_is_held_both_ways() -> None:
    """500 kW for one hour each way need 500 kWh stored and 500 kWh free: 500 kW x 24 h x 0.01 = 120."""
    held = {
        "direction": "symmetric",
        "duration_h": 1.0,
        "commitment": "interval",
        "price_held_per_kwh": 0.01,
        "providers": ["bess"],
    }
    result = solved(regulation={"reserve": held})
    assert line(result, "reserve.held") == pytest.approx(-120.0, rel=1e-6)
    up, down = (result.schedule[Flow("reserve.bess", kind)] for kind in (FlowKind.UP_KW, FlowKind.DOWN_KW))
    np.testing.assert_allclose(up, down)


def test_shaving_is_measured_from_a_declared_curve() -> None:
    """From 1,000 kW declared, the battery takes off 500 kW for two hours: 1,000 kWh at 2 CNY."""
    event = {"start": "2025-01-01T18:00:00", "end": "2025-01-01T20:00:00"}
    shave = {"events": [event], "price_per_kwh": 2.0, "baseline": {"fixed_kw": 1000.0}}
    result = solved(response={"dr": shave})
    assert line(result, "dr.response") == pytest.approx(-2000.0, rel=1e-6)
    # charged at another hour at the same price, so nothing else changes
    assert result.savings == pytest.approx(2000.0, rel=1e-6)


def test_the_baseline_of_like_days_is_their_mean() -> None:
    """Thursday to Saturday: Friday looks at Wednesday and Thursday, 1,000 and 1,200 kW: 1,100, and 900 are drawn."""
    load = np.repeat([1000.0, 1200.0, 900.0], 24)
    event = {"start": "2025-01-03T18:00:00", "end": "2025-01-03T19:00:00"}
    shave = {"events": [event], "price_per_kwh": 2.0, "baseline": {"like_days": 2}}
    result = solved(days=3, load={"dc": {"power_kw": load}}, response={"dr": shave})
    assert line(result, "dr.response") == pytest.approx(-2.0 * (1100.0 - 900.0 + 500.0), rel=1e-6)


def test_what_is_promised_and_not_delivered_is_paid_for() -> None:
    """700 kW promised, 500 delivered for two hours: 1,000 kWh x 2 and 700 kW x 1 received, 400 kWh x 3 paid."""
    event = {"start": "2025-01-01T18:00:00", "end": "2025-01-01T20:00:00"}
    shave = {
        "events": [event],
        "price_per_kwh": 2.0,
        "price_per_kw": 1.0,
        "committed_kw": 700.0,
        "underdelivery_price_per_kwh": 3.0,
        "baseline": {"fixed_kw": 1000.0},
    }
    loads = {"dc": {"power_kw": 1000.0, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 100.0}}
    result = solved(load=loads, response={"dr": shave})
    lines = [line(result, f"dr.{part}") for part in ("response", "promise", "underdelivery")]
    assert lines == pytest.approx([-2000.0, -700.0, 1200.0], rel=1e-6)


def test_capacity_counts_by_full_power_hours() -> None:
    """1,000 kWh at 500 kW are two full-power hours of four: 500 kW x 0.5 x 330 CNY x 1/365 of a year."""
    there = {"kind": "capacity", "eligible": True, "price_per_kw_year": 330.0, "net_peak_h": 4.0}
    result = solved(incentive={"there": there})
    assert line(result, "there.capacity") == pytest.approx(-500.0 * 0.5 * 330.0 / 365.0, rel=1e-9)
    # paid whatever the battery does, so it saves nothing against the same site at rest
    assert result.savings == pytest.approx(0.0, abs=1e-6)


def test_load_that_is_dropped_costs_what_it_costs() -> None:
    """Two hours of 200 kW at 0.7 CNY lost, 0.5 not bought, 2 earned: 400 kWh x (2 + 0.5 - 0.7)."""
    event = {"start": "2025-01-01T18:00:00", "end": "2025-01-01T20:00:00"}
    shave = {"events": [event], "price_per_kwh": 2.0, "baseline": {"fixed_kw": 1000.0}}
    load = {"dc": {"power_kw": 1000.0, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 0.7}}
    result = solved(battery={}, load=load, response={"dr": shave})
    assert result.savings == pytest.approx(400.0 * 1.8, rel=1e-6)


def test_the_stack_adds_up() -> None:
    """Two products for the same evening: alone 150 and 200 CNY, together the dearer one takes all that there is."""
    first = {"direction": "up", "duration_h": 2.0, "price_held_per_kw_day": 0.3, "window": EVENING}
    second = first | {"price_held_per_kw_day": 0.4}
    result = solved(regulation={"a": first, "b": second})
    stack = value_stack(result)
    assert [value.alone for value in stack.products] == pytest.approx([150.0, 200.0], rel=1e-6)
    assert stack.together == pytest.approx(200.0, rel=1e-6)
    assert stack.overlap == pytest.approx(150.0, rel=1e-6)
    assert [value.last for value in stack.products] == pytest.approx([0.0, 50.0], rel=1e-6, abs=1e-3)
    assert sum(result.streams.values()) == pytest.approx(result.savings, rel=1e-9)
