"""Small sites that leave sizes open: a few days that stand for a year."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from tests.support.small_sites import small_site

LOAD_KW = 100.0 + 40.0 * np.sin(np.arange(72) / 24 * 2 * np.pi - 2.0) + 5.0 * np.cos(np.arange(72))
HOURLY = [0.02 * (hour % 5) + (0.15 if 8 <= hour < 12 or 17 <= hour < 21 else 0.05) for hour in range(24)]


def battery_site(*, finance: dict[str, Any] | None = None, sizing: dict[str, Any] | None = None, **parts: Any) -> Site:
    """Three days with a tariff of many prices and a demand charge, and a battery whose power and energy are open."""
    site = small_site(
        0.0,
        days=3,
        battery={"bess": {"energy_kwh": 100.0, "power_kw": 50.0, "wear_cost_per_kwh": 0.002}},
        tariff={
            "supply": {
                "energy": [{"price_per_kwh": HOURLY}],
                "demand": [{"price_per_kw": 0.4, "name": "demand"}],
            }
        },
        **parts,
    )
    priced = {
        "years": 12,
        "discount_rate_frac": 0.06,
        "cost": {"bess": {"capex_per_kwh": 160.0, "capex_per_kw": 100.0, "om_per_kwh_year": 0.5}},
    }
    open_ = {"battery": {"bess": {"energy_kwh": {"most": 800.0}, "power_kw": {"most": 300.0}}}}
    described = site.spec.model_dump(exclude_unset=True) | {
        "load": {"load": {"power_kw": LOAD_KW}},
        "finance": priced | (finance or {}),
        "sizing": open_ | (sizing or {}),
    }
    return replace(site, spec=SiteSpec.model_validate(described))
