"""Try the solvers of the policy in order until one answer satisfies the optimality conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import SolverError
from storage_opt.model.backends import Answer, Status
from storage_opt.model.certificate import TOLERANCE, Attempt
from storage_opt.model.kkt import Optimality, optimality
from storage_opt.model.policy import solver_chain, takes_quadratic
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TIE_BREAK_RELATIVE, TieBreak
from storage_opt.model.watchdog import solve_watched

__all__ = ["Belief", "Point", "Verdict", "solve_convex"]

_CONFIRMED = 2
"""Solvers that must call a problem infeasible, or unbounded, before it is believed where nothing else proves it."""

_GAP_WITH_TIE_BREAK = 5 * TIE_BREAK_RELATIVE
"""Gap at which the tie-break, and not the solver's own accuracy, is to blame."""


class Belief(Enum):
    """When it is believed that a problem has no solution."""

    CONFIRMED = auto()
    """When two solvers say so."""
    CHECKED = auto()
    """The caller proves it by itself, so that one solver, or presolve, is enough where another gave up."""
    PROBED = auto()
    """It may well be so and nobody pays for a word too early: the same, and presolve is asked first."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An optimal point of a convex problem with its multipliers, in the user's units.

    Parameters
    ----------
    x : (n,) array
        Variables.
    eq_dual, ineq_dual : (m,), (k,) array
        Multipliers of rows.
    bound_dual : (n,) array
        Multipliers of bounds: positive at a lower, negative at an upper bound.
    optimality : Optimality
        Residuals and gap.
    solver : str
        Who found it.
    """

    x: NDArray[np.float64]
    eq_dual: NDArray[np.float64]
    ineq_dual: NDArray[np.float64]
    bound_dual: NDArray[np.float64]
    optimality: Optimality
    solver: str


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What came out of a chain of solvers: a point, or what they agree the problem is."""

    point: Point | None
    status: Status
    attempts: tuple[Attempt, ...]


def solve_convex(
    form: StandardForm,
    scaling: Scaling,
    tie_break: TieBreak | None = None,
    *,
    requested: str | None = None,
    tell: Callable[[str], None] | None = None,
    gap_tolerance: float = TOLERANCE,
    guess: Point | None = None,
    belief: Belief = Belief.CONFIRMED,
) -> Verdict:
    """Solve a continuous problem with the first solver whose answer passes.

    Parameters
    ----------
    form, scaling : StandardForm, Scaling
        The problem in the user's units and its scaling.
    tie_break : TieBreak or None
        Wishes among equal optima.
    requested : str or None
        Solver to use instead of the policy's.
    tell : callable or None
        Told when a solver fails and the next one tries.
    gap_tolerance : float
        Largest relative gap that passes.
    guess : Point or None
        Optimum of a similar problem; taken without a solve when it satisfies the optimality conditions of this one.
    belief : Belief
        When it is believed that there is no solution.

    Raises
    ------
    SolverError
        When no solver gives an answer that passes.
    """
    reused = _reused(form, scaling, guess)
    if reused is not None:
        return reused
    scaled = scaling.apply(form)
    wishes = None if tie_break is None else tie_break.scaled(scaling)
    attempts: list[Attempt] = []
    claims: list[Status] = []
    for solver in solver_chain(form, requested):
        asks_presolve = belief is Belief.PROBED or (belief is Belief.CHECKED and bool(attempts))
        answer, point = _try(form, scaled, scaling, wishes, solver, gap_tolerance, probing=asks_presolve)
        attempts.append(Attempt(solver, _said(answer, point), answer.seconds))
        if point is not None:
            return Verdict(point, Status.OPTIMAL, tuple(attempts))
        if answer.status is Status.RULED_OUT:
            return Verdict(None, Status.INFEASIBLE, tuple(attempts))
        if answer.status in {Status.INFEASIBLE, Status.UNBOUNDED}:
            claims.append(answer.status)
            gave_up = len(attempts) > len(claims)
            is_enough = gave_up and answer.status is Status.INFEASIBLE and belief is not Belief.CONFIRMED
            if is_enough or len(claims) == _CONFIRMED:
                break
        elif tell:
            tell(f"{solver} {attempts[-1].status}; trying the next solver")
    if claims:
        return Verdict(None, claims[0], tuple(attempts))
    tried = "; ".join(f"{a.solver} {a.status} after {a.seconds:.1f} s" for a in attempts)
    message = f"no solver gave an answer that passes: {tried}"
    raise SolverError(message, "shorten the horizon, or try --solver")


def _reused(form: StandardForm, scaling: Scaling, guess: Point | None) -> Verdict | None:
    """The guess, when it is proven optimal for this problem by the conditions every answer has to pass."""
    if guess is None:
        return None
    sizes = (guess.x.size, guess.eq_dual.size, guess.ineq_dual.size)
    if sizes != (form.size, form.eq_rhs.size, form.ineq_rhs.size):
        return None
    found, bound_dual = optimality(form, scaling, guess.x, guess.eq_dual, guess.ineq_dual)
    if not found.passes(TOLERANCE) or found.relative_gap > _GAP_WITH_TIE_BREAK:
        return None
    point = replace(guess, bound_dual=bound_dual, optimality=found)
    return Verdict(point, Status.OPTIMAL, (Attempt(guess.solver, "optimum of another branch, proven again", 0.0),))


def _said(answer: Answer, point: Point | None) -> str:
    if answer.status is Status.OPTIMAL and point is None:
        return "answer fails the optimality conditions"
    return f"failed ({answer.message})" if answer.status is Status.FAILED else str(answer.status)


def _try(
    form: StandardForm,
    scaled: StandardForm,
    scaling: Scaling,
    tie_break: TieBreak | None,
    solver: str,
    gap_tolerance: float,
    *,
    probing: bool,
) -> tuple[Answer, Point | None]:
    """Solve with the tie-break; weaker, and at last without, when it costs more than it may."""
    for share in (1.0, 1e-2, 0.0) if takes_quadratic(solver) and tie_break else (0.0,):
        asked = tie_break.on(scaled, share) if tie_break else scaled
        answer = solve_watched(asked, solver, probing=probing)
        point = _point(form, scaling, answer, solver)
        if point is None or point.optimality.relative_gap <= _GAP_WITH_TIE_BREAK:
            break
    if point is not None and not point.optimality.passes(TOLERANCE, gap_tolerance):
        return answer, None
    return answer, point


def _point(form: StandardForm, scaling: Scaling, answer: Answer, solver: str) -> Point | None:
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return None
    size_eq, size_ineq = form.eq_rhs.size, form.ineq_rhs.size
    x = np.clip(scaling.primal(answer.x), form.lower, form.upper)
    eq_dual = scaling.eq_dual(answer.eq_dual if answer.eq_dual is not None else np.zeros(size_eq))
    ineq_dual = np.maximum(
        scaling.ineq_dual(answer.ineq_dual if answer.ineq_dual is not None else np.zeros(size_ineq)), 0.0
    )
    found, bound_dual = optimality(form, scaling, x, eq_dual, ineq_dual)
    return Point(x, eq_dual, ineq_dual, bound_dual, found, solver)
