"""Sizes for two real price years at once: New South Wales and Victoria in 2024, two months of each.

The folder of real series holds no two years of one market, so two markets of one year stand for them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from storage_opt.lowering.scenario import Scenario
from storage_opt.model.joint_scenarios import Risk
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from storage_opt.studies.sizing.scenarios import size_over
from tests.support.real_data import data_file, needs_data

DAYS = 60


def _site(market: str) -> Site:
    table = pd.read_csv(data_file(f"prices/aemo_{market}_2024_1h.csv"))
    price = table["rrp_aud_per_mwh"].to_numpy()[: DAYS * 24] / 1000.0
    hour = np.arange(price.size) % 24
    raw = {
        "name": market,
        "currency": "AUD",
        "horizon": {"start": date(2024, 1, 1), "end": date(2024, 3, 1), "zone": "Etc/GMT-10"},
        # a network charge keeps prices above zero nearly always, as it does for a customer
        "load": {"works": {"power_kw": 3000.0 + 1500.0 * np.sin((hour - 6) / 24 * 2 * np.pi)}},
        "battery": {"bess": {"energy_kwh": 1000, "power_kw": 500}},
        "tariff": {"spot": {"energy": [{"price_per_kwh": np.clip(price, -0.05, 1.0) + 0.06}]}},
    }
    spec = SiteSpec.model_validate(raw)
    finance = FinanceSpec(
        years=15, discount_rate_frac=0.06, cost={"bess": AssetCostSpec(capex_per_kwh=250, capex_per_kw=100)}
    )
    open_ = {"bess": BatterySizingSpec(energy_kwh=RangeSpec(most=60_000), power_kw=RangeSpec(most=20_000))}
    changed = {"finance": finance, "sizing": SizingSpec(battery=open_)}
    return Site(spec.model_copy(update=changed), spec.horizon.build())


@needs_data
@pytest.mark.data
def test_two_markets_are_sized_for_at_once():
    given = [Scenario("nsw", _site("nsw1"), 2.0), Scenario("vic", _site("vic1"), 1.0)]
    mean, tail = size_over(given), size_over(given, risk=Risk(0.5, 1.0), compare=False)
    near = 1e-6 * abs(mean.expected_cost_per_year)
    for result in (mean, tail):
        assert result.certificate.certified, result.certificate
    for worth in (mean.evpi_per_year, mean.vss_per_year):
        assert worth is not None
        assert worth >= -near
    assert tail.cvar_per_year <= mean.cvar_per_year + near
    assert tail.certificate.bound == pytest.approx(tail.cvar_per_year * given[0].site.horizon.years, rel=1e-6)
    alone = [mean.candidate(name).values for name in ("nsw", "vic")]
    assert np.all(mean.candidate("common sizes").values <= np.maximum(*alone) * 1.05 + 1.0)
    swapped = size_over([replace(given[0], weight=1e-7), given[1]], compare=False)
    assert swapped.value("bess.energy_kwh") == pytest.approx(float(alone[1][0]), rel=1e-2)
