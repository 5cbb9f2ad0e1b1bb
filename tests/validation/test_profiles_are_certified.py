"""The shipped profiles, whole years: certified, audited and physical; and the factory's bill by a second calculator."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from storage_opt import DispatchResult, load_site, optimize, profile_folder, profile_names
from tests.support.physics import assert_physical


@cache
def optimised(name: str) -> DispatchResult:
    return optimize(load_site(profile_folder(name)))


every_profile = pytest.mark.parametrize("name", profile_names())


@every_profile
def test_profile_is_certified(name):
    result = optimised(name)
    certificate = result.certificate
    assert certificate.certified
    assert certificate.relative_gap <= 1e-6
    assert certificate.ledger_mismatch_relative <= 1e-6
    assert max(certificate.primal_residual, certificate.dual_residual) <= 1e-6
    assert certificate.simultaneous_kwh == 0.0
    assert_physical(result.site, result.schedule)


@every_profile
def test_profile_saves_money_and_says_where(name):
    result = optimised(name)
    assert 0.0 < result.savings < result.baseline_ledger.total
    assert sum(result.streams.values()) == pytest.approx(result.savings, rel=1e-9)
    for ledger in (result.ledger, result.baseline_ledger):
        assert sum(ledger.by_party().values()) == pytest.approx(0.0, abs=1e-9 * result.baseline_ledger.total)


def test_steps_of_the_profiles():
    assert optimised("ulanqab").site.horizon.steps == 35_040
    assert optimised("industrial").site.horizon.steps == 8_760


def industrial_price(stamps: pd.DatetimeIndex) -> np.ndarray:
    """CNY/kWh of each hour, typed from the profile: summer tip 11-12 and 15-17 h takes precedence over the peak."""
    hour = stamps.hour
    summer = stamps.month.isin([7, 8, 9])
    tip = summer & ((hour == 11) | (hour == 15) | (hour == 16))
    peak = ((hour >= 10) & (hour < 12)) | ((hour >= 14) & (hour < 19))
    price = np.where(hour < 8, 0.27958, 0.6906)
    return np.where(tip, 1.4364, np.where(peak, 1.15465, price))


@pytest.mark.parametrize("which", ["plan", "baseline"])
def test_factory_bill_recomputed_by_hand(which):
    """Energy by hours of use, 36.1 CNY per kW and month, 0.25 CNY/kWh of surplus, 0.083 CNY/kWh of wear."""
    result = optimised("industrial")
    schedule, ledger = {
        "plan": (result.schedule, result.ledger),
        "baseline": (result.baseline, result.baseline_ledger),
    }[which]
    table = schedule.to_frame()
    stamps = pd.DatetimeIndex(table.index)
    imported = table["grid.import_kw"]
    energy = imported * industrial_price(stamps)
    month = stamps.strftime("%Y-%m")
    demand = 36.1 * imported.groupby(month).max()
    sold = -0.25 * table["grid.export_kw"]
    wear = 0.083 * table["bess.discharge_kw"]

    lines = {
        "supply.energy": energy.sum(),
        "supply.demand": demand.sum(),
        "feed_in.surplus": sold.sum(),
        "bess.wear": wear.sum(),
    }
    assert dict(ledger.by_line()) == pytest.approx(lines, rel=1e-9)
    assert ledger.total == pytest.approx(sum(lines.values()), rel=1e-9)
    by_month = (energy + sold + wear).groupby(month).sum() + demand
    assert ledger.by_period() == pytest.approx(by_month.to_dict(), rel=1e-9)
