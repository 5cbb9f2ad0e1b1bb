"""Every primitive costs in the optimum what its settlement bills, on random flows and random parameters."""

from __future__ import annotations

from datetime import date, timedelta

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.charges.quantity import PeriodCost, PeriodEnergy
from storage_opt.charges.rebate import Assumed, EnergyRebate, RebatedCharge
from storage_opt.charges.reservation import Reservation
from storage_opt.charges.tiered import TieredCharge, Tiers
from storage_opt.horizon import Horizon
from storage_opt.model.builder import ModelBuilder
from storage_opt.schedule import Flow, FlowKind, Metered
from tests.support.small_sites import EXPORT, IMPORT, line, peak_demand, whole_periods

RESERVED = Metered.of(Flow("product", FlowKind.UP_KW))
HORIZON = Horizon(date(2025, 1, 25), date(2025, 1, 25) + timedelta(days=15), 60, "Europe/Berlin")


def _rising(draw: st.DrawFn, count: int, lowest: float) -> np.ndarray:
    steps = draw(st.lists(st.floats(0, 2), min_size=count, max_size=count))
    return lowest + np.cumsum(steps)


@st.composite
def energy(draw: st.DrawFn) -> Charge:
    prices = np.random.default_rng(draw(st.integers(0, 99))).uniform(-1, 1, HORIZON.steps)
    return EnergyCharge(line("energy"), draw(st.sampled_from([IMPORT, EXPORT, IMPORT - EXPORT])), prices)


@st.composite
def fixed(draw: st.DrawFn) -> Charge:
    quantity = np.array(draw(st.lists(st.floats(0, 9), min_size=2, max_size=2)))
    return FixedCharge(line("fixed"), quantity, "kVA", draw(st.floats(0, 9)))


