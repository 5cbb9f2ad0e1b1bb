"""Tornado and break-even: recomputed by hand, and never better than what they say."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.finance.annuity import annuity_factor
from storage_opt.studies.sizing.assumptions import assumption_of, assumptions
from storage_opt.studies.sizing.break_even import Payment, break_even, break_even_of_building, break_evens
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.running import Run
from storage_opt.studies.sizing.tornado import tornado
from tests.support.landscape_sites import battery_site


def value_of(found):
    """The answer, which there has to be."""
    assert found.value is not None
    return found.value


@pytest.fixture(scope="module")
def case():
    return Case.of(battery_site())


@pytest.fixture(scope="module")
def drawn(case):
    return tornado(case, workers=1)


def test_the_discount_rate_by_formula(case, drawn):
    """NPV at held sizes is saving times the annuity factor, less capex and the same factor times upkeep."""
    bar = next(bar for bar in drawn.bars if bar.assumption.name == "discount_rate")
    energy, power = drawn.best.sizes
    years = case.problem.site.horizon.years
    bill = drawn.best.cost - case.problem.size_cost(np.array(drawn.best.sizes))
    saving = (case.before_weighted - bill) / years - 0.5 * energy
    for end in (bar.low, bar.high):
        by_hand = saving * annuity_factor(end.value, 12) - 160.0 * energy - 100.0 * power
        assert end.held.npv == pytest.approx(by_hand, rel=1e-9)
    assert (bar.low.value, bar.high.value) == pytest.approx((0.04, 0.08))


def test_sizes_that_follow_are_never_worse_than_sizes_that_are_held(drawn):
    for bar in drawn.bars:
        for end in (bar.low, bar.high):
            assert end.followed.npv >= end.held.npv - 1e-6 * abs(end.held.npv), bar.assumption.name


def test_ten_bars_by_width(drawn):
    widths = [bar.width for bar in drawn.bars]
    assert len(widths) == 10
    assert widths == sorted(widths, reverse=True)
    assert {bar.assumption.name for bar in drawn.bars} | set(drawn.others) == {
        one.name for one in assumptions(battery_site())
    }


def test_only_money_changes_without_compiling(case):
    for one in assumptions(battery_site()):
        same = case.changed([(one, one.high)]).problem.sized() is case.problem.sized()
        assert same == (one.is_financial and one.name != "energy_rise"), one.name


def test_what_is_assumed_gives_the_optimum_back(case):
    best = case.find({}).npv
    for one in assumptions(battery_site()):
        assert case.changed([(one, one.at_site)]).find({}).npv == pytest.approx(best, rel=1e-6), one.name


def test_a_spread_keeps_the_mean_price_and_moves_the_rest():
    site = battery_site()
    spread = assumption_of(site, "price_spread")
    before, after = (
        s.values(s.spec.tariff["supply"].energy[0].price_per_kwh) for s in (site, spread.change(site, 1.5))
    )
    assert after.mean() == pytest.approx(before.mean())
    assert after - after.mean() == pytest.approx(1.5 * (before - before.mean()))


@pytest.mark.parametrize("name", ["capex of bess", "discount_rate", "price_spread", "upkeep of bess"])
def test_the_net_present_value_at_the_answer_is_nothing(case, name):
    bracket = {"upkeep of bess": (0.0, 5.0)}.get(name)
    found = break_even(case, name, bracket=bracket)
    if found.payment is not Payment.CROSSES:
        assert all(
            (worth is not None and worth > 0.0) == (found.payment is Payment.EVERYWHERE) for worth in found.npv_at_ends
        )
        return
    one = assumption_of(case.problem.site, name)
    there = case.changed([(one, found.value)]).find(dict(enumerate(found.sizes)))
    assert abs(there.npv) <= 1e-6 * abs(case.find({}).npv)


def test_the_capex_at_which_given_sizes_pay_by_hand(case):
    """What the sizes save and cost beside the capex, over the capex."""
    sizes = dict(zip(case.names, case.find({}).sizes, strict=True))
    found = break_even(case, "capex of bess", sizes=sizes)
    energy, power = sizes.values()
    capex = 160.0 * energy + 100.0 * power
    assert found.value == pytest.approx((case.find({}).npv + capex) / capex, rel=1e-6)
    assert found.pays_above is False


def test_nothing_is_built_above_the_capex_at_which_building_pays(case):
    found = break_even_of_building(case, "capex of bess")
    one = assumption_of(case.problem.site, "capex of bess")
    assert found.payment is Payment.CROSSES
    above = case.changed([(one, 1.01 * value_of(found))]).find({})
    below = case.changed([(one, 0.99 * value_of(found))]).find({})
    assert above.npv == pytest.approx(0.0, abs=1e-4)
    assert below.npv > 1e-2
    assert value_of(found) >= value_of(break_even(case, "capex of bess"))


def test_a_higher_capex_never_builds_more(case):
    one = assumption_of(case.problem.site, "capex of bess")
    capex = case.problem.objective.capex_per_unit
    built = [capex @ np.array(case.changed([(one, factor)]).find({}).sizes) for factor in np.linspace(0.5, 3.0, 8)]
    assert np.all(np.diff(built) <= 1e-4 * np.max(built))


def test_pays_everywhere_and_nowhere_are_said(case):
    crossing = value_of(break_even(case, "capex of bess"))
    low = break_even(case, "capex of bess", bracket=(0.1, 0.9 * crossing))
    high = break_even(case, "capex of bess", bracket=(1.1 * crossing, 9.0))
    assert (low.payment, low.value) == (Payment.EVERYWHERE, None)
    assert (high.payment, high.value) == (Payment.NOWHERE, None)


def test_whole_and_unknown_assumptions_are_refused(case):
    with pytest.raises(InputError, match="whole numbers"):
        break_even(case, "project_years")
    with pytest.raises(InputError, match="name one of `capex of bess`"):
        break_even(case, "capex of wind")


def facts(found):
    """All of a break-even; its assumption by name, because another process has its own."""
    return [getattr(found, one.name) for one in fields(found) if one.name != "assumption"] + [found.assumption.name]


def test_break_evens_in_processes_and_those_kept_are_those_found_here(case, tmp_path, monkeypatch):
    names = ("capex of bess", "price_spread")
    one_by_one = [search(case, name) for name in names for search in (break_even, break_even_of_building)]
    monkeypatch.setattr("storage_opt.studies.sizing.running._WORTH_PROCESSES_S", 0.0)
    kept = Run(workers=2, resume=tmp_path / "run.jsonl")
    found = break_evens(case, names, kept)
    for mine, other in zip(found, one_by_one, strict=True):
        assert facts(mine)[:4] + facts(mine)[-1:] == facts(other)[:4] + facts(other)[-1:]
        assert (mine.value or 0.0) == pytest.approx(other.value or 0.0, rel=1e-5)
    told: list[str] = []
    monkeypatch.setattr("storage_opt.studies.sizing.break_even.brentq", None)  # nothing is searched again
    again = break_evens(case, names, replace(kept, progress=told.append))
    assert [facts(one) for one in again] == [facts(one) for one in found]
    assert not told


def test_a_wrong_name_is_told_before_anything_is_searched(case, monkeypatch):
    monkeypatch.setattr("storage_opt.studies.sizing.break_even.brentq", None)
    with pytest.raises(InputError, match="capex of wind"):
        break_evens(case, ("capex of bess", "capex of wind"), Run(workers=1))
