"""Savings split into value streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.ledger.ledger import settle
from storage_opt.ledger.streams import value_streams
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from tests.support.settled import at_rest
from tests.support.small_sites import small_site

IMPORT, EXPORT, LOAD = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW), Flow("load", FlowKind.LOAD_KW)
CHARGE, DISCHARGE = Flow("bess", FlowKind.CHARGE_KW), Flow("bess", FlowKind.DISCHARGE_KW)
BESS = {"bess": {"energy_kwh": 1000.0, "power_kw": 100.0, "wear_cost_per_kwh": 0.01}}
TWO_PRICES = {"energy": [{"price_per_kwh": [0.2] * 12 + [0.6] * 12}]}


def streams_of(site: Site, plan: Schedule) -> dict[str, float]:
    charges, baseline = lower_site(site), at_rest(site)
    after, before = settle(plan, charges), settle(baseline, charges)
    streams = value_streams(site, charges, plan, baseline, after, before)
    assert sum(streams.values()) == pytest.approx(before.total - after.total, rel=1e-12, abs=1e-9)
    return streams


def changed(schedule: Schedule, **changes: tuple[Flow, Any]) -> Schedule:
    flows = dict(schedule.flows)
    for flow, rise in changes.values():
        flows[flow] = flows[flow] + rise
    return Schedule(schedule.horizon, flows)


def at(hours: dict[int, float]) -> np.ndarray:
    values = np.zeros(24)
    values[list(hours)] = list(hours.values())
    return values


def test_shifting_without_losses_is_all_timing():
    """50 kWh from 0.6 to 0.2: 50 x 0.4 = 20 of arbitrage, and 50 x 0.01 of wear."""
    site = small_site(100.0, battery=BESS, tariff={"t": TWO_PRICES})
    up, down = at({3: 50.0}), at({18: 50.0})
    plan = changed(at_rest(site), a=(CHARGE, up), b=(DISCHARGE, down), c=(IMPORT, up - down))
    expected = {"energy_arbitrage": 20.0, "self_consumption": 0.0, "storage_losses": 0.0, "wear": -0.5}
    assert streams_of(site, plan) == pytest.approx(expected)


def test_losses_are_valued_at_the_mean_price():
    """50 kWh in, 40 kWh out: saved 40 x 0.6 - 50 x 0.2 = 14.  Mean price 0.4: losses -4, timing 18."""
    site = small_site(100.0, battery=BESS, tariff={"t": TWO_PRICES})
    up, down = at({3: 50.0}), at({18: 40.0})
    plan = changed(at_rest(site), a=(CHARGE, up), b=(DISCHARGE, down), c=(IMPORT, up - down))
    streams = streams_of(site, plan)
    assert streams["storage_losses"] == pytest.approx(-4.0)
    assert streams["energy_arbitrage"] == pytest.approx(18.0)


def test_using_more_of_the_own_energy_is_self_consumption():
    """60 kWh of PV that was curtailed is stored and delivered at 18:00: 60 x 0.6 = 36 saved.

    The mean of prices weighted by baseline imports: PV 160 kW serves noon's 100 kW, so (12 x 0.2 + 11 x 0.6) / 23 =
    9 / 23. Self-consumption 60 x 9 / 23, the rest is timing.
    """
    pv = {"pv": {"capacity_kw": 160.0, "profile": [0.0] * 12 + [1.0] + [0.0] * 11}}
    site = small_site(100.0, battery=BESS, generator=pv, tariff={"t": TWO_PRICES})
    up, down = at({12: 60.0}), at({18: 60.0})
    plan = changed(
        at_rest(site),
        a=(CHARGE, up),
        b=(DISCHARGE, down),
        c=(IMPORT, -down),
        d=(Flow("pv", FlowKind.USED_KW), up),
        e=(Flow("pv", FlowKind.CURTAILED_KW), -up),
    )
    streams = streams_of(site, plan)
    assert streams["self_consumption"] == pytest.approx(60 * 9 / 23)
    assert streams["energy_arbitrage"] == pytest.approx(36 - 60 * 9 / 23)
    assert streams["storage_losses"] == pytest.approx(0.0)


def test_netting_tariffs_and_tiers_have_a_stream_of_their_own():
    tariff = {
        "block": {"energy": [{"tiers": [{"up_to_kwh": 1000.0, "price_per_kwh": 0.1}, {"price_per_kwh": 0.2}]}]},
        "net": {"meter": "net", "energy": [{"price_per_kwh": 0.05}]},
    }
    site = small_site(100.0, battery=BESS, tariff=tariff, grid={"export_limit_kw": 100.0})
    plan = changed(at_rest(site), a=(CHARGE, at({3: 20.0})), b=(IMPORT, at({3: 20.0})), c=(EXPORT, at({5: 8.0})))
    streams = streams_of(site, plan)
    assert list(streams) == [
        "energy_arbitrage",
        "self_consumption",
        "storage_losses",
        "block_and_net_energy",
        "export",
        "wear",
    ]
    assert streams["block_and_net_energy"] == pytest.approx(-4.0)
    assert streams["export"] == pytest.approx(0.4)


def test_every_kind_of_line_has_its_stream():
    tariff = {
        "t": TWO_PRICES
        | {
            "demand": [{"price_per_kw": 10.0}],
            "fixed": [{"per_day": 1.0}],
            "minimum_bill": {"per_period": 1.0e6},
        }
    }
    site = small_site(100.0, battery=BESS, tariff=tariff)
    streams = streams_of(site, changed(at_rest(site), a=(DISCHARGE, at({3: 10.0})), b=(IMPORT, at({3: -10.0}))))
    assert {"demand", "fixed", "minimum_bill"} <= set(streams)
    assert streams["minimum_bill"] == pytest.approx(-(streams["energy_arbitrage"] + streams["storage_losses"]))


def test_a_metered_load_that_differs_is_named():
    tariff = {"t": TWO_PRICES, "levy": {"meter": "load", "energy": [{"price_per_kwh": 0.1}]}}
    site = small_site(100.0, tariff=tariff)
    streams = streams_of(site, changed(at_rest(site), a=(LOAD, at({3: -10.0})), b=(IMPORT, at({3: -10.0}))))
    assert streams["load_change"] == pytest.approx(10 * 0.4 + 10 * 0.1)
    assert streams["energy_arbitrage"] == pytest.approx(10 * (0.2 - 0.4))


def test_no_change_saves_nothing():
    site = small_site(100.0, battery=BESS, tariff={"t": TWO_PRICES})
    assert set(streams_of(site, at_rest(site)).values()) == {0.0}
