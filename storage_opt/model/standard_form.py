"""The compiled problem as matrices: what every solver gets and every certificate is computed from.

minimise ``x'Px/2 + q'x + constant``  subject to  ``A x = b``,  ``G x <= h``,  ``lower <= x <= upper``,
``x_i`` whole for i in ``integer``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Scaling", "StandardForm", "longest_line"]

_Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandardForm:
    """A linear or convex quadratic problem, possibly with whole variables.

    Parameters
    ----------
    quadratic : (n, n) sparse array
        Symmetric positive semidefinite P; empty for a linear problem.
    cost : (n,) array
        q.
    constant : float
        Added to the objective.
    eq, eq_rhs : (m, n) sparse array, (m,) array
        A and b.
    ineq, ineq_rhs : (k, n) sparse array, (k,) array
        G and h.
    lower, upper : (n,) array
        Bounds, infinite where there is none.
    integer : (i,) int array
        Columns that must be whole.
    """

    quadratic: sp.csc_array
    cost: _Vector
    constant: float
    eq: sp.csc_array
    eq_rhs: _Vector
    ineq: sp.csc_array
    ineq_rhs: _Vector
    lower: _Vector
    upper: _Vector
    integer: NDArray[np.intp]

    @property
    def size(self) -> int:
        """Number of variables n."""
        return self.cost.size

    @property
    def nonzeros(self) -> int:
        """Number of coefficients in rows and quadratic."""
        return int(self.eq.nnz + self.ineq.nnz + self.quadratic.nnz)

    @property
    def is_quadratic(self) -> bool:
        """Whether the objective has a quadratic part."""
        return bool(self.quadratic.nnz > 0)

    def objective(self, x: _Vector) -> float:
        """Objective at x."""
        return float(0.5 * x @ (self.quadratic @ x) + self.cost @ x + self.constant)

    def with_bounds(self, lower: _Vector, upper: _Vector) -> StandardForm:
        """The same problem with other bounds."""
        return replace(self, lower=lower, upper=upper)

    def restricted_to(self, free: NDArray[np.intp]) -> StandardForm:
        """The problem of some columns, the others fixed at their lower bound; rows stay as they are."""
        rest = self.lower.copy()
        rest[free] = 0.0
        return StandardForm(
            sp.csc_array(self.quadratic[free][:, free]),
            self.cost[free] + (self.quadratic @ rest)[free],
            self.constant + float(self.cost @ rest + 0.5 * rest @ (self.quadratic @ rest)),
            sp.csc_array(self.eq[:, free]),
            self.eq_rhs - self.eq @ rest,
            sp.csc_array(self.ineq[:, free]),
            self.ineq_rhs - self.ineq @ rest,
            self.lower[free],
            self.upper[free],
            np.flatnonzero(np.isin(free, self.integer)),
        )

    def with_quadratic(self, diagonal: _Vector) -> StandardForm:
        """The same problem with ``x' diag(d) x / 2`` added to the objective."""
        return replace(self, quadratic=sp.csc_array(self.quadratic + sp.diags_array(diagonal, format="csc")))


@dataclass(frozen=True, eq=False)
class Scaling:
    """Turns a problem in the user's units into one whose numbers are of order one, and back.

    ``x = column * x'``, rows divided by their largest scaled coefficient, objective divided by `objective`.
    """

    column: _Vector
    eq_row: _Vector
    ineq_row: _Vector
    objective: float

    @classmethod
    def of(cls, form: StandardForm, column: _Vector) -> Scaling:
        """Scaling for columns of typical magnitude `column`."""
        eq_row = _largest_in_rows(form.eq, column)
        ineq_row = _largest_in_rows(form.ineq, column)
        priced = np.abs(form.cost * column)
        priced = priced[priced > 0]
        objective = float(np.exp(np.log(priced).mean())) if priced.size else 1.0
        return cls(column, eq_row, ineq_row, objective)

    def apply(self, form: StandardForm) -> StandardForm:
        """The scaled problem."""
        columns = sp.diags_array(self.column)
        return StandardForm(
            sp.csc_array(columns @ form.quadratic @ columns) / self.objective,
            form.cost * self.column / self.objective,
            form.constant / self.objective,
            sp.csc_array(sp.diags_array(1.0 / self.eq_row) @ form.eq @ columns),
            form.eq_rhs / self.eq_row,
            sp.csc_array(sp.diags_array(1.0 / self.ineq_row) @ form.ineq @ columns),
            form.ineq_rhs / self.ineq_row,
            form.lower / self.column,
            form.upper / self.column,
            form.integer,
        )

    def primal(self, x: _Vector) -> _Vector:
        """X in the user's units."""
        return x * self.column

    def eq_dual(self, y: _Vector) -> _Vector:
        """Multipliers of equality rows in the user's units."""
        return y * self.objective / self.eq_row

    def ineq_dual(self, z: _Vector) -> _Vector:
        """Multipliers of inequality rows in the user's units."""
        return z * self.objective / self.ineq_row


def _largest_in_rows(matrix: sp.csc_array, column: _Vector) -> _Vector:
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, matrix.indices, np.abs(matrix.data) * np.repeat(column, np.diff(matrix.indptr)))
    return np.where(largest > 0, largest, 1.0)


def longest_line(form: StandardForm) -> int:
    """Entries in the longest row or column; long ones make the factorisation of an interior-point method dense."""
    counts = [0]
    for matrix in (form.eq, form.ineq):
        if matrix.nnz:
            counts += [int(np.bincount(matrix.indices).max())]
    columns = sum(np.diff(matrix.indptr) for matrix in (form.eq, form.ineq))
    return max(*counts, int(np.max(columns, initial=0)))
