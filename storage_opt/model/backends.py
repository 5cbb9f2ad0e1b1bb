"""One function a solver: matrices in, point and multipliers out. Runs inside the solver process.

Nothing here imports CVXPY unless a solver without a binding of its own is asked for.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.policy import time_limit_s
from storage_opt.model.shared_columns import without_floors
from storage_opt.model.standard_form import StandardForm
from storage_opt.modeler import Expression

__all__ = ["NATIVE", "Answer", "Status", "solve_form"]

_Vector = NDArray[np.float64]
_INFINITE = 1e30
_MOST_ITERATIONS, _LARGE, _MOST_WHERE_HARD = 100, 200_000, 200
"""Of PIQP, which needs 20 to 60 unless it stalls; several years with common sizes take up to 110, and open sizes of
which hardly anything is built 150: still a fifth of the time of the next solver."""
_GAP, _GAP_WHERE_LARGE = 1e-10, 1e-8
"""Relative gaps at which PIQP stops: its last iterations win no schedule, and those of a large problem take a second.
Of both the tie-break, at 1e-7, takes more."""
_STALLED_GAP = 1e-7
"""Relative gap at which a stalled point is worth judging."""
_OF_LIMIT = 0.9
"""Share of the watchdog's limit after which a mixed-integer solver is to stop by itself and show what it has."""


class Status(StrEnum):
    """What a solver says of a problem."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    RULED_OUT = "infeasible, by presolve"
    UNBOUNDED = "unbounded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A solver's answer to a scaled problem.

    Parameters
    ----------
    status : Status
        What the solver says.
    x : (n,) array or None
        Point.
    eq_dual, ineq_dual : (m,), (k,) array or None
        Multipliers y of ``A x = b`` and z >= 0 of ``G x <= h`` in ``q + P x + A'y + G'z + bounds = 0``.
    seconds : float
        Time inside the solver. [s]
    bound : float or None
        Proven lower bound of a mixed-integer problem.
    message : str
        The solver's own words.
    """

    status: Status
    x: _Vector | None
    eq_dual: _Vector | None
    ineq_dual: _Vector | None
    seconds: float
    bound: float | None = None
    message: str = ""


def solve_form(form: StandardForm, solver: str, *, probing: bool = False) -> Answer:
    """Solve with the named solver: one of :data:`NATIVE`, or any that CVXPY finds.

    A large problem that is only probed, and may well have no solution, is first asked whether presolve rules one out:
    that takes a second, where PIQP and Clarabel take minutes to give up.
    """
    start = time.perf_counter()
    if probing and form.size > _LARGE and _is_ruled_out(form):
        seconds = time.perf_counter() - start
        return Answer(Status.RULED_OUT, None, None, None, seconds, message="presolve of HiGHS")
    if np.any(form.lower > form.upper):
        return Answer(Status.INFEASIBLE, None, None, None, 0.0, message="a lower bound is above an upper bound")
    answer = NATIVE.get(solver.upper(), _through_cvxpy(solver))(form)
    object.__setattr__(answer, "seconds", time.perf_counter() - start)
    return answer


def _piqp(form: StandardForm) -> Answer:
    import piqp

    free = np.flatnonzero(form.lower < form.upper)
    rewritten = without_floors(form.restricted_to(free))
    reduced = rewritten.form
    solver = piqp.SparseSolver()
    settings = solver.settings
    settings.eps_abs, settings.eps_rel = 1e-9, 1e-10
    is_large = form.size > _LARGE
    settings.eps_duality_gap_abs, settings.eps_duality_gap_rel = 1e-9, _GAP_WHERE_LARGE if is_large else _GAP
    settings.preconditioner_scale_cost = True
    settings.preconditioner_iter = 3  # the form arrives scaled
    is_hard = is_large or rewritten.has_shared
    settings.max_iter = _MOST_WHERE_HARD if is_hard else _MOST_ITERATIONS
    solver.setup(
        sp.csc_matrix(reduced.quadratic),
        reduced.cost,
        sp.csc_matrix(reduced.eq),
        reduced.eq_rhs,
        sp.csc_matrix(reduced.ineq),
        None,
        reduced.ineq_rhs,
        reduced.lower,
        reduced.upper,
    )
    solver.solve()
    result = solver.result
    said = result.info.status.name
    status = {
        "PIQP_SOLVED": Status.OPTIMAL,
        "PIQP_PRIMAL_INFEASIBLE": Status.INFEASIBLE,
        "PIQP_DUAL_INFEASIBLE": Status.UNBOUNDED,
    }.get(said, Status.FAILED)
    if said == "PIQP_MAX_ITER_REACHED" and result.info.duality_gap_rel <= _STALLED_GAP:
        status = Status.OPTIMAL  # it stalls on flat optima; whether the point is one is judged by its conditions
    x = form.lower.copy()
    x[free] = rewritten.primal(np.array(result.x))
    ineq_dual = rewritten.ineq_dual(np.array(result.z_u), np.array(result.z_bl))
    return Answer(status, x, np.array(result.y), ineq_dual, 0.0, message=said)


