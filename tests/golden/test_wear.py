"""Wear by depth and by time, worked out on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt import optimize
from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from tests.golden.test_hand_solved import solved
from tests.support.small_sites import small_site

LOSSLESS = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}
LIFE = {"corners": [{"depth_frac": 0.5, "cycles": 1000}, {"depth_frac": 1.0, "life_frac": 0.004}]}
"""Phi(0.5) = 1/1000, Phi(1) = 4/1000. With 100 for each kWh the upper half costs 100 x 0.001 / 0.5 = 0.20 for each kWh,
the lower half 100 x 0.003 / 0.5 = 0.60."""


def worn_site(price: Any, *, segments: int = 2, load_kw: float = 50.0, **battery: Any) -> Site:
    wear = {"replacement_cost_per_kwh": 100.0, "segments": segments, "cycle_life": LIFE}
    bess = LOSSLESS | {"energy_kwh": 10.0, "power_kw": 10.0, "wear": wear} | battery
    return small_site(load_kw, battery={"bess": bess}, tariff={"supply": {"energy": [{"price_per_kwh": price}]}})


def amounts(site: Site, stored_kwh: list[float]) -> dict[str, float]:
    """Lines of wear for a series of stored energy."""
    stored = np.resize(np.array(stored_kwh), site.horizon.steps)
    nothing = np.zeros(site.horizon.steps)
    charges = [charge for charge in lower_site(site) if charge.line.name.startswith("bess")]
    flows = {Flow("bess", FlowKind.ENERGY_KWH): stored, Flow("bess", FlowKind.DISCHARGE_KW): nothing}
    return settle(Schedule(site.horizon, flows), charges).by_line()


def test_a_cycle_within_a_cycle() -> None:
    """Each four hours 10, 4, 6, 2 kWh of 10: closed at 10 there are cycles of 8 and of 2 kWh, depths 0.8 and 0.2.

    Phi(0.8) = 0.001 + 0.3 / 0.5 x 0.003 = 0.0028;  Phi(0.2) = 0.2 / 0.5 x 0.001 = 0.0004.
    The battery costs 1,000; a day has six of each: 6 x 3.2 = 19.20.
    """
    assert amounts(worn_site(0.1), [10.0, 4.0, 6.0, 2.0]) == {"bess.wear": pytest.approx(19.2, rel=1e-12)}


def test_an_open_battery_pays_for_falls_and_not_for_rises() -> None:
    """From 5 kWh: up to 10 (nothing), down to 0 (depth 1: 0.004), up to 5 (nothing) and still. 1,000 x 0.004 = 4."""
    site = worn_site(0.1, initial_soc_frac=0.5, final_soc={"at_least": 0.0})
    assert amounts(site, [10.0, 0.0, *[5.0] * 22]) == {"bess.wear": pytest.approx(4.0, rel=1e-12)}


def test_calendar_fade_at_two_states_of_charge() -> None:
    """Rate 1 % a year up to half full, 3 % when full, end of life at 20 %, a battery of 1,000.

    Half a day at 2 kWh: 0.01; half a day at 7.5 kWh: 0.02. 1,000 / 0.2 x (12 x 0.01 + 12 x 0.02) / 8,760 = 0.20548.
    """
    calendar = {"corners": [{"soc_frac": 0.5, "fade_frac_per_year": 0.01}, {"soc_frac": 1, "fade_frac_per_year": 0.03}]}
    site = worn_site(0.1, wear={"replacement_cost_per_kwh": 100.0, "calendar": calendar})
    expected = 1000 / 0.2 * (12 * 0.01 + 12 * 0.02) / 8760
    assert amounts(site, [*[2.0] * 12, *[7.5] * 12]) == {"bess.calendar": pytest.approx(expected, rel=1e-12)}


def test_only_the_half_that_pays_is_cycled() -> None:
    """A spread of 0.40 pays for the upper half (0.20), not for the lower (0.60): 5 kWh move.

    Load 50 kW: 12 h x 50 x 0.10 + 12 h x 50 x 0.50 = 360. Saved 5 x 0.40 = 2, worn 5 x 0.20 = 1: the optimum is 359.
    """
    optimum, schedule = solved(worn_site([0.1] * 12 + [0.5] * 12))
    assert optimum.point.optimality.cost == pytest.approx(359.0, rel=1e-7)
    assert schedule.energy_kwh(FlowKind.DISCHARGE_KW) == pytest.approx(5.0, rel=1e-5)


def test_with_one_segment_the_same_spread_pays_for_nothing() -> None:
    """One price for all depths: 100 x 0.004 = 0.40 for each kWh, as much as the spread; at 0.39 nothing moves."""
    _, schedule = solved(worn_site([0.1] * 12 + [0.49] * 12, segments=1))
    assert schedule.energy_kwh(FlowKind.DISCHARGE_KW) == pytest.approx(0.0, abs=1e-4)


def test_two_shallow_cycles_where_one_deep_one_would_not_pay() -> None:
    """Two peaks a day at a spread of 0.40: each takes the upper half once. Saved 2 x 2, worn 2 x 1: 358 of 360."""
    optimum, _ = solved(worn_site(([0.1] * 6 + [0.5] * 6) * 2))
    assert optimum.point.optimality.cost == pytest.approx(358.0, rel=1e-7)


def test_life_of_a_battery_that_takes_one_half_cycle_a_day() -> None:
    """Depth 0.5 each day, 1,000 such cycles: 1,000 days, 1,000 / 365 = 2.74 years."""
    result = optimize(worn_site([0.1] * 12 + [0.5] * 12))
    wear = result.batteries["bess"].wear
    assert result.certificate.certified
    assert wear.cycles_by_depth == (0, 0, 0, 0, 1, 0, 0, 0, 0, 0)
    assert wear.full_cycles == pytest.approx(0.5, rel=1e-5)
    assert wear.cycle_life_frac == pytest.approx(0.001, rel=1e-5)
    assert wear.planned_cost == pytest.approx(1.0, rel=1e-5)
    assert wear.counted_cost == pytest.approx(1.0, rel=1e-5)
    assert wear.relative_difference == pytest.approx(0.0, abs=1e-9)
    assert wear.years_to_end_of_life == pytest.approx(1000 / 365, rel=1e-5)
    assert wear.calendar_life_frac is None
