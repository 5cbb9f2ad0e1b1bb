"""Opposite flows forbidden exactly, against binaries everywhere in the same program through the same HiGHS.

Hourly spot prices of AEMO VIC1 2024 where STORAGE_OPT_DATA has them, else a made-up year with as many negative hours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from storage_opt.lowering.site import lower_site
from storage_opt.model.binaries import Exclusive, solve_with_binaries
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__: list[str] = []

_HOURS, _SMOKE_HOURS = 8_784, 24 * 21
_NEGATIVE_HOURS = 2_005
_FILE, _COLUMN = "prices/aemo_vic1_2024_1h.csv", "rrp_aud_per_mwh"


def _spot() -> np.ndarray:
    """Prices of the year (T,). [money/kWh]"""
    root = os.environ.get("STORAGE_OPT_DATA")
    path = Path(root) / _FILE if root else None
    if path is not None and path.exists():
        return pd.read_csv(path)[_COLUMN].to_numpy() / 1000.0
    rng = np.random.default_rng(20240101)
    hour, day = np.arange(_HOURS) % 24, np.arange(_HOURS) // 24
    noon = -0.11 * np.exp(-(((hour - 12.5) / 3.0) ** 2)) * (1.0 + 0.4 * np.cos(2 * np.pi * day / 366))
    evening = 0.10 * np.exp(-(((hour - 18.5) / 2.0) ** 2))
    price = 0.08 + noon + evening + np.repeat(rng.normal(0.0, 0.03, 366), 24) + rng.normal(0.0, 0.02, _HOURS)
    return price - np.sort(price)[_NEGATIVE_HOURS]


def _built(*, negative_hours: int | None, load_kw: float, fee_per_kwh: float):
    """A battery of 100 MW for two hours; prices lifted so that as many hours are negative."""

    def build(smoke: bool) -> State:
        warm_up()
        price = _spot()[: _SMOKE_HOURS if smoke else _HOURS]
        if negative_hours is not None:
            ordered = np.sort(price)
            price = price - (ordered[negative_hours - 1] + ordered[negative_hours]) / 2.0
        end = np.datetime64("2024-01-01") + np.timedelta64(price.size // 24, "D")
        spec = SiteSpec.model_validate(
            {
                "name": "spot",
                "horizon": {"start": "2024-01-01", "end": str(end), "zone": "UTC"},
                "grid": {"import_limit_kw": 100_000.0 + load_kw, "export_limit_kw": 100_000.0},
                "load": {"load": {"power_kw": load_kw}},
                "battery": {
                    "bess": {
                        "power_kw": 100_000.0,
                        "energy_kwh": 200_000.0,
                        "charge_efficiency": 0.95,
                        "discharge_efficiency": 0.95,
                        "soc_min_frac": 0.0,
                        "soc_max_frac": 1.0,
                    }
                },
                "tariff": {
                    "bought": {"energy": [{"price_per_kwh": price + fee_per_kwh}]},
                    "sold": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": price}]},
                },
            }
        )
        site = Site(spec, spec.horizon.build())
        return {"program": compile_program(site, lower_site(site)), "negative": int((price < 0).sum())}

    return build


def _ours(state: State) -> None:
    state["optimum"] = solve_program(state["program"])


def _everywhere(state: State) -> None:
    program = state["program"]
    marks = tuple(np.ones(pair.first.size, dtype=np.bool_) for pair in program.opposites)
    answer = solve_with_binaries(Exclusive(program.form, program.scaling, program.opposites), marks)
    assert answer.x is not None, answer.message
    state["everywhere"] = program.form.objective(program.scaling.primal(answer.x[: program.form.size]))


def _compared(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    optimum = state["optimum"]
    assert optimum.relative_gap <= 1e-6
    cost, repair = optimum.point.optimality.cost, optimum.repair
    return {
        "negative_hours": float(state["negative"]),
        "binaries": float(0 if repair is None else repair.intervals),
        "ours_over_milp": seconds["ours_s"] / seconds["everywhere_s"],
        "milp_over_ours": seconds["everywhere_s"] / seconds["ours_s"],
        "objective_difference": abs(cost - state["everywhere"]) / abs(cost),
    }


_SAME = {"objective_difference": Reach(most=1e-6)}
_PHASES = {"ours_s": _ours, "everywhere_s": _everywhere}

register(
    BenchSpec(
        "exact_negative_year",
        "hourly spot with 2,005 negative hours: exact optimum against binaries everywhere",
        _built(negative_hours=None, load_kw=0.0, fee_per_kwh=0.0),
        _PHASES,
        _compared,
        _SAME | {"ours_over_milp": Reach(most=1.2)},
        repeat=3,
    )
)
register(
    BenchSpec(
        "exact_negative_site",
        "the same prices with a load and a fee on import",
        _built(negative_hours=None, load_kw=60_000.0, fee_per_kwh=0.02),
        _PHASES,
        _compared,
        _SAME | {"ours_over_milp": Reach(most=1.2)},
    )
)
register(
    BenchSpec(
        "exact_few_hours",
        "prices lifted until 80 hours are negative, with a load and a fee on import",
        _built(negative_hours=80, load_kw=60_000.0, fee_per_kwh=0.02),
        _PHASES,
        _compared,
        _SAME | {"milp_over_ours": Reach(least=5.0)},
    )
)
