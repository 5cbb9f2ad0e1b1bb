"""The price of a contract's rules, and the bill before a project: begun in another process, or found when asked for."""

from __future__ import annotations

import os
import pickle
from typing import Any

import pytest

from storage_opt.model.pool import Ahead
from storage_opt.spec.resolved import Site
from storage_opt.studies import meanwhile
from storage_opt.studies.dispatch import optimize
from storage_opt.studies.meanwhile import Meanwhile
from storage_opt.studies.price_of_rules import PriceOfRules
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.study import size
from tests.support.landscape_sites import battery_site
from tests.support.small_sites import small_site

EXPORT: dict[str, Any] = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.2}]}


def site(most_export_frac: float | None, load_kw: float = 100.0) -> Site:
    """A load of 100 kW takes 1,200 of 2,400 kWh of sun; each kWh that may not be exported costs 0.2."""
    sun = [0.0] * 6 + [1.0] * 12 + [0.0] * 6
    contract = {} if most_export_frac is None else {"contract": {"export_of_available_max_frac": most_export_frac}}
    return small_site(
        load_kw,
        generator={"pv": {"capacity_kw": 200.0, "profile": sun}},
        grid={"export_limit_kw": 500.0},
        tariff={"t": {"energy": [{"price_per_kwh": 0.3}]}, "export": EXPORT},
        **contract,
    )


def has_begun(result: DispatchResult) -> bool:
    """Whether another process looks for the cost without rules."""
    asked = result.ask_compliance
    return isinstance(asked, PriceOfRules) and getattr(asked.without_rules, "has_begun", False)


@pytest.fixture
def always_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "_LONG", 1)
    monkeypatch.setattr(meanwhile, "_CORES", 1)


def test_begun_ahead_or_when_asked_for_it_is_the_same(always_ahead: None) -> None:
    tight = site(0.25)
    ahead, asked = optimize(tight, ahead=True), optimize(tight)
    assert (has_begun(ahead), has_begun(asked)) == (True, False)
    assert ahead.compliance == asked.compliance
    assert ahead.compliance is not None
    assert ahead.compliance.cost == pytest.approx(0.25 * 2400.0 * 0.2, rel=1e-6)


@pytest.mark.parametrize("most_export_frac", [None, 0.25])
def test_nothing_goes_on_where_no_rule_costs_anything(always_ahead: None, most_export_frac: float | None) -> None:
    result = optimize(site(most_export_frac, load_kw=300.0), ahead=True)
    assert not has_begun(result)
    assert result.compliance is None or result.compliance.cost == 0.0


@pytest.mark.parametrize("load_kw", [100.0, 300.0])
def test_a_result_that_is_kept_in_a_file_still_knows_the_price(always_ahead: None, load_kw: float) -> None:
    result = optimize(site(0.25, load_kw), ahead=True)
    kept = pickle.loads(pickle.dumps(result))
    assert kept.compliance == result.compliance


def test_a_short_year_needs_no_process() -> None:
    assert not has_begun(optimize(site(0.25), ahead=True))


def test_a_process_that_dies_is_asked_here_instead(always_ahead: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "Ahead", lambda *_: Ahead(os._exit, 1))
    result = optimize(site(0.25), ahead=True)
    assert has_begun(result)
    assert result.compliance is not None
    assert result.compliance.cost == pytest.approx(120.0, rel=1e-6)


def test_the_bill_before_a_project_is_the_same_from_another_process(
    always_ahead: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The battery that stands there already can choose, so that its best bill is an optimum of its own."""
    begun: list[bool] = []
    call = Meanwhile.__call__

    def noticed(self: Meanwhile[Any]) -> object:
        begun.append(self.has_begun)
        return call(self)

    monkeypatch.setattr(Meanwhile, "__call__", noticed)
    standing = battery_site(sizing={"battery": {"bess": {"energy_kwh": {"existing": 1.0, "least": 1.0, "most": 20.0}}}})
    ahead = size(standing)
    monkeypatch.setattr(meanwhile, "_LONG", 10**9)
    asked = size(standing)
    assert begun == [True, False]
    assert ahead.bill_before_per_year == asked.bill_before_per_year
    assert ahead.saving_per_year == asked.saving_per_year
