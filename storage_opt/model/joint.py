"""Sizes and schedules in one problem: the sizes as variables that all years or scenarios share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.builder import VariableRecord
from storage_opt.model.program import Columns, OppositeColumns, Program, Rows
from storage_opt.model.sized import SizedLimit, SizedProgram, tightest
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TieBreak
from storage_opt.modeler import Limit, Rule

__all__ = ["Demands", "SizeRow", "joint_program", "schedule_point"]

_Vector = NDArray[np.float64]

_SIZES = "sizes"
_BEYOND = 0.02
"""Share by which bounds that stay lie outside of what the sizes admit, so that they never bind."""


@dataclass(frozen=True, slots=True, eq=False)
class SizeRow:
    """A requirement on the sizes alone: ``coefficients s <= most``.

    Parameters
    ----------
    rule : Rule
        Its name and words.
    coefficients : (K,) array
        One for each size.
    most : float
        Right-hand side. [rule.unit]
    """

    rule: Rule
    coefficients: _Vector
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class Demands:
    """What sizes cost and what limits them.

    Parameters
    ----------
    cost : (K,) array
        Money for each unit of each size, in the money of the objective.
    lower, upper : tuple of Limit
        Limits of the sizes (K,).
    rows : tuple of SizeRow
        Ratios, budget, land.
    constant : float
        Cost beside that, whatever the sizes: less than nothing where part of them stands already. [money]
    """

    cost: _Vector
    lower: tuple[Limit, ...]
    upper: tuple[Limit, ...]
    rows: tuple[SizeRow, ...] = ()
    constant: float = 0.0


def joint_program(sized: SizedProgram, demands: Demands) -> Program:
    """The program of a site whose sizes are variables.

    Parameters
    ----------
    sized : SizedProgram
        The site with open sizes.
    demands : Demands
        What they cost, and what limits them.

    Notes
    -----
    ``size_rows``:  rows of `demands`;  each limit that moves becomes the row ``x - slope s <= limit at no size``, named
    after its rule, and each right-hand side gets the columns of its slopes. Columns of sizes stand behind all others.
    Two flows that exclude each other and have the same limit share a row, ``x + x' - slope s <= limit``: a quarter less
    time, and a tighter bound.
    A bound that no size reaches stays, for searches that look at a part of the problem without its sizes.
    """
    base, count = sized.largest, len(sized.names)
    form = base.form
    moving = _moving(sized)
    own = sp.csc_array(np.array([row.coefficients for row in demands.rows]).reshape(-1, count))
    sizes = slice(form.size, form.size + count)
    lower, upper = form.lower.copy(), form.upper.copy()
    columns = list(base.columns)
    for number in {limit.block for limit in sized.limits}:
        columns[number] = fixed = _without_moving(columns[number], number, sized)
        lower[fixed.where], upper[fixed.where] = tightest(form, base.columns[number], columns[number])
    joint = StandardForm(
        sp.csc_array(sp.block_diag([form.quadratic, sp.csc_array((count, count))])),
        np.concatenate([form.cost, demands.cost + sized.constant]),
        form.constant + demands.constant - float(sized.constant @ sized.at_largest),
        sp.csc_array(sp.hstack([form.eq, -sized.eq_rhs])),
        form.eq_rhs - sized.eq_rhs @ sized.at_largest,
        sp.csc_array(
            sp.vstack(
                [
                    sp.hstack([form.ineq, -sized.ineq_rhs]),
                    *(sp.hstack([rows.matrix, rows.slopes]) for rows in moving),
                    sp.hstack([sp.csc_array((len(demands.rows), form.size)), own]),
                ]
            )
        ),
        np.concatenate(
            [
                form.ineq_rhs - sized.ineq_rhs @ sized.at_largest,
                *(rows.most for rows in moving),
                [row.most for row in demands.rows],
            ]
        ),
        np.concatenate([lower, np.maximum.reduce([limit.values for limit in demands.lower])]),
        np.concatenate([upper, np.minimum.reduce([limit.values for limit in demands.upper])]),
        form.integer,
    )
    record = VariableRecord(
        _SIZES, cp.Variable(count, name=_SIZES), demands.lower, demands.upper, money=False, even=0.0, prompt=0.0
    )
    typical = np.concatenate([base.scaling.column, np.where(sized.at_largest > 0, sized.at_largest, 1.0)])
    return replace(
        base,
        form=joint,
        scaling=Scaling.of(joint, typical),
        tie_break=TieBreak(
            np.append(base.tie_break.even, np.zeros(count)), np.append(base.tie_break.prompt, np.zeros(count))
        ),
        variables=(*base.variables, record),
        columns=(*columns, Columns(_SIZES, sizes, demands.lower, demands.upper)),
        rows=(*base.rows, *_named_rows(form.ineq_rhs.size, moving, demands)),
        opposites=tuple(_behind(pair, form.size, count) for pair in base.opposites),
    )


def schedule_point(sized: SizedProgram, point: Point) -> Point:
    """The part of a joint optimum that is an optimum of the program at its sizes."""
    form = sized.largest.form
    start, bound_dual = form.ineq_rhs.size, point.bound_dual[: form.size].copy()
    for rows in _moving(sized):
        # a limit that moves is a row there and a bound here
        end = start + rows.most.size
        bound_dual -= rows.matrix.T @ point.ineq_dual[start:end]
        start = end
    return replace(
        point, x=point.x[: form.size], ineq_dual=point.ineq_dual[: form.ineq_rhs.size], bound_dual=bound_dual
    )


@dataclass(frozen=True, slots=True, eq=False)
class _MovingRows:
    """A limit that moves, as rows ``matrix x + slopes s <= most``."""

    rule: Rule | None
    name: str
    matrix: sp.csr_array
    slopes: sp.csc_array
    most: _Vector
    implied: bool

    def together(self, other: _MovingRows) -> _MovingRows | None:
        """``x + x' + slopes s <= most`` for two flows of which one is nothing; None where their limits differ."""
        if self.slopes.shape != other.slopes.shape or not np.array_equal(self.most, other.most):
            return None
        if (self.slopes != other.slopes).nnz:
            return None
        return replace(self, matrix=sp.csr_array(self.matrix + other.matrix))


