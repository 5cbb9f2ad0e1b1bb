"""The net present value around the optimum: a map over two parameters, exact at its points and bounded between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InfeasibleError, InputError
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.axis import Axis, axis_of
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.running import Question, Run, answers
from storage_opt.studies.sizing.surface import Bounds, chords_2d, cuts

__all__ = ["Landscape", "best_of", "field_of", "landscape"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Landscape:
    """A map of the net present value.

    Parameters
    ----------
    case : Case
        The sizing.
    x, y : Axis
        Its axes.
    best : Finding
        The optimum of all sizes, under what the site assumes.
    findings : tuple of tuple of Finding or None
        What was found at each point, x first; None where no schedule keeps all rules.
    """

    case: Case
    x: Axis
    y: Axis
    best: Finding
    findings: tuple[tuple[Finding | None, ...], ...]

    @property
    def npv(self) -> _Array:
        """Net present value at the points (X, Y), NaN where there is no schedule. [money]"""
        return field_of(self.findings, lambda found: found.npv)

    @property
    def objective_per_year(self) -> _Array:
        """Weighted bill and sizes of a year at the points (X, Y), what the sizing minimises. [money/year]"""
        years = self.case.problem.site.horizon.years
        return field_of(self.findings, lambda found: found.cost / years)

    @property
    def slopes(self) -> tuple[_Array, _Array]:
        """Change of the net present value for a unit more along x and y (X, Y), NaN for an assumption. [money/unit]"""
        return self._slope(self.x), self._slope(self.y)

    def _slope(self, axis: Axis) -> _Array:
        number = axis.number
        if number is None:
            return np.full((self.x.values.size, self.y.values.size), np.nan)
        return field_of(self.findings, lambda found: found.slopes[number])

    @property
    def is_bounded(self) -> bool:
        """Whether anything is known between the points: both axes are sizes, and no rebate is open."""
        return self.x.is_size and self.y.is_size and self.case.is_convex

    def between(self, x: float, y: float) -> Bounds:
        """What the net present value is at least and at most at any place of the map. [money]

        Raises
        ------
        InputError
            Outside of the map, or when nothing is known between its points.

        Notes
        -----
        ``max over chords <= NPV(x, y) <= min_i NPV_i + g_i (x - x_i, y - y_i)``, and never above that of the optimum.
        """
        _require_within(self.x, x)
        _require_within(self.y, y)
        if not self.is_bounded:
            what = "the net present value is not known to be concave between these points"
            raise InputError([Fault(what, "take two sizes, of a site without a rebate", key="sizing")])
        across, along = np.meshgrid(self.x.values, self.y.values, indexing="ij")
        highest = field_of(self.findings, lambda found: found.npv_most)
        most = cuts((across.ravel(), along.ravel()), highest.ravel(), [slope.ravel() for slope in self.slopes], (x, y))
        least = chords_2d(self.x.values, self.y.values, self.npv, (x, y))
        return Bounds(least, max(min(most, self.best.npv_most), least))

    @property
    def widest(self) -> float:
        """Largest difference of both bounds in the middles of the cells. [money]"""
        middles = [(a[:-1] + a[1:]) / 2.0 for a in (self.x.values, self.y.values)]
        found = [self.between(float(x), float(y)) for x in middles[0] for y in middles[1]]
        spans = [bounds.most - bounds.least for bounds in found if np.isfinite(bounds.least)]
        return max(spans, default=float("nan"))


def landscape(
    problem: SizingProblem | Site | Case,
    x: str,
    y: str,
    *,
    counts: tuple[int, int] = (15, 15),
    spans: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None),
    workers: int = 2,
    progress: Callable[[str], None] | None = None,
    resume: Path | None = None,
) -> Landscape:
    """The net present value on a grid of two parameters; what is open beside them is at its best.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized.
    x, y : str
        Names of open sizes, such as ``bess.power_kw``, or of assumptions, such as ``discount_rate``.
    counts : tuple of int
        Number of values of each axis.
    spans : tuple of (tuple of float or None)
        First and last value of each axis; by default around the optimum. [unit]
    workers, progress, resume
        As of :class:`~storage_opt.studies.sizing.running.Run`.

    Raises
    ------
    InputError
        When a name is not known, or the file to go on from is of another problem.
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    if x == y:
        raise InputError([Fault(f"both axes are `{x}`", "name two different ones", key="sizing")])
    best = best_of(case)
    across, along = axis_of(case, best, x, counts[0], spans[0]), axis_of(case, best, y, counts[1], spans[1])
    # an axis of the bill stands outside, so that each of its values is compiled once
    questions = [_question((across, a), (along, b)) for a in across.values.tolist() for b in along.values.tolist()]
    found = answers(case, questions, Run(workers, progress, resume), "landscape")
    width = along.values.size
    rows = tuple(tuple(found[start : start + width]) for start in range(0, len(found), width))
    return Landscape(case, across, along, best, rows)


def best_of(case: Case) -> Finding:
    """The optimum of all sizes.

    Raises
    ------
    InfeasibleError
        When no schedule keeps all rules at any size.
    """
    best = case.find({})
    if best is None:
        raise InfeasibleError((), reason="at no admissible sizes")
    return best


def field_of(findings: Sequence[Sequence[Finding | None]], read: Callable[[Finding], float]) -> _Array:
    """A number of each finding (X, Y), NaN where there is none."""
    return np.array([[np.nan if found is None else read(found) for found in row] for row in findings])


def _question(*places: tuple[Axis, float]) -> Question:
    return Question(
        tuple((axis.name, value) for axis, value in places if not axis.is_size),
        tuple((axis.name, value) for axis, value in places if axis.is_size),
    )


def _require_within(axis: Axis, value: float) -> None:
    low, high = float(axis.values[0]), float(axis.values[-1])
    if not low <= value <= high:
        what = f"{axis.name} = {value:g} lies outside of the map, which goes from {low:g} to {high:g}"
        raise InputError([Fault(what, "look within, or make a wider map", key=axis.name)])
