"""Solver chain, watchdog, scaling and certificate arithmetic on problems small enough to check by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
import scipy.sparse as sp

from storage_opt.errors import SolverError
from storage_opt.model import backends, policy, watchdog
from storage_opt.model.backends import Answer, Status
from storage_opt.model.kkt import optimality
from storage_opt.model.solve import Belief, solve_convex
from storage_opt.model.standard_form import Scaling, StandardForm, longest_line
from storage_opt.model.tie_break import TIE_BREAK_RELATIVE
from tests.support.misbehaving import dies_for_piqp, hangs_for_piqp

SOLVERS = ["PIQP", "CLARABEL", "HIGHS", "SCIPY"]


def form(**changes: object) -> StandardForm:
    """Minimise x + 2 y with x + y = 10, x <= 6, bounds 0..8: x = 6, y = 4, cost 14 + 1."""
    parts: dict[str, object] = {
        "quadratic": sp.csc_array((2, 2)),
        "cost": np.array([1.0, 2.0]),
        "constant": 1.0,
        "eq": sp.csc_array([[1.0, 1.0]]),
        "eq_rhs": np.array([10.0]),
        "ineq": sp.csc_array([[1.0, 0.0]]),
        "ineq_rhs": np.array([6.0]),
        "lower": np.zeros(2),
        "upper": np.full(2, 8.0),
        "integer": np.zeros(0, dtype=np.intp),
    }
    return StandardForm(**(parts | changes))


def scaling(problem: StandardForm, size: float = 10.0) -> Scaling:
    return Scaling.of(problem, np.full(problem.size, size))


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_route_finds_point_and_multipliers(solver: str) -> None:
    """y = 4 is interior: its price 2 is the multiplier of the balance; x at 6 is worth 1 less."""
    problem = form()
    point = solve_convex(problem, scaling(problem), requested=solver).point
    assert point is not None
    assert point.x == pytest.approx([6.0, 4.0], abs=1e-6)
    assert point.eq_dual == pytest.approx([-2.0], abs=1e-6)
    assert point.ineq_dual == pytest.approx([1.0], abs=1e-6)
    assert point.optimality.cost == pytest.approx(15.0, rel=1e-7)
    assert point.optimality.bound == pytest.approx(15.0, rel=1e-6)


@pytest.mark.parametrize("solver", ["PIQP", "CLARABEL", "HIGHS"])
def test_infeasible_and_unbounded_are_told_apart(solver: str) -> None:
    infeasible = form(eq_rhs=np.array([20.0]))
    assert solve_convex(infeasible, scaling(infeasible), requested=solver).status is Status.INFEASIBLE
    falling = form(cost=np.array([-1.0, -2.0]), eq=sp.csc_array((0, 2)), eq_rhs=np.zeros(0), upper=np.full(2, np.inf))
    status = solve_convex(falling, scaling(falling), requested=solver).status
    assert status is Status.UNBOUNDED


@pytest.mark.parametrize("size", [1e-2, 1.0, 1e3])
def test_scaling_changes_numbers_but_not_the_answer(size: float) -> None:
    problem = form()
    point = solve_convex(problem, scaling(problem, size)).point
    assert point is not None
    assert point.x == pytest.approx([6.0, 4.0], rel=1e-6)


def test_wrong_multipliers_do_not_pass() -> None:
    """A feasible point with someone else's multipliers shows a gap; an infeasible one a residual."""
    problem = form()
    right = (np.array([6.0, 4.0]), np.array([-2.0]), np.array([1.0]))
    assert optimality(problem, scaling(problem), *right)[0].passes(1e-9)
    worse = optimality(problem, scaling(problem), np.array([3.0, 7.0]), *right[1:])[0]
    assert worse.primal_residual == 0.0
    assert worse.relative_gap == pytest.approx((18.0 - 15.0) / 18.0)
    assert not optimality(problem, scaling(problem), np.array([6.5, 3.5]), *right[1:])[0].passes(1e-6)


