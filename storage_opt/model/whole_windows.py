"""Whole decisions made window by window, and a bound that proves them.

A decision about an event changes the schedule around it. Multipliers of the convex problem price whatever couples the
hours around a decision with the rest; each window is then a small mixed-integer problem of its own, and the sum of
their optima bounds what any decisions can reach (:mod:`storage_opt.model.separation`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.backends import Status
from storage_opt.model.kkt import optimality
from storage_opt.model.program import Program
from storage_opt.model.separation import Separation
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.watchdog import solve_watched

__all__ = ["WholeWindows", "WindowPart", "whole_in_windows"]

_MARGIN_H = 36.0
"""Most time before and after its decisions that belongs to a window. [h]"""
_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WholeWindows:
    """What the windows decide.

    Parameters
    ----------
    values : (N,) array
        The decisions.
    bound : float
        Cost no decisions can beat. [money]
    parts : tuple of WindowPart
        The windows.
    seconds : float
        Time in the solver. [s]
    """

    values: _Vector
    bound: float
    parts: tuple[WindowPart, ...]
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class WindowPart:
    """A window's problem: its decisions among all, their columns in it, and its optimum. [money]"""

    form: StandardForm
    scaling: Scaling
    decisions: NDArray[np.intp]
    columns: NDArray[np.intp]
    optimum: float

    def solve(self, fixed: dict[int, float] | None = None) -> tuple[_Vector | None, float, float]:
        """Decisions, lowest cost proven and time taken, with some decisions (by their number among all) given."""
        form = self.form
        if fixed:
            lower, upper = form.lower.copy(), form.upper.copy()
            for decision, value in fixed.items():
                column = self.columns[np.searchsorted(self.decisions, decision)]
                lower[column] = upper[column] = value
            form = form.with_bounds(lower, upper)
        answer = solve_watched(self.scaling.apply(replace(form, integer=self.columns)), "HIGHS")
        if answer.status is Status.INFEASIBLE:
            return None, np.inf, answer.seconds
        if answer.x is None or answer.bound is None:
            return None, -np.inf, answer.seconds
        values = np.round(self.scaling.primal(answer.x)[self.columns])
        return values, answer.bound * self.scaling.objective, answer.seconds


def whole_in_windows(program: Program, prices: Point, together_h: float) -> WholeWindows | None:
    """Decide each window by itself; None where one of them gives no answer.

    Parameters
    ----------
    program : Program
        The compiled problem.
    prices : Point
        A point with multipliers; the bound holds for any, and is good where they are those of a good schedule.
    together_h : float
        Decisions no further apart share a window. [h]

    Notes
    -----
    bound = dual value of the convex problem + sum over windows (mixed-integer optimum - dual value of the window).
    """
    form = program.form
    step_h = program.horizon.step_h
    ids, count = _windows(program, round(together_h / step_h), round(_MARGIN_H / step_h))
    split = Separation.of(program, np.where(ids < 0, count, ids))
    priced = split.prices(form, prices)
    rows = replace(form, eq=sp.csr_array(form.eq), ineq=sp.csr_array(form.ineq))
    bound = optimality(form, program.scaling, prices.x, prices.eq_dual, prices.ineq_dual)[0].bound
    # decisions that rows across windows couple stay relaxed in the bound, and are rounded in the schedule
    values = np.round(prices.x[program.whole])
    window_of = split.column[program.whole]
    parts: list[WindowPart] = []
    taken_s = 0.0
    for number in range(count):
        mine = np.flatnonzero(window_of == number)
        if not mine.size:
            continue
        problem, scaling = split.part(rows, program.scaling, priced, number)
        columns = np.flatnonzero(split.column == number)
        eq_dual, ineq_dual = prices.eq_dual[split.eq_row == number], prices.ineq_dual[split.ineq_row == number]
        own = optimality(problem, scaling, prices.x[columns], eq_dual, ineq_dual)[0]
        part = WindowPart(problem, scaling, mine, np.searchsorted(columns, program.whole[mine]), 0.0)
        found, optimum, seconds = part.solve()
        taken_s += seconds
        if found is None:
            return None
        values[mine] = found
        bound += optimum - own.bound
        parts.append(replace(part, optimum=optimum))
    return WholeWindows(values, bound, tuple(parts), taken_s)


def _windows(program: Program, together: int, margin: int) -> tuple[NDArray[np.intp], int]:
    """Number of the window of each interval (T,), -1 outside, and how many there are.

    Decisions at most `together` intervals apart share a window; between two windows the border lies in the middle, but
    no more than `margin` intervals away.
    """
    steps = program.horizon.steps
    covered = np.zeros(steps + 1, dtype=np.intp)
    np.add.at(covered, program.whole_spans[:, 0], 1)
    np.add.at(covered, program.whole_spans[:, 1], -1)
    inside = np.cumsum(covered)[:steps] > 0
    starts = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    ends = np.flatnonzero(inside & ~np.append(inside[1:], False)) + 1
    apart = starts[1:] - ends[:-1] > together
    starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    middle = (ends[:-1] + starts[1:]) // 2
    low = np.maximum(np.concatenate([[0], middle]), starts - margin)
    high = np.minimum(np.concatenate([middle, [steps]]), ends + margin)
    ids = np.full(steps, -1, dtype=np.intp)
    for number, (begin, end) in enumerate(zip(low, high, strict=True)):
        ids[begin:end] = number
    return ids, starts.size
