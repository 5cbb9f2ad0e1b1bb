"""Where the relaxation would burn energy: found, forbidden exactly, and priced."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.charges.base import Charge
from storage_opt.model import exactness
from storage_opt.model.binaries import Exclusive, offending, solve_with_binaries
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.model.polish import polished, simultaneous_kwh
from storage_opt.model.solve import solve_convex
from storage_opt.schedule import FlowKind
from storage_opt.spec.resolved import Site
from tests.support.small_sites import EXPORT, energy_charge, small_site

BATTERY = {
    "energy_kwh": 100.0,
    "power_kw": 100.0,
    "charge_efficiency": 0.8,
    "discharge_efficiency": 0.8,
    "soc_min_frac": 0.0,
    "soc_max_frac": 1.0,
}


def paid_to_draw() -> tuple[Site, tuple[Charge, ...]]:
    """Two hours; the first pays 1.0 for each kWh drawn, the second costs 0.1; no load, no export."""
    horizon = {"start": "2025-01-01T00:00:00", "end": "2025-01-01T02:00:00"}
    site = small_site(
        0.0, battery={"bess": BATTERY | {"initial_soc_frac": 1.0, "final_soc": "cyclic"}}, horizon=horizon
    )
    return site, (energy_charge(site, [-1.0, 0.1]),)


def test_relaxation_burns_and_the_repair_forbids_it() -> None:
    """Full at the start, full at the end, nothing to discharge into.

    The relaxation charges c and discharges d at once with 0.8 c = d / 0.8, drawing c - d = 0.36 c = 36 kW at c = 100:
    it earns 36. Exclusive flows can do nothing in the first hour: the battery is full. The optimum is 0.
    """
    site, charges = paid_to_draw()
    program = compile_program(site, charges)
    relaxed = solve_convex(program.form, program.scaling, program.tie_break).point
    assert relaxed is not None
    assert relaxed.optimality.cost == pytest.approx(-36.0, rel=1e-6)
    assert any(mark.any() for mark in offending(program.opposites, relaxed.x))

    optimum = solve_program(program)
    assert optimum.point.optimality.cost == pytest.approx(0.0, abs=1e-6)
    assert optimum.repair is not None
    assert optimum.repair.cost == pytest.approx(36.0, rel=1e-6)
    assert optimum.relative_gap <= 1e-6
    schedule = polished(site, program.flow_values(optimum.point.x))
    assert simultaneous_kwh(schedule) == 0.0


def test_few_offences_get_few_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days, one negative hour while full: one binary suffices and the cost equals binaries everywhere."""
    price = np.full(240, 0.3)
    price[120] = -5.0
    site = small_site(0.0, days=10, battery={"bess": BATTERY | {"initial_soc_frac": 1.0, "soc_min_frac": 1.0}})
    charges = (energy_charge(site, price),)
    program = compile_program(site, charges)
    few = solve_program(program)
    assert few.repair is not None
    assert not few.repair.everywhere
    assert few.repair.intervals < 5
    monkeypatch.setattr(exactness, "_EVERYWHERE_SHARE", 0.0)
    everywhere = solve_program(compile_program(site, charges))
    assert everywhere.repair is not None
    assert everywhere.repair.everywhere
    assert few.point.optimality.cost == pytest.approx(everywhere.point.optimality.cost, rel=1e-7, abs=1e-6)


def test_circulation_without_gain_needs_no_binary() -> None:
    """Import and export at the same price: circulating is a tie, so it is netted away without a binary."""
    site = small_site(50.0, grid={"export_limit_kw": 500.0}, battery={"bess": BATTERY})
    price = np.linspace(-0.2, 0.4, 24) * np.where(np.arange(24) % 2, 1.0, 0.5)
    charges = (energy_charge(site, price), energy_charge(site, -price, EXPORT, "export"))
    program = compile_program(site, charges)
    optimum = solve_program(program)
    schedule = polished(site, program.flow_values(optimum.point.x))
    both = np.minimum(schedule.total(FlowKind.IMPORT_KW), schedule.total(FlowKind.EXPORT_KW))
    assert both.max() == 0.0


def test_export_dearer_than_import_is_no_money_machine() -> None:
    """Buying at 0.1 while selling own output at 0.3 would earn; one meter shows only the difference.

    100 kW of load, 50 kW of PV: 50 kW are imported, 5 an hour. That a plant smaller than the load has nothing to
    export is a bound by nature, so the relaxation is exact.
    """
    plant = {"pv": {"capacity_kw": 50.0, "profile": 1.0}}
    site = small_site(100.0, grid={"export_limit_kw": 1_000.0}, generator=plant)
    charges = (energy_charge(site, 0.1), energy_charge(site, -0.3, EXPORT, "export"))
    optimum = solve_program(compile_program(site, charges))
    assert optimum.point.optimality.cost == pytest.approx(120.0, rel=1e-6)
    assert optimum.repair is None


def test_export_dearer_than_import_with_a_battery_is_searched_exactly() -> None:
    """A battery may turn the meter round in any hour: the optimum is that of binaries in every hour."""
    plant = {"pv": {"capacity_kw": 80.0, "profile": 1.0}}
    battery = {"bess": BATTERY | {"power_kw": 60.0, "energy_kwh": 120.0}}
    site = small_site(100.0, grid={"export_limit_kw": 1_000.0}, generator=plant, battery=battery)
    price = np.linspace(0.1, 0.2, 24)
    charges = (energy_charge(site, price), energy_charge(site, -0.3, EXPORT, "export"))
    program = compile_program(site, charges)
    optimum = solve_program(program)
    assert optimum.repair is not None
    assert optimum.repair.cost > 1.0
    everywhere = tuple(np.ones(24, dtype=bool) for _ in program.opposites)
    answer = solve_with_binaries(Exclusive(program.form, program.scaling, program.opposites), everywhere)
    assert answer.x is not None
    exact = program.form.objective(program.scaling.primal(answer.x[: program.form.size]))
    assert optimum.point.optimality.cost == pytest.approx(exact, rel=1e-6)
    assert not any(mark.any() for mark in offending(program.opposites, optimum.point.x))
