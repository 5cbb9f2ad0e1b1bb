"""A program by periods of time: what belongs to one period alone, and what couples them.

With the coupling rows priced by their multipliers instead of kept, every period is a problem of its own, and the sum of
their optima is a lower bound of the whole (Lagrangian relaxation). The bound holds whatever is called coupling. Periods
are those of billing, or any others, such as windows around hours with negative prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import Scaling, StandardForm

__all__ = ["Separation"]

_SHARED = -1
_UNKNOWN = -2
_ROUNDS = 8
_Vector = NDArray[np.float64]
_Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """Period of every column and row, -1 where several share it.

    Parameters
    ----------
    column, eq_row, ineq_row : (n,), (m,), (k,) int array
        Period of each variable, and of each row whose variables all belong to one.
    """

    column: _Labels
    eq_row: _Labels
    ineq_row: _Labels

    @classmethod
    def of(cls, program: Program, ids: _Labels) -> Separation:
        """Follow the intervals of each period, by its number (T,), through the rows to all that only they touch."""
        form = program.form
        label = np.full(form.size, _UNKNOWN, dtype=np.intp)
        for block in program.columns:
            size = block.where.stop - block.where.start
            if size == ids.size:
                label[block.where] = ids
            elif size == ids.size + 1:
                label[block.where] = np.concatenate([ids[:1], ids])
        rows = sp.csr_array(sp.vstack([form.eq, form.ineq])).tocoo()
        for _ in range(_ROUNDS):
            if not _spread(label, rows):
                break
        label[label == _UNKNOWN] = _SHARED
        of_row = _agreed(rows.row, label[rows.col], rows.shape[0])
        return cls(label, of_row[: form.eq.shape[0]], of_row[form.eq.shape[0] :])

    def prices(self, form: StandardForm, point: Point) -> _Vector:
        """Cost of each variable with the coupling rows priced in (n,)."""
        eq_dual = np.where(self.eq_row == _SHARED, point.eq_dual, 0.0)
        ineq_dual = np.where(self.ineq_row == _SHARED, point.ineq_dual, 0.0)
        priced: _Vector = form.cost + form.eq.T @ eq_dual + form.ineq.T @ ineq_dual
        return priced

    def part(self, form: StandardForm, scaling: Scaling, prices: _Vector, period: int) -> tuple[StandardForm, Scaling]:
        """The problem of one period: its variables, its rows, the coupling rows as prices."""
        columns = np.flatnonzero(self.column == period)
        eq, ineq = self.eq_row == period, self.ineq_row == period
        nothing = sp.csc_array((columns.size, columns.size))
        part = StandardForm(
            nothing,
            prices[columns],
            0.0,
            sp.csc_array(form.eq.tocsr()[eq][:, columns]),
            form.eq_rhs[eq],
            sp.csc_array(form.ineq.tocsr()[ineq][:, columns]),
            form.ineq_rhs[ineq],
            form.lower[columns],
            form.upper[columns],
            np.zeros(0, dtype=np.intp),
        )
        return part, Scaling.of(part, scaling.column[columns])


def _spread(label: _Labels, rows: sp.coo_array) -> bool:
    """Give variables the period of the rows they stand in, where those agree; whether any was given one."""
    known = label[rows.col] >= 0
    of_row = _agreed(rows.row[known], label[rows.col[known]], rows.shape[0])
    open_ = (label[rows.col] == _UNKNOWN) & (of_row[rows.row] >= 0)
    columns = np.unique(rows.col[open_])
    label[columns] = _agreed(rows.col[open_], of_row[rows.row[open_]], label.size)[columns]
    return bool(columns.size)


def _agreed(places: _Labels, values: _Labels, count: int) -> _Labels:
    """The one value found at each place; -1 where there is none, or several."""
    low, high = np.full(count, np.iinfo(np.intp).max), np.full(count, _UNKNOWN, dtype=np.intp)
    np.minimum.at(low, places, values)
    np.maximum.at(high, places, values)
    return np.where(low == high, high, _SHARED).astype(np.intp)
