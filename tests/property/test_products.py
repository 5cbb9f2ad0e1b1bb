"""Laws of what is sold: nothing twice, everything deliverable, and worth what it should be."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings

import storage_opt
from storage_opt.io.schedule_file import write_schedule
from storage_opt.studies.result import DispatchResult
from tests.support.product_auditor import ProductAuditor
from tests.support.product_sites import FULL_SITE, battery, described, product_sites, site_of, without_products
from tests.support.worst_calls import WorstCalls

_SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
EVENING = [{"hours": ["17:00-21:00"]}]
HELD: dict[str, Any] = {"direction": "up", "duration_h": 2.0, "price_held_per_kw_day": 5.0, "window": EVENING}


def solved(site: dict[str, Any]) -> DispatchResult:
    return storage_opt.optimize(site_of(site))


def audit_of(site: dict[str, Any], result: DispatchResult, folder: Path) -> ProductAuditor:
    """What an auditor sees who is given the file and the contract."""
    write_schedule(result.schedule, folder / "schedule.csv")
    text = (folder / "schedule.csv").read_text(encoding="utf-8")
    return ProductAuditor.of_csv(copy.deepcopy(site), io.StringIO(text))


@_SLOW
@given(site=product_sites())
def test_nothing_is_sold_twice_and_every_call_can_be_answered(
    site: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        result = solved(site)
    except storage_opt.InputError:
        return  # what is refused, and why, is held to its words elsewhere
    assert result.certificate.ledger_mismatch_relative <= 1e-6
    assert all(rule.ok for rule in result.certificate.rules), [r for r in result.certificate.rules if not r.ok]
    audited = audit_of(site, result, tmp_path_factory.mktemp("audit"))
    assert audited.audit() == []
    assert WorstCalls(audited).run() == []


def test_a_site_that_sells_everything_keeps_what_it_promises(tmp_path: Path) -> None:
    result = solved(FULL_SITE)
    assert result.certificate.certified, result.notes
    assert sum(use.revenue > 0 for use in result.products) >= 6
    audited = audit_of(FULL_SITE, result, tmp_path)
    assert audited.audit() == []
    simulated = WorstCalls(audited)
    assert simulated.run() == []
    assert simulated.calls > 500


@pytest.mark.parametrize(
    "column", ["reserve.bess.up_kw", "reserve.bess.down_kw", "shave.delivered_kw", "new.bess.delivered_kw"]
)
def test_the_auditor_sees_what_is_sold_twice(column: str, tmp_path: Path) -> None:
    """A test that cannot fail proves nothing: what was sold once is sold a second time."""
    result = solved(FULL_SITE)
    audited = audit_of(FULL_SITE, result, tmp_path)
    sold = audited.table[column]
    assert sold.max() > 0
    audited.table[column] = 2.0 * sold
    assert audited.audit() != []


@_SLOW
@given(site=product_sites(events=False))
def test_products_never_cost(site: dict[str, Any]) -> None:
    """What is sold may be left unsold."""
    try:
        with_them = solved(site)
    except storage_opt.InputError:
        reject()
    without = solved(without_products(site))
    assert with_them.ledger.total <= without.ledger.total + 1e-5 * abs(without.ledger.total)


def test_a_second_offer_of_the_same_kw_earns_nothing() -> None:
    once = described(days=3, battery={"bess": battery()}, regulation={"a": HELD})
    twice = described(days=3, battery={"bess": battery()}, regulation={"a": HELD, "b": HELD})
    first, second = solved(once), solved(twice)
    assert first.products[0].revenue > 0
    assert second.ledger.total == pytest.approx(first.ledger.total, rel=1e-6)


@pytest.mark.parametrize(("shorter_h", "longer_h"), [(0.25, 0.5), (0.5, 1.0), (1.0, 2.5), (2.0, 4.0)])
def test_longer_calls_never_earn_more(shorter_h: float, longer_h: float) -> None:
    costs = [
        solved(
            described(days=2, battery={"bess": battery()}, regulation={"a": HELD | {"duration_h": duration_h}})
        ).ledger.total
        for duration_h in (shorter_h, longer_h)
    ]
    assert costs[0] <= costs[1] + 1e-6 * abs(costs[1])


def test_gaming_is_told_and_never_earns_less() -> None:
    event = {"window": [{"hours": ["18:00-20:00"]}], "price_per_kwh": 2.0, "baseline": {"like_days": 2}}
    fair = solved(described(days=5, battery={"bess": battery()}, response={"dr": event}))
    gamed_event = event | {"baseline": {"like_days": 2, "ungamed": False}}
    gamed = solved(described(days=5, battery={"bess": battery()}, response={"dr": gamed_event}))
    assert not any("ungamed" in note for note in fair.notes)
    assert any("raise its own baseline (ungamed = false)" in note for note in gamed.notes)
    assert gamed.certificate.certified
    assert gamed.ledger.total <= fair.ledger.total + 1e-6 * abs(fair.ledger.total)


def test_backup_is_not_sold() -> None:
    """Of 1,000 kWh, 600 are held for an outage: 400 kWh back 200 kW for two hours."""
    site = described(days=2, battery={"bess": battery(soc_min_frac=0.0)}, regulation={"a": HELD})
    held = site | {"backup": {"critical_kw": 300.0, "ride_through_h": 2.0}}
    assert solved(site).products[0].most_kw == pytest.approx(500.0, rel=1e-5)
    assert solved(held).products[0].most_kw == pytest.approx(200.0, rel=1e-5)


def test_a_battery_at_rest_sells_nothing() -> None:
    resting = battery(rest=[{"hours": ["17:00-21:00"]}])
    with pytest.raises(storage_opt.InputError, match="can be called up"):
        solved(described(days=2, battery={"bess": resting}, regulation={"a": HELD}))
