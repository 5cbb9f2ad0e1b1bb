"""The shipped profiles, whole years: certified, physical, within their rules; each bill by a second calculator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from storage_opt import profile_folder, profile_names
from storage_opt.schedule import FlowKind
from tests.support.physics import assert_physical
from tests.support.shipped import optimised

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
    steps = {name: optimised(name).site.horizon.steps for name in profile_names()}
    assert steps == {"guian": 8_760, "industrial": 8_760, "stacking": 8_760, "ulanqab": 35_040, "yangtze": 8_760}


# ------------------------------------------------------------------------- rules


@every_profile
def test_every_rule_is_kept(name):
    result = optimised(name)
    assert all(check.ok for check in result.certificate.rules)
    assert bool(result.certificate.rules) == (name in {"guian", "stacking", "ulanqab"})


def test_ratios_of_ulanqab_recomputed_from_the_schedule():
    """Within 1e-6 of a percentage point, from flows alone; and the baseline breaks one of them."""
    result = optimised("ulanqab")

    def shares(schedule) -> tuple[float, float, float]:
        energy = {kind: float(schedule.total(kind).sum()) for kind in FlowKind if kind.endswith("_kw")}
        lost = energy[FlowKind.CHARGE_KW] - energy[FlowKind.DISCHARGE_KW]
        own = energy[FlowKind.USED_KW] - energy[FlowKind.EXPORT_KW] - lost
        available = energy[FlowKind.AVAILABLE_KW]
        return (
            100.0 * own / available,
            100.0 * own / energy[FlowKind.LOAD_KW],
            100.0 * energy[FlowKind.EXPORT_KW] / available,
        )

    of_available, of_consumption, exported = shares(result.schedule)
    assert of_available >= 60.0 - 1e-6
    assert of_consumption >= 30.0 - 1e-6
    assert exported <= 20.0 + 1e-6
    assert exported == pytest.approx(20.0, abs=1e-6), "the scenario is one in which the share of export binds"
    achieved = [check.achieved for check in result.certificate.rules[:3]]
    assert achieved == pytest.approx([of_available, of_consumption, exported], abs=1e-6)
    assert shares(result.baseline)[0] < 60.0
    assert [check.ok for check in result.baseline_rules].count(False) == 1


def test_limits_of_ulanqab_in_every_interval():
    result = optimised("ulanqab")
    table = result.schedule.to_frame()
    stamps = pd.DatetimeIndex(table.index)
    assert table[["grid.import_kw", "grid.export_kw"]].to_numpy().max() <= 90_000 * (1 + 1e-6)
    closed = stamps.month.isin([3, 4, 5]) & (stamps.hour >= 10) & (stamps.hour < 16)
    assert closed.sum() == 92 * 6 * 4
    assert table["grid.export_kw"][closed].max() <= 1e-6 * 90_000


# ------------------------------------------------------------------------- bills by a second calculator


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


BOTH = pytest.mark.parametrize("which", ["plan", "baseline"])


@BOTH
def test_bill_of_stacking_recomputed_by_hand(which):
    """Energy and demand as of the factory; 2.7 CNY for what falls in two events, 0.15 CNY for a kW held a day."""
    table, lines = flows_and_lines("stacking", which)
    imported = table["grid.import_kw"]
    expected = {
        "supply.energy": (imported * industrial_price(pd.DatetimeIndex(table.index))).sum(),
        "supply.demand": 36.1 * imported.groupby(table["month"]).max().sum(),
        "bess.wear": 0.083 * table["bess.discharge_kw"].sum(),
    }
    if which == "plan":
        day = pd.DatetimeIndex(table.index).strftime("%m-%d")
        event = pd.Series(day, table.index).isin(["07-14", "08-05"]) & table["hour"].isin([15, 16])
        # the last five working days before each, with the battery at rest
        like = {
            "07-14": ("07-07", "07-08", "07-09", "07-12", "07-13"),
            "08-05": ("07-29", "07-30", "08-02", "08-03", "08-04"),
        }
        fell = 0.0
        for called, days in like.items():
            for hour in (15, 16):
                at = table["hour"] == hour
                usual = np.mean([table["factory.load_kw"][at & (day == other)].item() for other in days])
                fell += usual - imported[at & (day == called)].item()
        assert event.sum() == 4
        assert table["shave.delivered_kw"].sum() == pytest.approx(fell, rel=1e-6)
        expected["shave.response"] = -2.7 * fell
        held = table["reserve.bess.up_kw"]
        expected["reserve.held"] = -0.15 * held.sum() / 4
        assert set(table["hour"][held > 1e-3]) == {4, 5, 6, 7}
    assert lines == pytest.approx({line: money for line, money in expected.items() if money}, rel=1e-7)


def flows_and_lines(name: str, which: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """The schedule as a table with plain month and hour, and the lines of its bill that have money in them."""
    result = optimised(name)
    schedule, ledger = {
        "plan": (result.schedule, result.ledger),
        "baseline": (result.baseline, result.baseline_ledger),
    }[which]
    table = schedule.to_frame()
    stamps = pd.DatetimeIndex(table.index)
    table["month"], table["hour"] = stamps.month, stamps.hour
    return table, {line: money for line, money in ledger.by_line().items() if abs(money) > 1e-6}


@BOTH
def test_bill_of_ulanqab_recomputed_by_hand(which):
    """Market and PPA by the quarter of an hour, single capacity and capacity charge by the month, certificates."""
    table, lines = flows_and_lines("ulanqab", which)
    h = 0.25
    price = (
        pd.read_csv(profile_folder("ulanqab") / "synthetic_prices.csv")["day_ahead_cny_per_kwh"].to_numpy().repeat(4)
    )
    imported, exported = table["grid.import_kw"].to_numpy(), table["grid.export_kw"].to_numpy()
    produced = (table["wind.used_kw"] + table["pv.used_kw"]).sum() * h
    available = (table["wind.available_kw"] + table["pv.available_kw"]).sum() * h
    lost = (table["bess.charge_kw"] - table["bess.discharge_kw"]).sum() * h
    own = produced - exported.sum() * h - lost
    contract = np.where((table["hour"] < 8) | (table["hour"] >= 17), 20_000.0, 0.0)
    expected = {
        "contract.grid_energy": (imported * price).sum() * h,
        "contract.contract_difference": (contract * (0.24 - price)).sum() * h,
        "contract.line_loss": (imported * price.clip(min=0.0)).sum() * h * 0.0281 / (1.0 - 0.0281),
        "contract.system_operation": imported.sum() * h * 0.0297,
        "contract.transmission": 12 * 0.0520 * 0.60 * 730 * 100_000,
        "contract.basic": 12 * 19.5 * 100_000,
        "contract.funds": imported.sum() * h * 0.022425,
        "contract.funds_self_use": own * 0.022425,
        "contract.plant_energy": 0.20 * produced,
        "contract.plant_take_or_pay": 0.20 * (0.90 * available - produced),
        "contract.certificates": 0.006 * max(0.80 * table["data_centre.load_kw"].sum() * h - own, 0.0),
        "contract.export": -(exported * price).sum() * h * (1.0 - 0.0281),
        "bess.wear": 0.083 * table["bess.discharge_kw"].sum() * h,
    }
    assert lines == pytest.approx({line: money for line, money in expected.items() if abs(money) > 1e-6}, rel=1e-7)


def yangtze_multiplier(month: pd.Series, hour: pd.Series) -> np.ndarray:
    """沪发改价管〔2022〕50号, two-part customers, typed from the notice's periods."""
    summer, tip_summer, winter = month.isin([7, 8, 9]), month.isin([7, 8]), month.isin([1, 12])
    high = summer | winter
    peak = ((hour >= 8) & (hour < np.where(summer, 15, 11))) | ((hour >= 18) & (hour < 21))
    tip = (tip_summer & (hour >= 12) & (hour < 14)) | (winter & (hour >= 19) & (hour < 21))
    valley = (hour >= 22) | (hour < 6)
    day = np.where(peak, np.where(high, 1.80, 1.60), np.where(valley, np.where(high, 0.40, 0.50), 1.0))
    return np.where(tip, 2.25, day)


