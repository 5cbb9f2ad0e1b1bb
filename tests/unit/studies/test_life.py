"""Pieces of a project's years: the aged site, what a schedule takes of life, several batteries."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt import LifeSpec, life, optimize
from storage_opt.charges.base import Stream
from storage_opt.studies.aged import Health, aged
from storage_opt.studies.used_life import life_frac
from tests.support.life_sites import LOSSLESS, arbitrage_site, wear
from tests.support.small_sites import small_site

CALENDAR = {"corners": [{"soc_frac": 0.5, "fade_frac_per_year": 0.01}, {"soc_frac": 1.0, "fade_frac_per_year": 0.03}]}


def test_an_aged_battery_holds_less_loses_more_and_costs_what_its_cells_cost():
    site = arbitrage_site(discharge_kw=8.0, max_throughput_kwh_per_year=2000.0)
    old = aged(site, {"bess": Health(0.8, 0.81, 1.1, 0.5)}).spec.battery["bess"]
    assert old.energy_kwh == pytest.approx(8.0)
    assert old.charge_efficiency == pytest.approx(0.9)
    assert old.discharge_efficiency == pytest.approx(0.9)
    assert old.wear.replacement_cost_per_kwh == pytest.approx(10.0 * 0.5 * 1.1 / 0.8)
    assert (old.power_kw, old.discharge_kw, old.max_throughput_kwh_per_year) == (10.0, 8.0, 2000.0)
    assert site.spec.battery["bess"].energy_kwh == 10.0


def test_a_price_for_each_kwh_is_a_mean_over_life_already():
    site = arbitrage_site(wear=None, wear_cost_per_kwh=0.1)
    assert aged(site, {"bess": Health(0.8, 1.0, 1.1, 0.5)}).spec.battery["bess"].wear_cost_per_kwh == 0.05


def test_batteries_that_are_not_named_stay_as_they_are():
    site = arbitrage_site()
    assert aged(site, {}).spec.battery == site.spec.battery


def test_a_battery_without_cells_neither_stores_nor_draws():
    found = optimize(aged(arbitrage_site(auxiliary_kw=0.01), {"bess": Health(energy_frac=0.0)}))
    assert found.certificate.certified
    assert found.savings == pytest.approx(0.0, abs=1e-6)


def test_life_taken_is_what_the_ledger_bills_as_life():
    """With corners at every segment the bill prices Phi itself, so both count the same shares."""
    site = arbitrage_site(wear=wear(calendar=CALENDAR), days=5)
    found, years = optimize(site), site.horizon.years
    billed = sum(entry.quantity for entry in found.ledger.entries if entry.unit == "life")
    taken = life_frac(site.spec.battery["bess"], found.batteries["bess"], LifeSpec(), years) * years
    assert taken == pytest.approx(billed, rel=1e-9)
    assert taken > 5 / 3650


def test_each_battery_has_a_life_of_its_own():
    """Calendar alone: 2 % and 4 % of rated energy a year, of 20 %: replaced after ten and after five years."""

    def bess(rate: float) -> dict[str, object]:
        calendar = {"corners": [{"soc_frac": 1.0, "fade_frac_per_year": rate}]}
        return LOSSLESS | {"energy_kwh": 10.0, "power_kw": 10.0, "wear": wear(cycle_life=None, calendar=calendar)}

    tariff = {"supply": {"energy": [{"price_per_kwh": [0.1] * 12 + [0.5] * 12}]}}
    site = small_site(50.0, battery={"slow": bess(0.02), "fast": bess(0.04)}, tariff=tariff)
    found = life(site, LifeSpec(dispatched_years=(1,)), years=7)
    slow, fast = found.batteries["slow"], found.batteries["fast"]
    assert (slow.end_of_life_year, fast.end_of_life_year) == (None, 5)
    assert slow.energy_kwh == pytest.approx(9.9 - 0.2 * np.arange(7), rel=1e-6)
    assert fast.energy_kwh == pytest.approx([9.8, 9.4, 9.0, 8.6, 8.2, 9.8, 9.4], rel=1e-6)
    assert found.dispatched_years == (1, 5, 6, 7)
    assert found.energy_kwh == pytest.approx(slow.energy_kwh + fast.energy_kwh)
    assert found.savings[Stream.ENERGY] == pytest.approx(365 * 0.4 * found.energy_kwh, rel=1e-5)
    assert found.discharged_kwh == pytest.approx(365 * found.energy_kwh, rel=1e-5)
    assert found.new_cells_kwh == pytest.approx([0, 0, 0, 0, 0, 10, 0])


def test_a_site_without_batteries_is_the_same_every_year():
    found = life(small_site(50.0), LifeSpec(), years=3)
    assert found.converged
    assert found.batteries == {}
    assert found.cash_savings.tolist() == pytest.approx([0.0, 0.0, 0.0])


def test_progress_tells_rounds_and_years():
    told: list[str] = []
    life(arbitrage_site(), LifeSpec(dispatched_years=(1,)), years=3, progress=told.append)
    assert told[:2] == ["year 1: bess 100.0 %", "round 1"]
    assert "year 3: bess 95.0 %" in told
