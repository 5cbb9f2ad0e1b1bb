"""A compiled program in which some sizes of the site are left open.

Everything that a size enters in the model is a right-hand side, a limit or a constant, and grows in proportion to it;
no coefficient does. So the program of any sizes follows from that of the largest ones and the slopes of those numbers,
which are read off compiled programs (ADR 11). What only has to be large enough stays that of the largest sizes: limits
that follow from other limits, and rows that switch something off, told by a moving coefficient of a whole decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.errors import FormulationError
from storage_opt.model.directional import has_same_shape
from storage_opt.model.program import Columns, Program, Rows
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import StandardForm
from storage_opt.modeler import Limit

__all__ = ["SizedLimit", "SizedProgram", "sized_program", "tightest"]

_Vector = NDArray[np.float64]

_STEP_FRACS = (0.125, 2.0**-7, 2.0**-14)
"""Shares of its range by which one size is lowered to read its slopes: less where rows fall away that cannot bind."""
_CHECK_FRAC = 0.25
"""Share of their ranges by which sizes are lowered, at most, to check that the slopes hold."""
_GOLDEN = 0.6180339887498949
_ROUNDING = 1e-9
_FIXED = "fixed amounts of the bill"


@dataclass(frozen=True, slots=True, eq=False)
class SizedLimit:
    """A limit of a variable that moves with the sizes.

    Parameters
    ----------
    block : int
        Number of the variable among the columns of the program.
    is_upper : bool
        Which side it bounds.
    number : int
        Which of the limits of that side it is.
    slopes : (n, K) array
        Change for each unit of each size. [rule.unit/unit]
    """

    block: int
    is_upper: bool
    number: int
    slopes: _Vector


@dataclass(frozen=True, slots=True, eq=False)
class SizedProgram:
    """A program at its largest sizes, and how it changes with them.

    Parameters
    ----------
    largest : Program
        Compiled at the largest sizes.
    names : tuple of str
        Names of the K sizes.
    at_least, at_largest : (K,) array
        Smallest and largest sizes. [unit]
    eq_rhs, ineq_rhs : (m, K), (k, K) sparse array
        Slopes of the right-hand sides.
    constant : (K,) array
        Slopes of the constant cost. [money/unit]
    limits : tuple of SizedLimit
        Limits that move.
    switching : (k,) bool array
        Inequalities that switch something off, with a number that only has to be large enough.

    Notes
    -----
    ``b(s) = b(S) + B (s - S)``, the same for h, for every limit and for the constant; A, G, P and q don't depend on s.
    The optimal cost is a convex function of s, because s could as well be variables of the same problem.
    """

    largest: Program
    names: tuple[str, ...]
    at_least: _Vector
    at_largest: _Vector
    eq_rhs: sp.csc_array
    ineq_rhs: sp.csc_array
    constant: _Vector
    limits: tuple[SizedLimit, ...]
    switching: NDArray[np.bool_]

    def require(self, sizes: _Vector, compiled: Program) -> None:
        """Refuse sizes (K,) at which the slopes do not say what compiling says.

        Raises
        ------
        FormulationError
            When they don't; names the row or limit.
        """
        _require_proportion(self.at(sizes), compiled, self.switching)

    def at(self, sizes: _Vector) -> Program:
        """The program at given sizes (K,), without expressions: it is solved, not settled."""
        form, change = self.largest.form, sizes - self.at_largest
        columns = list(self.largest.columns)
        lower, upper = form.lower.copy(), form.upper.copy()
        for limit in self.limits:
            block = columns[limit.block]
            columns[limit.block] = _with_limit(block, limit, limit.slopes @ change)
        for number in {limit.block for limit in self.limits}:
            block = columns[number]
            lower[block.where], upper[block.where] = tightest(form, self.largest.columns[number], block)
        moved = replace(
            form,
            constant=form.constant + float(self.constant @ change),
            eq_rhs=form.eq_rhs + self.eq_rhs @ change,
            ineq_rhs=form.ineq_rhs + self.ineq_rhs @ change,
            lower=lower,
            upper=upper,
        )
        opposites = tuple(
            replace(pair, second_most=_most(pair.second, upper, pair.second_most), first_most=upper[pair.first])
            for pair in self.largest.opposites
        )
        return replace(self.largest, form=moved, columns=tuple(columns), opposites=opposites, terms=())

    def gradient(self, program: Program, point: Point) -> _Vector:
        """Change of the optimal cost for one more unit of each size (K,), at the optimum of :meth:`at`. [money/unit]

        Notes
        -----
        ``dV/ds = constant' - b'' y - h'' z + lower'' max(r, 0) - upper'' max(-r, 0)`` with the slopes of the limit that
        binds; a subgradient of the convex function V where it has a kink.
        """
        found: _Vector = self.constant - self.eq_rhs.T @ point.eq_dual - self.ineq_rhs.T @ point.ineq_dual
        for limit in self.limits:
            block = program.columns[limit.block]
            pushed = point.bound_dual[block.where]
            pushed = np.minimum(pushed, 0.0) if limit.is_upper else np.maximum(pushed, 0.0)
            side = block.upper if limit.is_upper else block.lower
            owner = (np.argmin if limit.is_upper else np.argmax)([one.values for one in side], axis=0)
            found = found + np.where(owner == limit.number, pushed, 0.0) @ limit.slopes
        return found


def sized_program(
    build: Callable[[_Vector], Program], names: Sequence[str], least: _Vector, largest: _Vector
) -> SizedProgram:
    """Read the slopes of all sizes off compiled programs.

    Parameters
    ----------
    build : callable
        Program at given sizes (K,).
    names : sequence of str
        Names of the sizes.
    least, largest : (K,) array
        Range of each size. [unit]

    Raises
    ------
    FormulationError
        When something does not grow in proportion to the sizes; names the row or limit.
    """
    base = build(largest)
    # what has one size only is larger in the slopes, because smaller it may be no site
    span = np.where(largest > least, largest - least, -largest)
    slopes = [_slopes(base, build, largest, direction) for direction in np.diag(span)]
    found = SizedProgram(
        base,
        tuple(names),
        least,
        largest,
        sp.csc_array(np.column_stack([s.eq_rhs for s in slopes])),
        sp.csc_array(np.column_stack([s.ineq_rhs for s in slopes])),
        np.array([s.constant for s in slopes]),
        tuple(_limits(base, slopes)),
        np.logical_or.reduce([s.switching for s in slopes]),
    )
    # each by another share: what depends on the ratio of two sizes does not move when both move alike
    shares = _CHECK_FRAC * (1.0 - 0.5 * np.modf(_GOLDEN * np.arange(largest.size))[0])
    lower = largest - shares * np.maximum(span, 0.0)
    found.require(lower, build(lower))
    return found


def _slopes(base: Program, build: Callable[[_Vector], Program], largest: _Vector, direction: _Vector) -> _Slopes:
    if not direction.any():
        return _Slopes.between(base, base, 1.0)  # nothing of it is ever built
    for frac in _STEP_FRACS:
        other = build(largest - frac * direction)
        if has_same_shape(base, other) or frac == _STEP_FRACS[-1]:
            break
    return _Slopes.between(base, other, -frac * float(direction.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """What one more unit of one size changes."""

    eq_rhs: _Vector
    ineq_rhs: _Vector
    constant: float
    lower: tuple[tuple[_Vector, ...], ...]
    upper: tuple[tuple[_Vector, ...], ...]
    switching: NDArray[np.bool_]

    @classmethod
    def between(cls, base: Program, other: Program, change: float) -> _Slopes:
        switching = _switching(base, other)
        one, two = base.form, other.form
        return cls(
            (two.eq_rhs - one.eq_rhs) / change,
            np.where(switching, 0.0, two.ineq_rhs - one.ineq_rhs) / change,
            (two.constant - one.constant) / change,
            tuple(_side(a.lower, b.lower, change) for a, b in zip(base.columns, other.columns, strict=True)),
            tuple(_side(a.upper, b.upper, change) for a, b in zip(base.columns, other.columns, strict=True)),
            switching,
        )


def _side(base: Sequence[Limit], other: Sequence[Limit], change: float) -> tuple[_Vector, ...]:
    """Slopes of the limits of one side; what only follows from other limits does not move."""
    return tuple(
        np.zeros(a.values.size) if a.is_enough else _difference(a.values, b.values) / change
        for a, b in zip(base, other, strict=True)
    )


def _difference(base: _Vector, other: _Vector) -> _Vector:
    """The difference, nothing between two infinite values."""
    same = base == other
    return np.where(same, 0.0, np.where(same, 0.0, other) - np.where(same, 0.0, base))


def _limits(base: Program, slopes: Sequence[_Slopes]) -> Iterator[SizedLimit]:
    for block in range(len(base.columns)):
        for is_upper in (False, True):
            sides = [(one.upper if is_upper else one.lower)[block] for one in slopes]
            for number in range(len(sides[0])):
                table = np.column_stack([side[number] for side in sides])
                if table.any():
                    yield SizedLimit(block, is_upper, number, table)


def _with_limit(block: Columns, limit: SizedLimit, change: _Vector) -> Columns:
    side = list(block.upper if limit.is_upper else block.lower)
    side[limit.number] = replace(side[limit.number], values=side[limit.number].values + change)
    return replace(block, upper=tuple(side)) if limit.is_upper else replace(block, lower=tuple(side))


def tightest(form: StandardForm, before: Columns, block: Columns) -> tuple[_Vector, _Vector]:
    """Bounds of a variable from its limits; a bound of nature stays."""
    lower, upper = form.lower[before.where], form.upper[before.where]
    if block.lower:
        lower = np.maximum.reduce([limit.values for limit in block.lower])
    if block.upper:
        upper = np.minimum.reduce([limit.values for limit in block.upper])
    return lower, upper


def _most(columns: NDArray[np.intp], upper: _Vector, before: _Vector) -> _Vector:
    """The most that the second of a pair can be; slacks have their column behind all others."""
    inside = columns < upper.size
    return np.where(inside, upper[np.where(inside, columns, 0)], before)


def _switching(base: Program, other: Program) -> NDArray[np.bool_]:
    """Inequalities that switch something off, with a number that only has to be large enough (k,).

    Raises
    ------
    FormulationError
        When another coefficient depends on a size.
    """
    if not has_same_shape(base, other):
        names = {rows.name for rows in base.rows} ^ {rows.name for rows in other.rows}
        raise _disproportionate(min(names, default="a row of the model"))
    priced = _moved(base.form.cost, other.form.cost)
    if priced.size:
        raise _disproportionate(next(c.name for c in base.columns if c.where.start <= priced[0] < c.where.stop))
    switching = np.zeros(base.form.ineq_rhs.size, dtype=np.bool_)
    for is_equality, mine, its in ((True, base.form.eq, other.form.eq), (False, base.form.ineq, other.form.ineq)):
        if mine.nnz == its.nnz and np.array_equal(mine.indices, its.indices) and not _moved(mine.data, its.data).size:
            continue
        found = sp.coo_array(mine - its)
        moved = np.abs(found.data) > _ROUNDING
        whole = np.isin(found.col, base.whole)
        if np.any(moved & ~whole) or is_equality:
            raise _disproportionate(_row_name(base, is_equality, int(found.row[moved & ~whole][0])))
        switching[found.row[moved]] = True
    return switching


def _moved(base: _Vector, other: _Vector) -> NDArray[np.intp]:
    return np.flatnonzero(np.abs(base - other) > _ROUNDING * np.maximum(np.abs(base), np.abs(other)))


def _row_name(program: Program, is_equality: bool, row: int) -> str:
    return next(r.name for r in program.rows if r.is_equality == is_equality and r.where.start <= row < r.where.stop)


def _require_proportion(expected: Program, actual: Program, switching: NDArray[np.bool_]) -> None:
    """The program that the slopes say is the one that compiling says; rows that cannot bind there may be missing."""
    mine = {key: rows.where for key, rows in _numbered(expected.rows)}
    for key, rows in _numbered(actual.rows):
        where, size = mine.get(key, slice(0, 0)), rows.where.stop - rows.where.start
        if where.stop - where.start < size:
            raise _disproportionate(rows.name)
        if where.stop - where.start > size:
            continue
        if rows.is_equality:
            wrong = _differ(expected.form.eq_rhs[where], actual.form.eq_rhs[rows.where])
        else:
            counts = ~switching[where]
            wrong = _differ(expected.form.ineq_rhs[where][counts], actual.form.ineq_rhs[rows.where][counts])
        if wrong:
            raise _disproportionate(rows.name)
    if _differ(np.array([expected.form.constant]), np.array([actual.form.constant])):
        raise _disproportionate(_FIXED)
    for one, two in zip(expected.columns, actual.columns, strict=True):
        for a, b in zip((*one.lower, *one.upper), (*two.lower, *two.upper), strict=True):
            if not a.is_enough and _differ(a.values, b.values):
                raise _disproportionate(one.name if a.rule is None else a.rule.name)


def _numbered(rows: Sequence[Rows]) -> Iterator[tuple[tuple[str, int], Rows]]:
    """Rows by their name and by which of that name they are."""
    seen: dict[str, int] = {}
    for one in rows:
        seen[one.name] = seen.get(one.name, -1) + 1
        yield (one.name, seen[one.name]), one


def _differ(expected: _Vector, actual: _Vector) -> bool:
    scale = 1.0 + np.abs(np.where(np.isfinite(actual), actual, 0.0))
    return bool(np.any(np.abs(_difference(expected, actual)) > _ROUNDING * scale))


def _disproportionate(name: str) -> FormulationError:
    reason = "does not grow in proportion to the sizes that are left open"
    return FormulationError(name, reason, "fix the size it depends on, or leave that rule out of the sizing")
