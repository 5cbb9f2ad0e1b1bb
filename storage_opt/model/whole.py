"""Decisions that are whole numbers in the end: which events are joined, which days a block is bid.

The convex problem takes them between 0 and 1, where joining a part of an event is as good as it may be; often enough
its optimum is reached by whole decisions too, which is tried first. Otherwise a mixed-integer solver decides them, and
the convex problem is solved again with what was decided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import SolverError
from storage_opt.model.backends import Status
from storage_opt.model.certificate import TOLERANCE, Attempt
from storage_opt.model.program import Program
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.watchdog import solve_watched

__all__ = ["Decided", "decided"]

_Vector = NDArray[np.float64]
_NEARLY = 1e-6
_LARGE_NONZEROS = 200_000
"""Entries from which a mixed-integer solver does not even solve the first relaxation in its time (a year of 15 min)."""
_BRANCHING_S = 60.0
_PARTS = (0.5, 1e-3)
"""Shares above which a decision is tried as taken: what is mostly taken, then whatever is taken at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """A program with its whole decisions made.

    Parameters
    ----------
    program : Program
        The program with these decisions as bounds.
    point : Point
        Its convex optimum.
    bound : float
        Cost that no decisions can beat. [money]
    attempts : tuple of Attempt
        Solver calls that it took.
    """

    program: Program
    point: Point
    bound: float
    attempts: tuple[Attempt, ...] = ()


def decided(
    program: Program, relaxed: Point, *, requested: str | None = None, tell: Callable[[str], None] | None = None
) -> Decided:
    """Make the whole decisions of a program.

    Parameters
    ----------
    program : Program
        The compiled problem.
    relaxed : Point
        Its convex optimum.
    requested : str or None
        Solver the user asked for; whole decisions always go to the policy's solver.
    tell : callable or None
        Told when the mixed-integer solver is called.

    Raises
    ------
    SolverError
        When the mixed-integer solver fails, or finds no decisions.
    """
    bound = relaxed.optimality.bound
    if not program.whole.size:
        return Decided(program, relaxed, bound)
    values = relaxed.x[program.whole]
    if np.all(np.abs(values - np.round(values)) <= _NEARLY):
        # as numbers they are whole but for noise; as bounds they are so exactly
        fixed = _fixed(program, relaxed, np.round(values), requested)
        if fixed is not None:
            return Decided(*fixed, bound)
    best: tuple[Program, Point] | None = None
    for tries in _roundings(program, values):
        tried = _fixed(program, relaxed, tries, requested)
        if tried is not None and (best is None or tried[1].optimality.cost < best[1].optimality.cost):
            best = tried
        if best is not None and _proven(best[1].optimality.cost, bound):
            return Decided(*best, bound)
    if program.form.ineq.nnz + program.form.eq.nnz > _LARGE_NONZEROS and best is not None:
        return _branched(program, relaxed, best, requested, tell)
    return _searched(program, best, bound, requested, tell)


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """Decisions made so far (NaN where open), the convex optimum with them, and the cost it proves. [money]"""

    made: _Vector
    values: _Vector
    bound: float


def _branched(
    program: Program,
    relaxed: Point,
    best: tuple[Program, Point],
    requested: str | None,
    tell: Callable[[str], None] | None,
) -> Decided:
    """Branch and bound over convex problems: each is solved in seconds where a mixed-integer solver takes minutes."""
    size, started, solves = program.whole.size, time.monotonic(), 0
    open_nodes = [_Node(np.full(size, np.nan), relaxed.x[program.whole], relaxed.optimality.bound)]
    while open_nodes:
        node = min(open_nodes, key=lambda n: n.bound)
        if _proven(best[1].optimality.cost, node.bound) or time.monotonic() - started > _BRANCHING_S:
            break
        open_nodes.remove(node)
        undecided = np.where(np.isnan(node.made), np.abs(node.values - np.round(node.values)), -1.0)
        column = int(undecided.argmax())
        if tell:
            tell(f"choosing among {size:,} events and blocks ({solves:,} problems solved)")
        for value in (1.0, 0.0):
            made = node.made.copy()
            made[column] = value
            solves += 1
            found = _fixed(program, None, made, requested)
            if found is None:
                continue
            values, proven = found[1].x[program.whole], max(found[1].optimality.bound, node.bound)
            if np.all(np.abs(values - np.round(values)) <= _NEARLY):
                tried = _fixed(program, found[1], np.round(values), requested)
            else:
                tried = _fixed(program, None, next(_roundings(program, values)), requested) if value else None
            if tried is not None and tried[1].optimality.cost < best[1].optimality.cost:
                best = tried
            if not _proven(best[1].optimality.cost, proven):
                open_nodes.append(_Node(made, values, proven))
    bound = min([best[1].optimality.cost, *(n.bound for n in open_nodes)])
    status = f"{'stopped' if open_nodes else 'optimal'} after branching over {size:,} whole decisions"
    if not _proven(best[1].optimality.cost, bound):
        status = f"stopped with {len(open_nodes):,} branches of {size:,} whole decisions open"
    return Decided(*best, bound, (Attempt("branching", status, time.monotonic() - started),))


