"""The battery of Xu et al. (2018) that buys and sells at one hourly price: where wear by depth was first priced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storage_opt.catalog.profiles import profile_folder
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["XU_LIFE", "XU_REPLACEMENT", "shipped_prices", "spot_site"]

XU_LIFE = {"coefficient": 5.24e-4, "exponent": 2.03}
XU_REPLACEMENT = 300.0
_XU: dict[str, Any] = {
    "energy_kwh": 12_500.0,
    "power_kw": 20_000.0,
    "charge_efficiency": 0.95,
    "discharge_efficiency": 0.95,
    "soc_min_frac": 0.15,
    "soc_max_frac": 0.95,
}


def shipped_prices() -> NDArray[np.float64]:
    """Hourly prices of the year of the western profile. [money/kWh]"""
    table = pd.read_csv(profile_folder("ulanqab") / "synthetic_prices.csv")
    hours: NDArray[np.float64] = table["day_ahead_cny_per_kwh"].to_numpy(dtype=np.float64)
    return hours


def spot_site(price_per_kwh: NDArray[np.float64], wear: dict[str, Any] | None = None, **battery: Any) -> Site:
    """The battery alone on hourly prices from 1 January 2025 on; import and export cost and earn the same."""
    start = np.datetime64("2025-01-01")
    end = start + np.timedelta64(price_per_kwh.size // 24, "D")
    energy = [{"price_per_kwh": price_per_kwh}]
    described = {
        "name": "spot",
        "horizon": {"start": str(start), "end": str(end), "zone": "UTC"},
        "grid": {"import_limit_kw": 20_000.0, "export_limit_kw": 20_000.0},
        "load": {"none": {"power_kw": 0.0}},
        "tariff": {"bought": {"energy": energy}, "sold": {"meter": "export", "paid_to_site": True, "energy": energy}},
        "battery": {"bess": _XU | battery | ({} if wear is None else {"wear": wear})},
    }
    spec = SiteSpec.model_validate(described)
    return Site(spec, spec.horizon.build())
