"""Each solver's answer to random small sites satisfies the optimality conditions, and all say the same cost."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, assume, given, settings

from storage_opt.errors import SolverError
from storage_opt.lowering.site import lower_site
from storage_opt.model.backends import Status
from storage_opt.model.certificate import TOLERANCE
from storage_opt.model.compile import compile_program
from storage_opt.model.program import Program
from storage_opt.model.solve import Point, solve_convex
from tests.support.kkt import assert_optimal
from tests.support.random_sites import Description, built, descriptions

BINDINGS = {"PIQP": "piqp", "CLARABEL": "clarabel", "HIGHS": "highspy", "ECOS": "ecos"}
every_solver = pytest.mark.parametrize("solver", BINDINGS)


def program_of(description: Description) -> Program:
    site = built(description)
    return compile_program(site, lower_site(site))


def point_of(program: Program, solver: str) -> Point | None:
    """The answer of one solver alone; None when it gives up, which the policy's chain is there for."""
    try:
        verdict = solve_convex(program.form, program.scaling, program.tie_break, requested=solver)
    except SolverError:
        return None
    if verdict.point is None:
        # a degenerate site may look infeasible to one solver; unbounded would be a wrong model
        assert verdict.status is Status.INFEASIBLE
        return None
    assert verdict.point.solver == solver
    return verdict.point


def require(solver: str) -> None:
    if find_spec(BINDINGS[solver]) is None:
        pytest.skip(f"{solver} is not installed (ECOS has no binary for Python 3.13 and later)")


@every_solver
@settings(max_examples=25, suppress_health_check=[HealthCheck.differing_executors])
@given(description=descriptions())
def test_conditions_prove_each_answer(solver: str, description: Description) -> None:
    require(solver)
    program = program_of(description)
    point = point_of(program, solver)
    # Hypothesis fails a test that assumes away too many of its examples
    assume(point is not None)
    assert point is not None
    assert_optimal(program, point)
    assert point.optimality.passes(TOLERANCE)


@settings(max_examples=25)
@given(description=descriptions())
def test_all_solvers_agree_on_the_cost(description: Description) -> None:
    program = program_of(description)
    installed = [solver for solver, module in BINDINGS.items() if find_spec(module)]
    assert len(installed) >= 3
    answers = {solver: point_of(program, solver) for solver in installed}
    found = {solver: point for solver, point in answers.items() if point is not None}
    assert len(found) >= 2
    # where amounts cancel, a cost near zero is as good as the money that moves allows
    first = next(iter(found.values()))
    moved = float(abs(program.form.cost) @ abs(first.x))
    expected = first.optimality.cost
    for solver, point in found.items():
        assert point.optimality.cost == pytest.approx(expected, rel=1e-6, abs=1e-6 + 2e-9 * moved), solver
