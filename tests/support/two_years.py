"""Days that differ in what is drawn in the dear hour, for sizes that can be worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from storage_opt.lowering.scenario import Scenario
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from tests.support.small_sites import small_site

__all__ = ["CHEAP", "DEAR", "KWH_DAY", "day", "day_cost", "years"]

CHEAP, DEAR = 0.2, 1.2
KWH_DAY = 0.4
"""Cost of a kWh of battery a day: 1460 over ten years without interest, of 365 days each."""
_PRICES = [CHEAP] * 12 + [DEAR] * 12


def day(drawn_kwh: float, *, existing: float = 0.0, days: int = 1, **sizing: Any) -> Site:
    """A day on which `drawn_kwh` are drawn in the first dear hour; a lossless battery of open energy."""
    load = np.zeros(24 * days)
    load[12::24] = drawn_kwh
    ideal = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}
    site = small_site(
        load,
        days=days,
        battery={"bess": {"energy_kwh": 10.0, "power_kw": 1000.0, "initial_soc_frac": 0.0, **ideal}},
        tariff={"t": {"energy": [{"price_per_kwh": _PRICES}]}},
    )
    finance = FinanceSpec(years=10, discount_rate_frac=0.0, cost={"bess": AssetCostSpec(capex_per_kwh=1460.0)})
    open_ = {"bess": BatterySizingSpec(energy_kwh=RangeSpec(most=100.0, existing=existing))}
    changed = {"finance": finance, "sizing": SizingSpec(battery=open_, **sizing)}
    return replace(site, spec=site.spec.model_copy(update=changed))


def years(drawn: dict[str, float], weights: dict[str, float] | None = None, **more: Any) -> list[Scenario]:
    """A scenario for each day."""
    return [Scenario(name, day(kwh, **more), (weights or {}).get(name, 1.0)) for name, kwh in drawn.items()]


def day_cost(drawn_kwh: float, energy_kwh: float) -> float:
    """Bill and battery of a day: what is stored comes at the cheap price, the rest at the dear one."""
    stored = min(drawn_kwh, energy_kwh)
    return CHEAP * stored + DEAR * (drawn_kwh - stored) + KWH_DAY * energy_kwh
