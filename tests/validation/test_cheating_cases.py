"""Every way in which the convex relaxation cheats, against a problem with a binary in every interval for every pair.

The references are written out in tests/support/plain_milp.py, row by row, and share nothing with the package. Each test
shows that the relaxation does cheat, that the answer is exact, and what the prohibition costs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt import optimize
from storage_opt.charges.base import Charge
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.errors import InfeasibleError
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import Optimum, solve_program
from storage_opt.model.polish import polished, simultaneous_kwh
from storage_opt.model.solve import solve_convex
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from tests.support.compute_sites import compute_site
from tests.support.plain_milp import PlainMilp, plain_battery
from tests.support.small_sites import EXPORT, energy_charge, line, small_site, whole_periods

POWER, ENERGY, EFFICIENCY = 60.0, 120.0, 0.9
BATTERY = {
    "power_kw": POWER,
    "energy_kwh": ENERGY,
    "charge_efficiency": EFFICIENCY,
    "discharge_efficiency": EFFICIENCY,
    "soc_min_frac": 0.0,
    "soc_max_frac": 1.0,
}
CHARGE, DISCHARGE = (Metered.of(Flow("bess", kind)) for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW))
LIMIT = 200.0
SPOT = np.array([0.2, 0.1, 0.05, -0.1, -0.2, -0.3, -0.3, 0.1, 0.5, 0.6, 0.3, 0.2] * 2)
SUN = np.maximum(np.sin((np.arange(24) - 6) / 12 * np.pi), 0.0).round(3)


def plain_site(
    load: Any,
    buy: Any,
    sell: Any = 0.0,
    *,
    export_limit: float = LIMIT,
    plant: Any = 0.0,
    least: Any = 0.0,
    plant_cost: Any = 0.0,
    battery_cost: tuple[Any, Any] = (0.0, 0.0),
) -> PlainMilp:
    """A load, a plant, a battery and the grid; at most `LIMIT` is imported."""
    load = np.asarray(load, dtype=float)
    problem = PlainMilp(load.size)
    problem.block("import", 0.0, LIMIT, buy)
    problem.block("export", 0.0, export_limit, -np.asarray(sell))
    problem.block("used", least, plant, plant_cost)
    plain_battery(problem, "bess", POWER, ENERGY, EFFICIENCY, battery_cost)
    problem.exclude("import", LIMIT, "export", max(export_limit, 1.0))
    balance = {"import": 1.0, "used": 1.0, "bess.discharge": 1.0, "bess.charge": -1.0, "export": -1.0}
    problem.rows(balance, load, load)
    return problem


def assert_exact(site: Site, charges: tuple[Charge, ...], reference: PlainMilp, *, cheats: bool = True) -> Optimum:
    """Ours equals the reference, with exclusive flows; the relaxation is cheaper where it cheats."""
    program = compile_program(site, charges)
    relaxed = solve_convex(program.form, program.scaling, program.tie_break).point
    assert relaxed is not None
    optimum = solve_program(program)
    cost = reference.solve()[0]
    assert optimum.point.optimality.cost == pytest.approx(cost, rel=1e-6, abs=1e-7)
    assert optimum.relative_gap <= 1e-6
    assert simultaneous_kwh(polished(site, program.flow_values(optimum.point.x))) == 0.0
    if cheats:
        assert optimum.repair is not None
        assert optimum.repair.cost == pytest.approx(cost - relaxed.optimality.cost, rel=1e-3)
        assert optimum.repair.cost > 1e-3
    return optimum


# ------------------------------------------------------------------------------------- negative prices


def test_negative_import_price_without_export():
    site = small_site(40.0, battery={"bess": BATTERY}, grid={"import_limit_kw": LIMIT})
    reference = plain_site(np.full(24, 40.0), SPOT, export_limit=0.0)
    assert_exact(site, (energy_charge(site, SPOT),), reference)


def test_negative_price_both_ways_with_pv():
    plant = {"pv": {"capacity_kw": 100.0, "profile": SUN}}
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": LIMIT}
    site = small_site(40.0, battery={"bess": BATTERY}, grid=grid, generator=plant)
    charges = (energy_charge(site, SPOT + 0.02), energy_charge(site, -SPOT, EXPORT, "export"))
    assert_exact(site, charges, plain_site(np.full(24, 40.0), SPOT + 0.02, SPOT, plant=100.0 * SUN))


def test_export_price_above_import_price_with_a_battery():
    """The battery turns the meter round; one meter shows only the difference, so both at once never pay."""
    plant = {"pv": {"capacity_kw": 60.0, "profile": SUN}}
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": LIMIT}
    site = small_site(40.0, battery={"bess": BATTERY}, grid=grid, generator=plant)
    buy = np.linspace(0.1, 0.2, 24)
    charges = (energy_charge(site, buy), energy_charge(site, -0.3, EXPORT, "export"))
    assert_exact(site, charges, plain_site(np.full(24, 40.0), buy, 0.3, plant=60.0 * SUN))


# --------------------------------------------------------------------------- export limit, must-take


def test_must_take_plant_behind_an_export_limit():
    """94 kW must be taken in three hours, 50 kW go to load and grid; drawing is paid for before, so room is dear.

    The relaxation takes what it is paid for and burns the rest; exclusive flows must keep the battery empty for it.
    """
    profile = np.where(np.isin(np.arange(24) % 24, [10, 11, 12]), 1.0, 0.0)
    plant = {"pv": {"capacity_kw": 94.0, "profile": profile, "curtailable": False}}
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": 10.0}
    site = small_site(40.0, battery={"bess": BATTERY}, grid=grid, generator=plant)
    buy = np.where(np.arange(24) < 10, -0.1, 0.3)
    charges = (energy_charge(site, buy), energy_charge(site, 0.05, EXPORT, "export"))
    taken = 94.0 * profile
    reference = plain_site(np.full(24, 40.0), buy, -0.05, export_limit=10.0, plant=taken, least=taken)
    assert_exact(site, charges, reference)


# --------------------------------------------------------------------------------------- compensation


def test_compensation_for_charging():
    """0.9 paid for each kWh charged: a converter that only turned energy round would earn it without end."""
    site = small_site(40.0, battery={"bess": BATTERY}, grid={"import_limit_kw": LIMIT})
    pays = np.where(np.arange(24) < 12, -0.9, 0.0)
    charges = (energy_charge(site, 0.3), energy_charge(site, pays, CHARGE, "valley"))
    assert_exact(site, charges, plain_site(np.full(24, 40.0), 0.3, export_limit=0.0, battery_cost=(pays, 0.0)))


def test_compensation_for_discharging():
    """0.35 yuan a kWh discharged, the rate of Inner Mongolia (内蒙古) for independent storage."""
    site = small_site(40.0, battery={"bess": BATTERY}, grid={"import_limit_kw": LIMIT})
    buy = np.where(np.arange(24) % 12 < 4, 0.2, 0.5)
    charges = (energy_charge(site, buy), energy_charge(site, -0.35, DISCHARGE, "compensation"))
    assert_exact(site, charges, plain_site(np.full(24, 40.0), buy, export_limit=0.0, battery_cost=(0.0, -0.35)))


# ------------------------------------------------------------------------------- rules that reward burning


def self_use_site(share: float, *, sold: float) -> Site:
    """A site that must use a share of what is available, with what its battery loses counted as used."""
    return small_site(
        40.0,
        battery={"bess": BATTERY},
        generator={"pv": {"capacity_kw": 95.0, "profile": SUN}},
        grid={"import_limit_kw": LIMIT, "export_limit_kw": LIMIT},
        contract={"self_use_of_available_min_frac": share, "deduct_storage_losses": False},
        tariff={
            "flat": {"energy": [{"price_per_kwh": 0.3}]},
            "feed_in": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": sold}]},
        },
    )


def self_use_reference(share_of_available: float, available: Any, sold: float) -> PlainMilp:
    """Self-use by the meter, use less export, of all that is available."""
    problem = plain_site(np.full(24, 40.0), 0.3, sold, plant=available)
    needed = share_of_available * float(np.sum(available))
    ones = np.ones((1, 24))
    problem.rows({"used": ones, "export": -ones}, needed, np.inf)
    return problem


def test_self_use_floor_that_counts_losses():
    """77 % of what is available must be used on site, and what the battery loses counts as used.

    To burn energy in the converter is one way to keep that rule, and costs as much as to cycle it honestly: the
    relaxation overlaps, the answer does not, at the same cost.
    """
    result = optimize(self_use_site(0.77, sold=0.25))
    assert result.certificate.certified, result.certificate
    assert result.certificate.simultaneous_kwh == 0.0
    assert result.certificate.repair is not None
    cost = self_use_reference(0.77, 95.0 * SUN, 0.25).solve()[0]
    assert result.ledger.total == pytest.approx(cost, rel=1e-6)
    assert result.certificate.repair.cost == pytest.approx(0.0, abs=1e-6)


def test_self_use_floor_that_only_burning_could_keep():
    """At 80 % honest cycles do not suffice: refused with the reason, as the reference finds no schedule either."""
    with pytest.raises(InfeasibleError, match="energy would have to be burnt"):
        optimize(self_use_site(0.8, sold=0.25))
    with pytest.raises(AssertionError, match="infeasible"):
        self_use_reference(0.8, 95.0 * SUN, 0.25).solve()


def contract_site(contract: dict[str, Any], sold: float, capacity: float = 95.0) -> Site:
    """A site with PV, a battery, a flat price and one rule of its contract."""
    return small_site(
        40.0,
        battery={"bess": BATTERY},
        generator={"pv": {"capacity_kw": capacity, "profile": SUN}},
        grid={"import_limit_kw": LIMIT, "export_limit_kw": LIMIT},
        contract=contract,
        tariff={
            "flat": {"energy": [{"price_per_kwh": 0.3}]},
            "feed_in": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": sold}]},
        },
    )


@pytest.mark.parametrize("sold", [0.1, 0.25, 0.29])
def test_daily_evenness_of_import(sold: float):
    """Importing while exporting at noon would lift the lowest import of the day."""
    result = optimize(contract_site({"exchange_peak_valley_max_frac": 0.6}, sold))
    assert result.certificate.certified, result.certificate
    assert result.certificate.repair is not None
    reference = plain_site(np.full(24, 40.0), 0.3, sold, plant=95.0 * SUN)
    reference.block("low", size=1)
    reference.block("high", size=1)
    each = np.ones((24, 1))
    reference.rows({"import": 1.0, "low": -each}, 0.0, np.inf)
    reference.rows({"import": -1.0, "high": each}, 0.0, np.inf)
    reference.rows({"low": 1.0, "high": -0.4}, 0.0, np.inf)
    assert result.ledger.total == pytest.approx(reference.solve()[0], rel=1e-6)


def metered_site(share: float) -> tuple[Site, PlainMilp]:
    """Own energy has to be a share of consumption by the meter, which is import, generation and less export."""
    contract = {
        "self_use_of_consumption_min_frac": share,
        "consumption_basis": "metered",
        "deduct_storage_losses": False,
    }
    reference = plain_site(np.full(24, 40.0), 0.3, 0.28, plant=95.0 * SUN)
    ones = np.ones((1, 24))
    terms = {"used": (1.0 - share) * ones, "export": (share - 1.0) * ones, "import": -share * ones}
    reference.rows(terms, 0.0, np.inf)
    return contract_site(contract, 0.28), reference


@pytest.mark.parametrize("share", [0.5, 0.55])
def test_self_use_of_metered_consumption(share: float):
    """Consumption by the meter grows with what storage loses, and so does what has to be own energy."""
    site, reference = metered_site(share)
    result = optimize(site)
    assert result.certificate.certified, result.certificate
    assert result.ledger.total == pytest.approx(reference.solve()[0], rel=1e-6)


@pytest.mark.parametrize(
    ("share", "reason"), [(0.57, "energy would have to be burnt"), (0.65, "self_use_of_consumption_min_frac")]
)
def test_self_use_of_metered_consumption_that_no_schedule_keeps(share: float, reason: str):
    """At 57 % a schedule that burns own energy in its converter would keep the rule, at 65 % none."""
    site, reference = metered_site(share)
    with pytest.raises(InfeasibleError, match=reason):
        optimize(site)
    with pytest.raises(AssertionError, match="infeasible"):
        reference.solve()


@pytest.mark.parametrize(("share", "fee", "sold"), [(0.9, 0.22, 0.4), (0.9, 0.22, 0.05), (0.8, 0.5, 0.3)])
def test_take_or_pay(share: float, fee: float, sold: float):
    """What is used less what is exported is paid for, and up to a share of what is available it is paid anyway."""
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": LIMIT}
    plant = {"pv": {"capacity_kw": 95.0, "profile": SUN}}
    site = small_site(40.0, battery={"bess": BATTERY}, generator=plant, grid=grid)
    available, groups = 95.0 * SUN, whole_periods(site.horizon)
    taken = Metered.of(Flow("pv", FlowKind.USED_KW)) - EXPORT
    low, nothing = np.array([share * available.sum()]), np.zeros(1)
    missing = DeviationBand(
        line("take_or_pay"), PeriodEnergy(taken, groups), low, nothing + np.inf, nothing + fee, nothing
    )
    charges = (
        energy_charge(site, 0.3),
        energy_charge(site, fee, taken, "plant"),
        missing,
        energy_charge(site, -sold, EXPORT, "export"),
    )
    reference = plain_site(np.full(24, 40.0), 0.3, sold + fee, plant=available, plant_cost=fee)
    reference.block("missing", 0.0, np.inf, fee, size=1)
    ones = np.ones((1, 24))
    reference.rows({"used": ones, "export": -ones, "missing": np.ones((1, 1))}, low, np.inf)
    assert_exact(site, charges, reference, cheats=False)


def test_minimum_bill_that_makes_import_free():
    """Below the minimum nothing more is paid for import, while export still earns: importing to export would pay."""
    tariff = {
        "flat": {"energy": [{"price_per_kwh": 0.3}], "minimum_bill": {"per_period": 31 * 400.0}},
        "feed_in": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.2}]},
    }
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": LIMIT}
    plant = {"pv": {"capacity_kw": 60.0, "profile": SUN}}
    result = optimize(small_site(40.0, battery={"bess": BATTERY}, generator=plant, grid=grid, tariff=tariff))
    assert result.certificate.certified, result.certificate
    reference = plain_site(np.full(24, 40.0), 0.0, 0.2, plant=60.0 * SUN)
    reference.block("bill", 400.0, np.inf, 1.0, size=1)
    reference.rows({"bill": np.ones((1, 1)), "import": np.full((1, 24), -0.3)}, 0.0, np.inf)
    assert result.ledger.total == pytest.approx(reference.solve()[0], rel=1e-6)


# ------------------------------------------------------------------------------------------------ cold


def test_ice_tank_filled_and_melted_at_once():
    """Ice is made at 0.7 of the COP: filling while melting draws power and moves no cold, where power is paid for."""
    price = [0.5] * 9 + [-0.4] * 6 + [0.5] * 9
    tank = {"energy_kwh": 60.0, "charge_kw": 15.0, "discharge_kw": 15.0, "loss_frac_per_h": 0.0, "charge_cop_frac": 0.7}
    cooling = {"cop": 4.0, "tank": tank}
    work = {"serving": {"kind": "inference", "units": 10.0}}
    site = compute_site(work, facility={"cooling": cooling}, tariff={"t": {"energy": [{"price_per_kwh": price}]}})
    result = optimize(site)
    assert result.certificate.certified, result.certificate
    assert result.certificate.repair is not None
    heat, most = 10.0, 25.0
    problem = PlainMilp(24)
    problem.block("chiller", 0.0, most, np.array(price) / 4.0)
    problem.block("fill", 0.0, 15.0, np.array(price) / (4.0 * 0.7))
    problem.block("melt", 0.0, 15.0)
    problem.block("held", 0.0, 60.0)
    change = np.eye(24) - np.roll(np.eye(24), 1, axis=0)
    problem.rows({"held": change, "fill": -1.0, "melt": 1.0}, 0.0, 0.0)
    problem.rows({"chiller": 1.0, "melt": 1.0}, heat, heat)
    problem.exclude("fill", 15.0, "melt", 15.0)
    servers = heat * float(np.sum(price))
    assert result.ledger.total == pytest.approx(problem.solve()[0] + servers, rel=1e-6, abs=1e-7)


# ------------------------------------------------------------------------------------------ any small site


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from([0.0, 15.0, LIMIT]), st.sampled_from([0.0, 0.05, -0.05]))
def test_random_sites_with_negative_prices_equal_binaries_everywhere(seed: int, limit: float, spread: float):
    """Prices from -0.3 to 0.7, export dearer or cheaper than import, PV that may be curtailed."""
    rng = np.random.default_rng(seed)
    buy = rng.uniform(-0.3, 0.7, 24).round(3)
    sell, load, sun = buy - spread, rng.uniform(10.0, 60.0, 24).round(1), rng.uniform(0.0, 1.0, 24).round(3)
    plant = {"pv": {"capacity_kw": 80.0, "profile": sun}}
    grid = {"import_limit_kw": LIMIT, "export_limit_kw": limit}
    site = small_site(load, battery={"bess": BATTERY}, grid=grid, generator=plant)
    charges = (energy_charge(site, buy), energy_charge(site, -sell, EXPORT, "export"))
    assert_exact(site, charges, plain_site(load, buy, sell, export_limit=limit, plant=80.0 * sun), cheats=False)
