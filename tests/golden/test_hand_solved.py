"""Cases whose optimum is worked out on paper, the arithmetic in each docstring."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.charges.base import Charge
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import Optimum, solve_program
from storage_opt.model.polish import polished
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from tests.support.kkt import assert_optimal
from tests.support.small_sites import small_site

LOSSLESS = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}


def solved(site: Site) -> tuple[Optimum, Schedule]:
    """Optimum and schedule, the optimality conditions checked on the way."""
    charges: tuple[Charge, ...] = lower_site(site)
    program = compile_program(site, charges)
    optimum = solve_program(program)
    assert_optimal(program, optimum.point)
    return optimum, polished(site, program.flow_values(optimum.point.x))


def cost_of(site: Site) -> float:
    """Optimal cost. [money]"""
    return solved(site)[0].point.optimality.cost


def evening_peak_site(**battery: object) -> Site:
    load = [100.0] * 17 + [200.0] * 4 + [100.0] * 3
    tariff = {"two_part": {"energy": [{"price_per_kwh": 0.10}], "demand": [{"price_per_kw": 35.0}]}}
    parts = {"tariff": tariff, "horizon": {"start": "2025-06-01", "end": "2025-07-01"}}
    if battery:
        parts["battery"] = {"bess": LOSSLESS | battery}
    return small_site(load, **parts)


def test_flat_load_with_an_evening_peak_before_storage() -> None:
    """100 kW, 200 kW for four hours a day, 30 days, 0.10 per kWh, 35 per kW and month.

    Energy: (20 h x 100 kW + 4 h x 200 kW) x 30 = 84,000 kWh, 8,400.  Demand: 200 kW x 35 = 7,000.
    """
    assert cost_of(evening_peak_site()) == pytest.approx(8_400 + 7_000, rel=1e-6)


def test_flat_load_with_an_evening_peak_and_a_lossless_battery() -> None:
    """50 kW and 200 kWh shave the four evening hours by 50 kW, so the peak becomes 150 kW.

    Recharging 200 kWh over the other 20 hours adds 10 kW to 100 kW: no new peak. Energy is unchanged.
    Demand: 150 x 35 = 5,250; energy 8,400.
    """
    optimum, schedule = solved(evening_peak_site(energy_kwh=200.0, power_kw=50.0))
    assert optimum.point.optimality.cost == pytest.approx(8_400 + 5_250, rel=1e-6)
    assert schedule[Flow(GRID, FlowKind.IMPORT_KW)].max() == pytest.approx(150.0, rel=1e-5)


def test_battery_small_in_energy_shaves_by_energy() -> None:
    """100 kWh spread over four hours shave 25 kW, though the converter could do 50: 175 x 35 = 6,125."""
    cost = cost_of(evening_peak_site(energy_kwh=100.0, power_kw=50.0))
    assert cost == pytest.approx(8_400 + 6_125, rel=1e-6)


def test_two_prices_one_cycle_with_losses() -> None:
    """Two hours at 0.2 and 0.8, load 100 kW, battery 50 kW / 50 kWh stored, 0.8 each way, cyclic.

    Charging c in hour one stores 0.8 c and delivers 0.64 c in hour two. The window of 50 kWh allows
    0.8 c <= 50; the converter c <= 50 binds: c = 50, delivered 32.
    Cost: 0.2 x 150 + 0.8 x 68 = 30 + 54.4 = 84.4 instead of 100.
    """
    battery = (
        {"energy_kwh": 50.0, "power_kw": 50.0} | LOSSLESS | {"charge_efficiency": 0.8, "discharge_efficiency": 0.8}
    )
    tou = [
        {"period": "dear", "hours": ["01:00-02:00"], "price_per_kwh": 0.8},
        {"period": "cheap", "price_per_kwh": 0.2},
    ]
    site = small_site(
        100.0,
        battery={"bess": battery},
        tariff={"tou": {"energy": [{"tou": tou}]}},
        horizon={"start": "2025-01-01T00:00:00", "end": "2025-01-01T02:00:00"},
    )
    optimum, schedule = solved(site)
    assert optimum.point.optimality.cost == pytest.approx(84.4, rel=1e-6)
    assert schedule[Flow("bess", FlowKind.DISCHARGE_KW)] == pytest.approx([0.0, 32.0], abs=1e-4)


def test_ratchet_year_pays_the_summer_peak_all_year() -> None:
    """One 1,000 kW hour in July, 400 kW otherwise; ratchet 80 % of the year's highest, 10 per kW and month.

    July is billed 1,000 kW, the other eleven months max(400, 0.8 x 1,000) = 800 kW:
    10 x (1,000 + 11 x 800) = 98,000. Energy is free.

    A lossless battery of 100 kW / 100 kWh cuts the July hour to 900 kW: July 900, others 720,
    10 x (900 + 11 x 720) = 88,200. One kW shaved is worth 10 x (1 + 11 x 0.8) = 98.
    """
    demand = {"price_per_kw": 10.0, "ratchet": {"share_frac": 0.8}}
    tariff = {"ratchet": {"energy": [{"price_per_kwh": 0.0}], "demand": [demand]}}
    horizon = {"start": "2025-01-01", "end": "2026-01-01"}
    load = np.full(8760, 400.0)
    load[24 * (31 + 28 + 31 + 30 + 31 + 30 + 14) + 12] = 1_000.0
    assert cost_of(small_site(load, tariff=tariff, horizon=horizon)) == pytest.approx(98_000, rel=1e-6)
    battery = {"bess": LOSSLESS | {"energy_kwh": 100.0, "power_kw": 100.0}}
    assert cost_of(small_site(load, tariff=tariff, horizon=horizon, battery=battery)) == pytest.approx(88_200, rel=1e-6)


def test_coincident_peak_counts_only_its_hour() -> None:
    """The system peaks at 18:00; the site draws 300 kW then and 500 kW at noon; 50 per kW.

    Without storage 300 x 50 = 15,000. A lossless 100 kW / 100 kWh battery discharges at 18:00 only: 10,000.
    The noon peak is free.
    """
    load = [100.0] * 12 + [500.0] + [100.0] * 5 + [300.0] + [100.0] * 5
    demand = {"price_per_kw": 50.0, "coincident_at": ["2025-01-01T18:00:00"]}
    tariff = {"cp": {"energy": [{"price_per_kwh": 0.0}], "demand": [demand]}}
    assert cost_of(small_site(load, tariff=tariff)) == pytest.approx(15_000, rel=1e-6)
    battery = {"bess": LOSSLESS | {"energy_kwh": 100.0, "power_kw": 100.0}}
    assert cost_of(small_site(load, tariff=tariff, battery=battery)) == pytest.approx(10_000, rel=1e-6)


def test_three_rising_tiers_with_a_plant_that_costs() -> None:
    """48,000 kWh of load in 20 days; tiers 10,000 at 0.1, 20,000 at 0.2, beyond 0.4; own plant at 0.3 per kWh.

    The plant is worth running only against the third tier: it makes 48,000 - 30,000 = 18,000 kWh.
    Cost: 10,000 x 0.1 + 20,000 x 0.2 + 18,000 x 0.3 = 1,000 + 4,000 + 5,400 = 10,400.
    """
    tiers = [
        {"up_to_kwh": 10_000.0, "price_per_kwh": 0.1},
        {"up_to_kwh": 30_000.0, "price_per_kwh": 0.2},
        {"price_per_kwh": 0.4},
    ]
    plant = {"engine": {"capacity_kw": 100.0, "profile": 1.0, "energy_cost_per_kwh": 0.3}}
    site = small_site(100.0, days=20, tariff={"blocks": {"energy": [{"tiers": tiers}]}}, generator=plant)
    optimum, schedule = solved(site)
    assert optimum.point.optimality.cost == pytest.approx(10_400, rel=1e-6)
    assert schedule.energy_kwh(FlowKind.USED_KW) == pytest.approx(18_000, rel=1e-5)


def test_window_across_midnight_charges_before_and_after() -> None:
    """Valley 22:00-02:00 at 0.1, otherwise 0.5; two days, load 100 kW; lossless 50 kW / 200 kWh, cyclic.

    The valley has hours 0, 1 and 22, 23 of each day: 8 in two days. 18 others would each take up to 50 kW, but the
    tank holds 200 kWh: between valley blocks it gives 200 kWh once a day at most, bought at 0.1 and saving 0.5.
    Blocks of cheap hours: day 1 0-2 (100 kWh), 22-2 (200 kWh), day 2 22-24 (100 kWh). Cyclic: the first day's tank
    starts with what the last block leaves: 100 kWh from day 2 plus 100 kWh from hours 0-2 = 200. So 200 kWh are
    shifted each day: cost = 2 x (20 x 100 x 0.5 + 4 x 100 x 0.1) - 400 x 0.4 = 2 x 1,040 - 160 = 1,920.
    """
    tou = [
        {"period": "valley", "hours": ["22:00-02:00"], "price_per_kwh": 0.1},
        {"period": "flat", "price_per_kwh": 0.5},
    ]
    battery = {"bess": LOSSLESS | {"energy_kwh": 200.0, "power_kw": 50.0}}
    site = small_site(100.0, days=2, tariff={"tou": {"energy": [{"tou": tou}]}}, battery=battery)
    assert cost_of(site) == pytest.approx(1_920, rel=1e-6)


def test_top_three_mean_peak() -> None:
    """Four hours stand out: 400, 370, 340, 310 kW over 100 kW; demand is the mean of the three highest, 30 per kW.

    Without storage (400 + 370 + 340) / 3 = 370 kW, 11,100. A lossless 90 kWh battery lowers the three highest as
    long as they stay above the fourth: 90 kWh off their sum gives (1,110 - 90) / 3 = 340 kW, 10,200
    (370, 340, 310 -> for instance 340 each, the fourth at 310 below).
    """
    load = np.full(24, 100.0)
    load[[6, 10, 14, 18]] = [400.0, 370.0, 340.0, 310.0]
    tariff = {"top": {"energy": [{"price_per_kwh": 0.0}], "demand": [{"price_per_kw": 30.0, "top_n": 3}]}}
    assert cost_of(small_site(load, tariff=tariff)) == pytest.approx(11_100, rel=1e-6)
    battery = {"bess": LOSSLESS | {"energy_kwh": 90.0, "power_kw": 90.0, "max_cycles_per_day": 1.0}}
    assert cost_of(small_site(load, tariff=tariff, battery=battery)) == pytest.approx(10_200, rel=1e-6)


def test_minimum_bill_leaves_nothing_to_gain_below_it() -> None:
    """Energy 2,400 kWh at 0.1 = 240 a day, minimum 31 x 10 = 310 for the month, one day of 31 covered: 10.

    240 is above 10, so the minimum does not bind. With a minimum of 31 x 300 the day's share is 300 and binds.
    """
    base = {"energy": [{"price_per_kwh": 0.1}]}
    loose = {"t": base | {"minimum_bill": {"per_period": 310.0}}}
    tight = {"t": base | {"minimum_bill": {"per_period": 9_300.0}}}
    assert cost_of(small_site(100.0, tariff=loose)) == pytest.approx(240, rel=1e-6)
    assert cost_of(small_site(100.0, tariff=tight)) == pytest.approx(300, rel=1e-6)


def test_net_billing_pays_the_credit_only_for_the_surplus() -> None:
    """Load 100 kW all day, PV 500 kW for six hours, export allowed; price 0.5, credit 0.1.

    Import 18 h x 100 = 1,800 kWh; export 6 h x 400 = 2,400 kWh; net export 600 kWh earns 60.
    """
    profile = [0.0] * 9 + [1.0] * 6 + [0.0] * 9
    site = small_site(
        100.0,
        generator={"pv": {"capacity_kw": 500.0, "profile": profile}},
        grid={"export_limit_kw": 1_000.0},
        tariff={"net": {"meter": "net", "energy": [{"net_billing": {"price_per_kwh": 0.5, "credit_per_kwh": 0.1}}]}},
    )
    assert cost_of(site) == pytest.approx(-60, rel=1e-6)
