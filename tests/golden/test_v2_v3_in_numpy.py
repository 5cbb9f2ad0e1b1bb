"""Whole monthly bills of direct supply, single capacity (V2) and two-part (V3), against plain NumPy line by line.

The numbers that are compared with come from ``tests/support/bill_in_numpy.py``, which imports nothing of the package.
Each case stands here twice: as terms for NumPy and, by `_supply` and `_contract`, in the words of ``site.toml``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from tests.support import bill_in_numpy, source
from tests.support.bill_in_numpy import Meters, Terms

Draw = Callable[[float, float], np.ndarray]

COMMON: dict[str, Any] = {
    "access": 150_000.0,
    "load_factor": 0.55,
    "tau": 0.052,
    "loss": 0.0073,
    "system": 0.0451,
    "system_basis": "import",
    "funds": 0.022425,
    "funds_on_self_use": True,
    "deduct_losses": True,
    "consumption": "load",
    "kva": 150_000.0,
    "d": 31.2,
    "c": 19.5,
    "export_loss": 0.0281,
    "ppa": "consumed",
    "ppa_price": 0.22,
    "green_import": 0.25,
    "premium": 0.02,
    "green_share": 0.80,
    "certificate": 0.006,
    "certificate_sold": 0.004,
    "export_price": 0.14,
}
REGIMES = {"V2": "direct_single_capacity", "V3": "direct_two_part"}


def market(m: Meters, draw: Draw) -> Terms:
    """April in the market: three curves, a declaration a month below the floor or in excess, rebate, certificates."""
    return COMMON | {
        "contract_kw": draw(20e3, 60e3),
        "contract_price": draw(0.15, 0.35),
        "day_ahead": draw(-0.05, 0.60),
        "day_ahead_kw": draw(0.0, 90e3),
        "real_time": draw(-0.08, 1.00),
        "compensation": 0.0705,
        "system_per_kva": 1.5,
        "cross_subsidy": 0.0031,
        "export_price": draw(-0.05, 0.40),
        "mode": "contract_demand",
        "declared": [90e3] * 3 + [50e3] + [90e3] * 8,
        "band_is_free": True,
        "rebate": {"of": "import", "from": 100.0},
        "cos": [0.90] * 3 + [0.88] + [0.90] * 8,
        "take_or_pay": 0.95,
    }


def retail_jiangsu(m: Meters, draw: Draw) -> Terms:
    """March on a retail contract with Jiangsu's calendar and a holiday; a fixed shape; the band is charged."""
    return COMMON | {
        "energy": 0.3458,
        "deviation": -0.0101,
        "calendar": "JS",
        "variants": ["holiday"],
        "base": "purchase_avg",
        "multiplier": bill_in_numpy.multiplier_of("JS", m),
        "system_basis": "consumption",
        "deduct_losses": False,
        "consumption": "metered",
        "mode": "contract_demand",
        "declared": [90e3, 90e3, 70e3] + [90e3] * 9,
        "band_is_free": False,
        "rebate": {"of": "consumption", "from": 900.0},
        "cos": [0.90] * 2 + [0.97] + [0.90] * 9,
        "ppa": "fixed_shape",
        "ppa_price": draw(0.20, 0.26),
        "shape": draw(10e3, 40e3),
        "reference": draw(-0.05, 0.40),
        "green_share": 0.20,
        "funds_on_self_use": False,
    }


def retail_shanghai(m: Meters, draw: Draw) -> Terms:
    """April with Shanghai's calendar, where the network price floats, and its deep valley on days of rest."""
    return COMMON | {
        "energy": 0.428899,
        "calendar": "SH",
        "variants": ["rest_day"],
        "base": "purchase_td",
        "multiplier": bill_in_numpy.multiplier_of("SH", m),
        "mode": "capacity",
        "cos": [0.67] * 12,
        "ppa": "produced",
        "take_or_pay": 0.90,
        "volume": 365e6,
    }


