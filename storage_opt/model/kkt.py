"""Optimality conditions of a point, computed from the problem's matrices alone.

For a convex problem these conditions prove optimality; the lower bound holds whatever the solver did, because
weak duality needs nothing but multipliers of the right sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.model.standard_form import Scaling, StandardForm

__all__ = ["Optimality", "optimality"]

_Vector = NDArray[np.float64]

_OF_MONEY_MOVED = 1e-3
"""A cost near zero is judged by this share of the money that moves."""


@dataclass(frozen=True, slots=True)
class Optimality:
    """How well a point satisfies the optimality conditions.

    Parameters
    ----------
    primal_residual : float
        Largest violated row or bound, in scaled units.
    dual_residual : float
        Largest reduced cost that no bound explains, in scaled units.
    relative_gap : float
        Cost minus lower bound, over the size of the cost.
    cost, bound : float
        Objective and its lower bound. [money]
    """

    primal_residual: float
    dual_residual: float
    relative_gap: float
    cost: float
    bound: float

    def passes(self, tolerance: float, gap_tolerance: float | None = None) -> bool:
        """Whether residuals are within the tolerance, and the gap within its own or the same."""
        widest = tolerance if gap_tolerance is None else gap_tolerance
        return max(self.primal_residual, self.dual_residual) <= tolerance and self.relative_gap <= widest


def optimality(
    form: StandardForm, scaling: Scaling, x: _Vector, eq_dual: _Vector, ineq_dual: _Vector
) -> tuple[Optimality, _Vector]:
    """Residuals and gap of a point, and the multipliers of its bounds.

    Parameters
    ----------
    form, scaling : StandardForm, Scaling
        The problem in the user's units; residuals are told in scaled units.
    x : (n,) array
        Point.
    eq_dual, ineq_dual : (m,), (k,) array
        Multipliers y and z >= 0.

    Notes
    -----
    Reduced cost ``r = P x + q + A'y + G'z``. Where a bound exists on the side r points to, r is that bound's
    multiplier; elsewhere it is a dual residual. Lower bound:
    ``- x'Px/2 - b'y - h'z + sum max(r,0) lower - sum max(-r,0) upper + constant``.
    """
    curvature = form.quadratic @ x
    reduced = curvature + form.cost + form.eq.T @ eq_dual + form.ineq.T @ ineq_dual
    explained = np.where(reduced >= 0, np.isfinite(form.lower), np.isfinite(form.upper))
    bound_dual = np.where(explained, reduced, 0.0)

    violated_eq = np.abs(form.eq @ x - form.eq_rhs) / (scaling.eq_row * (1.0 + np.abs(form.eq_rhs / scaling.eq_row)))
    beyond = np.maximum(form.ineq @ x - form.ineq_rhs, 0.0)
    violated_ineq = beyond / (scaling.ineq_row * (1.0 + np.abs(form.ineq_rhs / scaling.ineq_row)))
    outside = np.maximum(np.maximum(form.lower - x, x - form.upper), 0.0) / scaling.column
    primal = max(float(np.max(part, initial=0.0)) for part in (violated_eq, violated_ineq, outside))

    largest_cost = float(np.max(np.abs(form.cost * scaling.column), initial=0.0)) or 1.0
    dual = float(np.max(np.abs(reduced - bound_dual) * scaling.column, initial=0.0)) / largest_cost

    at_low = np.maximum(bound_dual, 0.0)
    at_high = np.maximum(-bound_dual, 0.0)
    lower_bound = (
        -0.5 * x @ curvature
        - form.eq_rhs @ eq_dual
        - form.ineq_rhs @ ineq_dual
        + at_low @ np.where(at_low > 0, form.lower, 0.0)
        - at_high @ np.where(at_high > 0, form.upper, 0.0)
        + form.constant
    )
    cost = form.objective(x)
    moved = float(np.abs(form.cost * x).sum())
    size = max(abs(cost), _OF_MONEY_MOVED * moved, _OF_MONEY_MOVED * scaling.objective)
    found = Optimality(primal, dual, abs(cost - float(lower_bound)) / size, cost, float(lower_bound))
    return found, bound_dual
