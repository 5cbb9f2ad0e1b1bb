"""What must hold on every site: more never costs more, prices scale the cost, money is neither made nor lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storage_opt import DispatchResult, Ledger, Schedule, optimize
from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind
from tests.support.physics import assert_physical
from tests.support.random_sites import (
    Description,
    built,
    changed_batteries,
    descriptions,
    scaled_prices,
    without_batteries,
)

law = settings(max_examples=15)
UNBOUND: Description = {
    "self_discharge_frac_per_h": 0.0,
    "initial_soc_frac": None,
    "final_soc": "cyclic",
    "soc_min_frac": 0.1,
    "soc_max_frac": 0.95,
    "charge_taper": [],
    "discharge_taper": [],
    "rest": [],
    "wear": None,
}
"""Tanks of different size are comparable without these: a larger one at 10 % may lose more, or start with more."""


def solved(description: Description) -> DispatchResult:
    return optimize(built(description))


def moved(ledger: Ledger) -> float:
    """Money that changes hands: what a tolerance is relative to where amounts cancel."""
    return 1.0 + sum(abs(entry.amount) for entry in ledger.entries)


def cost(description: Description) -> float:
    return solved(description).ledger.total


def assert_not_dearer(better: Description, worse: Description) -> None:
    first, second = solved(better), solved(worse)
    assert first.ledger.total <= second.ledger.total + 2e-6 * max(moved(first.ledger), moved(second.ledger))


# --------------------------------------------------------------------------------------- one site


@settings(max_examples=40)
@given(description=descriptions())
def test_every_site_is_certified_physical_and_audited(description: Description) -> None:
    result = solved(description)
    assert result.certificate.certified, result.certificate
    assert_physical(result.site, result.schedule)
    assert_physical(_without_batteries(result), result.baseline)
    size = moved(result.baseline_ledger)
    assert sum(result.streams.values()) == pytest.approx(result.savings, abs=1e-9 * size)
    for ledger in (result.ledger, result.baseline_ledger):
        assert sum(ledger.by_party().values()) == pytest.approx(0.0, abs=1e-9 * size)
        assert sum(ledger.by_line().values()) == pytest.approx(ledger.total, abs=1e-9 * size)
        assert sum(ledger.by_period().values()) == pytest.approx(ledger.total, abs=1e-9 * size)


def _without_batteries(result: DispatchResult) -> Any:
    for name in result.site.spec.battery:
        for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW):
            np.testing.assert_array_equal(result.baseline[Flow(name, kind)], 0.0)
    spec = result.site.spec.model_copy(update={"battery": {}})
    return type(result.site)(spec, result.site.horizon)


# ------------------------------------------------------------------------------------ more is not dearer


@law
@given(description=descriptions(), energy=st.sampled_from([1.0, 1.7]), power=st.sampled_from([1.0, 1.4]))
def test_a_larger_battery_never_costs_more(description: Description, energy: float, power: float) -> None:
    assume(energy * power > 1.0)
    base = changed_batteries(description, **UNBOUND)
    larger = {"energy_kwh": lambda kwh: energy * kwh, "power_kw": lambda kw: power * kw}
    assert_not_dearer(changed_batteries(base, **larger), base)


@law
@given(description=descriptions(), share=st.sampled_from([0.0, 0.5, 0.9]))
def test_a_tighter_import_limit_never_lowers_the_cost(description: Description, share: float) -> None:
    """From the load's peak plus what batteries lose, up to everything drawn at once."""
    peak = float(np.max(description["load"]["works"]["power_kw"])) + 5.0
    everything = peak + sum(battery["power_kw"] for battery in description["battery"].values())
    tight = {"import_limit_kw": peak + share * (everything - peak)}
    loose = {"import_limit_kw": everything}
    assert_not_dearer(_with_grid(description, loose), _with_grid(description, tight))


def _with_grid(description: Description, fields: Description) -> Description:
    kept = {key: value for key, value in description["grid"].items() if key != "transformer_kva"}
    return description | {"grid": kept | fields}


