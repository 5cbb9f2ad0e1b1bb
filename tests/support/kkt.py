"""Optimality conditions of a compiled program's point, checked one by one without the package's own arithmetic."""

from __future__ import annotations

import numpy as np

from storage_opt.model.program import Program
from storage_opt.model.solve import Point


def assert_optimal(program: Program, point: Point, tolerance: float = 1e-5) -> None:
    """Feasible, stationary, multipliers of the right sign, complementary: together they prove optimality.

    Tolerances are relative to the size of the numbers in each condition.
    """
    form, x = program.form, point.x
    power = float(np.max(program.scaling.column))
    price = float(np.max(np.abs(form.cost)))
    room = form.ineq_rhs - form.ineq @ x

    assert np.max(np.abs(form.eq @ x - form.eq_rhs), initial=0.0) <= tolerance * power
    assert np.min(room, initial=0.0) >= -tolerance * power
    assert np.all(x >= form.lower - tolerance * power)
    assert np.all(x <= form.upper + tolerance * power)

    assert np.all(point.ineq_dual >= 0)
    gradient = form.quadratic @ x + form.cost
    stationarity = gradient + form.eq.T @ point.eq_dual + form.ineq.T @ point.ineq_dual - point.bound_dual
    assert np.max(np.abs(stationarity), initial=0.0) <= tolerance * price

    money = float(np.abs(form.cost) @ np.abs(x)) + price * power * 1e-3
    at_low, at_high = np.maximum(point.bound_dual, 0.0), np.maximum(-point.bound_dual, 0.0)
    assert np.all(np.isfinite(form.lower[at_low > tolerance * price]))
    assert np.all(np.isfinite(form.upper[at_high > tolerance * price]))
    gap_low = at_low @ np.where(at_low > 0, x - np.where(np.isfinite(form.lower), form.lower, x), 0.0)
    gap_high = at_high @ np.where(at_high > 0, np.where(np.isfinite(form.upper), form.upper, x) - x, 0.0)
    assert abs(point.ineq_dual @ room) + abs(gap_low) + abs(gap_high) <= tolerance * money
