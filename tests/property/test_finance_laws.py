"""What holds for every project: rates, losses, loans, parties and payback."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import annuity_factor, irr, npv, simple_payback
from storage_opt.finance.present_worth import present_worth
from storage_opt.finance.project import AssetSize
from storage_opt.finance.taxes import income_tax
from storage_opt.spec.tax import TaxSpec
from tests.support.projects import AT_ONCE, KINDS, finance, project

_LAWS = settings(max_examples=60, deadline=None, derandomize=True)

amounts = st.floats(-1e6, 1e6).map(lambda value: round(value, 2))
cash_flows = st.lists(amounts, min_size=2, max_size=26).map(np.array)
kinds = st.sampled_from(sorted(KINDS))


@_LAWS
@given(cash_flows)
def test_the_present_worth_at_every_rate_found_is_zero(cash):
    for root in irr(cash).roots:
        size = npv(root, np.abs(cash))
        assert abs(npv(root, cash)) <= 1e-6 * size


@_LAWS
@given(cash_flows)
def test_no_rate_is_missed(cash):
    # between two rates that are tried, a change of sign is a root
    tried = np.linspace(-0.5, 1.0, 151)
    signs = [np.sign(npv(rate, cash)) for rate in tried]
    roots = irr(cash).roots
    for low, high, before, after in zip(tried, tried[1:], signs, signs[1:], strict=False):
        if before * after < 0:
            assert any(low <= root <= high for root in roots)


@_LAWS
@given(st.floats(1, 1e6), st.lists(st.just(0.0) | st.floats(0.01, 1e6), min_size=1, max_size=30))
def test_an_investment_that_only_earns_has_one_rate_or_none(outlay, earned):
    found = irr(np.array([-outlay, *earned]))
    assert (found.rate is not None) == any(earned)


@_LAWS
@given(cash_flows)
def test_payback_is_where_the_sum_comes_up_for_good(cash):
    years = simple_payback(cash)
    sums = np.cumsum(cash)
    near = 1e-9 * np.abs(cash).sum()
    if years is None:
        assert sums[-1] <= near
        return
    assert 0.0 <= years <= cash.size - 1
    assert np.interp(years, np.arange(cash.size), sums) >= -near
    assert np.all(sums[int(np.ceil(years)) :] >= -near)


@_LAWS
@given(st.lists(amounts, min_size=2, max_size=20).map(np.array), st.integers(1, 8))
def test_losses_are_used_oldest_first(profit, lasting):
    """Against a queue of losses, each with the year in which it was made."""
    tax = TaxSpec(carry_forward_years=lasting)
    rows = income_tax(profit, tax)
    queue: deque[list[float]] = deque()
    for year, amount in enumerate(profit):
        while queue and queue[0][0] < year - lasting:
            queue.popleft()
        used, left = 0.0, max(0.0, amount)
        for loss in queue:
            taken = min(loss[1], left)
            loss[1] -= taken
            left -= taken
            used += taken
        assert rows["loss_used"][year] == pytest.approx(used, abs=1e-6)
        assert rows["taxable"][year] == pytest.approx(left, abs=1e-6)
        if amount < 0:
            queue.append([year, -amount])


@_LAWS
@given(kinds, st.floats(0, 1e5), st.floats(0, 1e5), st.lists(st.floats(-3e5, 3e5), min_size=15, max_size=15))
def test_taxes_carry_over_nothing_that_was_not_there(kind, power_kw, energy_kwh, saved):
    one = project(
        finance(kind), sizes={"bess": AssetSize(power_kw, energy_kwh)}, savings={Stream.ENERGY: np.array(saved)}
    )
    flow = cash_flow(one)
    for book in flow.parties.values():
        if one.spec.tax is None:
            assert np.array_equal(book["after_tax"], book["pre_tax"])
            continue
        carried = one.spec.tax.vat_credit == "carry_forward"
        assert not carried or (np.all(book["vat"] <= 0) and np.all(book["vat_carried"] >= 0))
        due = book["vat_output"] - book["vat_input"]
        assert (-book["vat"]).sum() - book["vat_carried"][-1] == pytest.approx(due.sum(), abs=1e-4)
        bought = book["additions"].sum()
        assert (book["depreciation"] + book["write_off"]).sum() == pytest.approx(-bought, abs=1e-4)
    for name, row in flow.whole.items():
        assert np.array_equal(sum(book[name] for book in flow.parties.values()), row)
    if flow.debt:
        assert flow.debt["balance"][one.spec.debt.years] == pytest.approx(0, abs=1e-3)


@_LAWS
@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(-1e6, 1e6), st.booleans())
def test_the_linear_form_is_the_cash_flow(power_kw, energy_kwh, saved, holiday):
    spec = finance(tax=AT_ONCE | ({"exempt_years": 3, "half_years": 3} if holiday else {}))
    worth = present_worth(spec)
    savings = {Stream.RESERVE: np.full(15, saved)}
    one = project(spec, sizes={"bess": AssetSize(power_kw, energy_kwh)}, savings=savings, augmentation=None)
    value = npv(spec.discount_rate_frac, cash_flow(one).after_tax)
    terms = (
        worth.fixed,
        worth.of_size("bess", "kw") * power_kw,
        worth.of_size("bess", "kwh") * energy_kwh,
        worth.of_saving(Stream.RESERVE) * saved,
    )
    assert abs(value - sum(terms)) <= 1e-9 * sum(map(abs, terms))


@_LAWS
@given(st.floats(0.001, 0.5), st.integers(1, 60))
def test_the_annuity_factor_is_a_sum(rate, years):
    assert annuity_factor(rate, years) == pytest.approx(sum((1 + rate) ** -year for year in range(1, years + 1)))
