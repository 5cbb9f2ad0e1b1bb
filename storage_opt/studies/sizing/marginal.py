"""What one more of each number of a site is worth: from multipliers, with the range where it holds, and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from storage_opt.errors import InfeasibleError
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import UNWEIGHTED, Weights, compile_program
from storage_opt.model.directional import change_of_cost, has_same_shape
from storage_opt.model.optimum import solve_relaxed
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import solve_site
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.landscape import best_of
from storage_opt.studies.sizing.levers import Lever, levers
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.running import Desk, Run, answers, as_written

__all__ = ["MarginalWorth", "marginal_values"]

_SAME = 0.05
"""Share of a worth within which it counts as the same."""
_NOTHING = 1e-9
"""Worth of one more, as a share of the bill, below which it is nothing."""
_STEPS = (2.0**-18, -(2.0**-18), 2.0**-24, -(2.0**-24))
"""Shares of a number by which it is moved to read how the program changes: little, so that no row comes or goes."""
_CHECK_FRAC = 1e-3
_FIRST_FRAC = 0.02
_DOUBLINGS, _HALVINGS = 8, 4
_SOLVES = 10
"""Of a number at least, where its range is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class MarginalWorth:
    """What one more of a number is worth.

    Parameters
    ----------
    lever : Lever
        The number.
    per_year : float
        By how much the weighted bill falls a year for one more. [money/(unit year)]
    by_more, by_less : float or None
        The same by solving again with a little more and a little less; the first is not above the second where the
        cost is convex. None where there is no schedule. [money/(unit year)]
    holds_from, holds_to : float or None
        Range of the number within which it stays within 5 %; None when it was not asked for.
    cost_per_year : float or None
        What one more costs a year, where it is an open size that is bought. [money/(unit year)]
    by_multipliers : bool
        Whether it is read from multipliers, or found by solving again.
    """

    lever: Lever
    per_year: float
    by_more: float | None
    by_less: float | None
    holds_from: float | None
    holds_to: float | None
    cost_per_year: float | None
    by_multipliers: bool

    def sentence(self, currency: str) -> str:
        """The worth in words."""
        lever = self.lever
        one = f"one more {lever.unit} of {lever.words}" if lever.unit != "h" else f"one more hour of {lever.words}"
        told = "is worth nothing" if not self.per_year else f"is worth {self.per_year:,.2f} {currency} a year"
        if self.per_year < 0.0:
            told = f"costs {-self.per_year:,.2f} {currency} a year"
        text = f"{one} (now {_number(lever, lever.at_site)}) {told}"
        if self.cost_per_year is not None:
            text += f" and costs {self.cost_per_year:,.2f}"
        if self.holds_from is not None and self.holds_to is not None:
            text += f"; this holds from {_number(lever, self.holds_from)} to {_end(lever, self.holds_to)}"
        return text


def _number(lever: Lever, value: float) -> str:
    return f"{value / lever.amount:,.1f} %" if lever.unit == "percentage point" else f"{value:,.6g} {lever.unit}"


def _end(lever: Lever, value: float) -> str:
    return _number(lever, value) if np.isfinite(value) else "any size"


@dataclass(frozen=True, slots=True)
class _Worth:
    """The numbers of a :class:`MarginalWorth`, which can be sent and written."""

    per_year: float
    by_more: float | None
    by_less: float | None
    holds_from: float | None
    holds_to: float | None
    by_multipliers: bool


@dataclass(frozen=True, eq=False)
class _Standing:
    """A site as it stands, the weights of its bill, and its optimum."""

    site: Site
    weights: Weights
    solver: str | None

    @cached_property
    def point(self) -> Point:
        """The optimum, worked out the first time: of a site with a rebate nobody asks for it."""
        program = compile_program(self.site, lower_site(self.site), lower_rules(self.site), self.weights)
        return solve_relaxed(program, solver=self.solver).point


