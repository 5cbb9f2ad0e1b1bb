"""The price of a contract's rules, answered ahead in a process of its own or when asked."""

from __future__ import annotations

import os
from typing import Any

import pytest

from storage_opt.model.pool import Ahead
from storage_opt.spec.resolved import Site
from storage_opt.studies import price_of_rules
from storage_opt.studies.dispatch import optimize
from tests.support.small_sites import small_site

EXPORT: dict[str, Any] = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.2}]}


def site(most_export_frac: float | None, load_kw: float = 100.0) -> Site:
    """A load of 100 kW takes 1,200 of 2,400 kWh of sun; each kWh that may not be exported costs 0.2."""
    sun = [0.0] * 6 + [1.0] * 12 + [0.0] * 6
    parts: dict[str, Any] = (
        {} if most_export_frac is None else {"contract": {"export_of_available_max_frac": most_export_frac}}
    )
    return small_site(
        load_kw,
        generator={"pv": {"capacity_kw": 200.0, "profile": sun}},
        grid={"export_limit_kw": 500.0},
        tariff={"t": {"energy": [{"price_per_kwh": 0.3}]}, "export": EXPORT},
        **parts,
    )


@pytest.fixture
def always_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_of_rules, "_LONG", 1)
    monkeypatch.setattr(price_of_rules, "_CORES", 1)


def test_answered_ahead_or_when_asked_it_is_the_same(always_ahead: None) -> None:
    tight = site(0.25)
    ahead, asked = optimize(tight, ahead=True), optimize(tight)
    assert ahead.ask_compliance.ahead is not None
    assert asked.ask_compliance.ahead is None
    assert ahead.compliance == asked.compliance
    assert ahead.compliance.cost == pytest.approx(0.25 * 2400.0 * 0.2, rel=1e-6)


@pytest.mark.parametrize("most_export_frac", [None, 0.25])
def test_nothing_is_kept_where_no_rule_costs_anything(always_ahead: None, most_export_frac: float | None) -> None:
    result = optimize(site(most_export_frac, load_kw=300.0), ahead=True)
    assert getattr(result.ask_compliance, "ahead", None) is None
    assert most_export_frac is None or result.compliance.cost == 0.0


def test_a_short_year_needs_no_process() -> None:
    assert optimize(site(0.25), ahead=True).ask_compliance.ahead is None


def test_a_process_that_dies_is_asked_here_instead(always_ahead: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_of_rules, "Ahead", lambda *_: Ahead(os._exit, 1))
    result = optimize(site(0.25), ahead=True)
    assert result.compliance.cost == pytest.approx(120.0, rel=1e-6)
