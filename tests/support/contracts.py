"""Random sites under a green direct supply contract, as plain descriptions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.support.random_sites import Description

__all__ = ["contract_sites"]


def _cents(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda cents: cents / 100)


@st.composite
def contract_sites(draw: st.DrawFn, *, any_end: bool = False) -> Description:
    """Two days of hours across the end of a month: a plant, a battery, market prices by hour, any direct regime.

    Parameters
    ----------
    draw : callable
        Hypothesis' source of choices.
    any_end : bool
        Whether batteries may start and end as they like, instead of ending as they start.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    battery: dict[str, Any] = {
        "energy_kwh": float(draw(st.sampled_from([100, 400]))),
        "power_kw": float(draw(st.sampled_from([50, 150]))),
        "wear_cost_per_kwh": draw(_cents(0, 5)),
    }
    if any_end and draw(st.booleans()):
        battery |= {"initial_soc_frac": 0.5, "final_soc": draw(st.sampled_from(["free", 0.5]))}
        battery |= {"self_discharge_frac_per_h": draw(st.sampled_from([0.0, 0.002]))}
    plant = {
        "capacity_kw": float(draw(st.sampled_from([80, 250]))),
        "profile": rng.uniform(0, 1, 48).round(3),
    }
    return {
        "name": "contract",
        "horizon": {"start": "2027-01-31", "end": "2027-02-02", "zone": "Asia/Shanghai"},
        "grid": {"export_limit_kw": float(draw(st.sampled_from([0, 60, 300])))},
        "load": {"dc": {"power_kw": rng.uniform(80, 120, 48).round(1)}},
        "generator": {"wind": plant},
        "battery": {"bess": battery},
        "contract": {"supply": draw(_supply())},
    }


@st.composite
def _supply(draw: st.DrawFn) -> Description:
    prices = draw(st.lists(_cents(2, 90), min_size=24, max_size=24))
    supply: Description = {
        "regime": draw(st.sampled_from(["direct_two_part", "direct_single_capacity"])),
        "energy_price_per_kwh": prices,
        "line_loss_per_kwh": 0.005,
        "transmission_per_kwh": 0.05,
        "system_operation_per_kwh": 0.03,
        "funds_per_kwh": 0.02,
        "export_price_per_kwh": draw(_cents(0, 10)),
        "access_capacity_kva": 400.0,
        "load_factor_frac": 0.6,
        "plant": {"price_per_kwh": draw(_cents(0, 30)), "basis": draw(st.sampled_from(["consumed", "produced"]))},
        "power_factor": draw(st.sampled_from([0.85, 0.90, 0.97])),
    }
    if draw(st.integers(0, 3)) == 0:
        supply["plant"]["export_revenue"] = draw(st.sampled_from(["site", "plant"]))
    if draw(st.booleans()):
        supply["plant"]["take_or_pay_frac"] = draw(st.sampled_from([0.3, 0.9]))
    if draw(st.booleans()):
        supply["basic"] = {"mode": "actual_demand", "price_per_kw": draw(_cents(50, 3000))}
    return supply