def retail_mengxi(m: Meters, draw: Draw) -> Terms:
    """April with the calendar of western Inner Mongolia; rebate by consumption on actual demand."""
    return COMMON | {
        "energy": 0.3125,
        "deviation": 0.0042,
        "calendar": "NM_W",
        "variants": [],
        "base": "purchase_avg",
        "multiplier": bill_in_numpy.multiplier_of("NM_W", m),
        "consumption": "metered",
        "mode": "actual_demand",
        "rebate": {"of": "consumption", "from": 260.0},
        "cos": [0.93] * 12,
    }


def across_two_years(m: Meters, draw: Draw) -> Terms:
    """15 March to 20 April in steps of five minutes: parts of two months, of two contract years; own multipliers."""
    return COMMON | {
        "energy": draw(0.2, 0.4),
        "deviation": 0.0042,
        "base": "shandong",
        "multiplier": draw(0.1, 2.0),
        "compensation": 0.0705,
        "system_capacity": 0.021,
        "system_per_kva": 0.7,
        "tau": draw(0.03, 0.09),
        "cross_subsidy": draw(0.0, 0.01),
        "mode": "actual_demand",
        "rebate": {"of": "import", "from": 260.0},
        "cos": [0.90] * 2 + [0.97, 0.60] + [0.90] * 8,
        "ppa_price": draw(0.20, 0.26),
        "take_or_pay": 0.99,
        "year_starts": 4,
        "before": {"consumption": 500e6, "green": 300e6},
    }


def all_floats(m: Meters, draw: Draw) -> Terms:
    """Every component floats, funds on import too; the declaration suffices."""
    return COMMON | {
        "energy": 0.31,
        "base": "all",
        "multiplier": draw(0.3, 1.9),
        "compensation": 0.05,
        "system_basis": "consumption",
        "mode": "contract_demand",
        "declared": [130e3] * 12,
        "band_is_free": True,
    }


def day_ahead_only(m: Meters, draw: Draw) -> Terms:
    """No day-ahead curve is declared: what is imported is settled at the day-ahead price."""
    return COMMON | {
        "contract_kw": draw(20e3, 60e3),
        "contract_price": 0.24,
        "day_ahead": draw(-0.05, 0.60),
        "mode": "capacity",
        "cos": [0.85] * 12,
        "green_share": 0.10,
    }


APRIL = ("2027-04-01", "2027-05-01", 15)
MARCH = ("2027-03-01", "2027-04-01", 15)
CASES: dict[str, tuple[Callable[[Meters, Draw], Terms], tuple[str, str, int]]] = {
    "market": (market, APRIL),
    "day_ahead_only": (day_ahead_only, APRIL),
    "retail_mengxi": (retail_mengxi, APRIL),
    "retail_shanghai": (retail_shanghai, APRIL),
    "retail_jiangsu": (retail_jiangsu, MARCH),
    "all_floats": (all_floats, MARCH),
    "across_two_years": (across_two_years, ("2027-03-15", "2027-04-21", 5)),
}
HOLIDAYS = ("2027-03-08", "2027-04-05")
WORKDAYS = ("2027-03-14", "2027-04-10")


def meters(start: str, end: str, minutes: int, rng: np.random.Generator) -> Meters:
    """Random readings that balance: load, wind partly used, a battery that charges or discharges."""
    first = np.datetime64(start, "m")
    steps = int((np.datetime64(end, "m") - first) / np.timedelta64(minutes, "m"))
    # falling use, so that of two months the first reaches a threshold which the second misses
    load = rng.uniform(60e3, 100e3, steps) * np.linspace(1.15, 0.85, steps)
    available = rng.uniform(0, 150e3, steps) * rng.integers(0, 2, steps)
    used = available * rng.uniform(0.7, 1.0, steps)
    battery = rng.uniform(0, 20e3, steps) * rng.integers(-1, 2, steps)
    net = load - used + battery
    battery_flows = np.maximum(battery, 0), np.maximum(-battery, 0)
    exchange = np.maximum(net, 0), np.maximum(-net, 0)
    calendar = frozenset(HOLIDAYS), frozenset(WORKDAYS)
    return Meters(first, minutes, *exchange, load, available, used, *battery_flows, *calendar)


