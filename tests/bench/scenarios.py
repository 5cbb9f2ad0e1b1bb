"""Five years of the industrial profile at once: common battery power and energy, a schedule for each year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

import storage_opt
from storage_opt.lowering.scenario import Scenario
from storage_opt.model.joint_scenarios import Risk
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import InMemory
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from storage_opt.studies.sizing.scenarios import size_over
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__: list[str] = []

_YEARS = 5


def _years(smoke: bool) -> State:
    site = storage_opt.load_site(storage_opt.profile_folder("industrial"))
    if smoke:
        start = date.fromisoformat(str(site.spec.horizon.start)[:10])
        site = site.between(start, start + timedelta(days=7))
    cost = {"bess": AssetCostSpec(capex_per_kwh=600, capex_per_kw=300, om_per_kwh_year=8)}
    open_ = {"bess": BatterySizingSpec(energy_kwh=RangeSpec(most=100_000), power_kw=RangeSpec(most=30_000))}
    changed = {
        "finance": FinanceSpec(years=15, discount_rate_frac=0.06, cost=cost),
        "sizing": SizingSpec(battery=open_),
    }
    site = replace(site, spec=site.spec.model_copy(update=changed))
    rng = np.random.default_rng(11)
    warm_up()
    return {"years": [_year(site, number, rng) for number in range(_YEARS)]}


def _year(site: Site, number: int, rng: np.random.Generator) -> Scenario:
    """Weather of other days and another load: series rolled by whole weeks and scaled."""
    roll, grown = int(rng.integers(0, 52)) * 24 * 7, float(rng.uniform(0.9, 1.1))
    load, plant = site.spec.load["factory"], site.spec.generator["rooftop_pv"]
    power = np.roll(site.values(load.power_kw), roll) * grown
    sun = np.clip(np.roll(site.values(plant.profile), roll) * rng.uniform(0.9, 1.1), 0.0, 1.0)
    changed = {
        "load": {"factory": load.model_copy(update={"power_kw": InMemory(power)})},
        "generator": {"rooftop_pv": plant.model_copy(update={"profile": InMemory(sun)})},
        "horizon": site.spec.horizon.model_copy(
            update={"start": site.horizon.start_instant, "end": site.horizon.end_instant}
        ),
    }
    return Scenario(f"year_{number}", replace(site, spec=site.spec.model_copy(update=changed)), 1.0 + number)


def _size(tail: float, *, compare: bool):
    def phase(state: State) -> None:
        state["result"] = size_over(state["years"], risk=Risk(0.6, tail), compare=compare)

    return phase


def _proven(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["result"]
    assert result.certificate.certified, result.certificate
    return {
        "solve_s": result.timing.solve_s,
        "dispatch_s": result.timing.dispatch_s,
        "relative_gap": result.certificate.relative_gap,
    }


register(
    BenchSpec(
        "scenarios_hourly",
        "five hourly years of industrial with common battery power and energy, and their schedules",
        _years,
        {"size_s": _size(0.0, compare=False)},
        _proven,
        {"total_s": Reach(most=60.0), "memory_mb": Reach(most=6000)},
    )
)

register(
    BenchSpec(
        "scenarios_tail_hourly",
        "the same with the mean of the worst 40 % as half of the objective, and the sizes of every single year",
        _years,
        {"size_s": _size(0.5, compare=True)},
        _proven,
        {"memory_mb": Reach(most=6000)},
    )
)
