"""The western profile selling peak regulation and reserve, and choosing events of demand response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import storage_opt
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.standard_form import longest_line
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.response import ResponseSpec
from storage_opt.studies.flexibility import without_flexibility
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__: list[str] = []

PEAK = {
    "direction": "up",
    "duration_h": 2.0,
    "price_held_per_kw_day": 0.3,
    "window": [{"hours": ["17:00-21:00"]}],
}
RESERVE = {"direction": "symmetric", "duration_h": 0.5, "commitment": "interval", "price_held_per_kwh": 0.01}
SHAVE = {
    "window": [{"hours": ["19:00-21:00"], "days": ["weekday"], "months": [6, 7, 8]}],
    "price_per_kwh": 1.0,
    "max_events_per_month": 6,
}


def _built(*, events: bool) -> Any:
    def build(smoke: bool) -> State:
        site = storage_opt.load_site(storage_opt.profile_folder("ulanqab"))
        if smoke:
            first = site.horizon.first_day.replace(month=6, day=1)
            site = site.between(first, first + timedelta(days=10))
        site = without_flexibility(site)
        regulation = {n: RegulationSpec.model_validate(p) for n, p in (("peak", PEAK), ("reserve", RESERVE))}
        response = {"shave": ResponseSpec.model_validate(SHAVE)} if events else {}
        spec = site.spec.model_copy(update={"regulation": regulation, "response": response})
        warm_up()
        return {"site": replace(site, spec=spec)}

    return build


def _optimize(state: State) -> None:
    state["result"] = storage_opt.optimize(state["site"])


def _told(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    del seconds
    result, site = state["result"], state["site"]
    program = compile_program(site, lower_site(site), lower_rules(site))
    return {
        "compile_s": result.timing.compile_s,
        "solve_s": result.timing.solve_s,
        "relative_gap": result.certificate.relative_gap,
        "certified": float(result.certificate.certified),
        "longest_line": float(longest_line(program.form)),
    }


register(
    BenchSpec(
        "products_15min",
        "15-minute year of ulanqab with peak regulation by day and symmetric reserve by interval",
        _built(events=False),
        {"optimize_s": _optimize},
        _told,
        {"longest_line": Reach(most=400)},
    )
)

register(
    BenchSpec(
        "products_events_15min",
        "the same, choosing 18 of 66 summer evenings for demand response; the gap is told",
        _built(events=True),
        {"optimize_s": _optimize},
        _told,
        {"longest_line": Reach(most=400)},
    )
)
