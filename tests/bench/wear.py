"""The western profile under its whole contract with wear by depth of cycle: eight segments, hourly and 15 minutes.

Its work runs as it arrives, as in the benchmark of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import BaseModel

import storage_opt
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant, InMemory, Series
from tests.bench.contract import contract_site
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__ = ["SEGMENTS", "worn_site"]

SEGMENTS = 8
WEAR: dict[str, Any] = {
    "replacement_cost_per_kwh": 600.0,
    "segments": SEGMENTS,
    "cycle_life": {"coefficient": 5.24e-4, "exponent": 2.03},
}


def worn_site(*, smoke: bool, step_minutes: int) -> Site:
    """The site of the contract's benchmark with wear by depth in place of wear by the kWh."""
    site = _coarser(contract_site(smoke=False), step_minutes)
    if smoke:
        start = site.horizon.first_day
        site = site.between(start, start + timedelta(days=7))
    raw = site.spec.battery["bess"].model_dump(exclude_defaults=True, exclude={"wear_cost_per_kwh"})
    battery = BatterySpec.model_validate(raw | {"wear": WEAR})
    return replace(site, spec=site.spec.model_copy(update={"battery": {"bess": battery}}))


def _coarser(site: Site, step_minutes: int) -> Site:
    """The site with the means of its series over longer intervals."""
    merged = step_minutes // site.horizon.step_minutes
    if merged == 1:
        return site

    def means(part: Any) -> Any:
        if isinstance(part, Series) and not isinstance(part, Constant):
            return InMemory(site.values(part).reshape(-1, merged).mean(axis=1))
        if isinstance(part, BaseModel):
            return part.model_copy(update={name: means(getattr(part, name)) for name in type(part).model_fields})
        return {name: means(inner) for name, inner in part.items()} if isinstance(part, dict) else part

    spec = means(site.spec)
    horizon = spec.horizon.model_copy(update={"step_minutes": step_minutes})
    return replace(site, spec=spec.model_copy(update={"horizon": horizon}), horizon=horizon.build())


def _built(step_minutes: int):
    def build(smoke: bool) -> State:
        site = worn_site(smoke=smoke, step_minutes=step_minutes)
        warm_up()
        return {"site": site}

    return build


def _optimize(state: State) -> None:
    state["result"] = storage_opt.optimize(state["site"])


def _certified(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["result"]
    assert result.certificate.certified, result.certificate
    wear = result.batteries["bess"].wear
    assert np.isfinite(wear.relative_difference)
    return {
        "compile_s": result.timing.compile_s,
        "solve_s": result.timing.solve_s,
        "relative_gap": result.certificate.relative_gap,
        "planned_over_counted": wear.planned_cost / wear.counted_cost,
    }


register(
    BenchSpec(
        "wear_hourly",
        "hourly year of ulanqab, full contract, eight segments of depth",
        _built(60),
        {"optimize_s": _optimize},
        _certified,
        {"total_s": Reach(most=6.0)},
        repeat=2,
    )
)

register(
    BenchSpec(
        "wear_15min",
        "15-minute year of ulanqab, full contract, eight segments of depth",
        _built(15),
        {"optimize_s": _optimize},
        _certified,
        {"total_s": Reach(most=20.0), "memory_mb": Reach(most=4000)},
        repeat=2,
    )
)
