"""Decisions that are whole numbers in the end: which events are joined, which days a block is bid.

The convex problem takes them between 0 and 1, where joining a part of an event is as good as it may be; often enough
its optimum is reached by whole decisions too, which is tried first. Otherwise a mixed-integer solver decides them, and
the convex problem is solved again with what was decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import SolverError
from storage_opt.model.backends import Status
from storage_opt.model.certificate import TOLERANCE, Attempt
from storage_opt.model.program import Program
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.watchdog import solve_watched

__all__ = ["WHOLE", "Decided", "decided"]

_Vector = NDArray[np.float64]
WHOLE = "whole decisions"
"""What an attempt of the search says of itself."""
_NEARLY = 1e-6
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
    for least in _PARTS:
        tried = _fixed(program, relaxed, (values > least).astype(np.float64), requested)
        if tried is not None and (best is None or tried[1].optimality.cost < best[1].optimality.cost):
            best = tried
        if best is not None and _proven(best[1].optimality.cost, bound):
            return Decided(*best, bound)
    return _searched(program, best, bound, requested, tell)


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
    attempt = Attempt("HIGHS", f"{answer.status} with {program.whole.size:,} {WHOLE}", answer.seconds)
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
    """The program with its whole decisions at `values`, and its optimum; None when there is none."""
    lower, upper = program.form.lower.copy(), program.form.upper.copy()
    lower[program.whole] = upper[program.whole] = values
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
