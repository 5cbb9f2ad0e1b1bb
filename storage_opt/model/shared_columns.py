"""Columns that rows of many intervals share, such as sizes, made easy for an interior-point method.

A size limits every interval, ``soc_min s <= x_t <= soc_max s`` and ``c_t + d_t <= s``. Such rows cost factorisations
and, worse, iterations. So what x has above ``soc_min s`` becomes the variable, and its limit a bound; bounds that rows
with shared columns imply are left out; and a shared column is small, because many small pushes meet in it.
The optimum stays the same, and so do its multipliers once those of the bounds are put back in the place of their rows.
What it saves was measured in docs/explanation/solver-policy.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.standard_form import StandardForm

__all__ = ["Floors", "WithoutFloors", "without_floors"]

_Vector = NDArray[np.float64]
_Indices = NDArray[np.intp]
_Mask = NDArray[np.bool_]

_SHARED = 200
"""Entries from which on a column counts as shared; fewer cost nothing."""
_SMALL = 0.25
"""Of one over the root of its entries: what took fewest iterations, in hourly and 15-minute years."""
_NOISE = 1e-14
"""Coefficients that are nothing but rounding, where a scaled one is about 1."""
_PAIR = 2


@dataclass(frozen=True, slots=True, eq=False)
class Floors:
    """Rows ``-weight x_j + b s <= h`` that follow a shared column s: ``x_j >= least + slope s`` (f of them).

    Parameters
    ----------
    rows : (f,) int array
        Which inequalities they are.
    columns, common : (f,) int array
        The column j that each holds up, and the shared column s that it follows.
    weight : (f,) array
        Coefficient of the column in its row, without its sign.
    slope, least : (f,) array
        ``b / weight`` and ``-h / weight``.
    """

    rows: _Indices
    columns: _Indices
    common: _Indices
    weight: _Vector
    slope: _Vector
    least: _Vector

    def chosen(self, which: _Indices | _Mask) -> Floors:
        """Some of them."""
        return Floors(
            self.rows[which],
            self.columns[which],
            self.common[which],
            self.weight[which],
            self.slope[which],
            self.least[which],
        )

    def lowest(self, lower: _Vector, upper: _Vector) -> _Vector:
        """The lowest that each can be, for a shared column within its bounds (f,)."""
        ends = (self.slope * lower[self.common], self.slope * upper[self.common])
        lowest: _Vector = self.least + np.minimum(*ends)
        return lowest


@dataclass(frozen=True, slots=True, eq=False)
class WithoutFloors:
    """A problem in which floors are bounds, and the way back.

    Parameters
    ----------
    form : StandardForm
        The problem in x', where ``x = scale x'``, and ``x_j = x_j' + slope x_s`` for the column j of a floor.
    scale : (n,) array
        One, but for shared columns.
    floors : Floors
        Rows of the original that are bounds now.
    """

    form: StandardForm
    scale: _Vector
    floors: Floors

    @property
    def has_shared(self) -> bool:
        """Whether there are shared columns."""
        return bool(np.any(self.scale < 1.0))

    def primal(self, x: _Vector) -> _Vector:
        """The original's variables (n,)."""
        found: _Vector = self.scale * x
        found[self.floors.columns] += self.floors.slope * found[self.floors.common]
        return found

    def ineq_dual(self, of_rows: _Vector, of_lower: _Vector) -> _Vector:
        """Multipliers of the original's inequalities (k,), from those of the rows left and of lower bounds (n,)."""
        found = np.empty(of_rows.size + self.floors.rows.size)
        found[_others(self.floors.rows, found.size)] = of_rows
        found[self.floors.rows] = of_lower[self.floors.columns] / self.floors.weight
        return found


def without_floors(form: StandardForm) -> WithoutFloors:
    """Rewrite a scaled, continuous problem; where nothing is shared, nothing changes.

    Notes
    -----
    Taken are floors that imply the bounds of their column, one for each column, and none of a column with a quadratic
    cost, whose curvature would spread over the shared column.
    """
    entries = np.diff(form.eq.indptr) + np.diff(form.ineq.indptr)
    is_shared = entries >= _SHARED
    bounded = replace(form, upper=_without_implied(form, is_shared)) if is_shared.any() else form
    floors = _floors(bounded, is_shared)
    # a sum of many small pushes is of order one when each entry is about one over the root of their number
    scale = np.where(is_shared, _SMALL / np.sqrt(np.maximum(entries, 1)), 1.0)
    return WithoutFloors(_raised(bounded, floors, scale) if is_shared.any() else form, scale, floors)


