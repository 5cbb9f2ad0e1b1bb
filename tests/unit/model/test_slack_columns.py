"""Slacks as columns: the same problem, one point in both, and curves as sums of parts above their corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.program import Program
from storage_opt.model.slack_columns import with_slack_columns, with_slacks, without_slacks
from storage_opt.model.solve import Point, solve_convex
from storage_opt.workload.power import corners, segments
from tests.support.compute_sites import compute_site

CURVE = [{"busy_frac": x, "power_frac": y} for x, y in ((0.0, 0.0), (0.3, 0.1), (0.6, 0.4), (1.0, 1.0))]
NEGATIVE = {"t": {"energy": [{"price_per_kwh": [0.5] * 12 + [-0.5] * 12}]}}


def solved() -> tuple[Program, Point]:
    work = {"batch": {"kind": "batch", "units": 4.0, "max_delay_h": 6.0, "checkpoint_h": 0.2}}
    site = compute_site(work, cluster={"power_curve": CURVE}, tariff=NEGATIVE)
    program = compile_program(site, lower_site(site))
    point = solve_convex(program.form, program.scaling).point
    assert point is not None
    return program, point


def test_a_slack_completes_its_row():
    program, point = solved()
    wider, turned = with_slack_columns(program, point)
    assert wider.form.size == program.form.size + program.slacks.rows.size == program.form.size + 3 * 24
    assert wider.form.eq @ turned.x == pytest.approx(wider.form.eq_rhs, abs=1e-6)
    assert turned.x == pytest.approx(with_slacks(program, point.x))
    assert turned.x[program.form.size :].max() > 1.0


def test_the_wider_problem_has_the_same_optimum_without_its_bounds():
    program, point = solved()
    wider, _ = with_slack_columns(program, point)
    upper = wider.form.upper.copy()
    for pair in (pair for pair in program.opposites if pair.opposites.most is not None):
        upper[pair.first] = upper[pair.second] = np.inf
    again = solve_convex(wider.form.with_bounds(wider.form.lower, upper), wider.scaling).point
    assert again is not None
    assert again.optimality.cost == pytest.approx(point.optimality.cost, rel=1e-6)


def test_a_point_comes_back_as_it_was():
    program, point = solved()
    _, turned = with_slack_columns(program, point)
    back = without_slacks(program, turned)
    for name in ("x", "eq_dual", "ineq_dual", "bound_dual"):
        np.testing.assert_array_equal(getattr(back, name), getattr(point, name))


@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5), st.integers(0, 2**16))
def test_a_convex_curve_is_its_first_line_and_the_rises_at_its_corners(widths: list[float], seed: int):
    steps = np.array(widths)
    slopes = np.cumsum(np.random.default_rng(seed).uniform(0.0, 1.0, steps.size))
    x = np.append(0.0, np.cumsum(steps))
    y = np.append(0.0, np.cumsum(slopes * steps))
    lines = segments(list(zip(x.tolist(), y.tolist(), strict=True)))
    at = np.linspace(0.0, x[-1], 50)
    value = lines[0].slope * at + lines[0].offset
    for corner in corners(lines):
        value = value + corner.rise * np.maximum(at - corner.at, 0.0)
    assert value == pytest.approx(np.interp(at, x, y), abs=1e-6)


def test_lines_of_one_slope_have_no_corner_between_them():
    assert corners(segments([(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])) == ()