@law
@given(description=descriptions(), added=st.sampled_from([0.01, 0.1, 1.0]))
def test_wear_never_lowers_the_cost(description: Description, added: float) -> None:
    plain = changed_batteries(description, wear=None)
    assert_not_dearer(plain, changed_batteries(plain, wear_cost_per_kwh=lambda price: price + added))


@law
@given(description=descriptions(), segments=st.sampled_from([1, 3, 8]), dearer=st.sampled_from([1.5, 4.0]))
def test_dearer_replacement_never_lowers_the_cost_nor_raises_what_it_prices(description, segments, dearer) -> None:
    """Of two optima, the one at the higher price uses no more of what is priced: life taken by cycles."""
    life = {"coefficient": 5e-4, "exponent": 2.03}

    def priced(cost: float) -> DispatchResult:
        wear = {"replacement_cost_per_kwh": cost, "segments": segments, "cycle_life": life}
        return solved(changed_batteries(description, wear_cost_per_kwh=0.0, wear=wear))

    cheap, dear = priced(100.0), priced(100.0 * dearer)
    size = max(moved(cheap.ledger), moved(dear.ledger))
    assert cheap.ledger.total <= dear.ledger.total + 2e-6 * size
    assert _life(dear, 100.0 * dearer) <= _life(cheap, 100.0) + 4e-6 * size / (100.0 * (dearer - 1.0))


def _life(result: DispatchResult, cost: float) -> float:
    """Life taken by cycles over all batteries, times their energy. [kWh]"""
    taken = [float(use.wear.planned_cost or 0.0) for use in result.batteries.values()]
    return float(np.sum(taken)) / cost


@law
@given(description=descriptions())
def test_wear_that_costs_nothing_changes_nothing(description: Description) -> None:
    nothing = {"replacement_cost_per_kwh": 0.0, "cycle_life": {"coefficient": 5e-4, "exponent": 2.03}}
    plain = changed_batteries(description, wear_cost_per_kwh=0.0, wear=None)
    first, second = solved(plain), solved(changed_batteries(plain, wear=nothing))
    assert first.ledger.total == second.ledger.total
    for flow, values in first.schedule.flows.items():
        np.testing.assert_array_equal(values, second.schedule[flow])


@law
@given(description=descriptions(), exponent=st.sampled_from([1.0, 2.03]))
def test_one_segment_is_wear_by_the_kwh(description: Description, exponent: float) -> None:
    """With R Phi(1) for each kWh out of the cells, so that over the discharge efficiency for each kWh delivered."""
    leakless = {"self_discharge_frac_per_h": 0.0, "auxiliary_kw": 0.0}
    base = changed_batteries(description, **leakless, wear_cost_per_kwh=0.0, wear=None)
    wear = {"replacement_cost_per_kwh": 200.0, "segments": 1, "cycle_life": {"coefficient": 5e-4, "exponent": exponent}}
    by_depth, by_kwh = changed_batteries(base, wear=wear), {}
    for name, battery in base["battery"].items():
        by_kwh[name] = battery | {"wear_cost_per_kwh": 200.0 * 5e-4 / battery["discharge_efficiency"]}
    first, second = solved(by_depth), solved(base | {"battery": by_kwh})
    assert first.ledger.total == pytest.approx(second.ledger.total, abs=2e-6 * moved(second.ledger))


@law
@given(description=descriptions())
def test_a_battery_never_costs_more_than_none(description: Description) -> None:
    free = changed_batteries(description, **UNBOUND, auxiliary_kw=0.0)
    assert_not_dearer(free, without_batteries(free))


# -------------------------------------------------------------------------------------------- money


@law
@given(description=descriptions(), factor=st.sampled_from([0.01, 7.3, 1000.0]))
def test_scaling_all_prices_scales_the_cost(description: Description, factor: float) -> None:
    result, scaled = solved(description), solved(scaled_prices(description, factor))
    tolerance = 2e-6 * factor * moved(result.ledger)
    assert scaled.ledger.total == pytest.approx(factor * result.ledger.total, abs=tolerance)
    assert scaled.savings == pytest.approx(factor * result.savings, abs=tolerance)


