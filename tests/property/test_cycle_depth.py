"""Rainflow, a stack of depths, a published linear program and the charge agree on the wear of any profile."""

from __future__ import annotations

from datetime import date

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.charges.base import Stream
from storage_opt.charges.curve import CurveCharge
from storage_opt.charges.cycle_count import counted_cycles
from storage_opt.charges.cycle_depth import CycleDepthCharge, DepthSegments
from storage_opt.horizon import Horizon
from storage_opt.model.builder import ModelBuilder
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.wear import CalendarFadeSpec, CycleLifeSpec
from tests.support.small_sites import line
from tests.support.wear import cost_by_program, cost_by_stack

HORIZON = Horizon(date(2025, 1, 31), date(2025, 2, 2), 60, "UTC")
STORED, DISCHARGE = Flow("bess", FlowKind.ENERGY_KWH), Flow("bess", FlowKind.DISCHARGE_KW)
RATED = 100.0


@st.composite
def profiles(draw: st.DrawFn, steps: int | None = None) -> np.ndarray:
    """Stored energy: a walk, a few levels with plateaus, or anything at all."""
    size = steps or draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    match draw(st.sampled_from(["walk", "levels", "any"])):
        case "walk":
            return np.clip(50.0 + np.cumsum(rng.normal(0, 15, size)), 0.0, RATED)
        case "levels":
            return rng.choice([0.0, 30.0, 30.0, 70.0, RATED], size)
        case _:
            return rng.uniform(0.0, RATED, size)


starts = st.one_of(st.none(), st.sampled_from([0.0, 30.0, RATED]), st.floats(0.0, RATED))


@st.composite
def depths(draw: st.DrawFn) -> DepthSegments:
    segments = draw(st.integers(1, 9))
    steps = draw(st.lists(st.floats(0.0, 2.0), min_size=segments, max_size=segments))
    return DepthSegments(np.full(segments, RATED / segments), np.cumsum([draw(st.floats(0.0, 1.0)), *steps])[1:])


def counted(stored: np.ndarray, start: float | None, segments: DepthSegments) -> float:
    return float(segments.cost(counted_cycles(stored, start).depth_kwh).sum())