def _moving(sized: SizedProgram) -> list[_MovingRows]:
    """Rows of every limit that moves; limits of two flows that exclude each other are one row where they are equal."""
    unit = sp.eye_array(sized.largest.form.size, format="csr")
    stated = {(limit.block, limit.is_upper, limit.number): _one(sized, limit, unit) for limit in sized.limits}
    place = {columns.name: number for number, columns in enumerate(sized.largest.columns)}
    for pair in sized.largest.opposites:
        blocks = [place.get(name) for name in (pair.opposites.first, pair.opposites.second)]
        mine = [[key for key in stated if key[0] == block and key[1]] for block in blocks]
        if all(len(keys) == 1 for keys in mine):
            (first,), (second,) = mine
            both = stated[first].together(stated[second])
            if both is not None:
                stated[first] = both
                del stated[second]
    return list(stated.values())


def _one(sized: SizedProgram, limit: SizedLimit, unit: sp.csr_array) -> _MovingRows:
    block = sized.largest.columns[limit.block]
    sign = 1.0 if limit.is_upper else -1.0
    one = (block.upper if limit.is_upper else block.lower)[limit.number]
    kept = np.flatnonzero(np.isfinite(one.values) & limit.slopes.any(axis=1))
    at_nothing = one.values[kept] - limit.slopes[kept] @ sized.at_largest
    name = f"{block.name}.{'most' if limit.is_upper else 'least'}" if one.rule is None else one.rule.name
    return _MovingRows(
        one.rule,
        name,
        sign * unit[block.where][kept],
        sp.csc_array(-sign * limit.slopes[kept]),
        sign * at_nothing,
        one.implied,
    )


def _without_moving(block: Columns, number: int, sized: SizedProgram) -> Columns:
    """The variable with those limits only that don't move."""

    def fixed(side: Sequence[Limit], *, is_upper: bool) -> tuple[Limit, ...]:
        moved = {one.number: one for one in sized.limits if one.block == number and one.is_upper == is_upper}
        return tuple(
            part
            for at, limit in enumerate(side)
            for part in (_apart(limit, moved[at], sized) if at in moved else (limit,))
        )

    return replace(block, lower=fixed(block.lower, is_upper=False), upper=fixed(block.upper, is_upper=True))


def _apart(limit: Limit, moved: SizedLimit, sized: SizedProgram) -> tuple[Limit, Limit]:
    """A limit where it does not move; where it does, one that cannot bind at any admissible size and falls with it."""
    sign = 1.0 if moved.is_upper else -1.0
    loosest = limit.values + sign * np.maximum(-sign * moved.slopes, 0.0) @ (sized.at_largest - sized.at_least)
    beyond = loosest + sign * _BEYOND * (1.0 + np.abs(loosest))
    moves, nothing = moved.slopes.any(axis=1), sign * np.inf
    return (
        replace(limit, values=np.where(moves, nothing, limit.values)),
        Limit(None, np.where(moves, beyond, nothing), implied=True),
    )


def _named_rows(start: int, moving: Sequence[_MovingRows], demands: Demands) -> list[Rows]:
    rows = []
    for part in moving:
        rows.append(
            Rows(
                part.name, slice(start, start + part.most.size), is_equality=False, rule=part.rule, implied=part.implied
            )
        )
        start += part.most.size
    for number, row in enumerate(demands.rows, start=start):
        rows.append(Rows(row.rule.name, slice(number, number + 1), is_equality=False, rule=row.rule))
    return rows


def _behind(pair: OppositeColumns, size: int, count: int) -> OppositeColumns:
    """The pair where columns behind the variables, those of slacks, have moved on by the number of sizes."""
    return replace(
        pair,
        first=pair.first + np.where(pair.first >= size, count, 0),
        second=pair.second + np.where(pair.second >= size, count, 0),
    )