def settled(m: Meters, t: Terms, span: tuple[str, str, int]) -> Ledger:
    """The same readings and terms through the package."""
    spec = SiteSpec.model_validate(
        {
            "name": "numpy",
            "horizon": {
                "start": span[0],
                "end": span[1],
                "step_minutes": span[2],
                "holidays": HOLIDAYS,
                "workdays": WORKDAYS,
            },
            "grid": {"export_limit_kw": 150e3},
            "load": {"dc": {"power_kw": m.load}},
            "generator": {"wind": {"capacity_kw": 150e3, "profile": m.available / 150e3}},
            "battery": {"bess": {"energy_kwh": 80e3, "power_kw": 20e3}},
            "contract": _contract(t),
        }
    )
    site = Site(spec, spec.horizon.build())
    flows = {
        Flow(GRID, FlowKind.IMPORT_KW): m.imported,
        Flow(GRID, FlowKind.EXPORT_KW): m.exported,
        Flow("dc", FlowKind.LOAD_KW): m.load,
        Flow("wind", FlowKind.AVAILABLE_KW): m.available,
        Flow("wind", FlowKind.USED_KW): m.used,
        Flow("bess", FlowKind.CHARGE_KW): m.charge,
        Flow("bess", FlowKind.DISCHARGE_KW): m.discharge,
    }
    return settle(Schedule(site.horizon, flows), lower_site(site))


def _contract(t: Terms) -> dict[str, Any]:
    years: dict[str, Any] = {}
    if "year_starts" in t:
        before = {"consumption_kwh": t["before"]["consumption"], "green_kwh": t["before"]["green"]}
        years = {"year_start_month": t["year_starts"], "year_to_date": before}
    green = {
        "min_share_frac": t["green_share"],
        "certificate_price_per_kwh": t["certificate"],
        "market_green_frac": t["green_import"],
        "green_premium_per_kwh": t["premium"],
        "exported_certificate_price_per_kwh": t["certificate_sold"],
    }
    counted = {"deduct_storage_losses": t["deduct_losses"], "consumption_basis": t["consumption"]}
    return years | counted | {"green": green, "supply": _supply(t)}


def _supply(t: Terms) -> dict[str, Any]:
    supply = {
        "regime": REGIMES[t["variant"]],
        "deviation_per_kwh": t.get("deviation", 0.0),
        "capacity_compensation_per_kwh": t.get("compensation", 0.0),
        "line_loss_per_kwh": t["loss"],
        "transmission_per_kwh": t["tau"],
        "system_operation_per_kwh": t["system"],
        "system_operation_basis": t["system_basis"],
        "system_capacity_per_kwh": t.get("system_capacity", 0.0),
        "system_operation_per_kva": t.get("system_per_kva", 0.0),
        "funds_per_kwh": t["funds"],
        "funds_on_self_use": t["funds_on_self_use"],
        "cross_subsidy_on_self_use_per_kwh": t.get("cross_subsidy", 0.0),
        "access_capacity_kva": t["access"],
        "load_factor_frac": t["load_factor"],
        "power_factor": t.get("cos"),
        "export_price_per_kwh": t["export_price"],
        "export_loss_frac": t["export_loss"],
        "basic": _basic(t),
        "plant": _plant(t),
    }
    if "day_ahead" not in t:
        shape = {"calendar": t["calendar"], "variants": t["variants"]} if "calendar" in t else {}
        own = {} if shape else {"multiplier": t["multiplier"], "base": t["base"]}
        return supply | {"energy_price_per_kwh": t["energy"], "tou": shape | own}
    curves = {"contract_kw": "contract_kw", "contract_price": "contract_price_per_kwh"}
    curves |= {"day_ahead": "day_ahead_price_per_kwh", "day_ahead_kw": "day_ahead_kw"}
    curves |= {"real_time": "real_time_price_per_kwh"}
    return supply | {"market": {theirs: t[ours] for ours, theirs in curves.items() if ours in t}}


def _basic(t: Terms) -> dict[str, Any]:
    basic = {"mode": t["mode"], "capacity_kva": t["kva"], "price_per_kva": t["c"], "price_per_kw": t["d"]}
    if "declared" in t:
        basic |= {"contract_kw": t["declared"], "band_is_free": t["band_is_free"]}
    if "rebate" in t:
        basic["rebate"] = {"threshold_kwh_per_kva": t["rebate"]["from"], "energy": t["rebate"]["of"]}
    return basic


