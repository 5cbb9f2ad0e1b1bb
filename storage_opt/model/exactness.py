"""Opposite flows in one interval: found, forbidden exactly with as few whole variables as pay, and priced.

The convex problem leaves open that a battery charges while it discharges, or the site imports while it exports.
With positive prices and losses no optimum does so; with negative prices or odd contracts it may pay to burn
energy. Then the offending intervals get a binary each and the problem is solved again until none offends. The
grown problem is a relaxation of the one with binaries everywhere, so its optimum, when nothing offends, is the
exact optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.errors import InfeasibleError, SolverError
from storage_opt.model.backends import Answer, Status
from storage_opt.model.certificate import TOLERANCE, Attempt, Repair
from storage_opt.model.kkt import optimality
from storage_opt.model.polish import NOISE_RELATIVE
from storage_opt.model.program import OppositeColumns, Program
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.watchdog import solve_watched
from storage_opt.schedule import GRID, FlowKind

__all__ = ["Exact", "offending", "repaired"]

_EVERYWHERE_SHARE = 0.02
_MOST_ROUNDS = 6
_Vector = NDArray[np.float64]
_Marks = tuple[NDArray[np.bool_], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """A point with exclusive flows, the cost no schedule can beat, and how it was reached."""

    point: Point
    bound: float
    repair: Repair | None
    attempts: tuple[Attempt, ...]


def offending(program: Program, x: _Vector) -> _Marks:
    """For each pair of opposite flows, the intervals in which both run (T,)."""
    return tuple(_both_run(pair, x) for pair in program.opposites)


def repaired(
    program: Program, relaxed: Point, *, requested: str | None = None, tell: Callable[[str], None] | None = None
) -> Exact:
    """The optimum with opposite flows forbidden.

    Parameters
    ----------
    program : Program
        The compiled problem.
    relaxed : Point
        Optimum of the convex problem.
    requested : str or None
        Solver the user asked for; whole variables always go to the policy's solver.
    tell : callable or None
        Told about each round.

    Raises
    ------
    InfeasibleError
        When only schedules with opposite flows keep all rules.
    SolverError
        When the mixed-integer solver fails.
    """
    relaxed = _netted(program, relaxed)
    marks = offending(program, relaxed.x)
    if not any(mark.any() for mark in marks):
        return Exact(relaxed, relaxed.optimality.bound, None, ())
    rounded = _rounded(program, relaxed, requested)
    if rounded is not None and _is_optimal(rounded, relaxed.optimality.bound):
        repair = Repair(0, 0, False, rounded.optimality.cost - relaxed.optimality.cost)
        return Exact(rounded, relaxed.optimality.bound, repair, ())
    found = _searched(program, marks, tell, stop_early=rounded is not None)
    bound = -np.inf if found.answer.bound is None else found.answer.bound * program.scaling.objective
    bound = max(bound, relaxed.optimality.bound)
    point = rounded if found.x is None else _settled(program, found.x, requested, tell)
    assert point is not None
    if rounded is not None and rounded.optimality.cost < point.optimality.cost:
        point = rounded  # the search stopped at its limit with something dearer
    everywhere = any(mark.all() for mark in found.marks)
    count = sum(int(mark.sum()) for mark in found.marks)
    repair = Repair(count, len(found.attempts), everywhere, point.optimality.cost - relaxed.optimality.cost)
    return Exact(point, bound, repair, found.attempts)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """What the mixed-integer solver found, with binaries where `marks` say; no x when its time ran out."""

    x: _Vector | None
    answer: Answer
    marks: _Marks
    attempts: tuple[Attempt, ...]


def _searched(program: Program, marks: _Marks, tell: Callable[[str], None] | None, *, stop_early: bool) -> _Search:
    """Solve with binaries in the marked intervals, and in those that offend then, until none is left."""
    attempts: list[Attempt] = []
    for rounds in range(1, _MOST_ROUNDS + 1):
        marks = tuple(
            _widened(program, pair, mark, last=rounds == _MOST_ROUNDS)
            for pair, mark in zip(program.opposites, marks, strict=True)
        )
        count = sum(int(mark.sum()) for mark in marks)
        if tell:
            tell(f"opposite flows: solving with {count:,} whole variables (round {rounds})")
        answer = _solve_with_binaries(program, marks)
        attempts.append(Attempt("HIGHS", f"{answer.status} with {count:,} binaries", answer.seconds))
        if answer.status is Status.INFEASIBLE:
            reason = "energy would have to be burnt by charging and discharging, or importing and exporting, at once"
            raise InfeasibleError((), reason=reason)
        if answer.x is None and stop_early:
            return _Search(None, answer, marks, tuple(attempts))
        if answer.x is None:
            message = f"opposite flows could not be separated: {answer.message}"
            raise SolverError(message, "shorten the horizon with --from and --to")
        x = program.scaling.primal(answer.x[: program.form.size])
        still = offending(program, x)
        if not any((new & ~mark).any() for mark, new in zip(marks, still, strict=True)):
            break
        marks = tuple(mark | new for mark, new in zip(marks, still, strict=True))
    return _Search(x, answer, marks, tuple(attempts))


def _rounded(program: Program, relaxed: Point, requested: str | None) -> Point | None:
    """The best point with every direction that of the larger flow; None when it has none."""
    try:
        return _settled(program, relaxed.x, requested, None)
    except SolverError:
        return None


def _is_optimal(point: Point, bound: float) -> bool:
    """Whether no schedule can be cheaper by more than the certificate admits."""
    cost = point.optimality.cost
    return cost - bound <= TOLERANCE * max(abs(cost), 1e-9)


def _netted(program: Program, point: Point) -> Point:
    """The point with circulation cancelled in every pair where that changes neither feasibility nor cost.

    Import and export at equal prices may circulate without gain; and energy that earns the site nothing may be exported
    as well as left unused. Such ties need no binary.
    """
    for pair in program.opposites:
        for counterpart in (pair.first, *_curtailable(program, pair)):
            if not _both_run(pair, point.x).any():
                break
            point = _cancelled(program, pair, counterpart, point)
    return point


def _curtailable(program: Program, pair: OppositeColumns) -> list[NDArray[np.intp]]:
    """Columns of plants that may be curtailed instead of exporting."""
    if pair.opposites.first.owner != GRID:
        return []
    return [
        np.arange(block.where.start, block.where.stop)
        for block in program.columns
        if block.name.endswith(FlowKind.USED_KW) and not block.lower
    ]


def _cancelled(program: Program, pair: OppositeColumns, counterpart: NDArray[np.intp], point: Point) -> Point:
    """The point with the overlap of a pair taken off its second flow and off another, where that is a tie."""
    x = point.x.copy()
    both = np.minimum(np.minimum(x[pair.first], x[pair.second]), x[counterpart])
    x[pair.second] -= both
    x[counterpart] -= both
    found, bound_dual = optimality(program.form, program.scaling, x, point.eq_dual, point.ineq_dual)
    return replace(point, x=x, bound_dual=bound_dual, optimality=found) if found.passes(TOLERANCE) else point


def _widened(program: Program, pair: OppositeColumns, mark: NDArray[np.bool_], *, last: bool) -> NDArray[np.bool_]:
    """More intervals of a pair, when so many offend that growing the set would take longer.

    A converter may burn energy in any interval, so all of them are taken. Import and export circulate only where both
    together earn, so those intervals are; what this leaves out and still offends joins in the next round.
    """
    if last:
        return np.ones_like(mark)
    if mark.mean() <= _EVERYWHERE_SHARE:
        return mark
    if pair.opposites.first.owner != GRID:
        return np.ones_like(mark)
    earns: NDArray[np.bool_] = program.form.cost[pair.first] + program.form.cost[pair.second] < 0
    return mark | earns


def _both_run(pair: OppositeColumns, x: _Vector) -> NDArray[np.bool_]:
    least = np.minimum(x[pair.first], x[pair.second])
    most = float(np.max(np.maximum(pair.first_most, pair.second_most), initial=0.0))
    return least > NOISE_RELATIVE * most


def _solve_with_binaries(program: Program, marks: _Marks) -> Answer:
    extended = _with_binaries(program, marks)
    size = program.form.size
    column = np.concatenate([program.scaling.column, np.ones(extended.size - size)])
    scaling = Scaling.of(extended, column)
    scaling = replace(scaling, objective=program.scaling.objective)
    return solve_watched(scaling.apply(extended), "HIGHS")


def _with_binaries(program: Program, marks: _Marks) -> StandardForm:
    """The problem with a binary u for each marked interval: ``first <= M1 u``, ``second <= M2 (1 - u)``.

    Big-M is the flow's own upper bound, so nothing is cut off.
    """
    form = program.form
    where = [np.flatnonzero(mark) for mark in marks]
    count = sum(w.size for w in where)
    first = np.concatenate([pair.first[w] for pair, w in zip(program.opposites, where, strict=True)])
    second = np.concatenate([pair.second[w] for pair, w in zip(program.opposites, where, strict=True)])
    first_most = np.concatenate([pair.first_most[w] for pair, w in zip(program.opposites, where, strict=True)])
    second_most = np.concatenate([pair.second_most[w] for pair, w in zip(program.opposites, where, strict=True)])
    rows, binaries = np.arange(count), np.arange(form.size, form.size + count)
    ones = np.ones(count)
    shape = (count, form.size + count)
    first_rows = sp.csr_array(
        (np.concatenate([ones, -first_most]), (np.tile(rows, 2), np.concatenate([first, binaries]))), shape
    )
    second_rows = sp.csr_array(
        (np.concatenate([ones, second_most]), (np.tile(rows, 2), np.concatenate([second, binaries]))), shape
    )
    pad = sp.csc_array((form.ineq.shape[0], count))
    return StandardForm(
        sp.csc_array(sp.block_diag([form.quadratic, sp.csc_array((count, count))])),
        np.concatenate([form.cost, np.zeros(count)]),
        form.constant,
        sp.csc_array(sp.hstack([form.eq, sp.csc_array((form.eq.shape[0], count))])),
        form.eq_rhs,
        sp.csc_array(sp.vstack([sp.hstack([form.ineq, pad]), first_rows, second_rows])),
        np.concatenate([form.ineq_rhs, np.zeros(count), second_most]),
        np.concatenate([form.lower, np.zeros(count)]),
        np.concatenate([form.upper, ones]),
        binaries,
    )


def _settled(program: Program, x: _Vector, requested: str | None, tell: Callable[[str], None] | None) -> Point:
    """The convex problem with every direction fixed as in x: same cost, even flows, and multipliers."""
    upper = program.form.upper.copy()
    for pair in program.opposites:
        forward = x[pair.first] > x[pair.second]
        upper[np.where(forward, pair.second, pair.first)] = 0.0
    upper = np.maximum(upper, program.form.lower)
    fixed = program.form.with_bounds(program.form.lower, upper)
    verdict = solve_convex(fixed, program.scaling, program.tie_break, requested=requested, tell=tell)
    if verdict.point is None:
        message = f"fixed directions gave a problem that is {verdict.status}"
        raise SolverError(message, "report this with the site file")
    return verdict.point
