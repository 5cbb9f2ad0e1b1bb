"""Sizing: battery power and energy in the problem of a year, and a map of sizes around the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import storage_opt
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from storage_opt.studies.sizing.study import size
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import site_folder, warm_up

__all__ = ["open_site"]


def open_site(step_minutes: int, *, smoke: bool) -> storage_opt.Site:
    """The site of the dispatch benchmarks with the power and energy of its battery open."""
    site = storage_opt.load_site(site_folder(step_minutes, smoke=smoke))
    (name,) = site.spec.battery
    cost = AssetCostSpec(capex_per_kwh=600, capex_per_kw=300, om_per_kwh_year=8)
    battery = BatterySizingSpec(energy_kwh=RangeSpec(most=800_000), power_kw=RangeSpec(most=200_000))
    opened = {"finance": FinanceSpec(cost={name: cost}), "sizing": SizingSpec(battery={name: battery})}
    return replace(site, spec=site.spec.model_copy(update=opened))


def _site(step_minutes: int):
    def build(smoke: bool) -> State:
        warm_up()
        return {"site": open_site(step_minutes, smoke=smoke)}

    return build


def _size(state: State) -> None:
    state["result"] = size(state["site"])


def _figures(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    del seconds
    result = state["result"]
    assert result.certificate.certified, result.certificate
    return {
        "relative_gap": result.certificate.relative_gap,
        "energy_kwh": result.sizes[0].value,
        "power_kw": result.sizes[1].value,
        "compile_s": result.timing.compile_s,
        "dispatch_s": result.timing.dispatch_s,
    }


for _step, _most, _repeat in ((60, 1.0, 3), (15, 4.0, 2)):
    register(
        BenchSpec(
            f"sizing_{_step}min",
            f"battery power and energy with the dispatch of a year, {_step}-minute steps, site to cash flow",
            _site(_step),
            {"size_s": _size},
            _figures,
            {"total_s": Reach(most=_most)},
            repeat=_repeat,
        )
    )