@dataclass(eq=False)
class _Costs:
    """Optimal costs of a site at values of one lever, each solved once."""

    standing: _Standing
    lever: Lever
    solved: dict[float, tuple[Program, Point] | None] = field(default_factory=dict)

    def at(self, value: float) -> tuple[Program, Point] | None:
        if value not in self.solved:
            program, is_base = self.program(value), value == self.lever.at_site
            guess = self.standing.point if is_base else None
            try:
                found = solve_relaxed(
                    program, solver=self.standing.solver, guess=guess, explain=is_base, probing=not is_base
                )
                self.solved[value] = (program, found.point)
            except InfeasibleError:
                if is_base:
                    raise
                self.solved[value] = None
        return self.solved[value]

    def program(self, value: float) -> Program:
        site = self.lever.change(self.standing.site, value)
        return compile_program(site, lower_site(site), lower_rules(site), self.standing.weights)

    def cost(self, value: float) -> float | None:
        found = self.at(value)
        return None if found is None else found[1].optimality.cost

    def slope(self, value: float) -> float | None:
        """Change of the cost for one more unit of the number, from multipliers; None where they can't say. [money]"""
        found = self.at(value)
        if found is None:
            return None
        program, point = found
        for frac in _STEPS:
            step = frac * max(abs(value), self.lever.amount)
            if not 0.0 <= value + step <= self.lever.most:
                continue
            other = self.program(value + step)
            if has_same_shape(program, other):
                return change_of_cost(program, other, point) / step
        return None


def marginal_values(
    problem: SizingProblem | Site | Case,
    *,
    names: tuple[str, ...] = (),
    ranges: bool = True,
    solver: str | None = None,
    run: Run | None = None,
) -> tuple[MarginalWorth, ...]:
    """What one more of each number is worth at the best sizes, or at a site as it stands.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized; of a site that leaves no size open, the site itself.
    names : tuple of str
        Levers to look at, such as ``battery.bess.power_kw``; all of them when empty.
    ranges : bool
        Whether to look for the range in which each worth holds, which takes some twenty solves for each.
    solver : str or None
        As for :func:`~storage_opt.studies.sizing.study.size`.
    run : Run, optional
        In how many processes, who is told, and where results are kept; of a site that leaves no size open all is worked
        out in this process.

    Raises
    ------
    InputError
        When the file to go on from holds results of another problem.
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.

    Notes
    -----
    Envelope theorem, see :func:`~storage_opt.model.directional.change_of_cost`. Where the cost is convex in the number
    its slope only rises, so that the range is found by doubling the distance and halving what is left. An hour of delay
    is another model, and its worth the difference of two solves, as is every worth while a rebate is open.
    """
    if isinstance(problem, Site) and problem.spec.sizing is None:
        standing = _Standing(problem, UNWEIGHTED, solver)
        chosen = _chosen(problem, names)
        return tuple(_told(one, _worth(standing, one, ranges=ranges), {}) for one in chosen)
    case = problem if isinstance(problem, Case) else Case.of(problem)
    best = best_of(case).sizes
    chosen = _chosen(case.problem.site_at(np.array(best)), names)
    tasks = [_Lookup(lever.name, best, ranges, solver) for lever in chosen]
    found = answers(case, tasks, run or Run(), "marginal values", solves=_SOLVES)
    costs = _costs_per_year(case)
    return tuple(_told(lever, worth, costs) for lever, worth in zip(chosen, found, strict=True))


