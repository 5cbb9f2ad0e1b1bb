"""Laws of bills, baselines and value streams on random sites, without a solver."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import settle
from storage_opt.ledger.streams import value_streams
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from tests.support.random_sites import built, descriptions
from tests.support.settled import at_rest, bill_of, entries

FEW = settings(max_examples=40, deadline=None)


@st.composite
def balanced_plans(draw: st.DrawFn) -> tuple[Site, Schedule]:
    """A site and flows that balance on its bus, whatever else they break."""
    site = built(draw(descriptions()))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    steps = site.horizon.steps
    flows = dict(at_rest(site).flows)
    supply = np.zeros(steps)
    for name in site.spec.battery:
        flows[Flow(name, FlowKind.CHARGE_KW)] = rng.uniform(0, 50, steps) * rng.integers(0, 2, steps)
        flows[Flow(name, FlowKind.DISCHARGE_KW)] = rng.uniform(0, 50, steps) * rng.integers(0, 2, steps)
        supply += flows[Flow(name, FlowKind.DISCHARGE_KW)] - flows[Flow(name, FlowKind.CHARGE_KW)]
    for name in site.spec.generator:
        available = flows[Flow(name, FlowKind.AVAILABLE_KW)]
        flows[Flow(name, FlowKind.USED_KW)] = available * rng.uniform(0, 1, steps)
        flows[Flow(name, FlowKind.CURTAILED_KW)] = available - flows[Flow(name, FlowKind.USED_KW)]
        supply += flows[Flow(name, FlowKind.USED_KW)]
    short = sum(flows[Flow(name, FlowKind.LOAD_KW)] for name in site.spec.load) - supply
    flows[Flow(GRID, FlowKind.IMPORT_KW)] = np.maximum(short, 0.0)
    flows[Flow(GRID, FlowKind.EXPORT_KW)] = np.maximum(-short, 0.0)
    return site, Schedule(site.horizon, flows)


@FEW
@given(balanced_plans())
def test_streams_sum_to_the_savings(found):
    site, plan = found
    charges = lower_site(site)
    baseline = baseline_schedule(site, charges).schedule
    after, before = settle(plan, charges), settle(baseline, charges)
    streams = value_streams(site, charges, plan, baseline, after, before)
    moved = sum(abs(entry.amount) for ledger in (after, before) for entry in ledger.entries)
    assert sum(streams.values()) == pytest.approx(before.total - after.total, rel=1e-9, abs=1e-9 * moved)


@FEW
@given(balanced_plans())
def test_what_parties_receive_sums_to_zero(found):
    site, plan = found
    ledger = settle(plan, lower_site(site))
    moved = sum(abs(entry.amount) for entry in ledger.entries)
    assert sum(ledger.by_party().values()) == pytest.approx(0.0, abs=1e-12 * max(moved, 1.0))


@FEW
@given(balanced_plans())
def test_entries_are_quantity_times_rate(found):
    site, plan = found
    for entry in settle(plan, lower_site(site)).entries:
        assert entry.amount == pytest.approx(entry.quantity * entry.rate, rel=1e-9, abs=1e-9)


@FEW
@given(descriptions())
def test_baseline_balances_and_keeps_its_limits(description):
    site = built(description)
    found = baseline_schedule(site, lower_site(site))
    plan = found.schedule
    fed = plan.total(FlowKind.IMPORT_KW) + plan.total(FlowKind.USED_KW)
    assert fed == pytest.approx(plan.total(FlowKind.LOAD_KW) + plan.total(FlowKind.EXPORT_KW))
    assert all(np.all(values >= 0) for values in plan.flows.values())
    assert not np.any((plan.total(FlowKind.IMPORT_KW) > 0) & (plan.total(FlowKind.EXPORT_KW) > 0))
    assert not any("breaks" in note for note in found.notes)  # these sites are feasible without storage
    for name, spec in site.spec.generator.items():
        used, available = plan[Flow(name, FlowKind.USED_KW)], plan[Flow(name, FlowKind.AVAILABLE_KW)]
        assert np.all(used <= available * (1 + 1e-12))
        assert spec.curtailable or np.array_equal(used, available)


RULES: list[dict[str, Any]] = [
    {"period": "valley", "hours": ["23:00-07:00"]},
    {"period": "peak", "months": [1, 2], "days": ["weekday"], "hours": ["17:00-21:00"]},
    {"period": "flat"},
]


@FEW
@given(
    prices=st.lists(st.integers(-20, 200), min_size=3, max_size=3),
    load=st.lists(st.integers(0, 500), min_size=24, max_size=24),
    cut=st.sampled_from([date(2025, 2, 1), date(2025, 3, 1), date(2025, 4, 1)]),
)
def test_splitting_at_a_month_changes_no_energy_or_demand_charge(prices, load, cut):
    rules = [rule | {"price_per_kwh": price / 100} for rule, price in zip(RULES, prices, strict=True)]
    tiers = [{"up_to_kwh": 50_000.0, "price_per_kwh": 0.01}, {"price_per_kwh": 0.03}]
    tariff = {
        "energy": [{"tou": rules}, {"name": "block", "tiers": tiers}],
        "demand": [{"price_per_kw": 10.0, "hours": ["08:00-20:00"]}],
        "fixed": [{"per_period": 100.0, "per_day": 3.0}],
    }
    parts = {"horizon": {"zone": "Europe/Berlin"}}
    kw = [float(value) for value in load]
    whole = bill_of(kw, "2025-01-01", "2025-05-01", tariff, **parts)
    halves = [
        bill_of(kw, start, end, tariff, **parts) for start, end in (("2025-01-01", str(cut)), (str(cut), "2025-05-01"))
    ]
    for line in whole.by_line():
        found = [entry.amount for half in halves for entry in entries(half, line)]
        assert found == pytest.approx([entry.amount for entry in entries(whole, line)])
