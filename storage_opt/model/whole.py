"""Decisions that are whole numbers in the end: which events are joined, which days a block is bid.

The convex problem takes them between 0 and 1, where joining a part of an event is as good as it may be. Often its
optimum is reached by whole decisions too, which is tried first. Then windows decide by themselves and bound what any
decisions can cost (:mod:`storage_opt.model.whole_windows`), and every combination of the few left open is tried. Where
there are no windows, or too much stays open, shares are rounded, and a problem that is small enough goes to a
mixed-integer solver as a whole. The convex problem is solved again with whatever was decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.errors import SolverError
from storage_opt.model.backends import Status
from storage_opt.model.certificate import TOLERANCE, Attempt
from storage_opt.model.kkt import optimality
from storage_opt.model.program import Program
from storage_opt.model.solve import Point, Verdict, solve_convex
from storage_opt.model.watchdog import solve_watched
from storage_opt.model.whole_windows import WholeWindows, whole_in_windows

__all__ = ["WHOLE", "Decided", "all_taken", "decided"]

_Vector = NDArray[np.float64]
WHOLE = "whole decisions"
"""What an attempt of the search says of itself."""
_PARTS = (0.5, 1e-3)
"""Shares above which a decision is tried as taken: what is mostly taken, then whatever is taken at all."""
_TOGETHER_H = (0.0, 24.0, 24.0, 24.0)
"""Decisions no further apart share a window, one value a pass; passes differ in prices too. [h]"""
_FEW = 16
"""Decisions up to which all of them are taken first."""
_MOST_OPEN = 4
"""Decisions of which every combination is tried."""
_LARGEST_SEARCH = 1_000_000
"""Coefficients above which a search over the whole problem ends with nothing."""


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
    if not program.whole.size:
        return Decided(program, relaxed, relaxed.optimality.bound)
    search = _Search(program, relaxed, requested, tell or _silent)
    search.by_moving()
    if not search.is_proven:
        search.by_windows()
    if not search.is_proven:
        search.by_rounding()
    if not search.is_proven and (search.best is None or program.form.nonzeros < _LARGEST_SEARCH):
        search.as_a_whole()
    return search.found()


def all_taken(program: Program, *, requested: str | None = None) -> Decided | None:
    """A program with few whole decisions, all of them taken, where windows prove that nothing beats it; else None.

    Calls that are known are mostly worth joining; then one solve is all that it takes.
    """
    if not 0 < program.whole.size <= _FEW:
        return None
    attempts: list[Attempt] = []
    fixed, verdict = _fixed(program, np.ones(program.whole.size), requested, attempts)
    taken = verdict.point
    found = None if taken is None else whole_in_windows(program, taken, 0.0)
    if taken is None or found is None or not _proves(taken, found.bound):
        return None
    said = f"optimal in {len(found.parts):,} windows of {program.whole.size:,} {WHOLE}"
    return Decided(fixed, taken, found.bound, (*attempts, Attempt("HIGHS", said, found.seconds)))


def _proves(point: Point, bound: float) -> bool:
    """Whether no decisions can be cheaper by more than the certificate admits."""
    cost = point.optimality.cost
    return cost - bound <= TOLERANCE / 2 * max(abs(cost), 1e-9)


@dataclass(slots=True, eq=False)
class _Search:
    """The best decisions so far, and the best bound."""

    program: Program
    relaxed: Point
    requested: str | None
    tell: Callable[[str], None]
    best: tuple[Program, Point] | None = None
    bound: float = -np.inf
    attempts: list[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bound = self.relaxed.optimality.bound

    @property
    def is_proven(self) -> bool:
        """Whether no decisions can be cheaper than the best by more than the certificate admits."""
        return self.best is not None and _proves(self.best[1], self.bound)

    def found(self) -> Decided:
        """The best decisions, refused where there are none."""
        if self.best is None:
            message = "no schedule keeps all rules with whole events and blocks"
            hint = "lower min_block_kw or committed_kw, or shorten the horizon with --from and --to"
            raise SolverError(message, hint)
        return Decided(*self.best, self.bound, tuple(self.attempts))

    def by_moving(self) -> None:
        """Move the decisions to the nearest whole ones, where that is an optimum as it stands."""
        program, point = self.program, self.relaxed
        x = point.x.copy()
        x[program.whole] = np.round(x[program.whole])
        found, bound_dual = optimality(program.form, program.scaling, x, point.eq_dual, point.ineq_dual)
        if found.passes(TOLERANCE) and found.relative_gap <= TOLERANCE / 2:
            lower, upper = program.form.lower.copy(), program.form.upper.copy()
            lower[program.whole] = upper[program.whole] = x[program.whole]
            fixed = replace(program, form=program.form.with_bounds(lower, upper))
            self.best = fixed, replace(point, x=x, bound_dual=bound_dual, optimality=found)

    def by_rounding(self) -> None:
        """Take what is mostly taken, then whatever is taken at all."""
        values = self.relaxed.x[self.program.whole]
        for least in _PARTS:
            self._try(self._within_counts((values > least).astype(np.float64)))
            if self.is_proven:
                return

    def by_windows(self) -> None:
        """Decide windows under the multipliers of the best so far, wider windows each time; then what is left open."""
        prices: Point | None = self.relaxed
        windows: WholeWindows | None = None
        for together_h in _TOGETHER_H:
            found = None if prices is None else whole_in_windows(self.program, prices, together_h)
            if found is None:
                return
            self._record(f"optimal in {len(found.parts):,} windows", found.seconds)
            windows = found if windows is None or found.bound > windows.bound else windows
            self.bound = max(self.bound, found.bound)
            prices = self._try(self._within_counts(found.values)).point
            if self.is_proven:
                return
        if windows is not None and self.best is not None:
            self._enumerate(windows)

    def _enumerate(self, windows: WholeWindows) -> None:
        """Try every combination of the decisions that the windows do not prove, where there are few of them.

        A decision that is turned round raises the bound by what its window loses; where that exceeds the best cost, no
        better schedule turns it.
        """
        assert self.best is not None
        values = self.best[1].x[self.program.whole].round()
        if sum(part.decisions.size for part in windows.parts) < self.program.whole.size:
            return  # a decision that stands in no window can't be proven by one
        least = self.best[1].optimality.cost - TOLERANCE / 2 * abs(self.best[1].optimality.cost)
        open_: list[int] = []
        seconds = 0.0
        for part in windows.parts:
            for decision in part.decisions.tolist():
                _, cost, taken_s = part.solve({decision: 1.0 - values[decision]})
                seconds += taken_s
                if windows.bound + cost - part.optimum < least:
                    open_.append(decision)
                if len(open_) > _MOST_OPEN:
                    self._record("too many left open by windows", seconds)
                    return
        costs = [least]
        for combination in product((0.0, 1.0), repeat=len(open_)):
            tried = values.copy()
            tried[open_] = combination
            costs.append(_bound(self._try(tried)))
        self._record(f"every combination of {len(open_)}", seconds)
        self.bound = max(self.bound, min(costs))

    def _record(self, words: str, seconds: float) -> None:
        said = f"{words} of {self.program.whole.size:,} {WHOLE}"
        self.attempts.append(Attempt("HIGHS", said, seconds))
        self.tell(f"events and blocks: {said}")

    def _within_counts(self, values: _Vector) -> _Vector:
        """Fewer decisions taken where they are counted, those that the convex problem wants least first."""
        form, whole = self.program.form, self.program.whole
        rows = sp.csr_array(form.ineq)
        inside = np.diff(rows[:, whole].indptr)
        counting = np.flatnonzero((inside > 0) & (inside == np.diff(rows.indptr)))
        kept, wanted = values.copy(), self.relaxed.x[whole]
        for row, most in zip(rows[counting][:, whole].toarray(), form.ineq_rhs[counting], strict=True):
            taken = np.flatnonzero((row > 0) & (kept > 0))
            excess = round(float(row @ kept - most) / max(float(row.max()), 1.0))
            if excess > 0:
                kept[taken[np.argsort(wanted[taken])][:excess]] = 0.0
        return kept

    def as_a_whole(self) -> None:
        """All decisions at once, which ends at a time limit."""
        program = self.program
        self.tell(f"choosing among {program.whole.size:,} events and blocks")
        answer = solve_watched(replace(program.scaling.apply(program.form), integer=program.whole), "HIGHS")
        self._record(f"{answer.status} search over all", answer.seconds)
        if answer.bound is not None:
            self.bound = max(self.bound, answer.bound * program.scaling.objective)
        if answer.x is not None:
            self._try(np.round(program.scaling.primal(answer.x)[program.whole]))

    def _try(self, values: _Vector) -> Verdict:
        """Solve with these decisions, and keep them where they are the cheapest so far; what came out."""
        fixed, verdict = _fixed(self.program, values, self.requested, self.attempts)
        point = verdict.point
        if point is not None and (self.best is None or point.optimality.cost < self.best[1].optimality.cost):
            self.best = fixed, point
        return verdict


def _fixed(
    program: Program, values: _Vector, requested: str | None, attempts: list[Attempt]
) -> tuple[Program, Verdict]:
    """The program with its whole decisions at `values`, and what came out of it. Notes the calls."""
    lower, upper = program.form.lower.copy(), program.form.upper.copy()
    lower[program.whole] = upper[program.whole] = values
    form = program.form.with_bounds(lower, upper)
    try:
        verdict = solve_convex(form, program.scaling, program.tie_break, requested=requested)
    except SolverError:
        verdict = Verdict(None, Status.FAILED, ())
    attempts += verdict.attempts
    return replace(program, form=form), verdict


def _bound(verdict: Verdict) -> float:
    """Cost that the decisions of a verdict can't beat; a solver that fails proves nothing. [money]"""
    if verdict.point is not None:
        return verdict.point.optimality.bound
    return np.inf if verdict.status is Status.INFEASIBLE else -np.inf


def _silent(message: str) -> None:
    del message
