"""Opposite flows in one interval: found, forbidden exactly with as few whole variables as pay, and priced.

The convex problem leaves open that a battery charges while it discharges, or the site imports while it exports.
With positive prices and losses no optimum does so; with negative prices or odd contracts it may pay to burn
energy, or to draw more than a convex curve says. Then the offending intervals are decided in windows of their own
(:mod:`storage_opt.model.windows`); where that does not prove the optimum, binaries go into the whole problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.errors import SolverError
from storage_opt.model.binaries import Exclusive, Grown, Marks, both_run, counted, grown, offending
from storage_opt.model.certificate import TOLERANCE, Attempt, Repair
from storage_opt.model.kkt import optimality
from storage_opt.model.program import OppositeColumns, Program
from storage_opt.model.slack_columns import with_slack_columns, with_slacks, without_slacks
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.standard_form import StandardForm
from storage_opt.model.tie_break import TieBreak
from storage_opt.model.windows import by_windows, tempted
from storage_opt.schedule import GRID, Flow, FlowKind

__all__ = ["Exact", "repaired"]

_EVERYWHERE_SHARE = 0.02
"""Share of intervals above which the whole problem gets more binaries than offend: growing the set took longer."""
_MARGINS_H = (12.0, 36.0, 108.0)
"""Time around an offending interval that a window includes, one value a pass. [h]"""
_MOST_FOLLOWING = 3
"""Times that directions are fixed where they did not matter before."""
_EXCHANGE = Opposites.of(Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW))
_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """A point with exclusive flows, the cost no schedule can beat, and how it was reached."""

    point: Point
    bound: float
    repair: Repair | None
    attempts: tuple[Attempt, ...]


def repaired(
    program: Program, relaxed: Point, *, requested: str | None = None, tell: Callable[[str], None] | None = None
) -> Exact:
    """The optimum with opposite flows forbidden.

    Parameters
    ----------
    program : Program
        The compiled problem.
    relaxed : Point
        Optimum of the convex problem.
    requested : str or None
        Solver the user asked for; whole variables always go to the policy's solver.
    tell : callable or None
        Told about each round.

    Raises
    ------
    InfeasibleError
        When only schedules with opposite flows keep all rules.
    SolverError
        When the mixed-integer solver fails.
    """
    own = program
    if not counted(offending(own.opposites, with_slacks(own, relaxed.x))):
        return Exact(relaxed, relaxed.optimality.bound, None, ())
    program, relaxed = with_slack_columns(own, relaxed)
    relaxed = _netted(program, relaxed)
    marks = offending(program.opposites, relaxed.x)
    if not counted(marks):
        return Exact(without_slacks(own, relaxed), relaxed.optimality.bound, None, ())
    search = _Search(program, relaxed, requested, tell or _silent)
    pays = tempted(program, relaxed)
    if not any((mark & wish).any() for mark, wish in zip(marks, pays, strict=True)):
        search.tie()
    if not search.is_proven:
        marks = search.by_windows(marks)
    if not search.is_proven:
        search.round()
    if not search.is_proven:
        search.whole(marks)
    point = search.best
    assert point is not None
    cost = point.optimality.cost - relaxed.optimality.cost
    repair = Repair(search.binaries, search.rounds, search.everywhere, cost, search.windows)
    return Exact(without_slacks(own, point), search.bound, repair, tuple(search.attempts))


@dataclass(slots=True, eq=False)
class _Search:
    """The best point with exclusive flows so far, the best bound, and what it took."""

    program: Program
    relaxed: Point
    requested: str | None
    tell: Callable[[str], None]
    best: Point | None = None
    bound: float = -np.inf
    binaries: int = 0
    rounds: int = 0
    windows: int = 0
    everywhere: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bound = self.relaxed.optimality.bound

    @property
    def is_proven(self) -> bool:
        """Whether no schedule can be cheaper than the best by more than the certificate admits."""
        if self.best is None:
            return False
        cost = self.best.optimality.cost
        return cost - self.bound <= TOLERANCE * max(abs(cost), 1e-9)

    def tie(self) -> None:
        """Try the larger flow of every pair in every interval: enough where running both earns nothing."""
        everywhere = tuple(np.ones_like(mark) for mark in offending(self.program.opposites, self.relaxed.x))
        self._keep(self._with_directions(self.relaxed.x, everywhere, self.program.tie_break))

    def round(self) -> None:
        """Try the direction of the larger flow wherever both run."""
        self._try(self.relaxed.x, offending(self.program.opposites, self.relaxed.x))

    def by_windows(self, marks: Marks) -> Marks:
        """Decide windows around the marks, wider ones under better prices while that proves nothing; all marks then."""
        prices: Point | None = self.relaxed
        for margin_h in _MARGINS_H:
            found = None if prices is None else by_windows(self.program, prices, marks, margin_h)
            if found is None:
                break
            self.tell(f"opposite flows: {found.attempt.status}")
            self.attempts.append(found.attempt)
            self.binaries, self.windows, self.rounds = counted(found.marks), found.count, self.rounds + 1
            self.bound = max(self.bound, found.bound)
            marks = tuple(mark | new for mark, new in zip(marks, found.marks, strict=True))
            prices = self._try(found.x, marks)
            if self.is_proven:
                break
        return marks

    def whole(self, marks: Marks) -> None:
        """Binaries in the whole problem: where it offends, or in every interval where that is faster.

        Raises
        ------
        SolverError
            When the solver finds nothing and there is nothing yet.
        """
        program = self.program
        found = grown(
            Exclusive(program.form, program.scaling, program.opposites),
            marks,
            partial(_widened, program),
            lambda count, rounds: self.tell(f"opposite flows: solving with {count:,} whole variables (round {rounds})"),
        )
        self._record(found)
        if found.x is not None:
            self._try(found.x, found.marks)
        if self.best is None:
            message = f"opposite flows could not be separated: {found.answers[-1].message}"
            raise SolverError(message, "shorten the horizon with --from and --to")

    def _record(self, found: Grown) -> None:
        self.bound = max(self.bound, found.bound)
        for answer, count in zip(found.answers, found.counts, strict=True):
            self.attempts.append(Attempt("HIGHS", f"{answer.status} with {count:,} binaries", answer.seconds))
        self.binaries, self.windows = counted(found.marks), 0
        self.rounds += len(found.answers)
        self.everywhere = any(bool(mark.all()) for mark in found.marks)

    def _try(self, x: _Vector, marks: Marks) -> Point | None:
        """Take the schedule with the directions of a point in marked intervals, if it is the cheapest so far.

        Elsewhere directions follow: first free, then, where nothing offends, fixed as they came out. With all of them
        fixed the cost is the same, and flows are even. Returns the point whose multipliers price windows.
        """
        prices = point = self._with_directions(x, marks, None)
        for _ in range(_MOST_FOLLOWING):
            still = None if point is None else offending(self.program.opposites, point.x)
            if point is None or still is None or not counted(still):
                break
            x = np.where(_of_pairs(self.program, marks), x, point.x)
            marks = tuple(mark | new for mark, new in zip(marks, still, strict=True))
            point = self._with_directions(x, marks, None)
        if point is None or counted(offending(self.program.opposites, point.x)):
            return prices
        everywhere = tuple(np.ones_like(mark) for mark in marks)
        self._keep(self._with_directions(point.x, everywhere, self.program.tie_break))
        self._keep(point)
        return prices

    def _keep(self, point: Point | None) -> None:
        """Take a point with exclusive flows when it is the cheapest so far."""
        if point is not None and (self.best is None or point.optimality.cost < self.best.optimality.cost):
            self.best = point

    def _with_directions(self, x: _Vector, marks: Marks, tie_break: TieBreak | None) -> Point | None:
        """The optimum with the directions of a point in marked intervals, ties netted; None when there is none."""
        program = replace(self.program, form=_fixed(self.program, x, marks))
        try:
            found = solve_convex(program.form, program.scaling, tie_break, requested=self.requested).point
        except SolverError:
            return None
        return None if found is None else _netted(program, found)


def _of_pairs(program: Program, marks: Marks) -> NDArray[np.bool_]:
    """Columns of the pairs in their marked intervals (n,)."""
    chosen = np.zeros(program.form.size, dtype=np.bool_)
    for pair, mark in zip(program.opposites, marks, strict=True):
        chosen[pair.first[mark]] = chosen[pair.second[mark]] = True
    return chosen


def _fixed(program: Program, x: _Vector, marks: Marks) -> StandardForm:
    """The convex problem in which the smaller flow of each pair is nothing wherever marked."""
    upper = program.form.upper.copy()
    for pair, mark in zip(program.opposites, marks, strict=True):
        smaller = np.where(x[pair.first] > x[pair.second], pair.second, pair.first)
        upper[smaller[mark]] = 0.0
    return program.form.with_bounds(program.form.lower, np.maximum(upper, program.form.lower))


def _netted(program: Program, point: Point) -> Point:
    """The point with circulation cancelled in every pair where that changes neither feasibility nor cost.

    Import and export at equal prices may circulate without gain; and energy that earns the site nothing may be exported
    as well as left unused. Such ties need no binary.
    """
    for pair in program.opposites:
        for counterpart in (pair.first, *_curtailable(program, pair)):
            if not both_run(pair, point.x).any():
                break
            point = _cancelled(program, pair, counterpart, point)
    return point


def _curtailable(program: Program, pair: OppositeColumns) -> list[NDArray[np.intp]]:
    """Columns of plants that may be curtailed instead of exporting."""
    if pair.opposites != _EXCHANGE:
        return []
    return [
        np.arange(block.where.start, block.where.stop)
        for block in program.columns
        if block.name.endswith(FlowKind.USED_KW) and not block.lower
    ]


def _cancelled(program: Program, pair: OppositeColumns, counterpart: NDArray[np.intp], point: Point) -> Point:
    """The point with the overlap of a pair taken off its second flow and off another, where that is a tie."""
    x = point.x.copy()
    both = np.minimum(np.minimum(x[pair.first], x[pair.second]), x[counterpart])
    x[pair.second] -= both
    x[counterpart] -= both
    found, bound_dual = optimality(program.form, program.scaling, x, point.eq_dual, point.ineq_dual)
    return replace(point, x=x, bound_dual=bound_dual, optimality=found) if found.passes(TOLERANCE) else point


def _widened(program: Program, marks: Marks, last: bool) -> Marks:
    """More intervals of each pair, when so many offend that growing the set would take longer.

    A converter may burn energy in any interval, so all of them are taken. Import and export circulate only where both
    together earn, so those intervals are; what this leaves out and still offends joins in the next round.
    """
    wider = []
    for pair, mark in zip(program.opposites, marks, strict=True):
        if last or (mark.mean() > _EVERYWHERE_SHARE and pair.opposites != _EXCHANGE):
            wider.append(np.ones_like(mark))
        elif mark.mean() > _EVERYWHERE_SHARE:
            wider.append(mark | (program.form.cost[pair.first] + program.form.cost[pair.second] < 0))
        else:
            wider.append(mark)
    return tuple(wider)


def _silent(message: str) -> None:
    del message
