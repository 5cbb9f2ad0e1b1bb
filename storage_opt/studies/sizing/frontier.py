"""The best of everything else along one size or assumption, and how far a size may be off before it costs much."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InputError
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.axis import Axis, axis_of
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.landscape import best_of, field_of
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.running import Desk, Question, Run, answers
from storage_opt.studies.sizing.surface import Bounds, chords_1d, cuts

__all__ = ["FlatRange", "Frontier", "flatness", "frontier"]

_Array = NDArray[np.float64]

_FLAT = 0.01
_NEAR = 1e-3
"""Share of what may be lost by which the end of a flat range is off at most."""
_MOST_STEPS = 40
_SOLVES = 4
"""Of an end of a flat range, about."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best net present value along one axis.

    Parameters
    ----------
    case : Case
        The sizing.
    axis : Axis
        What varies.
    best : Finding
        The optimum of all sizes, under what the site assumes.
    findings : tuple of Finding or None
        What was found at each value; None where no schedule keeps all rules.
    """

    case: Case
    axis: Axis
    best: Finding
    findings: tuple[Finding | None, ...]

    @property
    def npv(self) -> _Array:
        """Net present value at the values (n,), NaN where there is no schedule. [money]"""
        return field_of([self.findings], lambda found: found.npv).ravel()

    def sizes(self, name: str) -> _Array:
        """The best of an open size at the values (n,). Raises ValueError when there is none of that name. [unit]"""
        number = self.case.names.index(name)
        return field_of([self.findings], lambda found: found.sizes[number]).ravel()

    def between(self, value: float) -> Bounds:
        """What the net present value is at least and at most at any value. [money]

        Raises
        ------
        InputError
            Outside of the axis, or when the axis is no size or a rebate is open.
        """
        axis, number = self.axis, self.axis.number
        if number is None or not self.case.is_convex:
            what = "the net present value is not known to be concave between these values"
            raise InputError([Fault(what, "take a size, of a site without a rebate", key="sizing")])
        if not axis.values[0] <= value <= axis.values[-1]:
            what = f"{axis.name} = {value:g} lies outside of {axis.values[0]:g} to {axis.values[-1]:g}"
            raise InputError([Fault(what, "look within", key=axis.name)])
        slopes = field_of([self.findings], lambda found: found.slopes[number])[0]
        highest = field_of([self.findings], lambda found: found.npv_most)[0]
        least = chords_1d(axis.values, self.npv, value)
        return Bounds(least, max(min(cuts((axis.values,), highest, (slopes,), (value,)), self.best.npv_most), least))


def frontier(
    problem: SizingProblem | Site | Case,
    along: str,
    *,
    count: int = 15,
    span: tuple[float, float] | None = None,
    workers: int = 2,
    progress: Callable[[str], None] | None = None,
    resume: Path | None = None,
) -> Frontier:
    """The best net present value along a size or an assumption, such as ``bess.energy_kwh`` or ``budget``.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized.
    along : str
        Name of an open size or of an assumption.
    count : int
        Number of values.
    span : tuple of float, optional
        First and last value; by default around the optimum. [unit]
    workers, progress, resume
        As of :class:`~storage_opt.studies.sizing.running.Run`.

    Raises
    ------
    InputError
        When the name is not known, or the file to go on from is of another problem.
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    best = best_of(case)
    axis = axis_of(case, best, along, count, span)
    places = [((along, value),) for value in axis.values.tolist()]
    questions = [Question(held=place) if axis.is_size else Question(assumed=place) for place in places]
    return Frontier(case, axis, best, tuple(answers(case, questions, Run(workers, progress, resume), "frontier")))


@dataclass(frozen=True, slots=True)
class FlatRange:
    """The values of a size between which the net present value stays within a share of the best.

    Parameters
    ----------
    name : str
        The size.
    low, high : float
        Its range, all other sizes at their best. [unit]
    best : float
        Its best value. [unit]
    """

    name: str
    low: float
    high: float
    best: float


def flatness(
    problem: SizingProblem | Site | Case, frac: float = _FLAT, run: Run | None = None
) -> tuple[FlatRange, ...]:
    """For each open size, the range within which the best net present value is at most a share below the optimum.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized.
    frac : float
        The share.
    run : Run, optional
        In how many processes, who is told, and where results are kept.

    Raises
    ------
    InputError
        When a rebate is open, under which good sizes may lie apart, or the file to go on from is of another problem.

    Notes
    -----
    Newton's method from outside: the tangent of a concave function lies above it, so every step stays outside of the
    range and comes closer; it ends when no more than a thousandth of what may be lost is missing.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    if not case.is_convex:
        what = "sizes that are nearly as good may lie apart, because a rebate is open"
        raise InputError([Fault(what, "leave the rebate out", key="contract.supply.basic.rebate")])
    best = best_of(case)
    room = frac * abs(best.npv)
    sides = (case.problem.lowest, case.problem.highest)
    tasks = [
        _FlatEnd(number, float(side[number]), best.sizes[number], best.npv, room)
        for number in range(len(case.problem.sizes))
        for side in sides
    ]
    ends = answers(case, tasks, run or Run(), "flat ranges", solves=_SOLVES)
    return tuple(
        FlatRange(size.name, low, high, centre)
        for size, low, high, centre in zip(case.problem.sizes, ends[::2], ends[1::2], best.sizes, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _FlatEnd:
    """One end of a flat range, as a task."""

    number: int
    start: float
    centre: float
    best_npv: float
    room: float

    @property
    def key(self) -> str:
        return json.dumps(["flat range", self.number, self.start, self.centre, self.best_npv, self.room])

    def answer(self, desk: Desk) -> float:
        return _end(desk.case, self)

    def written(self, answer: float) -> object:
        return answer

    def read(self, entry: object, desk: Desk) -> float:
        del desk
        return float(cast("float", entry))


def _end(case: Case, asked: _FlatEnd) -> float:
    """Where the net present value has fallen by the room, on the way from an end of the range to the best."""
    at, centre, target = asked.start, asked.centre, asked.best_npv - asked.room
    for _ in range(_MOST_STEPS):
        finding = case.find({asked.number: at})
        if finding is None:  # no schedule out there
            at = (at + centre) / 2.0
            continue
        missing = target - finding.npv
        if missing <= _NEAR * asked.room:
            return at
        slope = finding.slopes[asked.number]
        step = at + missing / slope if slope else centre
        at = step if min(at, centre) <= step <= max(at, centre) else (at + centre) / 2.0
    return at