def test_lower_bound_holds_for_any_multipliers() -> None:
    """Weak duality: whatever the multipliers, the bound is at most the optimum of 15."""
    problem = form()
    rng = np.random.default_rng(7)
    for _ in range(200):
        found, _ = optimality(
            problem, scaling(problem), np.array([6.0, 4.0]), rng.normal(size=1) * 3, rng.uniform(0, 3, 1)
        )
        assert found.bound <= 15.0 + 1e-9


def test_a_solver_that_hangs_is_ended_and_the_next_one_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(watchdog, "IN_PROCESS_NONZEROS", 0)
    monkeypatch.setattr(watchdog, "_solve_reporting", hangs_for_piqp)
    monkeypatch.setattr(watchdog, "time_limit_s", lambda form, solver: 1.0 if solver == "PIQP" else 60.0)
    problem = form()
    start = time.perf_counter()
    verdict = solve_convex(problem, scaling(problem), tell=told.append)
    assert verdict.point is not None
    assert verdict.point.solver == "CLARABEL"
    assert [a.solver for a in verdict.attempts] == ["PIQP", "CLARABEL"]
    assert "ended after 1 s" in verdict.attempts[0].status
    assert any("PIQP failed (ended after 1 s" in line and "next solver" in line for line in told)
    assert time.perf_counter() - start < 50


def test_a_solver_process_that_dies_is_a_failure_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "IN_PROCESS_NONZEROS", 0)
    monkeypatch.setattr(watchdog, "_solve_reporting", dies_for_piqp)
    problem = form()
    verdict = solve_convex(problem, scaling(problem))
    assert verdict.point is not None
    assert verdict.point.solver == "CLARABEL"
    assert "died" in verdict.attempts[0].status


def test_an_answer_that_fails_the_conditions_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(problem: StandardForm) -> Answer:
        return Answer(Status.OPTIMAL, np.array([2.0, 8.0]), np.zeros(1), np.zeros(1), 0.0)

    monkeypatch.setitem(backends.NATIVE, "PIQP", wrong)
    problem = form()
    verdict = solve_convex(problem, scaling(problem))
    assert verdict.point is not None
    assert verdict.point.solver == "CLARABEL"
    assert verdict.attempts[0].status == "answer fails the optimality conditions"
    with pytest.raises(SolverError, match="PIQP answer fails"):
        solve_convex(problem, scaling(problem), requested="PIQP")


def test_unknown_solver_is_refused_by_name() -> None:
    problem = form()
    with pytest.raises(SolverError, match="NOSUCH"):
        solve_convex(problem, scaling(problem), requested="nosuch")


def test_whole_variables_go_to_highs_and_the_bound_is_kept() -> None:
    """x whole and x <= 5.5: x = 5, y = 5, cost 15 + 1."""
    problem = form(ineq_rhs=np.array([5.5]), integer=np.array([0]))
    assert policy.solver_chain(problem, None) == ("HIGHS",)
    for solver in ("HIGHS", "SCIPY"):
        answer = backends.solve_form(problem, solver)
        assert answer.x == pytest.approx([5.0, 5.0])
        assert answer.bound == pytest.approx(16.0)


def test_longest_line_counts_rows_and_columns() -> None:
    assert longest_line(form()) == 2
    wide = form(ineq=sp.csc_array(np.ones((5, 2))), ineq_rhs=np.full(5, 99.0))
    assert longest_line(wide) == 6


def test_quadratic_problems_have_a_certified_bound() -> None:
    """Minimise x^2 / 2 - x on 0..8 with y fixed by the balance: derivative x - 1 + (price of y moved) = 0.

    cost = x^2/2 + x + 2 (10 - x): derivative x + 1 - 2 = 0 at x = 1, y = 9 > 8, so y = 8, x = 2: 2 + 2 + 16 + 1.
    """
    problem = form(quadratic=sp.csc_array(np.diag([1.0, 0.0])))
    for solver in ("PIQP", "CLARABEL", "HIGHS"):
        point = solve_convex(problem, scaling(problem), requested=solver).point
        assert point is not None
        assert point.x == pytest.approx([2.0, 8.0], abs=1e-5)
        assert point.optimality.cost == pytest.approx(21.0, rel=1e-6)
        assert point.optimality.bound == pytest.approx(21.0, rel=1e-5)


