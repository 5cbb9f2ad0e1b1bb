"""Multipliers told as the worth of one more unit of each named limit, by billing period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.modeler import Limit, Rule, Sense

__all__ = ["Worth", "limit_worths"]

_Vector = NDArray[np.float64]
_SHARE_OF_LARGEST = 1e-6
_NOISE = 1e-8
"""Scaled multipliers that are what an interior-point method leaves at a limit that does not bind."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Fall of the cost for one more unit of a limit in every interval of a period. [money/unit]"""

    rule: Rule
    period: str
    value: float
    binding_intervals: int


def limit_worths(program: Program, point: Point) -> tuple[Worth, ...]:
    """What one more unit of every binding limit is worth, most valuable first.

    Notes
    -----
    At an optimum the derivative of the cost with respect to a limit is its multiplier; over a period it is the
    sum of the multipliers of the period's intervals. The value holds until another limit takes over.
    """
    totals: dict[tuple[Rule, str], tuple[float, int]] = {}
    for rule, values in _relaxation_values(program, point):
        for period, value, binding in _by_period(values, program.horizon):
            before = totals.get((rule, period), (0.0, 0))
            totals[rule, period] = (before[0] + value, before[1] + binding)
    largest = max((abs(value) for value, _ in totals.values()), default=0.0)
    kept = [
        Worth(rule, period, value, binding)
        for (rule, period), (value, binding) in totals.items()
        if abs(value) > _SHARE_OF_LARGEST * largest
    ]
    return tuple(sorted(kept, key=lambda worth: -abs(worth.value)))


def _relaxation_values(program: Program, point: Point) -> Iterator[tuple[Rule, _Vector]]:
    scaling = program.scaling
    bounds = _heard(point.bound_dual, scaling.column / scaling.objective)
    equalities = _heard(point.eq_dual, scaling.eq_row / scaling.objective)
    inequalities = _heard(point.ineq_dual, scaling.ineq_row / scaling.objective)
    for columns in program.columns:
        dual = bounds[columns.where]
        if columns.upper:
            yield from _shared_out(columns.upper, np.maximum(-dual, 0.0), np.argmin)
        if columns.lower:
            yield from _shared_out(columns.lower, np.maximum(dual, 0.0), np.argmax)
    for rows in program.rows:
        if rows.rule is not None and rows.rule.sense is not Sense.SWITCH:
            dual = equalities if rows.is_equality else inequalities
            yield rows.rule, np.abs(dual[rows.where])


def _heard(dual: _Vector, unit: _Vector) -> _Vector:
    """Multipliers without those that are noise, in units of the scaled problem."""
    return np.where(np.abs(dual) * unit > _NOISE, dual, 0.0)


def _shared_out(limits: tuple[Limit, ...], worth: _Vector, tightest: object) -> Iterator[tuple[Rule, _Vector]]:
    """Give each interval's worth to the limit that binds there."""
    owner = tightest([limit.values for limit in limits], axis=0)  # type: ignore[operator]
    for number, limit in enumerate(limits):
        if limit.rule is not None:
            yield limit.rule, np.where(owner == number, worth, 0.0)


def _by_period(values: _Vector, horizon: Horizon) -> Iterator[tuple[str, float, int]]:
    periods = horizon.billing
    if values.size == horizon.steps + 1:
        values = values[1:]
    if values.size == horizon.steps - 1:
        values = np.concatenate([[0.0], values])
    if values.size == horizon.steps:
        ids = periods.ids
    elif values.size == horizon.days.count:
        first = np.searchsorted(horizon.days.ids, np.arange(horizon.days.count))
        ids = periods.ids[first]
    else:
        yield "horizon", float(values.sum()), int(np.count_nonzero(values))
        return
    total = np.bincount(ids, values, periods.count)
    binding = np.bincount(ids, values > _SHARE_OF_LARGEST * max(values.max(initial=0.0), 1e-12), periods.count)
    for label, value, count in zip(periods.labels, total, binding, strict=True):
        if value > 0:
            yield label, float(value), int(count)