def _roundings(program: Program, values: _Vector) -> Iterator[_Vector]:
    """Decisions worth a try: the most taken first as far as limits on their number allow, then all that are taken."""
    rows = program.form.ineq.tocsr()
    of_whole = rows[:, program.whole]
    # rows that speak of whole decisions alone, such as the number of events in a month
    alone = np.flatnonzero((np.diff(of_whole.indptr) > 0) & (np.diff(of_whole.indptr) == np.diff(rows.indptr)))
    weights, limit = of_whole[alone].toarray(), program.form.ineq_rhs[alone]
    tried: list[_Vector] = []
    for least in _PARTS:
        chosen = np.zeros_like(values)
        for column in np.argsort(-values, kind="stable"):
            if values[column] <= least:
                break
            if np.all(weights @ chosen + weights[:, column] <= limit + _NEARLY):
                chosen[column] = 1.0
        if not any(np.array_equal(chosen, earlier) for earlier in tried):
            tried.append(chosen)
            yield chosen


def _proven(cost: float, bound: float) -> bool:
    return cost - bound <= TOLERANCE / 4 * max(abs(cost), 1e-9)


def _searched(
    program: Program,
    best: tuple[Program, Point] | None,
    bound: float,
    requested: str | None,
    tell: Callable[[str], None] | None,
) -> Decided:
    if tell:
        tell(f"choosing among {program.whole.size:,} events and blocks")
    scaled = replace(program.scaling.apply(program.form), integer=program.whole)
    answer = solve_watched(scaled, "HIGHS")
    attempt = Attempt("HIGHS", f"{answer.status} with {program.whole.size:,} whole decisions", answer.seconds)
    if answer.bound is not None:
        bound = max(bound, answer.bound * program.scaling.objective)
    if answer.x is None:
        if best is not None:
            return Decided(*best, bound, (attempt,))
        reason = (
            "no schedule keeps all rules with whole events and blocks" if answer.status is Status.INFEASIBLE else ""
        )
        message = reason or f"events and blocks could not be chosen: {answer.message}"
        raise SolverError(message, "lower min_block_kw or committed_kw, or shorten the horizon with --from and --to")
    values = np.round(program.scaling.primal(answer.x)[program.whole])
    fixed = _fixed(program, None, values, requested)
    if fixed is None:
        message = "what the mixed-integer solver chose could not be solved again"
        raise SolverError(message, "report this with the site file")
    if best is not None and best[1].optimality.cost < fixed[1].optimality.cost:
        fixed = best
    return Decided(*fixed, bound, (attempt,))


def _fixed(
    program: Program, guess: Point | None, values: _Vector, requested: str | None
) -> tuple[Program, Point] | None:
    """The program with its whole decisions at `values` (NaN leaves one open), and its optimum; None without any."""
    lower, upper = program.form.lower.copy(), program.form.upper.copy()
    made = np.isfinite(values)
    lower[program.whole[made]] = upper[program.whole[made]] = values[made]
    form = program.form.with_bounds(lower, upper)
    try:
        verdict = solve_convex(
            form, program.scaling, program.tie_break, requested=requested, guess=_moved(guess, program, values)
        )
    except SolverError:
        return None
    if verdict.point is None:
        return None
    return replace(program, form=form), verdict.point


def _moved(guess: Point | None, program: Program, values: _Vector) -> Point | None:
    if guess is None:
        return None
    x = guess.x.copy()
    x[program.whole] = values
    return replace(guess, x=x)