def _plant(t: Terms) -> dict[str, Any]:
    plant = {"price_per_kwh": t["ppa_price"], "basis": t["ppa"], "export_revenue": "site"}
    if t["ppa"] == "fixed_shape":
        plant |= {"shape_kw": t["shape"], "reference_price_per_kwh": t["reference"]}
    if "take_or_pay" in t:
        plant["take_or_pay_frac"] = t["take_or_pay"]
    if "volume" in t:
        plant["take_or_pay_volume_kwh_per_year"] = t["volume"]
    return plant


def made(case: str, variant: str, seed: int) -> tuple[Meters, Terms, tuple[str, str, int]]:
    """Readings and terms of a case."""
    terms, span = CASES[case]
    rng = np.random.default_rng([seed, sorted(CASES).index(case)])
    m = meters(*span, rng)
    return m, dict(terms(m, lambda low, high: rng.uniform(low, high, m.load.size))) | {"variant": variant}, span


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("variant", ["V2", "V3"])
@pytest.mark.parametrize("case", CASES)
def test_every_line_of_every_month(case: str, variant: str, seed: int) -> None:
    m, t, span = made(case, variant, seed)
    ledger = settled(m, t, span)
    found: dict[tuple[str, str], float] = {}
    for entry in ledger.entries:
        key = entry.line.name.removeprefix("contract."), entry.period
        found[key] = found.get(key, 0.0) + entry.amount
    wanted = bill_in_numpy.bill(m, t)
    assert {key for key, amount in wanted.items() if amount} <= found.keys() <= wanted.keys()
    for key, amount in wanted.items():
        assert found.get(key, 0.0) == pytest.approx(amount, rel=1e-9, abs=1e-6), key
    assert ledger.total == pytest.approx(sum(wanted.values()), rel=1e-9)


def test_cases_reach_both_sides_of_every_condition() -> None:
    """A line is present and absent, a rebate granted and refused: otherwise half of a rule would go unseen."""
    bills = {case: bill_in_numpy.bill(*made(case, "V3", 1)[:2]) for case in CASES}
    paid = {case: {name for (name, _), amount in lines.items() if abs(amount) > 1.0} for case, lines in bills.items()}
    assert "certificates" in paid["market"]
    assert "certificates" not in paid["retail_jiangsu"]
    assert "basic_excess" in paid["market"]
    assert "basic_excess" not in paid["all_floats"]
    assert {"basic_band", "basic_excess", "plant_cfd"} <= paid["retail_jiangsu"]
    assert {"plant_take_or_pay", "cross_subsidy", "system_capacity", "capacity_compensation"} <= paid["market"]
    assert {"plant_take_or_pay", "funds_self_use"} <= paid["retail_shanghai"]
    assert "funds_self_use" not in paid["retail_jiangsu"]
    assert bills["retail_jiangsu"]["power_factor", "2027-03"] < 0 < bills["retail_shanghai"]["power_factor", "2027-04"]
    # share of the demand price that is paid: with rebate, with it in March and without in April
    demand = {case: made(case, "V3", 1)[0].demand for case in ("retail_mengxi", "across_two_years")}
    paid_price = {
        (case, month): bills[case]["basic", month] / demand[case](month) / COMMON["d"]
        for case, month in (
            ("retail_mengxi", "2027-04"),
            ("across_two_years", "2027-03"),
            ("across_two_years", "2027-04"),
        )
    }
    assert list(paid_price.values()) == pytest.approx([0.9, 0.9, 1.0])
    assert bills["market"]["basic", "2027-04"] == pytest.approx(0.9 * COMMON["d"] * 0.4 * COMMON["kva"])
    assert bills["retail_jiangsu"]["basic", "2027-03"] == pytest.approx(COMMON["d"] * 70e3)


def test_the_numbers_compared_with_know_nothing_of_the_package() -> None:
    tree = ast.parse((source.REPOSITORY / "tests" / "support" / "bill_in_numpy.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"__future__", "collections.abc", "dataclasses", "typing", "numpy", "numpy.typing"}