@st.composite
def peak(draw: st.DrawFn) -> Charge:
    window = np.random.default_rng(draw(st.integers(0, 99))).uniform(size=HORIZON.steps) < draw(
        st.sampled_from([0.0, 0.5, 1.0])
    )
    base = whole_periods(HORIZON)
    if draw(st.booleans()):
        days = HORIZON.days
        first = np.searchsorted(days.ids, np.arange(days.count))
        base = Groups(days.ids, HORIZON.billing.ids[first], days.labels)
    groups = Groups(np.where(window, base.ids, -1), base.period, base.labels)
    number = groups.count
    some = st.lists(st.floats(0, 120), min_size=number, max_size=number).map(np.array)
    lookback = np.random.default_rng(draw(st.integers(0, 99))).uniform(size=(number, number)) * (1 - np.eye(number))
    demand = peak_demand(
        HORIZON,
        draw(st.sampled_from([IMPORT, IMPORT - EXPORT])),
        groups=groups,
        floor_kw=draw(some) * draw(st.integers(0, 1)),
        carried_kw=draw(some) * draw(st.integers(0, 1)),
        blocks=draw(st.sampled_from([None, np.arange(HORIZON.steps) // 3])) if window.all() else None,
        top_n=draw(st.sampled_from([1, 1, 3])),
        top_n_of_days=draw(st.booleans()),
        lookback=draw(st.sampled_from([None, lookback])),
    )
    price = np.array(draw(st.lists(st.floats(0.1, 40), min_size=number, max_size=number)))
    if draw(st.booleans()):
        return PeakCharge(line("peak", Stream.DEMAND), demand, price)
    return TieredCharge(line("peak", Stream.DEMAND), demand, Tiers(_rising(draw, 2, 10.0), _rising(draw, 3, 0.5)))


@st.composite
def tiered_energy(draw: st.DrawFn) -> Charge:
    metered = draw(st.sampled_from([IMPORT, IMPORT - EXPORT]))
    quantity = PeriodEnergy(metered, whole_periods(HORIZON))
    return TieredCharge(line("tiers"), quantity, Tiers(_rising(draw, 2, 0.0) * 5e3, _rising(draw, 3, -1.0)))


@st.composite
def band(draw: st.DrawFn) -> Charge:
    quantity = PeriodEnergy(IMPORT, whole_periods(HORIZON))
    low = np.array(draw(st.lists(st.floats(0, 2e4), min_size=2, max_size=2)))
    high = np.where(draw(st.booleans()), low + draw(st.floats(0, 1e4)), np.inf)
    prices = np.array(draw(st.lists(st.floats(0, 3), min_size=4, max_size=4))).reshape(2, 2)
    return DeviationBand(line("band"), quantity, low, high, prices[0], prices[1])


@st.composite
def minimum_bill(draw: st.DrawFn) -> Charge:
    inner = (draw(energy()), draw(peak()), draw(fixed()))
    named = tuple(inner)
    minimum = np.array(draw(st.lists(st.floats(0, 5e4), min_size=2, max_size=2)))
    ones = np.ones(2)
    return DeviationBand(line("minimum", Stream.MINIMUM), PeriodCost(named), minimum, ones * np.inf, ones, 0 * ones)


@st.composite
def reservation(draw: st.DrawFn) -> Charge:
    price = np.random.default_rng(draw(st.integers(0, 99))).uniform(0, 1, HORIZON.steps)
    return Reservation(line("reserve", Stream.RESERVE), RESERVED, price)


@st.composite
def rebated(draw: st.DrawFn) -> Charge:
    """A demand charge whose periods are assumed to be what the flows make them, so that cost and settlement agree."""
    inner = draw(st.one_of(peak(), fixed(), band()))
    threshold = np.array(draw(st.lists(st.floats(1e2, 2e4), min_size=2, max_size=2)))
    energy_kwh = PeriodEnergy(IMPORT, whole_periods(HORIZON))
    return RebatedCharge(inner, EnergyRebate(energy_kwh, threshold, draw(st.floats(0.5, 1.0)), np.zeros(2, dtype=int)))


@st.composite
def proportional(draw: st.DrawFn) -> Charge:
    """Bonus or penalty on other charges, the same or another in each period."""
    inner = (draw(energy()), draw(peak()), draw(fixed()))
    share = draw(st.lists(st.floats(-0.2, 0.3), min_size=2, max_size=2))
    return ProportionalCharge(line("power_factor"), inner, np.array(share if draw(st.booleans()) else share[:1] * 2))


def _as_measured(charge: Charge, flows: dict[Flow, np.ndarray]) -> Charge:
    """The branch of a rebate that its flows belong to."""
    if not isinstance(charge, RebatedCharge):
        return charge
    granted = charge.rebate.granted(flows, HORIZON)
    assumed = np.where(granted, Assumed.OPEN, Assumed.REFUSED)
    return RebatedCharge(charge.inner, charge.rebate.assuming(assumed))


def _taken_of(charge: Charge) -> tuple[Charge, ...]:
    """Charges without which a modifier by itself is not a convex cost."""
    if isinstance(charge, ProportionalCharge):
        return charge.charges
    if isinstance(charge, DeviationBand) and isinstance(charge.quantity, PeriodCost):
        return charge.quantity.charges
    return ()


def _flows(seed: int) -> dict[Flow, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 100, (3, HORIZON.steps)) * (rng.uniform(size=(3, HORIZON.steps)) < 0.8)
    return {metered.terms[0][0]: row for metered, row in zip((IMPORT, EXPORT, RESERVED), values, strict=True)}


def _least_cost(charge: Charge, flows: dict[Flow, np.ndarray], *, by_period: bool) -> np.ndarray | float:
    """Minimise the charge with the flows given: epigraph variables settle at the true cost."""
    model = ModelBuilder(HORIZON)
    expressions = {flow: cp.Variable(HORIZON.steps) for flow in flows}
    cost = (charge.by_period if by_period else charge.as_expression)(model, expressions)
    if _taken_of(charge):
        inner = PeriodCost(_taken_of(charge)).as_expression(model, expressions, "inner")
        cost = cost + inner if by_period else cost + np.ones(inner.size) @ inner
    given_flows = [expressions[flow] == values for flow, values in flows.items()]
    rules = [record.constraint for record in model.constraints]
    problem = cp.Problem(cp.Minimize(np.ones(cost.size) @ cost if by_period else cost), given_flows + rules)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == cp.OPTIMAL
    return np.asarray(cp.Constant(0).value + cost.value if hasattr(cost, "value") else cost)


def _settled(charge: Charge, flows: dict[Flow, np.ndarray]) -> np.ndarray:
    periods = list(HORIZON.billing.labels)
    total = np.zeros(len(periods))
    entries = list(charge.settle(flows, HORIZON))
    entries += [entry for inner in _taken_of(charge) for entry in inner.settle(flows, HORIZON)]
    for entry in entries:
        assert entry.amount == pytest.approx(entry.quantity * entry.rate, rel=1e-9, abs=1e-9)
        total[periods.index(entry.period)] += entry.amount
    return total


@settings(max_examples=80, deadline=None)
@given(
    charge=st.one_of(
        energy(),
        fixed(),
        peak(),
        peak(),
        tiered_energy(),
        band(),
        minimum_bill(),
        reservation(),
        rebated(),
        proportional(),
    ),
    seed=st.integers(0, 2**16),
)
def test_cost_in_the_optimum_equals_the_settlement(charge: Charge, seed: int) -> None:
    flows = _flows(seed)
    charge = _as_measured(charge, flows)
    settled = _settled(charge, flows)
    # the solver's noise is that of the numbers it sees, also where they settle to nothing
    seen_kwh = sum(float(values.sum()) for values in flows.values()) * HORIZON.step_h
    scale = 1.0 + np.abs(settled).max() + 1e-2 * seen_kwh
    by_period = _least_cost(charge, flows, by_period=True)
    whole = _least_cost(charge, flows, by_period=False)
    np.testing.assert_allclose(by_period, settled, atol=1e-6 * scale)
    assert float(np.sum(whole)) == pytest.approx(settled.sum(), abs=1e-6 * scale)
