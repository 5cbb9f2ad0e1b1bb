"""Site folders for benchmarks: series of the western profile at another step, with every kind of charge of a tariff.

Its work runs as it arrives: a fixed load.
"""

from __future__ import annotations

import copy
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

import storage_opt
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.flexibility import without_flexibility

__all__ = ["site_folder", "warm_up"]

_SMOKE_DAYS = 7
_SERIES = "series.csv"

_COLD, _SUMMER = [1, 2, 3, 4, 5, 9, 10, 11, 12], [6, 7, 8]
_LOW, _HIGH = (0.2, -0.02, 0.1, 0.05), (0.347, 0.214, 0.3, 0.25)
_SEASONS = (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0)
_SURPLUS = (
    *(0.42, 0.38, 0.36, 0.35, 0.40, 0.55, 0.68, 0.70, 0.50, 0.30, 0.15, 0.05),
    *(0.00, 0.00, 0.05, 0.20, 0.40, 0.65, 0.90, 1.00, 1.00, 0.90, 0.75, 0.62),
)

GRID = {"transformer_kva": 189_000, "import_limit_kw": 110_000, "export_limit_kw": 30_000}
CAPACITY_KW = {"wind": 120_000, "pv": 80_000}
TWO_PART = {
    "supply": {
        "energy": [
            {
                "tou": [
                    {
                        "period": "peak",
                        "months": _COLD,
                        "hours": ["06:00-08:00", "18:00-22:00"],
                        "price_per_kwh": 0.6382,
                    },
                    {
                        "period": "valley",
                        "months": _COLD,
                        "hours": ["00:00-04:00", "11:00-16:00"],
                        "price_per_kwh": 0.2632,
                    },
                    {"period": "tip", "months": _SUMMER, "hours": ["19:00-21:00"], "price_per_kwh": 0.6907},
                    {
                        "period": "peak",
                        "months": _SUMMER,
                        "hours": ["06:00-08:00", "18:00-19:00", "21:00-22:00"],
                        "price_per_kwh": 0.59445,
                    },
                    {
                        "period": "valley",
                        "months": _SUMMER,
                        "hours": ["11:00-13:00", "15:00-16:00"],
                        "price_per_kwh": 0.2507,
                    },
                    {"period": "deep_valley", "months": _SUMMER, "hours": ["13:00-15:00"], "price_per_kwh": 0.2232},
                    {"period": "flat", "price_per_kwh": 0.4257},
                ]
            }
        ],
        "demand": [{"price_per_kw": 31.2, "averaging_minutes": 15}],
    },
    "feed_in": {
        "meter": "export",
        "paid_to_site": True,
        "energy": [
            {"price_per_kwh": [[round(_LOW[s] + (_HIGH[s] - _LOW[s]) * x, 3) for x in _SURPLUS] for s in _SEASONS]}
        ],
    },
}
"""A plain two-part tariff and a connection of their own, so that times stay comparable when the profile changes."""

MORE_CHARGES = {
    "network": {
        "demand": [
            {"name": "evening", "price_per_kw": 6.0, "hours": ["17:00-22:00"], "days": ["weekday"]},
            {"name": "ratcheted", "price_per_kw": 4.0, "ratchet": {"share_frac": 0.7, "last_periods": 11}},
            {"name": "top_three", "price_per_kw": 2.0, "top_n": 3, "top_n_of": "day"},
        ],
        "energy": [
            {
                "name": "blocks",
                "tiers": [{"up_to_kwh": 2e7, "price_per_kwh": 0.01}, {"price_per_kwh": 0.02}],
            }
        ],
        "fixed": [{"name": "capacity", "price_per_kva": 1.0, "capacity_kva": 189_000}],
        "minimum_bill": {"per_period": 100_000},
    }
}
"""Terms beyond the profile's own: windowed, ratcheted and top-N demand, rising tiers, fixed and minimum bill."""


def site_folder(step_minutes: int, *, smoke: bool) -> Path:
    """A folder with the profile's year (a week in smoke runs) at the given step, energy kept."""
    source = storage_opt.load_site(storage_opt.profile_folder("ulanqab"))
    spec = source.spec
    end = date.fromisoformat(str(spec.horizon.start)[:10]) + timedelta(days=_SMOKE_DAYS)
    if smoke:
        source = source.between(spec.horizon.start, end)
    fixed = without_flexibility(source)
    factor = step_minutes / source.horizon.step_minutes
    columns = {
        "load_kw": _resampled(fixed.values(fixed.spec.load["data_centre"].power_kw), factor),
        "wind_frac": _resampled(source.values(spec.generator["wind"].profile), factor),
        "pv_frac": _resampled(source.values(spec.generator["pv"].profile), factor),
    }
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    raw = spec.model_dump(mode="json", exclude_defaults=True)
    raw["horizon"]["step_minutes"] = step_minutes
    if smoke:
        raw["horizon"]["end"] = str(end)
    for part in ("facility", "cluster", "workload"):
        del raw[part]
    raw["load"] = {"data_centre": {"power_kw": {"file": _SERIES, "column": "load_kw"}}}
    raw["generator"]["wind"]["profile"] = {"file": _SERIES, "column": "wind_frac"}
    raw["generator"]["pv"]["profile"] = {"file": _SERIES, "column": "pv_frac"}
    for part in ("contract", "sizing", "finance"):
        raw.pop(part, None)
    raw["grid"] |= GRID
    for name, capacity_kw in CAPACITY_KW.items():
        raw["generator"][name]["capacity_kw"] = capacity_kw
    raw["tariff"] = copy.deepcopy(TWO_PART)
    for charge in raw["tariff"]["supply"]["demand"]:
        if charge.get("averaging_minutes", step_minutes) < step_minutes:
            del charge["averaging_minutes"]
    raw["tariff"] |= MORE_CHARGES
    made = SiteSpec.model_validate(raw)
    storage_opt.write_site(made, folder / "site.toml")
    stamps = made.horizon.build().stamps.tz_localize(None)
    table = pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M"), **columns})
    table.to_csv(folder / _SERIES, index=False, float_format="%.5f")
    return folder


def warm_up() -> None:
    """Load modules and start the solver process, so that the timed part is the work itself."""
    spec = SiteSpec.model_validate(
        {
            "name": "warm-up",
            "horizon": {"start": "2026-01-01", "end": "2026-01-03"},
            "load": {"load": {"power_kw": 100.0}},
            "battery": {"bess": {"energy_kwh": 100, "power_kw": 50}},
            "tariff": {"supply": {"energy": [{"price_per_kwh": [0.2] * 12 + [0.8] * 12}]}},
        }
    )
    storage_opt.optimize(storage_opt.Site(spec, spec.horizon.build()))
    site_folder(60, smoke=True)


def _resampled(values: np.ndarray, factor: float) -> np.ndarray:
    """Means of several intervals, or intervals repeated."""
    if factor >= 1:
        return values.reshape(-1, int(factor)).mean(axis=1)
    return np.repeat(values, round(1 / factor))