@BOTH
def test_bill_of_yangtze_recomputed_by_hand(which):
    """Purchase and network price float; 38.4 CNY/kW, 90 % of it in months of 20.8 GWh; 0.75 % off all but funds."""
    table, lines = flows_and_lines("yangtze", which)
    imported, multiplier = table["grid.import_kw"], yangtze_multiplier(table["month"], table["hour"])
    by_month = imported.groupby(table["month"])
    rate = np.where(by_month.sum() >= 20.8e6, 0.9 * 38.4, 38.4)
    expected = {
        "contract.grid_energy": 0.428899 * (imported * multiplier).sum(),
        "contract.line_loss": 0.013266 * imported.sum(),
        "contract.system_operation": 0.037833 * imported.sum(),
        "contract.transmission": 0.0953 * (imported * multiplier).sum(),
        "contract.basic": float((rate * by_month.max()).sum()),
    }
    expected["contract.power_factor"] = -0.0075 * sum(expected.values())
    expected["contract.funds"] = 0.029115 * imported.sum()
    expected["bess.wear"] = 0.083 * table["bess.discharge_kw"].sum()
    assert lines == pytest.approx({line: money for line, money in expected.items() if money}, rel=1e-9)


@BOTH
def test_bill_of_guian_recomputed_by_hand(which):
    """0.404 CNY/kWh times 1.60, 1 or 0.40; capacity; 0.45 % off all but funds; half green, 30 % certificates."""
    table, lines = flows_and_lines("guian", which)
    imported, hour = table["grid.import_kw"], table["hour"]
    peak = ((hour >= 10) & (hour < 13)) | ((hour >= 17) & (hour < 22))
    multiplier = np.where(peak, 1.60, np.where(hour < 8, 0.40, 1.0))
    expected = {
        "contract.grid_energy": 0.404 * (imported * multiplier).sum(),
        "contract.line_loss": 0.404 * 0.045 / (1.0 - 0.045) * imported.sum(),
        "contract.system_operation": 0.0196 * imported.sum(),
        "contract.transmission": 0.0720 * imported.sum(),
        "contract.basic": 12 * 19.4 * 80_000,
    }
    expected["contract.power_factor"] = -0.0045 * sum(expected.values())
    expected["contract.funds"] = 0.025325 * imported.sum()
    expected["contract.green_premium"] = 0.012 * 0.50 * imported.sum()
    expected["contract.certificates"] = 0.006 * (0.80 - 0.50) * imported.sum()
    expected["bess.wear"] = 0.083 * table["bess.discharge_kw"].sum()
    assert lines == pytest.approx({line: money for line, money in expected.items() if money}, rel=1e-9)
