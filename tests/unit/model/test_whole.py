"""Whole decisions: proven optimal against every combination, and bounds that hold for any multipliers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from storage_opt.errors import InputError, SolverError
from storage_opt.lowering.site import lower_site
from storage_opt.model import whole
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.model.program import Program
from storage_opt.model.solve import Verdict, solve_convex
from storage_opt.model.whole import _TOGETHER_H, all_taken, decided
from storage_opt.model.whole_windows import whole_in_windows
from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

DAYS = 12
BATTERY = {"power_kw": 60.0, "energy_kwh": 150.0, "wear_cost_per_kwh": 0.02}


def site_with_events(seed: int, **response: Any) -> Site:
    """Nights that are cheap, evenings that may be shaved, and a load that makes each day different."""
    rng = np.random.default_rng(seed)
    price = rng.uniform(0.1, 0.3, 24 * DAYS).reshape(DAYS, 24)
    price[:, 9:13] += rng.uniform(0.1, 0.7, (DAYS, 1))
    load = rng.uniform(20.0, 90.0, 24 * DAYS)
    event = {"window": [{"hours": ["18:00-20:00"]}], "price_per_kwh": 0.6, "baseline": {"like_days": 2}} | response
    tariff = {"spot": {"energy": [{"price_per_kwh": price.ravel()}]}}
    return small_site(load, days=DAYS, battery={"bess": BATTERY}, tariff=tariff, response={"dr": event})


def program_of(site: Site) -> Program:
    return compile_program(site, lower_site(site))


def cheapest_combination(program: Program) -> float:
    """Every combination of the decisions, solved one by one."""
    costs = []
    for values in product((0.0, 1.0), repeat=program.whole.size):
        lower, upper = program.form.lower.copy(), program.form.upper.copy()
        lower[program.whole] = upper[program.whole] = values
        point = solve_convex(program.form.with_bounds(lower, upper), program.scaling).point
        costs.append(np.inf if point is None else point.optimality.cost)
    return min(costs)


@pytest.mark.parametrize(
    "response",
    [{}, {"min_block_kw": 45.0}, {"committed_kw": 40.0}, {"direction": "fill", "price_per_kwh": 0.15}],
    ids=["chosen", "blocks", "committed", "filling"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_optimum_is_that_of_every_combination(seed: int, response: dict[str, Any]) -> None:
    weekend = [{"hours": ["18:00-20:00"], "days": ["weekend"]}, {"hours": ["18:00-20:00"], "days": ["holiday"]}]
    days = {"holidays": ["2025-01-06", "2025-01-08", "2025-01-10"]}
    site = site_with_events(seed, **response | {"window": weekend})
    spec = site.spec.model_copy(update={"horizon": site.spec.horizon.model_copy(update=days)})
    program = program_of(replace(site, spec=spec))
    assert 2 <= program.whole.size <= 6
    optimum = solve_program(program)
    assert optimum.relative_gap <= 1e-6
    decisions = optimum.point.x[program.whole]
    assert np.array_equal(decisions, np.round(decisions))
    assert optimum.point.optimality.cost == pytest.approx(cheapest_combination(program), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_events_than_may_be_joined(most: int) -> None:
    program = program_of(site_with_events(3, max_events_per_month=most))
    optimum = solve_program(program)
    assert optimum.relative_gap <= 1e-6
    assert optimum.point.x[program.whole].sum() <= most + 1e-9


def test_more_events_never_cost_more() -> None:
    costs = [
        solve_program(program_of(site_with_events(4, max_events_per_month=most))).point.optimality.cost
        for most in (0, 2, 4, 12)
    ]
    assert all(later <= earlier + 1e-6 * abs(earlier) for earlier, later in zip(costs, costs[1:], strict=False))


@pytest.mark.parametrize("together_h", [0.0, 24.0])
def test_the_bound_of_windows_holds_for_any_multipliers(together_h: float) -> None:
    """Multipliers thrown off by a fifth give a worse bound, never one above the optimum."""
    program = program_of(site_with_events(5, min_block_kw=50.0))
    relaxed = solve_convex(program.form, program.scaling, program.tie_break).point
    assert relaxed is not None
    best = decided(program, relaxed).point.optimality.cost
    good = whole_in_windows(program, relaxed, together_h)
    assert good is not None
    assert relaxed.optimality.bound - 1e-9 <= good.bound <= best + 1e-6 * abs(best)
    rng = np.random.default_rng(8)
    off = replace(relaxed, eq_dual=relaxed.eq_dual * rng.uniform(0.8, 1.2, relaxed.eq_dual.size))
    worse = whole_in_windows(program, off, together_h)
    assert worse is not None
    assert worse.bound <= best + 1e-6 * abs(best)


def test_a_solver_that_fails_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows leave three decisions open; combinations that no solver answers are not ruled out."""
    program = program_of(site_with_events(4, max_events_per_month=3))
    relaxed = solve_convex(program.form, program.scaling, program.tie_break).point
    assert relaxed is not None
    proven = decided(program, relaxed)
    assert any("every combination of 3" in attempt.status for attempt in proven.attempts)
    by_windows = len(_TOGETHER_H)
    calls = iter(range(1_000))

    def failing(*arguments: Any, **options: Any) -> Verdict:
        if next(calls) >= by_windows:
            message = "no solver gave an answer that passes"
            raise SolverError(message, "shorten the horizon")
        return solve_convex(*arguments, **options)

    monkeypatch.setattr(whole, "solve_convex", failing)
    monkeypatch.setattr(whole, "_LARGEST_SEARCH", 0)
    found = decided(program, relaxed)
    assert any("every combination of 3" in attempt.status for attempt in found.attempts)
    cost = proven.point.optimality.cost
    assert cost - proven.bound <= 1e-6 * abs(cost) < cost - found.bound


def test_what_is_worth_taking_is_taken_in_one_solve() -> None:
    called = [{"start": f"2025-01-{day}T18:00:00", "end": f"2025-01-{day}T20:00:00"} for day in ("07", "09")]
    site = site_with_events(6, window=(), events=called, price_per_kwh=3.0)
    program = program_of(site)
    found = all_taken(program)
    assert found is not None
    assert found.point.x[program.whole].tolist() == [1.0, 1.0]
    assert [attempt.solver for attempt in found.attempts] == ["PIQP", "HIGHS"]


def test_a_block_larger_than_the_battery_can_back_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="more than can be backed"):
        program_of(site_with_events(7, min_block_kw=200.0))
