"""A year of real spot prices: what a schedule earns that ignores wear, when the wear it caused is paid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from storage_opt import DispatchResult, optimize
from storage_opt.schedule import Flow, FlowKind
from tests.support.real_data import data_file, needs_data
from tests.support.spot_battery import XU_LIFE, XU_REPLACEMENT, spot_site
from tests.support.wear import cost_by_stack

pytestmark = [needs_data, pytest.mark.data, pytest.mark.slow]

RATED = 12_500.0
FINE = 2_000


def nsw1_prices() -> np.ndarray:
    """AEMO NSW1 2024 without the leap day's hours that a plain year has no place for. [AUD/kWh]"""
    return pd.read_csv(data_file("prices/aemo_nsw1_2024_1h.csv"))["rrp_aud_per_mwh"].to_numpy()[:8760] / 1000.0


def exact_wear(result: DispatchResult) -> float:
    """The cost of the schedule's cycles with Phi itself, by a stack of fine depths, without rainflow."""
    phi = XU_LIFE["coefficient"] * (np.arange(FINE + 1) / FINE) ** XU_LIFE["exponent"]
    width = np.full(FINE, RATED / FINE)
    price = XU_REPLACEMENT * RATED * np.diff(phi) / width
    stored = result.schedule[Flow("bess", FlowKind.ENERGY_KWH)]
    return cost_by_stack(stored, None, width, price)


def test_ignoring_wear_loses_money():
    prices = nsw1_prices()
    wear = {"replacement_cost_per_kwh": XU_REPLACEMENT, "cycle_life": XU_LIFE, "segments": 8}
    mindful, careless = optimize(spot_site(prices, wear)), optimize(spot_site(prices))
    assert mindful.certificate.certified
    assert careless.certificate.certified
    counted = mindful.batteries["bess"].wear
    assert exact_wear(mindful) == pytest.approx(counted.counted_cost, rel=1e-4)
    assert counted.planned_cost == pytest.approx(counted.counted_cost, rel=0.02)

    def earned(result: DispatchResult) -> float:
        trade = sum(amount for line, amount in result.ledger.by_line().items() if not line.startswith("bess"))
        return -trade - exact_wear(result)

    assert careless.batteries["bess"].equivalent_cycles > 1.2 * mindful.batteries["bess"].equivalent_cycles
    assert earned(mindful) > earned(careless) + 0.01 * abs(earned(careless))