@dataclass(frozen=True, slots=True)
class _AtBest:
    """A case at its best sizes, shared by all levers that are looked at."""

    sizes: tuple[float, ...]
    solver: str | None

    def __call__(self, case: Case) -> _Standing:
        site = case.problem.site_at(np.array(self.sizes))
        return _Standing(site, case.problem.objective.weights, self.solver)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The worth of one lever, as a task."""

    name: str
    sizes: tuple[float, ...]
    ranges: bool
    solver: str | None

    @property
    def key(self) -> str:
        return json.dumps(["marginal value", self.name, self.sizes, self.ranges])

    def answer(self, desk: Desk) -> _Worth:
        standing = desk.once(_AtBest(self.sizes, self.solver))
        (lever,) = _chosen(standing.site, (self.name,))
        return _worth(standing, lever, ranges=self.ranges, is_convex=desk.case.is_convex)

    def written(self, answer: _Worth) -> object:
        return asdict(answer)

    def read(self, entry: object, desk: Desk) -> _Worth:
        del desk
        return _Worth(**as_written(entry))


def _chosen(site: Site, names: tuple[str, ...]) -> tuple[Lever, ...]:
    return tuple(lever for lever in levers(site) if not names or lever.name in names)


def _told(lever: Lever, worth: _Worth, costs: Mapping[str, float]) -> MarginalWorth:
    return MarginalWorth(
        lever,
        worth.per_year,
        worth.by_more,
        worth.by_less,
        worth.holds_from,
        worth.holds_to,
        costs.get(lever.name.partition(".")[2]),
        worth.by_multipliers,
    )


def _costs_per_year(case: Case) -> dict[str, float]:
    """What each open size costs a year. [money/(unit year)]"""
    sized = case.problem
    per_year = sized.cost_per_unit / sized.site.horizon.years
    return {size.name: float(cost) for size, cost in zip(sized.sizes, per_year, strict=True) if size.is_bought}


def _has_rebate(site: Site) -> bool:
    supply = None if site.spec.contract is None else site.spec.contract.supply
    return supply is not None and supply.basic is not None and supply.basic.rebate is not None


def _worth(standing: _Standing, lever: Lever, *, ranges: bool, is_convex: bool = True) -> _Worth:
    if lever.is_structural or not is_convex or _has_rebate(standing.site):
        return _by_solving(standing, lever)
    return _by_multipliers(_Costs(standing, lever), ranges=ranges)


def _by_multipliers(costs: _Costs, *, ranges: bool) -> _Worth:
    lever, at, years = costs.lever, costs.lever.at_site, costs.standing.site.horizon.years
    per = -lever.amount / years
    base = costs.at(at)
    slope = costs.slope(at)
    if base is None or slope is None:
        return _by_solving(costs.standing, lever)
    worth = _or_nothing(per * slope, base[1].optimality.cost / years)
    step = _CHECK_FRAC * max(abs(at), lever.amount)
    more, less = (_difference(costs, at, side * step, per) for side in (1.0, -1.0))
    low, high = None, None
    if ranges:
        # where a thousandth leaves no schedule the range ends: to look for its end more closely takes many such probes
        low = at if less is None else _holds_to(costs, slope, -1.0)
        high = at if more is None else _holds_to(costs, slope, 1.0)
    return _Worth(worth, more, less, low, high, by_multipliers=True)


def _difference(costs: _Costs, at: float, step: float, per: float) -> float | None:
    if not 0.0 <= at + step <= costs.lever.most:
        return None
    here, there = costs.cost(at), costs.cost(at + step)
    return None if here is None or there is None else per * (there - here) / step


def _or_nothing(worth: float, bill_per_year: float) -> float:
    return 0.0 if abs(worth) <= _NOTHING * abs(bill_per_year) else worth


def _holds_to(costs: _Costs, slope: float, side: float) -> float:
    """How far the number can go before its worth leaves the 5 %."""
    lever, at = costs.lever, costs.lever.at_site
    least = 0.0 if side < 0.0 else lever.most
    nothing = _NOTHING * abs(costs.cost(at) or 1.0) / lever.amount

    def holds(value: float) -> bool:
        there = costs.slope(value)
        return there is not None and abs(there - slope) <= max(_SAME * abs(slope), nothing)

    inside, step = at, _FIRST_FRAC * max(abs(at), lever.amount)
    for _ in range(_DOUBLINGS):
        outside = at + side * step
        if (outside - least) * side >= 0.0:
            outside = least
        if not holds(outside):
            break
        inside = outside
        if outside == least:
            return least
        step *= 2.0
    else:
        return float("inf") if side > 0.0 else inside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2.0
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _by_solving(standing: _Standing, lever: Lever) -> _Worth:
    """The difference that one more makes, and one less, exactly."""
    site, solver, years = standing.site, standing.solver, standing.site.horizon.years

    def cost(value: float) -> float | None:
        if not 0.0 <= value <= lever.most:
            return None
        changed = lever.change(site, value)
        is_base = value == lever.at_site
        try:
            if _has_rebate(changed):
                return solve_site(changed, lower_site(changed), lower_rules(changed), solver=solver, explain=False).cost
            program = compile_program(changed, lower_site(changed), lower_rules(changed), standing.weights)
            guess = standing.point if is_base else None
            optimum = solve_relaxed(program, solver=solver, guess=guess, explain=is_base, probing=not is_base)
        except InfeasibleError:
            if is_base:
                raise
            return None
        return optimum.point.optimality.cost

    here, more, less = (cost(lever.at_site + side * lever.amount) for side in (0.0, 1.0, -1.0))
    by_more = None if here is None or more is None else (here - more) / years
    by_less = None if here is None or less is None else (less - here) / years
    worth = next((one for one in (by_more, by_less) if one is not None), 0.0)
    worth = _or_nothing(worth, (here or 0.0) / years)
    return _Worth(worth, by_more, by_less, None, None, by_multipliers=False)
