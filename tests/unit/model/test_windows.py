"""Opposite flows decided in windows: the bound is valid for any multipliers, and the optimum that of the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from storage_opt.charges.base import Charge
from storage_opt.model.binaries import Exclusive, offending, solve_with_binaries
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.model.program import Program
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.windows import by_windows
from storage_opt.spec.resolved import Site
from tests.support.small_sites import EXPORT, energy_charge, peak_charge, small_site

DAYS = 40
BATTERY = {"power_kw": 60.0, "energy_kwh": 120.0, "charge_efficiency": 0.9, "discharge_efficiency": 0.9}


def site_with_few_negative_hours(seed: int) -> tuple[Site, tuple[Charge, ...]]:
    """Forty days with a demand charge in two billing periods; power is paid for at noon of six days."""
    rng = np.random.default_rng(seed)
    price = rng.uniform(0.1, 0.6, 24 * DAYS)
    for day in rng.choice(DAYS, 6, replace=False):
        price[24 * day + 9 : 24 * day + 15] = rng.uniform(-0.5, -0.05, 6)
    load = np.tile(rng.uniform(20.0, 60.0, 24).round(1), DAYS)
    site = small_site(load, days=DAYS, battery={"bess": BATTERY}, grid={"export_limit_kw": 100.0})
    charges = (
        energy_charge(site, price + 0.02),
        energy_charge(site, -price, EXPORT, "export"),
        peak_charge(site, 3.0),
    )
    return site, charges


def everywhere(program: Program) -> float:
    marks = tuple(np.ones(pair.first.size, dtype=np.bool_) for pair in program.opposites)
    answer = solve_with_binaries(Exclusive(program.form, program.scaling, program.opposites), marks)
    assert answer.x is not None
    return program.form.objective(program.scaling.primal(answer.x[: program.form.size]))


def relaxed_of(program: Program) -> Point:
    point = solve_convex(program.form, program.scaling, program.tie_break).point
    assert point is not None
    return point


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_windows_prove_the_optimum_of_binaries_everywhere(seed: int) -> None:
    site, charges = site_with_few_negative_hours(seed)
    program = compile_program(site, charges)
    optimum = solve_program(program)
    assert optimum.repair is not None
    assert optimum.repair.windows > 1
    assert not optimum.repair.everywhere
    assert optimum.repair.intervals < 200
    assert optimum.relative_gap <= 1e-6
    assert optimum.point.optimality.cost == pytest.approx(everywhere(program), rel=1e-6)
    assert not any(mark.any() for mark in offending(program.opposites, optimum.point.x))


def test_the_bound_of_windows_holds_for_any_multipliers() -> None:
    """Multipliers thrown off by a tenth give a worse bound, never one above the optimum."""
    site, charges = site_with_few_negative_hours(1)
    program = compile_program(site, charges)
    relaxed, exact = relaxed_of(program), everywhere(program)
    marks = offending(program.opposites, relaxed.x)
    good = by_windows(program, relaxed, marks, 12.0)
    assert good is not None
    assert relaxed.optimality.bound < good.bound <= exact + 1e-6 * abs(exact)
    rng = np.random.default_rng(7)
    off = replace(relaxed, eq_dual=relaxed.eq_dual * rng.uniform(0.9, 1.1, relaxed.eq_dual.size))
    worse = by_windows(program, off, marks, 12.0)
    assert worse is not None
    assert worse.bound < good.bound


def test_one_window_over_everything_is_left_to_the_whole() -> None:
    site, charges = site_with_few_negative_hours(1)
    program = compile_program(site, charges)
    marks = tuple(np.ones(pair.first.size, dtype=np.bool_) for pair in program.opposites)
    assert by_windows(program, relaxed_of(program), marks, 12.0) is None
