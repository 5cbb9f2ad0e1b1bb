"""Laws of products of the market for flexibility, on random sites and sets of products."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import storage_opt
from storage_opt.errors import InputError
from storage_opt.lowering.products.events import event_responses
from storage_opt.lowering.products.held import held_powers
from tests.support.product_auditor import ProductAuditor
from tests.support.product_sites import FULL_SITE, described, product_sites, site_of, with_products, without_products
from tests.support.worst_calls import WorstCalls

ATTEMPTS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(ATTEMPTS, max_examples=6)


def _optimized(site: dict[str, Any]) -> Any:
    result = storage_opt.optimize(site_of(site))
    assert result.certificate.certified, result.notes
    return result


def _can_be_sold(site: dict[str, Any]) -> bool:
    """Whether nothing of it is refused, such as a block that the site can't back."""
    try:
        held_powers(site_of(site))
        event_responses(site_of(site))
    except InputError:
        return False
    return True


def _audited(site: dict[str, Any], result: Any) -> ProductAuditor:
    file = io.StringIO()
    result.schedule.to_frame().to_csv(file)
    file.seek(0)
    return ProductAuditor.of_csv(site, file)


def _check_all(site: dict[str, Any]) -> int:
    result = _optimized(site)
    assert result.certificate.ledger_mismatch_relative <= 1e-6
    assert [rule.name for rule in result.certificate.rules if not rule.ok] == []
    audited = _audited(site, result)
    assert audited.audit() == []
    calls = WorstCalls(audited)
    assert calls.run() == []
    return calls.calls


@ATTEMPTS
@given(product_sites())
def test_nothing_is_sold_twice_and_every_call_can_be_answered(site):
    assume(_can_be_sold(site))
    _check_all(site)


def test_every_asset_and_product_at_once():
    assert _check_all(FULL_SITE) > 1000


@FEW
@given(product_sites(called=False, events=False, incentives=False, days=2))
def test_what_is_sold_is_bounded_by_the_auditor_and_not_by_chance(site):
    """The auditor and the calls see it when a tenth more is sold than the plan holds."""
    result = _optimized(site)
    table = result.schedule.to_frame()
    sold = [c for c in table if c.endswith((".up_kw", ".down_kw")) and table[c].max() > 1.0]
    assume(sold)
    table[sold] *= 10.0
    audited = ProductAuditor(site, table)
    assert audited.audit() != []
    assert WorstCalls(audited).run() != []


# what is sold of one product narrows what calls of another may follow, so laws on sets hold for products that are
# alone at their provider, or of one length and window


def _single(site: dict[str, Any]) -> dict[str, Any]:
    """The site with its first product of power held."""
    first = next(iter(site["regulation"]))
    kept = {section: site[section] for section in ("response", "incentive") if section in site}
    return without_products(site) | {"regulation": {first: site["regulation"][first]}} | kept


@FEW
@given(product_sites(called=False, incentives=False, days=2))
def test_adding_a_product_never_lowers_what_is_saved(site):
    site = _single(site)
    assume(_can_be_sold(site))
    steps = [without_products(site), without_products(site) | {"regulation": site["regulation"]}, site]
    savings = [_optimized(step).savings for step in steps]
    assert savings[0] <= savings[1] + 1e-6 * abs(savings[0]) + 1e-3
    assert savings[1] <= savings[2] + 1e-6 * abs(savings[1]) + 1e-3


@FEW
@given(product_sites(called=False, events=False, incentives=False, days=2))
def test_a_product_that_pays_nothing_changes_nothing(site):
    plain = _optimized(without_products(site)).savings
    free = {"direction": "up", "duration_h": 1.0, "price_held_per_kwh": 0.0}
    assert _optimized(without_products(site) | {"regulation": {"free": free}}).savings == pytest.approx(plain, rel=1e-6)
    assert _optimized(without_products(site) | {"regulation": {}}).savings == pytest.approx(plain, rel=1e-9)


@FEW
@given(product_sites(called=False, events=False, incentives=False, days=2))
def test_the_same_product_twice_earns_no_more(site):
    site = _single(site)
    (name, product), *_ = site["regulation"].items()
    one = product | {"max_kw": None, "min_block_kw": None, "providers": ["bess"]}
    one = {key: value for key, value in one.items() if value is not None}
    alone = without_products(site) | {"regulation": {name: one}}
    doubled = _optimized(with_products(alone, regulation={"again": one})).savings
    assert doubled <= _optimized(alone).savings * (1 + 1e-6) + 1e-3


@FEW
@given(product_sites(called=False, events=False, incentives=False, days=2), st.sampled_from([1.0, 2.0]))
def test_longer_calls_earn_no_more(site, longer_h):
    site = _single(site)
    (name, product), *_ = site["regulation"].items()
    saved = []
    for duration_h in (0.5, longer_h):
        changed = {key: v for key, v in product.items() if key != "min_block_kw"} | {"duration_h": duration_h}
        saved.append(_optimized(without_products(site) | {"regulation": {name: changed}}).savings)
    assert saved[1] <= saved[0] * (1 + 1e-6) + 1e-3


def _response_site(**terms: Any) -> dict[str, Any]:
    """Three days at a flat price, on which storage earns from an event alone."""
    event = {"start": "2025-01-03T18:00:00", "end": "2025-01-03T20:00:00"}
    site = described(days=3, tariff={"t": {"energy": [{"price_per_kwh": 0.5}]}})
    battery = {"energy_kwh": 1000.0, "power_kw": 400.0}
    return site | {"battery": {"bess": battery}, "response": {"dr": {"events": [event], "price_per_kwh": 2.0} | terms}}


def test_gaming_a_baseline_earns_more_and_is_told():
    honest = _optimized(_response_site())
    gamed_site = _response_site(baseline={"ungamed": False})
    gamed = _optimized(gamed_site)
    # charging on the like days, 1 and 2 January, lifts the baseline and is paid for as response
    assert gamed.savings > honest.savings + 100.0
    assert any("ungamed = false" in note for note in gamed.notes)
    assert not any("ungamed" in note for note in honest.notes)
    assert _audited(gamed_site, gamed).audit() == []


@pytest.mark.parametrize("name", ["battery", "regulation"])
def test_an_empty_section_of_products_is_the_site_without(name):
    site = described(days=2)
    assert _optimized(site | {name: {}}).savings == pytest.approx(_optimized(site).savings, abs=1e-9)