@settings(max_examples=300, deadline=None)
@given(stored=profiles(), start=starts, segments=depths())
def test_rainflow_costs_what_the_cheapest_depths_cost(stored, start, segments):
    by_stack = cost_by_stack(stored, start, segments.width_kwh, segments.price_per_kwh)
    assert counted(stored, start, segments) == pytest.approx(by_stack, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(stored=profiles(), start=starts, segments=depths())
def test_no_other_way_through_the_depths_is_cheaper(stored, start, segments):
    by_program = cost_by_program(stored, start, segments.width_kwh, segments.price_per_kwh)
    assert counted(stored, start, segments) == pytest.approx(by_program, rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(stored=profiles(), start=starts)
def test_depths_add_up_to_what_fell(stored, start):
    series = np.concatenate([stored[-1:] if start is None else [start], stored])
    fallen = np.maximum(series[:-1] - series[1:], 0.0).sum()
    cycles = counted_cycles(stored, start)
    assert cycles.depth_kwh.sum() == pytest.approx(fallen, rel=1e-9, abs=1e-9)
    assert np.all((cycles.interval >= 0) & (cycles.interval < stored.size))


@settings(max_examples=60, deadline=None)
@given(stored=profiles(), shift=st.integers(0, 59), segments=depths())
def test_a_closed_series_may_start_anywhere(stored, shift, segments):
    turned = np.roll(stored, shift)
    assert counted(turned, None, segments) == pytest.approx(counted(stored, None, segments), rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(stored=profiles(), start=starts, exponent=st.floats(1.0, 4.0))
def test_more_segments_come_down_to_the_exact_cost(stored, start, exponent):
    """A chord lies above a convex curve, and one of half the length does not lie above it: dyadic grids are nested."""
    life = CycleLifeSpec(coefficient=1e-3, exponent=exponent)
    depth = counted_cycles(stored, start).depth_kwh / RATED
    exact = float(life.life_frac(depth).sum())
    costs = []
    for count in (1, 2, 4, 8, 16):
        steps = np.diff(life.life_frac(np.arange(count + 1) / count))
        segments = DepthSegments(np.full(count, 1.0 / count), steps * count)
        costs.append(float(segments.cost(depth).sum()))
    assert all(finer <= coarser * (1 + 1e-12) for coarser, finer in zip(costs, costs[1:], strict=False))
    assert costs[-1] >= exact * (1 - 1e-12)


def least_cost(charge, flows, *, by_period=False):
    """Minimise the charge with the flows given."""
    model = ModelBuilder(HORIZON)
    expressions = {flow: cp.Variable(HORIZON.steps) for flow in flows}
    cost = (charge.by_period if by_period else charge.as_expression)(model, expressions)
    rules = [record.constraint for record in model.constraints]
    given_flows = [expressions[flow] == values for flow, values in flows.items()]
    problem = cp.Problem(cp.Minimize(np.ones(cost.size) @ cost if by_period else cost), given_flows + rules)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == cp.OPTIMAL
    return cost.value


@settings(max_examples=40, deadline=None)
@given(stored=profiles(HORIZON.steps), start=starts, segments=depths(), leaks=st.booleans())
def test_cost_in_the_optimum_equals_the_settlement(stored, start, segments, leaks):
    """Where it leaks, a part of each fall is not withdrawn; charging fills up again what leaked meanwhile."""
    before = np.concatenate([stored[-1:] if start is None else [start], stored[:-1]])
    fallen = np.maximum(before - stored, 0.0)
    share = np.random.default_rng(stored.size).uniform(0, 1, stored.size) if leaks else 1.0
    flows = {STORED: stored, DISCHARGE: 0.9 * fallen * share}
    withdrawn = Metered.of(DISCHARGE).times(1 / 0.9)
    charge = CycleDepthCharge(
        line("wear", Stream.WEAR), STORED, withdrawn, segments, 100.0, 0.0, RATED, start, leaks=leaks
    )
    entries = charge.settle(flows, HORIZON)
    settled = sum(entry.amount for entry in entries)
    assert [entry.period for entry in entries] == list(HORIZON.billing.labels)
    for entry in entries:
        assert entry.amount == pytest.approx(entry.quantity * entry.rate, rel=1e-12)
    assert settled == pytest.approx(counted(stored, start, segments), rel=1e-9, abs=1e-12)
    assert float(least_cost(charge, flows)) == pytest.approx(settled, rel=1e-5, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(stored=profiles(HORIZON.steps), seed=st.integers(0, 999), corners=st.integers(1, 4))
def test_a_curve_costs_in_the_optimum_what_it_settles(stored, seed, corners):
    rng = np.random.default_rng(seed)
    soc = np.sort(rng.choice(np.arange(0, 11), corners, replace=False)) / 10
    fade = 0.01 + np.concatenate([[0.0], np.cumsum(np.diff(soc) * np.sort(rng.uniform(-0.01, 0.1, corners - 1)))])
    points = [{"soc_frac": s, "fade_frac_per_year": f} for s, f in zip(soc, fade, strict=True)]
    slope, offset = CalendarFadeSpec(corners=points).lines()
    # between its corners the maximum of the lines is the curve; below the lowest it stays, unless it fell
    np.testing.assert_allclose((np.outer(soc, slope) + offset).max(axis=1), fade, atol=1e-12)
    charge = CurveCharge(line("calendar", Stream.WEAR), Metered.of(STORED), slope / RATED, offset, 7.0, "life")
    settled = np.array([entry.amount for entry in charge.settle({STORED: stored}, HORIZON)])
    by_hand = 7.0 * (np.outer(stored / RATED, slope) + offset).max(axis=1)
    np.testing.assert_allclose(settled, HORIZON.billing.total(by_hand), rtol=1e-12)
    np.testing.assert_allclose(least_cost(charge, {STORED: stored}, by_period=True), settled, atol=1e-5)
    assert float(least_cost(charge, {STORED: stored})) == pytest.approx(settled.sum(), abs=1e-5)
