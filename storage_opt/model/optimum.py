"""From a compiled program to an exact optimum, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from storage_opt.errors import InfeasibleError, SolverError
from storage_opt.model.backends import Status
from storage_opt.model.certificate import Attempt, Repair
from storage_opt.model.exactness import repaired
from storage_opt.model.infeasibility import diagnosed
from storage_opt.model.program import Program
from storage_opt.model.solve import Belief, Point, Verdict, solve_convex
from storage_opt.model.unbounded import runaway
from storage_opt.model.whole import Decided, all_taken, decided

__all__ = ["Optimum", "solve_program", "solve_relaxed"]


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The exact optimum of a program.

    Parameters
    ----------
    point : Point
        Variables and multipliers, opposite flows exclusive.
    relative_gap : float
        Cost minus lower bound over the size of the cost; after a repair the bound is the mixed-integer one.
    repair : Repair or None
        How exclusivity was enforced.
    attempts : tuple of Attempt
        Every solver call, in order.
    """

    point: Point
    relative_gap: float
    repair: Repair | None
    attempts: tuple[Attempt, ...]


def solve_program(
    program: Program,
    *,
    solver: str | None = None,
    tell: Callable[[str], None] | None = None,
    guess: Point | None = None,
    explain: bool = True,
) -> Optimum:
    """Solve exactly.

    Parameters
    ----------
    program : Program
        The compiled problem.
    solver : str or None
        Solver the user asked for; by default the policy's.
    tell : callable or None
        Told about each round.
    guess : Point or None
        Optimum of a similar program; taken without a solve when it satisfies the optimality conditions of this one.
    explain : bool
        Whether to look for the rules that conflict when there is no schedule.

    Raises
    ------
    InfeasibleError
        With the smallest set of rules that conflict, or none when it was not asked for.
    UnboundedError
        With the flows that run away.
    SolverError
        When no solver gives an answer that passes.
    """
    chosen = all_taken(program, requested=solver)
    if chosen is not None:
        return _without_opposites(program, chosen, solver, tell)
    relaxed = solve_relaxed(program, solver=solver, tell=tell, guess=guess, explain=explain)
    chosen = decided(program, relaxed.point, requested=solver, tell=tell)
    return _without_opposites(program, replace(chosen, attempts=relaxed.attempts + chosen.attempts), solver, tell)


def solve_relaxed(
    program: Program,
    *,
    solver: str | None = None,
    tell: Callable[[str], None] | None = None,
    guess: Point | None = None,
    explain: bool = True,
    probing: bool = False,
) -> Optimum:
    """Solve with opposite flows together and whole decisions in parts: what nothing can beat.

    Parameters and errors are those of :func:`solve_program`; `probing` tells that there may well be no solution, and
    that nobody pays for a word too early.
    """

    def asked(belief: Belief) -> Verdict:
        form, wishes = program.form, program.tie_break
        return solve_convex(form, program.scaling, wishes, requested=solver, tell=tell, guess=guess, belief=belief)

    believed = Belief.CHECKED if explain else Belief.CONFIRMED
    verdict = asked(Belief.PROBED if probing else believed)
    if verdict.status is Status.INFEASIBLE:
        if not explain:
            raise InfeasibleError(())
        error = diagnosed(program)
        if error is not None:
            raise error
        # a solver was wrong; the next ones need not be
        verdict = asked(Belief.CONFIRMED)
    if verdict.status is Status.INFEASIBLE:
        message = f"{verdict.attempts[-1].solver} calls a feasible site infeasible"
        raise SolverError(message, "try another --solver")
    if verdict.point is None:
        raise runaway(program)
    return Optimum(verdict.point, verdict.point.optimality.relative_gap, None, verdict.attempts)


def _without_opposites(
    program: Program, chosen: Decided, solver: str | None, tell: Callable[[str], None] | None
) -> Optimum:
    """The optimum with opposite flows separated, and its gap to what nothing can beat."""
    exact = repaired(chosen.program, chosen.point, requested=solver, tell=tell)
    found = exact.point.optimality
    gap = found.relative_gap
    if exact.repair is not None or program.whole.size:
        # with whole decisions the bound of the repair is that of one choice among them
        bound = chosen.bound if program.whole.size else exact.bound
        gap = max(found.cost - bound, 0.0) / max(abs(found.cost), 1e-9)
    return Optimum(exact.point, gap, exact.repair, chosen.attempts + exact.attempts)
