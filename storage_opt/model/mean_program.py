"""The program of the average year: every number the mean of those of several years, where they have the same shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.joint_scenarios import Part
from storage_opt.model.program import Columns
from storage_opt.model.sized import SizedLimit, SizedProgram
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.modeler import Limit

__all__ = ["mean_program"]

_Vector = NDArray[np.float64]


def mean_program(parts: Sequence[Part]) -> SizedProgram | None:
    """The expected value problem of several years; None where their rows or columns differ, as with leap years.

    Parameters
    ----------
    parts : sequence of Part
        The years with their probabilities.

    Notes
    -----
    Prices, loads, profiles and limits are replaced by their means before anything is decided, after Birge and Louveaux,
    Introduction to Stochastic Programming, 2nd edition (2011), section 4.2.
    """
    if len({_shape(part.sized) for part in parts}) > 1:
        return None
    weights = np.array([part.weight for part in parts])
    programs = [part.sized for part in parts]
    base = programs[0]

    def mean(of: Callable[[SizedProgram], _Vector]) -> _Vector:
        # an infinite bound stays one, and 0 times infinity never happens: weights are positive
        total: _Vector = sum(w * of(program) for w, program in zip(weights, programs, strict=True))
        return total

    def mean_matrix(of: Callable[[SizedProgram], sp.csc_array]) -> sp.csc_array:
        return sp.csc_array(sum(w * of(program) for w, program in zip(weights, programs, strict=True)))

    form = StandardForm(
        mean_matrix(lambda one: one.largest.form.quadratic),
        mean(lambda one: one.largest.form.cost),
        float(weights @ [program.largest.form.constant for program in programs]),
        mean_matrix(lambda one: one.largest.form.eq),
        mean(lambda one: one.largest.form.eq_rhs),
        mean_matrix(lambda one: one.largest.form.ineq),
        mean(lambda one: one.largest.form.ineq_rhs),
        mean(lambda one: one.largest.form.lower),
        mean(lambda one: one.largest.form.upper),
        base.largest.form.integer,
    )
    columns = tuple(
        _mean_limits([program.largest.columns[number] for program in programs], weights)
        for number in range(len(base.largest.columns))
    )
    return SizedProgram(
        replace(
            base.largest, form=form, scaling=Scaling.of(form, base.largest.scaling.column), columns=columns, terms=()
        ),
        base.names,
        base.at_least,
        base.at_largest,
        mean_matrix(lambda one: one.eq_rhs),
        mean_matrix(lambda one: one.ineq_rhs),
        mean(lambda one: one.constant),
        tuple(_mean_slopes(programs, weights)),
        np.logical_or.reduce([program.switching for program in programs]),
    )


def _shape(sized: SizedProgram) -> tuple[object, ...]:
    """What has to be equal for numbers to be averaged one by one."""
    rows = tuple((rows.name, rows.where.start, rows.where.stop, rows.is_equality) for rows in sized.largest.rows)
    columns = tuple(
        (block.name, block.where.start, block.where.stop, len(block.lower), len(block.upper))
        for block in sized.largest.columns
    )
    return (sized.largest.horizon.steps, rows, columns)


def _mean_limits(blocks: Sequence[Columns], weights: _Vector) -> Columns:
    def side(of: Callable[[Columns], tuple[Limit, ...]]) -> tuple[Limit, ...]:
        return tuple(
            replace(limits[0], values=sum(w * limit.values for w, limit in zip(weights, limits, strict=True)))
            for limits in zip(*(of(block) for block in blocks), strict=True)
        )

    return replace(blocks[0], lower=side(lambda block: block.lower), upper=side(lambda block: block.upper))


def _mean_slopes(programs: Sequence[SizedProgram], weights: _Vector) -> list[SizedLimit]:
    """Limits that move in any of the years; in the others their slope is nothing."""
    total: dict[tuple[int, bool, int], _Vector] = {}
    for w, program in zip(weights, programs, strict=True):
        for limit in program.limits:
            key = (limit.block, limit.is_upper, limit.number)
            total[key] = total.get(key, 0.0) + w * limit.slopes
    return [SizedLimit(*key, slopes) for key, slopes in total.items()]
