"""Floors that follow a size become bounds: the same optimum, the same multipliers, fewer rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.model.backends import Status, solve_form
from storage_opt.model.kkt import optimality
from storage_opt.model.shared_columns import without_floors
from storage_opt.model.standard_form import Scaling, StandardForm

STEPS = 240
CHARGE, DISCHARGE, ENERGY = (slice(part * STEPS, (part + 1) * STEPS) for part in range(3))
CAPACITY, POWER = 3 * STEPS, 3 * STEPS + 1
KEEP_FRAC, MOST_FRAC, EFFICIENCY = 0.1, 0.95, 0.9
FLOOR_WEIGHT = 0.5
FLOOR_ROWS = np.arange(2 * STEPS, 3 * STEPS)


def sized_battery(
    price: np.ndarray,
    *,
    reserve_kwh: float = 0.0,
    leak_frac: float = 0.0,
    least_kwh: float = 0.0,
    energy_most_kwh: float = np.inf,
    fade: float = 0.0,
) -> StandardForm:
    """A battery whose capacity and power are columns: ``reserve + 0.1 s <= E <= 0.95 s``, ``c + d <= p``."""
    unit, before = sp.eye_array(STEPS, format="csr"), sp.eye_array(STEPS, k=-1, format="lil")
    before[0, STEPS - 1] = 1.0
    nothing, one = sp.csr_array((STEPS, STEPS)), np.ones((STEPS, 1))
    eq = sp.hstack([-EFFICIENCY * unit, unit / EFFICIENCY, unit - (1.0 - leak_frac) * before, sp.csr_array((STEPS, 2))])
    ineq = sp.vstack(
        [
            sp.hstack([unit, unit, nothing, sp.csr_array((STEPS, 1)), -one]),
            sp.hstack([nothing, nothing, unit, -MOST_FRAC * one, sp.csr_array((STEPS, 1))]),
            sp.hstack([nothing, nothing, -unit, KEEP_FRAC * one, sp.csr_array((STEPS, 1))]) * FLOOR_WEIGHT,
        ]
    )
    rhs = np.concatenate([np.zeros(2 * STEPS), np.full(STEPS, -reserve_kwh * FLOOR_WEIGHT)])
    cost = np.concatenate([price + 0.01, 0.01 - price, np.full(STEPS, fade), [0.2, 2.0]])
    lower = np.concatenate([np.zeros(2 * STEPS), np.full(STEPS, -0.1), [least_kwh, 0.0]])
    upper = np.concatenate([np.full(2 * STEPS, 3.0), np.full(STEPS, energy_most_kwh), [6.0, 2.0]])
    size = cost.size
    return StandardForm(
        sp.csc_array((size, size)),
        cost,
        0.0,
        sp.csc_array(eq),
        np.zeros(STEPS),
        sp.csc_array(ineq),
        rhs,
        lower,
        upper,
        np.zeros(0, dtype=np.intp),
    )


def daily(swing: float = 0.4) -> np.ndarray:
    return 0.5 + swing * np.sin(2.0 * np.pi * np.arange(STEPS) / 24.0)


def plain(form: StandardForm) -> Scaling:
    return Scaling(np.ones(form.size), np.ones(form.eq_rhs.size), np.ones(form.ineq_rhs.size), 1.0)


def test_a_floor_is_a_bound_and_the_dynamics_forget_the_size():
    form = sized_battery(daily())
    found = without_floors(form)
    np.testing.assert_array_equal(found.floors.rows, FLOOR_ROWS)
    np.testing.assert_array_equal(found.floors.columns, np.arange(ENERGY.start, ENERGY.stop))
    assert found.form.ineq_rhs.size == 2 * STEPS
    assert np.all(found.form.lower[ENERGY] == 0.0)
    # what one interval's floor adds, the next one's takes away
    assert found.form.eq.nnz == form.eq.nnz
    # above its floor, the energy may take what the size leaves
    limit = sp.csr_array(found.form.ineq)[STEPS:, [CAPACITY]].toarray().ravel()
    np.testing.assert_allclose(limit, (KEEP_FRAC - MOST_FRAC) * found.scale[CAPACITY])


def test_bounds_that_rows_imply_are_left_out():
    found = without_floors(sized_battery(daily()))
    # c <= p <= 2 says more than c <= 3
    assert np.isinf(found.form.upper[CHARGE]).all()
    assert np.isinf(found.form.upper[DISCHARGE]).all()
    tight = sized_battery(daily())
    upper = tight.upper.copy()
    upper[CHARGE] = 1.5
    np.testing.assert_array_equal(without_floors(replace(tight, upper=upper)).form.upper[CHARGE], 1.5)


def test_what_has_no_shared_column_stays_as_it_is():
    few = sized_battery(daily()).restricted_to(np.arange(CAPACITY))
    found = without_floors(few)
    assert found.form is few
    assert not found.floors.rows.size
    x, dual = np.arange(float(few.size)), np.arange(float(few.ineq_rhs.size))
    np.testing.assert_array_equal(found.primal(x), x)
    np.testing.assert_array_equal(found.ineq_dual(dual, np.zeros(few.size)), dual)


def _curved(form: StandardForm) -> StandardForm:
    diagonal = np.zeros(form.size)
    diagonal[ENERGY] = 1e-3
    return form.with_quadratic(diagonal)


def _higher_bound(form: StandardForm) -> StandardForm:
    lower = form.lower.copy()
    lower[ENERGY] = 0.3
    return replace(form, lower=lower)


def _own_most(form: StandardForm) -> StandardForm:
    upper = form.upper.copy()
    upper[ENERGY] = 1.0
    return replace(form, upper=upper)


@pytest.mark.parametrize("change", [_curved, _higher_bound, _own_most])
def test_a_floor_that_would_change_the_problem_stays_a_row(change):
    form = change(sized_battery(daily()))
    found = without_floors(form)
    assert not found.floors.rows.size
    assert found.form.ineq_rhs.size == form.ineq_rhs.size
    mine, other = solve_form(form, "PIQP"), solve_form(form, "CLARABEL")
    assert mine.status is other.status is Status.OPTIMAL
    assert form.objective(mine.x) == pytest.approx(form.objective(other.x), rel=1e-6)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    reserve_kwh=st.sampled_from([0.0, 0.2]),
    leak_frac=st.sampled_from([0.0, 0.01]),
    least_kwh=st.sampled_from([0.0, 1.0]),
    energy_most_kwh=st.sampled_from([np.inf, 50.0]),
    fade=st.sampled_from([0.0, 0.003]),
)
def test_optimum_and_multipliers_are_those_of_the_problem_as_stated(
    seed, reserve_kwh, leak_frac, least_kwh, energy_most_kwh, fade
):
    price = daily() + 0.2 * np.random.default_rng(seed).standard_normal(STEPS)
    form = sized_battery(
        price,
        reserve_kwh=reserve_kwh,
        leak_frac=leak_frac,
        least_kwh=least_kwh,
        energy_most_kwh=energy_most_kwh,
        fade=fade,
    )
    assert without_floors(form).floors.rows.size == STEPS
    mine, plainly = solve_form(form, "PIQP"), solve_form(form, "HIGHS")
    assert mine.status is plainly.status is Status.OPTIMAL
    assert form.objective(mine.x) == pytest.approx(form.objective(plainly.x), abs=1e-6)
    judged, _ = optimality(form, plain(form), mine.x, mine.eq_dual, mine.ineq_dual)
    assert judged.passes(1e-6)
    assert mine.ineq_dual is not None
    assert mine.ineq_dual[FLOOR_ROWS].max() > 1e-3


def test_a_problem_without_a_solution_is_still_called_so():
    form = sized_battery(daily(), reserve_kwh=20.0)
    assert solve_form(form, "PIQP").status is Status.INFEASIBLE
