"""Sizes that come in units or from a catalogue: the best one exactly, by few solves.

The optimal cost V over the sizes that come whole, all others free, is convex, so each solve at whole sizes bounds every
other choice from below: ``V(d) >= V(d_i) + g_i (d - d_i)`` (outer approximation, Duran and Grossmann 1986, here with
the choices written out). The choice with the lowest bound is solved next, until the best one solved is not above any.
Where a rebate makes V the lowest of several convex functions, there is no such bound, and every choice is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InfeasibleError, InputError
from storage_opt.studies.rebates import Solved
from storage_opt.studies.sizing.problem import SizingProblem

__all__ = ["Best", "best_of_catalogue", "dearer_than_units"]

_Vector = NDArray[np.float64]

_MOST_CHOICES = 1_000_000
_MOST_SOLVED = 50
_PROVEN = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best admissible sizes.

    Parameters
    ----------
    solved : Solved
        The joint optimum at these whole sizes.
    values : (K,) array
        The sizes. [unit]
    catalogue_cost : float
        What prices of a catalogue add to prices per unit, over the horizon. [money]
    bound : float
        Cost that no admissible sizes beat, over the horizon. [money]
    solves : int
        Joint problems that were solved.
    """

    solved: Solved
    values: _Vector
    catalogue_cost: float
    bound: float
    solves: int


def best_of_catalogue(problem: SizingProblem) -> Best:
    """The best admissible sizes of a problem.

    Raises
    ------
    InputError
        When whole sizes have too many combinations.
    InfeasibleError
        When no admissible sizes have a schedule.
    """
    whole = [number for number, size in enumerate(problem.sizes) if size.range.is_whole]
    if not whole:
        relaxed = problem.solve()
        return Best(relaxed, problem.sizes_of(relaxed), 0.0, _bound(relaxed), 1)
    table, extra, spent = _combinations(problem, whole)
    # no choice leaves more of the budget than this
    relaxed = problem.solve(spent=float(spent.min()))
    below = np.maximum(_bound(relaxed), _cut(problem, relaxed, whole, table, spent - spent.min())) + extra
    best: tuple[float, Solved, _Vector] | None = None
    least, rounds, open_ = np.inf, 1, np.ones(len(table), dtype=np.bool_)
    while open_.any():
        candidate = int(np.argmin(np.where(open_, below, np.inf)))
        if best is not None and below[candidate] >= best[0] - _PROVEN * abs(best[0]):
            break
        open_[candidate] = False
        rounds += 1
        solved = _at(problem, whole, table[candidate], float(spent[candidate]))
        if solved is None:
            continue
        cost = solved.optimum.point.optimality.cost + extra[candidate]
        least = min(least, _bound(solved) + extra[candidate])
        if best is None or cost < best[0]:
            fixed = problem.sizes_of(solved)
            fixed[whole] = table[candidate]
            best = (cost, solved, fixed)
        below = np.maximum(below, _cut(problem, solved, whole, table, spent - spent[candidate]) + extra)
    if best is None:
        raise InfeasibleError((), reason="no size of the catalogue has a schedule that keeps all rules")
    bound = min(least, float(np.min(np.where(open_, below, np.inf), initial=np.inf)))
    return Best(best[1], best[2], _price_of(extra, table, best[2][whole]), bound, rounds)


def _bound(solved: Solved) -> float:
    """What nothing can beat, opposite flows and rebates decided. [money]"""
    cost = solved.optimum.point.optimality.cost
    return cost - solved.optimum.relative_gap * abs(cost)


def _options(problem: SizingProblem, number: int) -> _Vector:
    size = problem.sizes[number]
    range_ = size.range
    if problem.is_left_out[number]:
        return np.array([range_.existing])
    if range_.choices:
        return np.unique([range_.existing, *(choice.size for choice in range_.choices)])
    assert range_.step is not None
    count = _steps(problem, number)
    values = range_.existing + range_.step * np.arange(count + 1, dtype=np.float64)
    return values[values >= range_.lowest - _PROVEN * range_.step]


def _steps(problem: SizingProblem, number: int) -> int:
    size = problem.sizes[number]
    assert size.range.step is not None
    return int(np.floor((size.highest - size.range.existing) / size.range.step + _PROVEN))


def _combinations(problem: SizingProblem, whole: list[int]) -> tuple[_Vector, _Vector, _Vector]:
    """Every combination (C, W), and beyond prices per unit its cost over the horizon and capex (C,). [money]"""
    # counted before they are written out: they may be more than fit anywhere
    count = prod(len(problem.sizes[n].range.choices) or _steps(problem, n) + 1 for n in whole)
    most = _MOST_CHOICES if problem.is_convex else _MOST_SOLVED
    if count > most or not count:
        keys = ", ".join(f"`{problem.sizes[number].key}`" for number in whole)
        why = "" if problem.is_convex else ", each of which has to be solved because of the rebate"
        what = f"{keys} have {count:,} combinations of whole sizes{why}; at most {most:,} can be looked at"
        raise InputError([Fault(what, "narrow their ranges, or take larger steps", key="sizing")])
    options = [_options(problem, number) for number in whole]
    table = np.array(list(product(*(values.tolist() for values in options)))).reshape(-1, len(whole))
    extra, spent = np.zeros(len(table)), np.zeros(len(table))
    for column, number in enumerate(whole):
        for choice in problem.sizes[number].range.choices:
            if choice.capex is not None:
                a_year = problem.objective.capex_worth(problem.sizes[number].asset)
                dearer = dearer_than_units(problem, number, choice.size)
                chosen = table[:, column] == choice.size
                extra[chosen] += dearer * a_year * problem.site.horizon.years
                spent[chosen] += dearer
    return table, extra, spent


def dearer_than_units(problem: SizingProblem, number: int, value: float) -> float:
    """What the catalogue asks for a size beyond its price per unit. [money]"""
    size = problem.sizes[number]
    if value == size.range.existing:
        return 0.0  # it stands already
    prices = [choice.capex for choice in size.range.choices if choice.size == value and choice.capex is not None]
    plain = problem.objective.capex_per_unit[number] * (value - size.range.existing)
    return prices[0] - float(plain) if prices else 0.0


def _price_of(extra: _Vector, table: _Vector, chosen: _Vector) -> float:
    return float(extra[np.flatnonzero((table == chosen).all(axis=1))[0]])


def _at(problem: SizingProblem, whole: list[int], chosen: _Vector, spent: float) -> Solved | None:
    lower, upper = problem.lowest.copy(), problem.highest.copy()
    lower[whole] = upper[whole] = chosen
    try:
        return problem.solve(lower, upper, spent)
    except InfeasibleError:
        return None


def _cut(problem: SizingProblem, solved: Solved, whole: list[int], table: _Vector, spent: _Vector) -> _Vector:
    """Lower bound of every combination, which spends more of the budget (C,), from one optimum. [money]"""
    if not problem.is_convex:
        return np.full(len(table), -np.inf)
    count = len(problem.sizes)
    at = solved.optimum.point.x[-count:]
    slope = solved.optimum.point.bound_dual[-count:]
    budget = [row.where for row in solved.program.rows if row.rule is not None and row.rule.key == "sizing.budget"]
    dearer = sum(float(solved.optimum.point.ineq_dual[where].sum()) for where in budget)
    change: _Vector = (table - at[whole]) @ slope[whole] + dearer * spent
    return _bound(solved) + change