@law
@given(description=descriptions(batteries=False), seed=st.integers(0, 2**16), day=st.integers(1, 2))
def test_reading_the_meter_once_more_changes_no_energy_charge(description: Description, seed: int, day: int) -> None:
    """The same flows, one billing period or two: energy at a price per kWh and fees per day are the same."""
    start, end = description["horizon"]["start"], description["horizon"]["end"]
    between = start + timedelta(days=day)
    assume(between < end)
    whole = _read_on(description, [start, end + timedelta(days=4)])
    split = _read_on(description, [start, between, end + timedelta(days=4)])
    once, twice = _settled_at_random(whole, seed), _settled_at_random(split, seed)
    assert len({entry.period for entry in once.entries}) == 1
    assert len({entry.period for entry in twice.entries}) == 2
    per_kwh = _lines_per_kwh(once)
    assert per_kwh
    for line in per_kwh:
        assert twice.by_line()[line] == pytest.approx(once.by_line()[line], rel=1e-12, abs=1e-9)
    assert twice.by_line().get("supply.fixed_per_day") == pytest.approx(once.by_line().get("supply.fixed_per_day"))


def _read_on(description: Description, dates: list[Any]) -> Description:
    return description | {"horizon": description["horizon"] | {"reading_dates": dates}}


def _settled_at_random(description: Description, seed: int) -> Ledger:
    site, rng = built(description), np.random.default_rng(seed)
    flows = [Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)]
    kinds = (FlowKind.AVAILABLE_KW, FlowKind.USED_KW, FlowKind.CURTAILED_KW)
    flows += [Flow(name, kind) for name in site.spec.generator for kind in kinds]
    values = {flow: rng.uniform(0.0, 300.0, site.horizon.steps) for flow in flows}
    values[Flow("works", FlowKind.LOAD_KW)] = site.values(site.spec.load["works"].power_kw)
    return settle(Schedule(site.horizon, values), lower_site(site))


def _lines_per_kwh(ledger: Ledger) -> set[str]:
    """Lines of energy without blocks: a block tariff starts anew with each period, and rightly costs less."""
    return {e.line.name for e in ledger.entries if e.unit == "kWh" and "block" not in e.band}


# ------------------------------------------------------------------------- batteries with nothing to gain


@law
@given(description=descriptions(odd=False, batteries=False))
def test_without_a_battery_the_plan_costs_what_the_baseline_costs(description: Description) -> None:
    """A fixed load, a plant without costs and no negative price leave nothing to decide."""
    result = solved(description)
    assert result.savings == pytest.approx(0.0, abs=2e-6 * moved(result.ledger))


@law
@given(description=descriptions(), field=st.sampled_from(["power_kw", "energy_kwh"]))
def test_a_useless_battery_changes_nothing(description: Description, field: str) -> None:
    nothing = UNBOUND | {"auxiliary_kw": 0.0, "discharge_kw": None, field: 0.0}
    useless, none = solved(changed_batteries(description, **nothing)), solved(without_batteries(description))
    assert useless.ledger.total == pytest.approx(none.ledger.total, abs=2e-6 * moved(none.ledger))
    assert useless.schedule.energy_kwh(FlowKind.DISCHARGE_KW) == pytest.approx(0.0, abs=1e-6)


@law
@given(description=descriptions(plants=False, odd=False, minimum=False))
def test_storage_that_loses_everything_is_never_used(description: Description) -> None:
    """One part in ten thousand comes back: at 0.05 and more a kWh no peak is worth that."""
    losing = {"charge_efficiency": 0.01, "discharge_efficiency": 0.01, "auxiliary_kw": 0.0, "wear_cost_per_kwh": 0.0}
    result = solved(changed_batteries(description, **UNBOUND, **losing))
    # of some megawatt-hours of load
    assert result.schedule.energy_kwh(FlowKind.CHARGE_KW) == pytest.approx(0.0, abs=1e-3)
    assert result.schedule.energy_kwh(FlowKind.DISCHARGE_KW) == pytest.approx(0.0, abs=1e-6)
    assert result.savings == pytest.approx(0.0, abs=2e-6 * moved(result.ledger))
