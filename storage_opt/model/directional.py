"""By how much an optimal cost changes with a number of the site, from the multipliers of one optimum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.model.program import Program
from storage_opt.model.solve import Point

__all__ = ["change_of_cost", "has_same_shape"]


def has_same_shape(base: Program, other: Program) -> bool:
    """Whether two programs have the same rows and columns, so that an optimum of one can be put into the other."""
    return (
        base.form.size == other.form.size
        and [(rows.name, rows.where) for rows in base.rows] == [(rows.name, rows.where) for rows in other.rows]
        and [(block.name, block.where) for block in base.columns]
        == [(block.name, block.where) for block in other.columns]
    )


def change_of_cost(base: Program, other: Program, point: Point) -> float:
    """Change of the optimal cost from one program to another that differs a little, to first order. [money]

    Parameters
    ----------
    base, other : Program
        Programs of the same shape.
    point : Point
        Optimum of `base`.

    Notes
    -----
    Envelope theorem: at a fixed optimum x with multipliers y, z, r the Lagrangian changes by
    ``dq'x + x'dP x/2 + dconstant + y'(dA x - db) + z'(dG x - dh) + max(r, 0)' dlower - max(-r, 0)' dupper``.
    Where an optimum has several multipliers, the cost has a kink, and this is one of its slopes there.
    """
    one, two, x = base.form, other.form, point.x
    change = (two.cost - one.cost) @ x + two.constant - one.constant
    change += 0.5 * x @ ((two.quadratic - one.quadratic) @ x)
    change += point.eq_dual @ ((two.eq - one.eq) @ x - (two.eq_rhs - one.eq_rhs))
    change += point.ineq_dual @ ((two.ineq - one.ineq) @ x - (two.ineq_rhs - one.ineq_rhs))
    change += _moved(np.maximum(point.bound_dual, 0.0), one.lower, two.lower)
    change += _moved(np.minimum(point.bound_dual, 0.0), one.upper, two.upper)
    return float(change)


def _moved(dual: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Worth of bounds that move; an infinite one has no multiplier."""
    both = np.isfinite(before) & np.isfinite(after)
    return float(dual[both] @ (after[both] - before[both]))
