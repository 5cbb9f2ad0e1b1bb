"""What holds for every sizing: against fixed sizes, against prices, against the cash flow."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage_opt
from storage_opt.charges.base import Stream
from storage_opt.finance.measures import irr, npv
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.study import size
from tests.support.sizing_sites import ONE_YEAR, at_sizes, built, cost_of, scaled_money
from tests.support.sizing_strategies import (
    FEW,
    PHASES,
    TOLERANCE,
    Described,
    close,
    one_open,
    small,
    solved_at,
    years_of,
)

# ------------------------------------------------------------------------------- against fixed sizes


@FEW
@given(small())
def test_no_fixed_sizes_are_better_and_the_best_cost_what_is_said(site):
    # sizes on a grid and around the answer, each written into the file, read again and optimised by itself
    result = size(built(site))
    assert result.certificate.certified
    years = years_of(site)
    found = {b.size.name: b.value for b in result.sizes}
    most = np.array([b.size.highest for b in result.sizes])
    tried = [most * np.array(parts) for parts in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.3, 0.8), (0.8, 0.3))]
    tried += [np.clip(np.array(list(found.values())) * factor, 0.0, most) for factor in (0.97, 1.03)]

    def total(sizes: Described) -> float:
        return float(storage_opt.optimize(at_sizes(site, sizes)).ledger.total) + years * cost_of(site, sizes)

    best = total(found)
    assert close(best, result.certificate.cost)
    for values in tried:
        assert total(dict(zip(found, values.tolist(), strict=True))) >= best - TOLERANCE * abs(best)


@settings(FEW, max_examples=3)
@given(small())
def test_a_fine_grid_of_one_size_finds_the_same_cost(site):
    site = one_open(site)
    result = size(built(site))
    years, most = years_of(site), result.sizes[0].size.highest

    @cache
    def total(value: float) -> float:
        sizes = {"bess.energy_kwh": value}
        return solved_at(at_sizes(site, sizes)) + years * cost_of(site, sizes)

    # a grid, refined around its best point as long as that is seen: the cost is convex
    low, high = 0.0, most
    for _ in range(20):
        grid = np.linspace(low, high, 5).tolist()
        at = int(np.argmin([total(value) for value in grid]))
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, 4)]
    assert close(min(total(value) for value in grid), result.certificate.cost)


# ------------------------------------------------------------------------------- against prices


def with_capex(site: Described, factor: float) -> Described:
    changed = deepcopy(site)
    cost = changed["finance"]["cost"]["bess"]
    cost |= {key: value * factor for key, value in cost.items()}
    return changed


@FEW
@given(small(), st.sampled_from([1.05, 1.5, 4.0]))
def test_what_is_dearer_is_never_built_larger(site, factor):
    site = one_open(site)
    cheap, dear = size(built(site)), size(built(with_capex(site, factor)))
    assert dear.value("bess.energy_kwh") <= cheap.value("bess.energy_kwh") + 1e-4 * cheap.sizes[0].size.highest
    assert dear.certificate.cost >= cheap.certificate.cost * (1.0 - TOLERANCE)


@FEW
@given(small(), st.sampled_from([1.05, 2.0]))
def test_dearer_sizes_never_cost_less_and_no_more_than_the_old_ones_at_the_new_price(site, factor):
    before, after = size(built(site)), size(built(with_capex(site, factor)))
    room = TOLERANCE * abs(before.certificate.cost)
    assert after.certificate.cost >= before.certificate.cost - room
    paid = years_of(site) * cost_of(site, {b.size.name: b.value for b in before.sizes})
    assert after.certificate.cost <= before.certificate.cost + (factor - 1.0) * paid + room


@FEW
@given(small())
def test_what_stands_already_never_costs_more_than_building_it(site):
    # given a part for nothing, the best total falls by what that part cost at most, and never rises
    given_ = deepcopy(site)
    given_["sizing"]["battery"]["bess"]["energy_kwh"]["existing"] = 40.0
    given_["sizing"]["battery"]["bess"]["power_kw"]["existing"] = 20.0
    bought, free = size(built(site)).certificate.cost, size(built(given_)).certificate.cost
    room = TOLERANCE * abs(bought)
    assert free <= bought + room
    assert free >= bought - years_of(site) * cost_of(site, {"bess.energy_kwh": 40.0, "bess.power_kw": 20.0}) - room


@FEW
@given(small())
def test_a_battery_for_next_to_nothing_is_never_worth_less_than_none(site):
    almost_free = with_capex(site, 1e-9)
    without = solved_at(at_sizes(site, {"bess.energy_kwh": 0.0, "bess.power_kw": 0.0}))
    assert size(built(almost_free)).certificate.cost <= without + TOLERANCE * abs(without)


@FEW
@given(small())
def test_wider_ranges_never_cost_more(site):
    wide = deepcopy(site)
    for range_ in wide["sizing"]["battery"]["bess"].values():
        range_["most"] *= 2.0
    narrow = size(built(site)).certificate.cost
    assert size(built(wide)).certificate.cost <= narrow + TOLERANCE * abs(narrow)


@FEW
@given(small())
def test_whole_units_never_beat_any_size_and_finer_ones_come_nearer(site):
    site = one_open(site)
    costs = []
    for step in (None, 25.0, 50.0):
        units = deepcopy(site)
        if step is not None:
            units["sizing"]["battery"]["bess"]["energy_kwh"]["step"] = step
        costs.append(size(built(units)).certificate.cost)
    room = TOLERANCE * abs(costs[0])
    assert costs[0] <= costs[1] + room
    assert costs[1] <= costs[2] + room


@FEW
@given(small(), st.sampled_from([10.0, 0.1]))
def test_a_currency_changes_amounts_only(site, factor):
    here, there = size(built(site)), size(built(scaled_money(site, factor)))
    assert there.certificate.cost == pytest.approx(factor * here.certificate.cost, rel=1e-6)
    rate = site["finance"]["discount_rate_frac"]
    scale = here.bill_before_per_year
    worth = npv(rate, here.cash_flow.after_tax)
    assert npv(rate, there.cash_flow.after_tax) == pytest.approx(factor * worth, abs=1e-4 * factor * scale)


# ------------------------------------------------------------------------------- against the cash flow

FINANCES: dict[str, Described] = {
    "plain": {"years": 12, "discount_rate_frac": 0.07},
    "dearer every year": {"years": 10, "discount_rate_frac": 0.05, "escalation_frac": {"energy": 0.03, "demand": 0.03}},
    "taxed at once": {
        "years": 15,
        "discount_rate_frac": 0.06,
        "inflation_frac": 0.02,
        "tax": {"losses": "offset", "vat_credit": "at_once"},
    },
    "shared": {"years": 10, "discount_rate_frac": 0.06, "sharing": {"investor_frac": 0.8, "years": 8}},
}
UPKEEP = {
    "om_per_kwh_year": 2.0,
    "insurance_frac": 0.004,
    "life_years": 7,
    "replacement_per_kwh": 100.0,
    "salvage_frac": 0.05,
}


@pytest.mark.parametrize("kind", FINANCES)
@settings(max_examples=3, deadline=None, derandomize=True, phases=PHASES)
@given(site=small())
def test_the_present_worth_of_the_cash_flow_is_what_the_objective_says(kind, site):
    site = deepcopy(site)
    cost = {"capex_per_kwh": 300.0, "capex_per_kw": 100.0} | UPKEEP
    site["finance"] = ONE_YEAR | FINANCES[kind] | {"cost": {"bess": cost}}
    problem = SizingProblem.of(built(site))
    assert problem.objective.worth.exact
    result = size(built(site))
    assert result.certificate.certified
    flow, rate = result.cash_flow, FINANCES[kind]["discount_rate_frac"]
    predicted = problem.objective.present_worth_of_saving * (
        sum(
            problem.objective.weights[stream] * amount
            for stream, amount in result.saving_per_year.items()
            if stream is not Stream.WEAR
        )
        - sum(b.cost_per_year for b in result.sizes)
    )
    scale = problem.objective.present_worth_of_saving * abs(result.bill_before_per_year)
    worth = npv(rate, flow.after_tax)
    assert abs(worth - predicted) <= 1e-6 * scale
    # the best sizes are never worth less than none
    assert worth >= -1e-6 * scale
    for root in irr(flow.after_tax).roots:
        assert abs(npv(root, flow.after_tax)) <= 1e-6 * npv(root, np.abs(flow.after_tax))
    parts = sum((book["after_tax"] for book in flow.parties.values()), start=np.zeros(flow.after_tax.size))
    assert parts == pytest.approx(flow.after_tax)
    if kind == "shared":
        assert set(flow.parties) == {"investor", "host"}