def _raised(form: StandardForm, floors: Floors, scale: _Vector) -> StandardForm:
    """The problem of what columns have above their floors."""
    follows = sp.coo_array((floors.slope, (floors.columns, floors.common)), shape=(form.size, form.size))
    moved, scaled = sp.csc_array(sp.eye_array(form.size) + follows), sp.diags_array(scale)
    kept = np.flatnonzero(_others(floors.rows, form.ineq_rhs.size))
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[floors.columns], upper[floors.columns] = floors.least, np.inf
    return replace(
        form,
        quadratic=sp.csc_array(scaled @ form.quadratic @ scaled),
        cost=(moved.T @ form.cost) * scale,
        eq=sp.csc_array(_without_noise(form.eq @ moved) @ scaled),
        ineq=sp.csc_array(_without_noise(sp.csr_array(form.ineq)[kept] @ moved) @ scaled),
        ineq_rhs=form.ineq_rhs[kept],
        lower=lower / scale,
        upper=upper / scale,
    )


def _without_implied(form: StandardForm, is_shared: _Mask) -> _Vector:
    """Upper bounds (n,), infinite where a row with a shared column says as much.

    Notes
    -----
    ``a_j x_j <= h - (least of the rest of the row)``. Only lower bounds, and bounds of shared columns, are used; of
    these none is left out, so that no bound is proven by one that it proves.
    """
    entry, count = sp.coo_array(form.ineq), form.ineq_rhs.size
    entry.eliminate_zeros()
    row, column, value = entry.row, entry.col, entry.data
    highest = np.where(is_shared[column], form.upper[column], np.inf)
    least = np.bincount(row, value * np.where(value > 0, form.lower[column], highest), count)
    with_shared = np.bincount(row, is_shared[column], count) > 0
    speaks = (value > 0) & ~is_shared[column] & (with_shared & np.isfinite(least))[row]
    row, column, value = row[speaks], column[speaks], value[speaks]
    implied = np.full(form.size, np.inf)
    np.minimum.at(implied, column, form.lower[column] + (form.ineq_rhs - least)[row] / value)
    return np.where(implied <= form.upper, np.inf, form.upper)


def _floors(form: StandardForm, is_shared: _Mask) -> Floors:
    """The floors that can be bounds."""
    by_row = sp.csr_array(form.ineq)
    rows = np.flatnonzero(np.diff(by_row.indptr) == _PAIR)
    first = by_row.indptr[rows]
    is_second = is_shared[by_row.indices[first]].astype(np.intp)
    own, other = first + is_second, first + 1 - is_second
    weight, followed = -by_row.data[own], by_row.data[other]
    column, common = by_row.indices[own].astype(np.intp), by_row.indices[other].astype(np.intp)
    can_be = ~is_shared[column] & is_shared[common] & (weight > 0) & (followed != 0)
    can_be &= np.isinf(form.upper[column]) & (np.diff(form.quadratic.indptr)[column] == 0)
    weight = np.where(can_be, weight, 1.0)
    found = Floors(rows, column, common, weight, followed / weight, -form.ineq_rhs[rows] / weight).chosen(can_be)
    found = found.chosen(found.lowest(form.lower, form.upper) >= form.lower[found.columns])
    return found.chosen(np.unique(found.columns, return_index=True)[1])


def _others(rows: _Indices, count: int) -> _Mask:
    is_other = np.ones(count, dtype=np.bool_)
    is_other[rows] = False
    return is_other


def _without_noise(matrix: sp.csc_array) -> sp.csc_array:
    """Without coefficients that are nothing but rounding, as where the floors of two intervals cancel."""
    cleaned = matrix.copy()
    cleaned.data[np.abs(cleaned.data) < _NOISE] = 0.0
    cleaned.eliminate_zeros()
    return cleaned
