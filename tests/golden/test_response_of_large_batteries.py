"""Most response of a battery far larger in power than the connection, worked out on paper: its energy decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import storage_opt
from storage_opt.lowering.products.events import event_responses
from storage_opt.schedule import Flow, FlowKind
from tests.support.product_sites import battery, described, site_of

ETA = 0.9
EVENT = {"start": "2025-01-01T18:00:00", "end": "2025-01-01T20:00:00"}


def event_site(direction: str, *, power_kw: float = 20_000.0, load_kw: float = 1000.0, limit_kw: float = 4000.0):
    """A load of 1000 kW, a baseline of as much, 1000 kWh that may be used, two hours, no export."""
    bess = battery(1000.0, power_kw, charge_efficiency=ETA, discharge_efficiency=ETA)
    response: dict[str, Any] = {"direction": direction, "events": [EVENT], "baseline": {"fixed_kw": load_kw}}
    response["price_per_kwh"] = 2.0 if direction == "shave" else 0.4
    site = described(
        load={"dc": {"power_kw": load_kw}},
        grid={"import_limit_kw": limit_kw},
        tariff={"t": {"energy": [{"price_per_kwh": 0.5}]}},
        battery={"bess": bess},
        response={"dr": response},
    )
    return site_of(site)


def most(site) -> float:
    (product,) = event_responses(site)
    (found,) = product.most_by_event_kw
    return float(found)


@pytest.mark.parametrize("power_kw", [450.0, 1000.0, 20_000.0])
def test_shaving_is_limited_by_energy_whatever_the_rating(power_kw):
    """1000 kWh x 0.9 over 2 h are 450 kW, below the load; a rating of 450 kW or more changes nothing of that.

    20,000 kW fall short of their rating by 19,550 kW; taken from the 1000 kW of load that would leave no response.
    """
    assert most(event_site("shave", power_kw=power_kw)) == pytest.approx(450.0)


def test_shaving_is_limited_by_the_rating_where_that_is_less():
    assert most(event_site("shave", power_kw=300.0)) == pytest.approx(300.0)


def test_shaving_ends_with_the_load():
    """450 kW from the battery, but no more than 200 kW of load, and nothing may be exported."""
    assert most(event_site("shave", load_kw=200.0)) == pytest.approx(200.0)


@pytest.mark.parametrize("power_kw", [600.0, 20_000.0])
def test_filling_is_limited_by_energy_whatever_the_rating(power_kw):
    """1000 kWh over 2 h and 0.9 take 555.56 kW, well within the 3000 kW that the connection still allows."""
    assert most(event_site("fill", power_kw=power_kw)) == pytest.approx(1000.0 / 2.0 / ETA)


def test_filling_ends_with_the_connection():
    """1300 kW of connection leave 300 kW."""
    assert most(event_site("fill", limit_kw=1300.0)) == pytest.approx(300.0)


@pytest.mark.parametrize("direction", ["shave", "fill"])
def test_all_of_it_is_sold(direction):
    """2 h x 450 kW at 2.0 beat what the lost energy costs; filling 2 h x 555.56 kW at 0.4 does so as well."""
    site = event_site(direction)
    result = storage_opt.optimize(site)
    assert result.certificate.certified
    delivered = result.schedule[Flow("dr", FlowKind.DELIVERED_KW)]
    expected = np.zeros(24)
    expected[18:20] = most(site)
    assert delivered.sum() == pytest.approx(expected.sum(), rel=1e-4)
    assert np.all(delivered[:18] == pytest.approx(0.0, abs=1e-4))