def test_tie_break_share_is_documented() -> None:
    assert TIE_BREAK_RELATIVE == 1e-7


@pytest.mark.parametrize("solver", SOLVERS)
def test_crossed_bounds_are_infeasible_for_every_solver(solver: str) -> None:
    """x between 3 and 2 has no value, whatever a solver would make of it."""
    problem = form(lower=np.array([3.0, 0.0]), upper=np.array([2.0, 8.0]))
    assert solve_convex(problem, scaling(problem), requested=solver).status is Status.INFEASIBLE


@pytest.mark.parametrize("solver", SOLVERS)
def test_fixed_variables_keep_their_value_and_multiplier(solver: str) -> None:
    """x fixed at 5: y = 5, cost 5 + 10 + 1; one more unit of x would save 1."""
    problem = form(lower=np.array([5.0, 0.0]), upper=np.array([5.0, 8.0]))
    point = solve_convex(problem, scaling(problem), requested=solver).point
    assert point is not None
    assert point.x == pytest.approx([5.0, 5.0], abs=1e-6)
    assert point.optimality.cost == pytest.approx(16.0, rel=1e-7)
    assert point.bound_dual[0] == pytest.approx(-1.0, abs=1e-5)


def test_a_feasible_problem_called_infeasible_by_one_solver_is_solved_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gives_up(problem: StandardForm) -> Answer:
        return Answer(Status.INFEASIBLE, None, None, None, 0.0)

    monkeypatch.setitem(backends.NATIVE, "PIQP", gives_up)
    problem = form()
    verdict = solve_convex(problem, scaling(problem))
    assert verdict.point is not None
    assert [a.status for a in verdict.attempts] == ["infeasible", "optimal"]


def test_a_probed_problem_that_presolve_rules_out_is_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    """x + y = 10 with x, y at most 4: presolve alone sees it, where two solvers have to agree otherwise."""
    monkeypatch.setattr(backends, "_LARGE", 0)
    problem = form(upper=np.array([4.0, 4.0]))
    probed = solve_convex(problem, scaling(problem), belief=Belief.PROBED)
    assert probed.status is Status.INFEASIBLE
    assert [attempt.status for attempt in probed.attempts] == ["infeasible, by presolve"]
    assert len(solve_convex(problem, scaling(problem)).attempts) > 1


def test_a_probed_problem_with_a_solution_is_solved_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_LARGE", 0)
    problem = form()
    probed, plain = (
        solve_convex(problem, scaling(problem), belief=one).point for one in (Belief.PROBED, Belief.CHECKED)
    )
    assert probed is not None
    assert plain is not None
    assert probed.x == pytest.approx(plain.x)


def test_presolve_is_asked_where_the_first_solver_gives_up_and_the_caller_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gives_up(problem: StandardForm) -> Answer:
        return Answer(Status.FAILED, None, None, None, 0.0, message="gave up")

    monkeypatch.setattr(backends, "_LARGE", 0)
    monkeypatch.setitem(backends.NATIVE, "PIQP", gives_up)
    problem = form(upper=np.array([4.0, 4.0]))
    verdict = solve_convex(problem, scaling(problem), belief=Belief.CHECKED)
    assert verdict.status is Status.INFEASIBLE
    assert [attempt.status for attempt in verdict.attempts] == ["failed (gave up)", "infeasible, by presolve"]


@pytest.mark.parametrize(("belief", "asked"), [(Belief.CONFIRMED, 3), (Belief.CHECKED, 2), (Belief.PROBED, 2)])
def test_one_solver_is_believed_where_another_gave_up_and_a_check_follows_or_nothing_hangs_on_it(
    monkeypatch: pytest.MonkeyPatch, belief: Belief, asked: int
) -> None:
    def gives_up(problem: StandardForm) -> Answer:
        return Answer(Status.FAILED, None, None, None, 0.0, message="gave up")

    monkeypatch.setitem(backends.NATIVE, "PIQP", gives_up)
    problem = form(upper=np.array([4.0, 4.0]))
    verdict = solve_convex(problem, scaling(problem), belief=belief)
    assert verdict.status is Status.INFEASIBLE
    assert len(verdict.attempts) == asked
