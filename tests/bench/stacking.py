"""Storage that stacks: the full contract, wear by depth, backup, and three products over one headroom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import storage_opt
from storage_opt.spec.backup import BackupSpec
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.response import ResponseSpec
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up
from tests.bench.wear import worn_site

__all__ = ["stacking_site"]

EVENING: list[dict[str, Any]] = [{"hours": ["17:00-21:00"]}]
REGULATION: dict[str, dict[str, Any]] = {
    "peak_regulation": {
        "direction": "up",
        "duration_h": 2.0,
        "price_held_per_kw_day": 0.3,
        "window": EVENING,
        "call_probability_frac": 0.1,
        "price_called_per_kwh": 0.3,
    },
    "reserve": {
        "direction": "symmetric",
        "commitment": "interval",
        "duration_h": 0.5,
        "price_held_per_kwh": 0.012,
    },
}
CALLED = ("07-08", "07-09", "07-20", "07-21", "08-04", "08-12")
RESPONSE: dict[str, dict[str, Any]] = {
    "shave": {
        "events": [{"start": f"2027-{day}T19:00:00", "end": f"2027-{day}T21:00:00"} for day in CALLED],
        "price_per_kwh": 1.0,
        "max_kw": 40_000.0,
        "baseline": {"like_days": 5},
    },
}
"""Prices of china-contracts: Gansu's cap of 300 yuan/MW a day, its regulation cap of 12 yuan/MW, its shaving cap."""
BACKUP: dict[str, Any] = {"critical_frac": 0.1, "ride_through_h": 0.25}


def stacking_site(*, smoke: bool, step_minutes: int) -> Site:
    """The site of the wear benchmark with products and backup."""
    site = worn_site(smoke=False, step_minutes=step_minutes)
    if smoke:
        year = site.horizon.first_day.year
        site = site.between(date(year, 7, 1), date(year, 8, 15))
    added: dict[str, Any] = {
        "regulation": {name: RegulationSpec.model_validate(raw) for name, raw in REGULATION.items()},
        "response": {name: ResponseSpec.model_validate(raw) for name, raw in RESPONSE.items()},
        "backup": BackupSpec.model_validate(BACKUP),
    }
    return replace(site, spec=site.spec.model_copy(update=added))


def _built(step_minutes: int):
    def build(smoke: bool) -> State:
        site = stacking_site(smoke=smoke, step_minutes=step_minutes)
        warm_up()
        return {"site": site}

    return build


def _optimize(state: State) -> None:
    state["result"] = storage_opt.optimize(state["site"])


def _certified(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["result"]
    assert result.certificate.certified, result.certificate
    assert all(use.revenue > 0 for use in result.products), result.products
    return {
        "compile_s": result.timing.compile_s,
        "solve_s": result.timing.solve_s,
        "relative_gap": result.certificate.relative_gap,
    }


for minutes, most_s, most_mb in ((60, 6.0, 2000), (15, 30.0, 4000)):
    register(
        BenchSpec(
            f"stacking_{minutes}min",
            f"{minutes}-minute year, whole contract, eight wear segments, backup, three products",
            _built(minutes),
            {"optimize_s": _optimize},
            _certified,
            {"optimize_s": Reach(most=most_s), "memory_mb": Reach(most=most_mb)},
        )
    )
