"""What one more of each number of a site is worth: from multipliers, with the range where it holds, and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(eq=False)
class _Costs:
    """Optimal costs of a site at values of one lever, each solved once."""

    site: Site
    weights: Weights
    solver: str | None
    lever: Lever
    solved: dict[float, tuple[Program, Point] | None] = field(default_factory=dict)

    def at(self, value: float) -> tuple[Program, Point] | None:
        if value not in self.solved:
            program, is_base = self.program(value), value == self.lever.at_site
            try:
                found = solve_relaxed(program, solver=self.solver, explain=is_base)
                self.solved[value] = (program, found.point)
            except InfeasibleError:
                if is_base:
                    raise
                self.solved[value] = None
        return self.solved[value]

    def program(self, value: float) -> Program:
        site = self.lever.change(self.site, value)
        return compile_program(site, lower_site(site), lower_rules(site), self.weights)

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
    progress: Callable[[str], None] | None = None,
) -> tuple[MarginalWorth, ...]:
    """What one more of each number is worth at the best sizes, or at a site as it stands.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized; of a site that leaves no size open, the site itself.
    names : tuple of str
        Levers to look at, such as ``battery.bess.power_kw``; all of them when empty.
    ranges : bool
        Whether to look for the range in which each worth holds, which takes some ten solves for each.
    solver : str or None
        As for :func:`~storage_opt.studies.sizing.study.size`.
    progress : callable, optional
        Told which number is looked at.

    Raises
    ------
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.

    Notes
    -----
    Envelope theorem, see :func:`~storage_opt.model.directional.change_of_cost`. Where the cost is convex in the number
    its slope only rises, so that the range is found by doubling the distance and halving what is left. An hour of delay
    is another model, and its worth the difference of two solves, as is every worth while a rebate is open.
    """
    case = None if isinstance(problem, Site) and problem.spec.sizing is None else _case(problem)
    site, weights, costs = _at_best(problem, case)
    convex = case is None or case.is_convex
    found = []
    for lever in levers(site):
        if names and lever.name not in names:
            continue
        if progress:
            progress(f"marginal value: {lever.words}")
        own = costs.get(lever.name.partition(".")[2])
        if lever.is_structural or not convex or _has_rebate(site):
            found.append(_by_solving(site, weights, solver, lever, own))
        else:
            found.append(_by_multipliers(_Costs(site, weights, solver, lever), own, ranges=ranges))
    return tuple(found)


def _case(problem: SizingProblem | Site | Case) -> Case:
    return problem if isinstance(problem, Case) else Case.of(problem)


def _at_best(problem: object, case: Case | None) -> tuple[Site, Weights, dict[str, float]]:
    """The site at its best sizes, the weights of its bill, and what each open size costs a year."""
    if case is None:
        assert isinstance(problem, Site)
        return problem, UNWEIGHTED, {}
    sized = case.problem
    site = sized.site_at(np.array(best_of(case).sizes))
    per_year = sized.cost_per_unit / sized.site.horizon.years
    costs = {size.name: float(cost) for size, cost in zip(sized.sizes, per_year, strict=True) if size.is_bought}
    return site, sized.objective.weights, costs


def _has_rebate(site: Site) -> bool:
    supply = None if site.spec.contract is None else site.spec.contract.supply
    return supply is not None and supply.basic is not None and supply.basic.rebate is not None


def _by_multipliers(costs: _Costs, own: float | None, *, ranges: bool) -> MarginalWorth:
    lever, at = costs.lever, costs.lever.at_site
    per = -lever.amount / costs.site.horizon.years
    base = costs.at(at)
    slope = costs.slope(at)
    if base is None or slope is None:
        return _by_solving(costs.site, costs.weights, costs.solver, lever, own)
    worth = _or_nothing(per * slope, base[1].optimality.cost / costs.site.horizon.years)
    step = _CHECK_FRAC * max(abs(at), lever.amount)
    more, less = (_difference(costs, at, side * step, per) for side in (1.0, -1.0))
    low, high = None, None
    if ranges:
        low = _holds_to(costs, slope, -1.0)
        high = _holds_to(costs, slope, 1.0)
    return MarginalWorth(lever, worth, more, less, low, high, own, by_multipliers=True)


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


def _by_solving(site: Site, weights: Weights, solver: str | None, lever: Lever, own: float | None) -> MarginalWorth:
    """The difference that one more makes, and one less, exactly."""
    years = site.horizon.years

    def cost(value: float) -> float | None:
        if not 0.0 <= value <= lever.most:
            return None
        changed = lever.change(site, value)
        try:
            if _has_rebate(changed):
                return solve_site(changed, lower_site(changed), lower_rules(changed), solver=solver, explain=False).cost
            program = compile_program(changed, lower_site(changed), lower_rules(changed), weights)
            return solve_relaxed(program, solver=solver, explain=value == lever.at_site).point.optimality.cost
        except InfeasibleError:
            if value == lever.at_site:
                raise
            return None

    here, more, less = (cost(lever.at_site + side * lever.amount) for side in (0.0, 1.0, -1.0))
    by_more = None if here is None or more is None else (here - more) / years
    by_less = None if here is None or less is None else (less - here) / years
    worth = next((one for one in (by_more, by_less) if one is not None), 0.0)
    worth = _or_nothing(worth, (here or 0.0) / years)
    return MarginalWorth(lever, worth, by_more, by_less, None, None, own, by_multipliers=False)
