"""Survival of random sites equals a simulation in plain loops; what the reserve asks for is enough and not too much."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from storage_opt.lowering.backup import backup_plan
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.islanding import Survival, simulate_islanding
from tests.support.island_loops import Cell, Outage
from tests.support.small_sites import small_site

Description = dict[str, Any]
LONGEST_H = 40.0


@st.composite
def sites(draw: st.DrawFn, *, helped: bool = True) -> Site:
    """A day with one to three batteries, small enough that outages end."""
    step = draw(st.sampled_from([60, 30, 15]))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    steps = 1440 // step
    load = rng.uniform(20.0, 120.0, steps).round(1)
    batteries = {f"bess_{number}": draw(_battery()) for number in range(draw(st.integers(1, 3)))}
    backup: Description = {
        "ride_through_h": draw(st.sampled_from([0.0, 0.25, 1.0, 1.5, [0.5, 1.0] * 12, [1.0, 0.0, 0.75, 1.25] * 6])),
        "outage_soc_min_frac": draw(st.sampled_from([0.0, 0.05])),
        "plants": helped and draw(st.booleans()),
    }
    # power is short where nothing is asked for
    share = draw(st.sampled_from([0.1, 0.25])) if backup["ride_through_h"] else 0.7
    backup |= {"critical_frac": share} if draw(st.booleans()) else {"critical_kw": (share * load).round(2)}
    if helped and draw(st.booleans()):
        backup["genset"] = {
            "power_kw": draw(st.sampled_from([0.0, 5.0, 15.0, 40.0])),
            "fuel_kwh": draw(st.sampled_from([0.0, 10.0, 200.0])),
            "start_delay_h": draw(st.sampled_from([0.0, 0.1, 0.25, 1.0, 20.0])),
        }
    if draw(st.booleans()):
        backup["batteries"] = ["bess_0"]
    profile = np.clip(rng.uniform(-1.0, 1.0, steps), 0.0, None).round(3)
    plant = {"capacity_kw": draw(st.sampled_from([10.0, 60.0])), "profile": profile}
    return small_site(load, step_minutes=step, battery=batteries, generator={"pv": plant}, backup=backup)


@st.composite
def _battery(draw: st.DrawFn) -> Description:
    power = draw(st.sampled_from([40.0, 70.0]))
    battery: Description = {
        "energy_kwh": power * draw(st.sampled_from([2.0, 4.0])),
        "power_kw": power,
        "charge_efficiency": draw(st.sampled_from([0.9, 1.0])),
        "discharge_efficiency": draw(st.sampled_from([0.85, 1.0])),
        "soc_min_frac": 0.0,
        "soc_max_frac": 1.0,
    }
    odd: tuple[Description, ...] = (
        {"self_discharge_frac_per_h": 0.03},
        {"auxiliary_kw": 1.0},
        {"initial_soc_frac": 0.5, "final_soc": "free"},
        {"discharge_kw": 1.2 * power},
        {"soc_max_frac": [0.9] * 12 + [1.0] * 12},
        {"discharge_taper": [{"soc_frac": 0.0, "power_frac": 0.3}, {"soc_frac": 0.3, "power_frac": 1.0}]},
    )
    for fields in odd:
        if draw(st.integers(0, 3)) == 0:
            battery |= fields
    return battery


def schedule_with(site: Site, stored: dict[str, NDArray[np.float64]]) -> Schedule:
    """A schedule in which batteries hold `stored` (T+1,) at the starts of intervals and at the end. [kWh]"""
    flows, h = {}, site.horizon.step_h
    for name, spec in site.spec.battery.items():
        energy = stored[name]
        kept = (1.0 - spec.self_discharge_frac_per_h) ** h
        gain = energy[1:] - kept * energy[:-1] + h * spec.auxiliary_kw
        flows[Flow(name, FlowKind.ENERGY_KWH)] = energy[1:]
        flows[Flow(name, FlowKind.CHARGE_KW)] = np.maximum(gain, 0.0) / h / spec.charge_efficiency
        flows[Flow(name, FlowKind.DISCHARGE_KW)] = np.maximum(-gain, 0.0) / h * spec.discharge_efficiency
    return Schedule(site.horizon, flows)


def outage_of(site: Site, *, genset: bool) -> Outage:
    spec, h = site.spec.backup, site.horizon.step_h
    assert spec is not None
    held = spec.batteries or tuple(site.spec.battery)
    load = site.values(site.spec.load["load"].power_kw)
    critical = site.values(spec.critical_frac) * load if spec.critical_frac else site.values(spec.critical_kw)
    cells = []
    for name in held:
        battery = site.spec.battery[name]
        rating = battery.discharge_kw or battery.power_kw
        taper: tuple[tuple[float, float], ...] = ()
        if battery.discharge_taper:
            low, high = battery.discharge_taper
            slope = (high.power_frac - low.power_frac) / (high.soc_frac - low.soc_frac)
            taper = ((slope * rating / battery.energy_kwh, low.power_frac * rating),)
        cells.append(
            Cell(
                rating,
                battery.power_kw,
                spec.outage_soc_min_frac * battery.energy_kwh,
                (site.values(battery.soc_max_frac) * battery.energy_kwh).tolist(),
                battery.charge_efficiency,
                battery.discharge_efficiency,
                battery.auxiliary_kw,
                1.0 - (1.0 - battery.self_discharge_frac_per_h) ** h,
                taper,
            )
        )
    plant = site.spec.generator["pv"]
    available = plant.capacity_kw * site.values(plant.profile) if spec.plants else np.zeros(site.horizon.steps)
    wraps = all(site.spec.battery[name].final_soc == "cyclic" for name in held)
    set_ = spec.genset if genset else None
    engine = (0.0, 0.0, math.inf) if set_ is None else (set_.power_kw, set_.fuel_kwh, set_.start_delay_h)
    return Outage(cells, critical.tolist(), available.tolist(), h, wraps, *engine)


def by_loops(site: Site, stored: dict[str, NDArray[np.float64]], *, genset: bool) -> NDArray[np.float64]:
    outage = outage_of(site, genset=genset)
    held = site.spec.backup.batteries or tuple(site.spec.battery)
    starts = range(site.horizon.steps)
    return np.array([outage.survival_h(t, [stored[name][t] for name in held], LONGEST_H) for t in starts])


def random_energies(site: Site, seed: int) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    steps = site.horizon.steps
    return {name: b.energy_kwh * rng.uniform(0.0, 0.9, steps + 1) for name, b in site.spec.battery.items()}


@settings(max_examples=80, deadline=None)
@given(site=sites(), seed=st.integers(0, 2**16))
def test_survival_equals_plain_loops(site: Site, seed: int) -> None:
    stored = random_energies(site, seed)
    found = simulate_islanding(site, schedule_with(site, stored), longest_h=LONGEST_H)
    expected = by_loops(site, stored, genset=False)
    np.testing.assert_allclose(found.without_genset.hours, expected, rtol=0, atol=1e-6)
    assert (found.with_genset is None) == (site.spec.backup.genset is None)
    if found.with_genset is not None:
        np.testing.assert_allclose(found.with_genset.hours, by_loops(site, stored, genset=True), rtol=0, atol=1e-6)
        assert np.all(found.with_genset.hours >= found.without_genset.hours - 1e-6)


@settings(max_examples=60, deadline=None)
@given(site=sites())
def test_what_is_held_lasts_for_the_ride_through(site: Site) -> None:
    plan = backup_plan(site)
    assert plan is not None
    stored = {name: np.zeros(site.horizon.steps + 1) for name in site.spec.battery} | dict(plan.reserve_kwh)
    asked = plan.ride_through_h
    assert np.all(by_loops(site, stored, genset=False) >= asked - 1e-6)
    found = simulate_islanding(site, schedule_with(site, stored), longest_h=LONGEST_H)
    assert np.all(found.without_genset.hours >= asked - 1e-6)
    assert found.ride_through_kept_frac == 1.0


@settings(max_examples=40, deadline=None)
@given(site=sites(helped=False))
def test_less_than_what_is_held_does_not_last(site: Site) -> None:
    plan = backup_plan(site)
    assert plan is not None
    stored = {name: np.zeros(site.horizon.steps + 1) for name in site.spec.battery}
    stored |= {name: 0.99 * held for name, held in plan.reserve_kwh.items()}
    hours = by_loops(site, stored, genset=False)
    # at the end of an interval with a longer time, more is held than the next one asks for
    asked = (plan.ride_through_h > 0) & (plan.ride_through_h >= np.roll(plan.ride_through_h, 1))
    assert np.all(hours[asked] < plan.ride_through_h[asked])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    hours=st.lists(st.sampled_from([0.0, 1.0, 2.0, 4.0]), min_size=24, max_size=24),
    within=st.sampled_from([2, 4, 12]),
    aux_kw=st.sampled_from([0.0, 1.5]),
)
def test_what_is_held_lasts_from_every_instant(seed: int, hours: list[float], within: int, aux_kw: float) -> None:
    """Stored energy runs straight between two ends of intervals, as in any plan; the grid is lost in between."""
    load = np.random.default_rng(seed).uniform(10.0, 40.0, 24).round(1)
    battery = {"energy_kwh": 400.0, "power_kw": 40.0, "discharge_efficiency": 0.9, "auxiliary_kw": aux_kw}
    site = small_site(load, battery={"bess": battery}, backup={"critical_frac": 1.0, "ride_through_h": hours})
    plan = backup_plan(site)
    assert plan is not None
    held = plan.reserve_kwh["bess"]
    instants = np.arange(24 * within + 1) / within
    stored = np.interp(instants, np.arange(25), held)
    cell = Cell(40.0, 40.0, 0.0, [400.0] * 24 * within, 1.0, 0.9, aux_kw, 0.0)
    fine = np.repeat(load, within).tolist()
    outage = Outage([cell], fine, [0.0] * len(fine), 1.0 / within, wraps=True)
    for start in range(24 * within):
        lasting = outage.survival_h(start, [float(stored[start])], LONGEST_H)
        assert lasting >= hours[start // within] - 1e-6


def test_statistics_of_survival_times() -> None:
    """Four starts: 1, 2, 2.5 and 8 h (the end of the simulation)."""
    site = small_site(100.0, horizon={"start": "2025-01-01T00:00:00", "end": "2025-01-01T04:00:00"})
    survival = Survival(site.horizon, np.array([2.0, 1.0, 2.5, 8.0]), 8.0)
    assert survival.shortest_h == 1.0
    assert survival.shortest_at.isoformat() == "2025-01-01T01:00:00+00:00"
    assert survival.mean_h == pytest.approx(3.375)
    assert survival.percentile_h(50) == pytest.approx(2.25)
    assert survival.share([0.5, 1.0, 1.5, 2.0, 2.5, 8.0, 8.5]).tolist() == [1.0, 1.0, 0.75, 0.75, 0.5, 0.25, 0.0]
    assert survival.keeps(np.array([2.0, 1.5, 3.0, 9.0])).tolist() == [True, False, False, True]
