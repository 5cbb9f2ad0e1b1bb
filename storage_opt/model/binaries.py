"""Pairs of flows that exclude each other, forbidden with whole variables in chosen intervals.

A problem with binaries in some intervals is a relaxation of the one with binaries everywhere. So where its optimum
offends nowhere else, it is the exact optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.errors import InfeasibleError
from storage_opt.model.backends import Answer, Status
from storage_opt.model.polish import NOISE_RELATIVE
from storage_opt.model.program import OppositeColumns
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.watchdog import solve_watched

__all__ = ["Exclusive", "Grown", "Marks", "both_run", "counted", "grown", "offending", "solve_with_binaries"]

_MOST_ROUNDS = 6
_PROVEN = 1e-4
"""Gap that a mixed-integer solver leaves only when its time is over."""
_Vector = NDArray[np.float64]
Marks = tuple[NDArray[np.bool_], ...]
"""For each pair, the intervals that are meant (T,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Exclusive:
    """A problem and its pairs of columns of which one at least must be zero.

    Parameters
    ----------
    form, scaling : StandardForm, Scaling
        The convex problem in the user's units.
    pairs : tuple of OppositeColumns
        Columns that exclude each other, interval by interval.
    """

    form: StandardForm
    scaling: Scaling
    pairs: tuple[OppositeColumns, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """What was found with binaries where `marks` say; no x when the solver gave none.

    Parameters
    ----------
    x : (n,) array or None
        Point in the user's units.
    bound : float
        Cost that nothing beats. [money]
    marks : tuple of (T,) bool array
        Intervals with a binary at the end.
    answers, counts : tuple of Answer, tuple of int
        One a round, and with how many binaries.
    """

    x: _Vector | None
    bound: float
    marks: Marks
    answers: tuple[Answer, ...]
    counts: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """Time in the solver. [s]"""
        return sum(answer.seconds for answer in self.answers)


def both_run(pair: OppositeColumns, x: _Vector) -> NDArray[np.bool_]:
    """Intervals in which both flows of a pair run (T,)."""
    least = np.minimum(x[pair.first], x[pair.second])
    most = float(np.max(np.maximum(pair.first_most, pair.second_most), initial=0.0))
    return least > NOISE_RELATIVE * most


def offending(pairs: tuple[OppositeColumns, ...], x: _Vector) -> Marks:
    """For each pair, the intervals in which both flows run (T,)."""
    return tuple(both_run(pair, x) for pair in pairs)


def grown(
    problem: Exclusive,
    marks: Marks,
    widened: Callable[[Marks, bool], Marks],
    tell: Callable[[int, int], None] | None = None,
) -> Grown:
    """Solve with binaries in the marked intervals, and in those that offend then, until none does.

    Parameters
    ----------
    problem : Exclusive
        The problem.
    marks : tuple of (T,) bool array
        Where to begin.
    widened : callable
        Further intervals of a set before it is solved; told whether it is the last round, which has to take all.
    tell : callable or None
        Told the number of binaries and the round.

    Raises
    ------
    InfeasibleError
        When only points with offences keep all rows.
    """
    answers: list[Answer] = []
    counts: list[int] = []
    bound = -np.inf
    x: _Vector | None = None
    for rounds in range(1, _MOST_ROUNDS + 1):
        marks = widened(marks, rounds == _MOST_ROUNDS)
        counts.append(counted(marks))
        if tell:
            tell(counts[-1], rounds)
        answer = solve_with_binaries(problem, marks)
        answers.append(answer)
        if answer.status is Status.INFEASIBLE:
            reason = (
                "energy would have to be burnt by charging and discharging, or importing and exporting, at once, or by "
                "drawing more than work takes"
            )
            raise InfeasibleError((), reason=reason)
        if answer.bound is not None:
            bound = max(bound, answer.bound * problem.scaling.objective)
        if answer.x is None:
            return Grown(None, bound, marks, tuple(answers), tuple(counts))
        x = problem.scaling.primal(answer.x[: problem.form.size])
        if _stopped(problem, x, answer):
            break
        still = offending(problem.pairs, x)
        if not any((new & ~mark).any() for mark, new in zip(marks, still, strict=True)):
            break
        marks = tuple(mark | new for mark, new in zip(marks, still, strict=True))
    return Grown(x, bound, marks, tuple(answers), tuple(counts))


def _stopped(problem: Exclusive, x: _Vector, answer: Answer) -> bool:
    """Whether the solver ended before it had proven its point; with more binaries it would get no further."""
    cost = problem.form.objective(x)
    proven = -np.inf if answer.bound is None else answer.bound * problem.scaling.objective
    return cost - proven > _PROVEN * max(abs(cost), problem.scaling.objective)


def counted(marks: Marks) -> int:
    """Number of marked intervals, of all pairs together."""
    return sum(int(mark.sum()) for mark in marks)


def solve_with_binaries(problem: Exclusive, marks: Marks) -> Answer:
    """The scaled problem with a binary for each marked interval."""
    extended = _with_binaries(problem, marks)
    size = problem.form.size
    column = np.concatenate([problem.scaling.column, np.ones(extended.size - size)])
    scaling = replace(Scaling.of(extended, column), objective=problem.scaling.objective)
    return solve_watched(scaling.apply(extended), "HIGHS")


def _with_binaries(problem: Exclusive, marks: Marks) -> StandardForm:
    """The problem with a binary u for each marked interval: ``first <= M1 u``, ``second <= M2 (1 - u)``.

    Big-M is the flow's own upper bound, so nothing is cut off.
    """
    form, pairs = problem.form, problem.pairs
    where = [np.flatnonzero(mark) for mark in marks]
    count = sum(w.size for w in where)
    first = np.concatenate([pair.first[w] for pair, w in zip(pairs, where, strict=True)])
    second = np.concatenate([pair.second[w] for pair, w in zip(pairs, where, strict=True)])
    first_most = np.concatenate([pair.first_most[w] for pair, w in zip(pairs, where, strict=True)])
    second_most = np.concatenate([pair.second_most[w] for pair, w in zip(pairs, where, strict=True)])
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
