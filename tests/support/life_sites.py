"""A battery that cycles once a day for a spread of 0.40, and ages by arithmetic."""

from __future__ import annotations

from typing import Any

from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

LOSSLESS = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}

LINEAR_LIFE = {"corners": [{"depth_frac": 1.0, "cycles": 3650}]}
"""A tenth of a life a year at one full cycle a day."""

STEPPED_PRICE = (
    [0.1] * 4 + [0.15] * 4 + [0.2] * 4 + [0.7, 0.62, 0.55, 0.49, 0.44, 0.4, 0.37, 0.35, 0.33, 0.31, 0.3, 0.3]
)
"""Each further kWh finds a smaller spread."""


def wear(cost_per_kwh: float = 10.0, **parts: Any) -> dict[str, Any]:
    """Wear in one segment of depth."""
    return {"replacement_cost_per_kwh": cost_per_kwh, "segments": 1, "cycle_life": LINEAR_LIFE} | parts


def arbitrage_site(*, days: int = 2, price: Any = None, load_kw: float = 50.0, **battery: Any) -> Site:
    """10 kWh that buy at 0.10 and save 0.50 each day."""
    bess = LOSSLESS | {"energy_kwh": 10.0, "power_kw": 10.0, "wear": wear()} | battery
    price = [0.1] * 12 + [0.5] * 12 if price is None else price
    tariff = {"supply": {"energy": [{"price_per_kwh": price}]}}
    return small_site(load_kw, days=days, battery={"bess": bess}, tariff=tariff)
