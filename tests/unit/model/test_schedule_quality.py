"""Schedules are stable, even and clean; multipliers tell what a limit is worth."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.charges.base import Charge
from storage_opt.errors import InputError
from storage_opt.model.compile import compile_program
from storage_opt.model.duals import limit_worths
from storage_opt.model.optimum import solve_program
from storage_opt.model.polish import polished
from storage_opt.model.standard_form import longest_line
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import optimize
from tests.support.small_sites import EXPORT, energy_charge, peak_charge, small_site

CHARGE, DISCHARGE, ENERGY = (Flow("bess", k) for k in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH))
BATTERY = {"energy_kwh": 400.0, "power_kw": 100.0}


def planned(site: Site, *charges: Charge) -> Schedule:
    program = compile_program(site, charges)
    return polished(site, program.flow_values(solve_program(program).point.x))


def cost(site: Site, *charges: Charge) -> float:
    return solve_program(compile_program(site, charges)).point.optimality.cost


def test_flat_prices_leave_the_battery_at_rest() -> None:
    site = small_site(
        100.0, days=3, battery={"bess": BATTERY | {"charge_efficiency": 1.0, "discharge_efficiency": 1.0}}
    )
    schedule = planned(site, energy_charge(site, 0.3))
    assert not schedule[CHARGE].any()
    assert not schedule[DISCHARGE].any()
    assert schedule[Flow(GRID, FlowKind.IMPORT_KW)] == pytest.approx(100.0)


def test_equal_hours_are_used_evenly() -> None:
    """Six cheap hours and two dear ones: what is stored is spread evenly, not in a random hour at full power."""
    price = np.full(24, 0.5)
    price[:6], price[18:20] = 0.2, 1.0
    site = small_site(100.0, battery={"bess": BATTERY | {"max_cycles_per_day": 0.4}})
    schedule = planned(site, energy_charge(site, price))
    charging = schedule[CHARGE][:6]
    assert charging.sum() > 100.0
    assert np.ptp(charging) <= 1e-2 * charging.mean()
    assert np.ptp(schedule[DISCHARGE][18:20]) <= 1e-2 * schedule[DISCHARGE][18:20].mean()


def test_tie_break_costs_less_than_it_may() -> None:
    """The certified gap of the schedule, tie-break included, stays within 1e-7 of the cost."""
    rng = np.random.default_rng(3)
    site = small_site(rng.uniform(50, 150, 24 * 28), days=28, battery={"bess": BATTERY})
    charges = (energy_charge(site, rng.uniform(0.1, 1.0, 24 * 28)), peak_charge(site, 30.0))
    assert solve_program(compile_program(site, charges)).relative_gap <= 1e-7


def test_no_stray_flows_and_exact_physics() -> None:
    rng = np.random.default_rng(5)
    plant = {"pv": {"capacity_kw": 300.0, "profile": np.clip(rng.normal(0.2, 0.3, 24 * 14), 0, 1)}}
    spec = BATTERY | {"self_discharge_frac_per_h": 0.001, "auxiliary_kw": 0.5}
    site = small_site(
        rng.uniform(50, 150, 24 * 14), days=14, battery={"bess": spec}, generator=plant, grid={"export_limit_kw": 80.0}
    )
    schedule = planned(
        site, energy_charge(site, rng.uniform(0.1, 1.0, 24 * 14)), energy_charge(site, -0.05, EXPORT, "export")
    )
    for flow, values in schedule.items():
        assert not np.any((values > 0) & (values < 1e-5)), flow
        assert np.all(values >= 0)
    c, d, stored = schedule[CHARGE], schedule[DISCHARGE], schedule[ENERGY]
    balance = schedule.total(FlowKind.IMPORT_KW) + schedule.total(FlowKind.USED_KW) + d
    balance = balance - schedule.total(FlowKind.LOAD_KW) - c - schedule.total(FlowKind.EXPORT_KW)
    np.testing.assert_allclose(balance, 0.0, atol=1e-9 * 300)
    following = 0.999 * stored[:-1] + 0.95 * c[1:] - d[1:] / 0.95 - 0.5
    np.testing.assert_allclose(stored[1:], following, atol=1e-6 * 400)


@pytest.mark.parametrize(
    ("rule", "grid", "bump"),
    [
        ("grid.import_limit", {"import_limit_kw": 160.0}, {"import_limit_kw": 161.0}),
        (
            "grid.transformer",
            {"transformer_kva": 160.0, "power_factor": 1.0},
            {"transformer_kva": 161.0, "power_factor": 1.0},
        ),
    ],
)
def test_worth_of_a_limit_equals_the_finite_difference(
    rule: str, grid: dict[str, float], bump: dict[str, float]
) -> None:
    price = np.array([0.1] * 3 + [0.4] * 15 + [0.9] * 3 + [0.4] * 3)
    base = small_site(120.0, grid=grid, battery={"bess": BATTERY})
    charges = (energy_charge(base, price),)
    program = compile_program(base, charges)
    optimum = solve_program(program)
    worth = {w.rule.name: w for w in limit_worths(program, optimum.point)}[rule]
    more = small_site(120.0, grid=bump, battery={"bess": BATTERY})
    assert worth.value == pytest.approx(
        optimum.point.optimality.cost - cost(more, energy_charge(more, price)), rel=1e-3
    )
    assert worth.period == "2025-01"
    assert worth.binding_intervals > 0


def test_no_line_of_a_long_program_is_long() -> None:
    """A month of five-minute steps with demand, ratchet, daily cycles, yearly throughput and tiers stays sparse."""
    battery = {"bess": BATTERY | {"max_cycles_per_day": 1.0, "max_throughput_kwh_per_year": 1e5}}
    site = small_site(100.0, days=31, step_minutes=5, battery=battery)
    charges = (energy_charge(site, 0.3), peak_charge(site, 30.0), peak_charge(site, 3.0, top_n=3))
    assert longest_line(compile_program(site, charges).form) <= 400


def test_a_battery_without_energy_does_nothing() -> None:
    taper = [{"soc_frac": 0.6, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2}]
    site = small_site(100.0, battery={"bess": {"energy_kwh": 0.0, "power_kw": 10.0, "charge_taper": taper}})
    schedule = planned(site, energy_charge(site, np.linspace(0.1, 1.0, 24)))
    assert not schedule[CHARGE].any()
    assert not schedule[DISCHARGE].any()


def test_taper_limits_power_near_full() -> None:
    """Between 60 % and 100 % the charging limit falls from 100 kW to 20 kW: at E_end the power is at most that line."""
    taper = [{"soc_frac": 0.6, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2}]
    battery = {"bess": BATTERY | {"charge_taper": taper, "soc_max_frac": 1.0}}
    site = small_site(100.0, battery=battery)
    schedule = planned(site, energy_charge(site, np.where(np.arange(24) < 6, 0.1, 1.0)))
    limit = 100.0 * (1.0 - 2.0 * (schedule[ENERGY] / 400.0 - 0.6))
    assert np.all(schedule[CHARGE] <= np.maximum(limit, 0.0) + 1e-3)
    assert schedule[CHARGE].max() > 50.0


def test_a_solver_that_is_not_installed_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no solver `nope`.*HIGHS"):
        optimize(small_site(100.0), solver="nope")
