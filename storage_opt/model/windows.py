"""Opposite flows decided window by window, and a bound that proves the decisions.

Where few hours tempt a site to burn energy, the schedule changes only around them. Multipliers of the convex problem
price whatever couples a window with the rest (stored energy at its ends, peaks of the month, ratios of the year).
Every window is then a small mixed-integer problem of its own, and the sum of their optima is a lower bound of the exact
optimum (:mod:`storage_opt.model.separation`): it needs no more than multipliers of the right sign.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.binaries import Exclusive, Marks, counted, grown
from storage_opt.model.certificate import Attempt
from storage_opt.model.kkt import optimality
from storage_opt.model.program import OppositeColumns, Program
from storage_opt.model.separation import Separation
from storage_opt.model.solve import Point

__all__ = ["Windows", "by_windows", "tempted"]

_LARGEST_SHARE = 0.5
"""A window longer than this share of the horizon saves no work."""
_FEWEST_STEPS = 400
"""A horizon this short is searched as a whole in no time."""
_LONGEST_S = 60.0
"""Time for all windows of a pass; those left over keep the bound of the convex problem."""
_NO_TEMPTATION = 1e-9
"""Share of the highest cost below which a multiplier is rounding."""
_Vector = NDArray[np.float64]
_Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What the windows decide.

    Parameters
    ----------
    x : (n,) array
        The point with the decisions of each window in place; windows need not agree at their ends.
    bound : float
        Cost no schedule with exclusive flows can beat. [money]
    marks : tuple of (T,) bool array
        Intervals that got a binary.
    count : int
        Number of windows.
    attempt : Attempt
        All of them as one call.
    """

    x: _Vector
    bound: float
    marks: Marks
    count: int
    attempt: Attempt


def by_windows(program: Program, prices: Point, marks: Marks, margin_h: float) -> Windows | None:
    """Decide the windows around the marked intervals; None where that is the whole problem after all.

    Parameters
    ----------
    program : Program
        The compiled problem.
    prices : Point
        A point with multipliers; the bound holds for any, and is good where they are those of a good schedule.
    marks : tuple of (T,) bool array
        Intervals in which both flows of a pair would run, or have been forbidden to.
    margin_h : float
        Time before and after that belongs to a window. [h]

    Notes
    -----
    bound = dual value of the convex problem + sum over windows (mixed-integer optimum - dual value of the window).

    Raises
    ------
    InfeasibleError
        When a window alone has no schedule with exclusive flows.
    """
    horizon = program.horizon
    ids, count = _windows(np.logical_or.reduce(marks), max(round(margin_h / horizon.step_h), 1))
    longest = int(np.bincount(ids + 1)[1:].max(initial=0))
    if horizon.steps < _FEWEST_STEPS or longest > _LARGEST_SHARE * horizon.steps or program.form.is_quadratic:
        return None
    start = time.perf_counter()
    whole = optimality(program.form, program.scaling, prices.x, prices.eq_dual, prices.ineq_dual)[0]
    x, bound, taken, seconds = prices.x.copy(), whole.bound, [np.zeros_like(mark) for mark in marks], 0.0
    for window in _parts(program, prices, marks, np.where(ids < 0, count, ids), count):
        if time.perf_counter() - start > _LONGEST_S:
            break
        found = grown(window.problem, window.marks, _as_they_are)
        seconds += found.seconds
        if found.x is None:
            continue
        x[window.columns] = found.x
        bound += found.bound - window.dual_value
        for mark, inside, new in zip(taken, window.inside, found.marks, strict=True):
            mark[inside] = new
    chosen = tuple(taken)
    said = f"optimal in {count:,} windows with {counted(chosen):,} binaries"
    return Windows(x, bound, chosen, count, Attempt("HIGHS", said, seconds))


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """A window's problem, its columns among all, the intervals of each pair in it, and its share of the dual value."""

    problem: Exclusive
    marks: Marks
    columns: NDArray[np.intp]
    inside: tuple[NDArray[np.bool_], ...]
    dual_value: float


def _parts(program: Program, prices: Point, marks: Marks, ids: _Labels, count: int) -> Iterator[_Window]:
    form = program.form
    wishes = tempted(program, prices)
    split = Separation.of(program, ids)
    priced = split.prices(form, prices)
    rows = replace(form, eq=sp.csr_array(form.eq), ineq=sp.csr_array(form.ineq))
    for number in range(count):
        part, scaling = split.part(rows, program.scaling, priced, number)
        columns = np.flatnonzero(split.column == number)
        place = np.full(form.size, -1)
        place[columns] = np.arange(columns.size)
        eq_dual, ineq_dual = prices.eq_dual[split.eq_row == number], prices.ineq_dual[split.ineq_row == number]
        own = optimality(part, scaling, prices.x[columns], eq_dual, ineq_dual)[0]
        inside = tuple(ids == number for _ in program.opposites)
        pairs = tuple(_inside(pair, place, where) for pair, where in zip(program.opposites, inside, strict=True))
        chosen = tuple((mark | wish)[where] for mark, wish, where in zip(marks, wishes, inside, strict=True))
        yield _Window(Exclusive(part, scaling, pairs), chosen, columns, inside, own.bound)


def tempted(program: Program, prices: Point) -> Marks:
    """Intervals in which running both flows of a pair would pay at these prices, but for what else holds them (T,).

    There binaries cost less than finding out in a second solve that they were needed.
    """
    least = -_NO_TEMPTATION * float(np.abs(program.form.cost).max(initial=0.0))
    dual = prices.bound_dual
    return tuple(dual[pair.first] + dual[pair.second] < least for pair in program.opposites)


def _inside(pair: OppositeColumns, place: NDArray[np.intp], where: NDArray[np.bool_]) -> OppositeColumns:
    return OppositeColumns(
        pair.opposites,
        place[pair.first[where]],
        place[pair.second[where]],
        pair.first_most[where],
        pair.second_most[where],
    )


def _windows(marked: NDArray[np.bool_], margin: int) -> tuple[_Labels, int]:
    """Number of the window of each interval (T,), -1 outside, and how many there are; those that touch are one."""
    spread = np.convolve(marked, np.ones(2 * margin + 1), "full")[margin : margin + marked.size] > 0.5
    starts = spread & ~np.concatenate([[False], spread[:-1]])
    ids: _Labels = np.where(spread, np.cumsum(starts) - 1, -1)
    return ids, int(starts.sum())


def _as_they_are(marks: Marks, last: bool) -> Marks:
    """Only what offends gets a binary, in the last round everything."""
    return tuple(np.ones_like(mark) for mark in marks) if last else marks