def _clarabel(form: StandardForm) -> Answer:
    import clarabel

    low, high = np.flatnonzero(np.isfinite(form.lower)), np.flatnonzero(np.isfinite(form.upper))
    unit = sp.eye_array(form.size, format="csr")
    rows = sp.csc_matrix(sp.vstack([form.eq, form.ineq, unit[high], -unit[low]]))
    rhs = np.concatenate([form.eq_rhs, form.ineq_rhs, form.upper[high], -form.lower[low]])
    equalities = form.eq.shape[0]
    cones = [clarabel.ZeroConeT(equalities), clarabel.NonnegativeConeT(rhs.size - equalities)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs, settings.tol_gap_rel, settings.tol_feas = 1e-9, 1e-10, 1e-10
    solution = clarabel.DefaultSolver(
        sp.csc_matrix(sp.triu(form.quadratic)), form.cost, rows, rhs, cones, settings
    ).solve()
    said = str(solution.status)
    status = {
        "Solved": Status.OPTIMAL,
        "AlmostSolved": Status.OPTIMAL,
        "PrimalInfeasible": Status.INFEASIBLE,
        "DualInfeasible": Status.UNBOUNDED,
    }.get(said, Status.FAILED)
    dual = np.array(solution.z)
    ends = (equalities, equalities + form.ineq.shape[0])
    return Answer(status, np.array(solution.x), dual[: ends[0]], dual[ends[0] : ends[1]], 0.0, message=said)


def _is_ruled_out(form: StandardForm) -> bool:
    """Whether presolve proves that no point keeps all rows and bounds."""
    highspy: ModuleType = import_module("highspy")
    with _quiet():
        solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("primal_feasibility_tolerance", 1e-9)
    nothing = replace(form, quadratic=sp.csc_array(form.quadratic.shape), cost=np.zeros(form.size))
    solver.passModel(_highs_model(nothing, highspy))
    solver.presolve()
    return bool(solver.getModelPresolveStatus() == highspy.HighsPresolveStatus.kInfeasible)


def _highs(form: StandardForm) -> Answer:
    highspy: ModuleType = import_module("highspy")
    with _quiet():
        solver = highspy.Highs()
    solver.silent()
    for option, value in (
        ("primal_feasibility_tolerance", 1e-9),
        ("dual_feasibility_tolerance", 1e-9),
        ("mip_feasibility_tolerance", 1e-9),
        ("mip_rel_gap", 1e-8),
        ("mip_abs_gap", 0.0),
        ("mip_heuristic_run_feasibility_jump", False),  # a third of the time of a small problem, and never needed
    ):
        solver.setOptionValue(option, value)
    if form.integer.size:
        solver.setOptionValue("time_limit", time_limit_s(form, "HIGHS") * _OF_LIMIT)
    solver.passModel(_highs_model(form, highspy))
    solver.run()
    model_status, info, solution = solver.getModelStatus(), solver.getInfo(), solver.getSolution()
    said = solver.modelStatusToString(model_status)
    known = highspy.HighsModelStatus
    status = {
        known.kOptimal: Status.OPTIMAL,
        known.kInfeasible: Status.INFEASIBLE,
        known.kUnbounded: Status.UNBOUNDED,
        known.kUnboundedOrInfeasible: Status.INFEASIBLE,
    }.get(model_status, Status.FAILED)
    stopped_with_a_point = (
        model_status == known.kTimeLimit
        and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    )
    if stopped_with_a_point:
        status = Status.OPTIMAL  # of the mixed-integer problem only up to the gap that its bound shows
    if status is not Status.OPTIMAL:
        return Answer(status, None, None, None, 0.0, message=said)
    dual = np.array(solution.row_dual)
    equalities = form.eq.shape[0]
    bound = float(info.mip_dual_bound) if form.integer.size else None
    return Answer(
        status, np.array(solution.col_value), -dual[:equalities], -dual[equalities:], 0.0, bound=bound, message=said
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing reaches standard output: HiGHS greets when it is made, before it can be told to be silent."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _highs_model(form: StandardForm, highspy: ModuleType) -> object:
    model = highspy.HighsModel()
    lp = model.lp_
    rows = sp.csc_matrix(sp.vstack([form.eq, form.ineq]))
    lp.num_col_, lp.num_row_ = form.size, rows.shape[0]
    lp.col_cost_, lp.offset_ = form.cost, form.constant
    lp.col_lower_, lp.col_upper_ = _clipped(form.lower), _clipped(form.upper)
    lp.row_lower_ = np.concatenate([form.eq_rhs, np.full(form.ineq_rhs.size, -_INFINITE)])
    lp.row_upper_ = np.concatenate([form.eq_rhs, form.ineq_rhs])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    if form.integer.size:
        kinds = np.full(form.size, highspy.HighsVarType.kContinuous)
        kinds[form.integer] = highspy.HighsVarType.kInteger
        lp.integrality_ = list(kinds)
    if form.is_quadratic:
        lower = sp.csc_matrix(sp.tril(form.quadratic))
        model.hessian_.dim_ = form.size
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_, model.hessian_.index_, model.hessian_.value_ = lower.indptr, lower.indices, lower.data
    return model


def _clipped(bound: _Vector) -> _Vector:
    return np.clip(bound, -_INFINITE, _INFINITE)


def _through_cvxpy(solver: str) -> Callable[[StandardForm], Answer]:
    def solve(form: StandardForm) -> Answer:
        cp: ModuleType = import_module("cvxpy")
        x = _cvxpy_variable(form, cp)
        objective = form.cost @ x + form.constant
        if form.is_quadratic:
            objective = objective + 0.5 * cp.quad_form(x, cp.psd_wrap(form.quadratic))
        equality, inequality = form.eq @ x == form.eq_rhs, form.ineq @ x <= form.ineq_rhs
        kept = [c for c, size in ((equality, form.eq_rhs.size), (inequality, form.ineq_rhs.size)) if size]
        problem = cp.Problem(cp.Minimize(objective), kept)
        problem.solve(solver=solver.upper())
        status = {
            "optimal": Status.OPTIMAL,
            "optimal_inaccurate": Status.OPTIMAL,
            "infeasible": Status.INFEASIBLE,
            "infeasible_inaccurate": Status.INFEASIBLE,
            "unbounded": Status.UNBOUNDED,
            "unbounded_inaccurate": Status.UNBOUNDED,
        }.get(problem.status, Status.FAILED)
        bound = float(problem.value) if form.integer.size and status is Status.OPTIMAL else None
        duals = (equality.dual_value, inequality.dual_value)
        return Answer(status, x.value, *duals, 0.0, bound=bound, message=str(problem.status))

    return solve


def _cvxpy_variable(form: StandardForm, cp: ModuleType) -> Expression:
    if not form.integer.size:
        return cp.Variable(form.size, bounds=[form.lower, form.upper])
    return cp.Variable(form.size, bounds=[form.lower, form.upper], integer=[(int(i),) for i in form.integer])


NATIVE: dict[str, Callable[[StandardForm], Answer]] = {"PIQP": _piqp, "CLARABEL": _clarabel, "HIGHS": _highs}
"""Solvers called without going through CVXPY again."""
