"""Direct supply and backup: monthly bills written again from the formulas, and the choice between the regimes."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.dispatch import optimize

MONTH = {"start": date(2027, 4, 1), "end": date(2027, 5, 1), "step_minutes": 15}
HOURS = 720

PRICES: dict[str, Any] = {
    "energy_price_per_kwh": [0.15] * 8 + [0.10] * 8 + [0.35] * 8,
    "line_loss_per_kwh": 0.006,
    "transmission_per_kwh": 0.0520,
    "system_operation_per_kwh": 0.04,
    "funds_per_kwh": 0.022425,
    "plant": {"price_per_kwh": 0.22, "export_revenue": "site"},
    "export_price_per_kwh": 0.12,
    "export_loss_frac": 0.0281,
    "access_capacity_kva": 100_000.0,
    "load_factor_frac": 0.60,
    "basic": {"mode": "capacity", "capacity_kva": 100_000.0, "price_per_kva": 19.5},
}


def site(regime: str, **changes: Any) -> Site:
    """90 MW of load in April 2027, 60 MW of wind at a share of 0.5, 20 MW of export allowed."""
    spec = SiteSpec.model_validate(
        {
            "name": "direct",
            "horizon": MONTH,
            "grid": {"export_limit_kw": 20_000.0},
            "load": {"dc": {"power_kw": 90_000.0}},
            "generator": {"wind": {"capacity_kw": 60_000.0, "profile": 0.5}},
            "contract": {"supply": {"regime": regime, **PRICES, **changes}},
        }
    )
    return Site(spec, spec.horizon.build())


def schedule(made: Site, seed: int = 4) -> Schedule:
    """Metered flows of the month: random generation and export, import closes the balance."""
    rng = np.random.default_rng(seed)
    steps = made.horizon.steps
    used, exported = rng.uniform(0, 60e3, steps), rng.uniform(0, 10e3, steps)
    load = np.full(steps, 90e3)
    imported = load - used + exported
    kinds = (FlowKind.IMPORT_KW, FlowKind.EXPORT_KW)
    flows = {Flow(GRID, kind): values for kind, values in zip(kinds, (imported, exported), strict=True)}
    flows |= {Flow("dc", FlowKind.LOAD_KW): load, Flow("wind", FlowKind.USED_KW): used}
    return Schedule(made.horizon, flows)


def written_again(regime: str, flows: Schedule) -> dict[str, float]:
    """The bill from the formulas of the documents, in plain NumPy, numbers typed in."""
    h, imported = 0.25, flows[Flow(GRID, FlowKind.IMPORT_KW)]
    exported, used = flows[Flow(GRID, FlowKind.EXPORT_KW)], flows[Flow("wind", FlowKind.USED_KW)]
    hour = (np.arange(2_880) // 4) % 24
    market = np.array([0.15] * 8 + [0.10] * 8 + [0.35] * 8)[hour]
    q_import, q_self, q_use = h * imported.sum(), h * (used - exported).sum(), 90e3 * HOURS
    network = {
        "ordinary_market": 0.0520 * q_import,
        "direct_single_capacity": 0.0520 * 0.60 * 730 * 100_000,
        "direct_two_part": 0.0520 * q_use,
    }[regime]
    bill = {
        "grid_energy": h * (market * imported).sum(),
        "line_loss": 0.006 * q_import,
        "system_operation": 0.04 * q_import,
        "transmission": network,
        "basic": 19.5 * 100_000,
        "funds": 0.022425 * q_import,
        "export": -0.12 * (1 - 0.0281) * h * exported.sum(),
        "plant_energy": 0.22 * q_self,
        "funds_self_use": 0.022425 * q_self,
    }
    if regime == "ordinary_market":
        del bill["funds_self_use"]
    return {f"contract.{name}": amount for name, amount in bill.items()}


@pytest.mark.parametrize("regime", ["ordinary_market", "direct_single_capacity", "direct_two_part"])
def test_monthly_bill_equals_the_formulas(regime: str) -> None:
    made = site(regime)
    flows = schedule(made)
    assert settle(flows, lower_site(made)).by_line() == pytest.approx(written_again(regime, flows), rel=1e-12)


def test_power_factor_is_a_share_of_everything_but_funds() -> None:
    """A penalty of 5 % on energy, loss, system, network and basic charge."""
    made = site("direct_two_part", power_factor_adjustment_frac=0.05)
    lines = settle(schedule(made), lower_site(made)).by_line()
    based = ("grid_energy", "line_loss", "system_operation", "transmission", "basic")
    assert lines["contract.power_factor"] == pytest.approx(0.05 * sum(lines[f"contract.{name}"] for name in based))


@pytest.mark.parametrize(("load_factor", "millions"), [(0.50, 3.85), (0.60, 4.23), (0.65, 4.42), (0.75, 4.80)])
def test_single_capacity_against_two_part_in_west_inner_mongolia(load_factor: float, millions: float) -> None:
    """110 kV, 100 MVA, capacity mode 19.5 CNY/kVA, load 90 MW x 0.85, network price 0.0520 (1077号).

    Single capacity: 19.5 x 100,000 + 0.0520 LF 730 x 100,000 = 1.95 M + 3.796 M LF, for LF 0.50 3.848 M.
    Two-part: 1.95 M + 0.0520 x 90,000 x 0.85 x 730 h = 1.95 M + 2.904 M = 4.854 M.
    Single capacity is cheaper exactly while LF x 730 x 100,000 is below the month's consumption of 55.845 GWh.
    """
    load = 90_000.0 * 0.85 * 730 / HOURS
    common: dict[str, Any] = {"region": "NM_W", "voltage": "110kV", "transmission_per_kwh": None, "funds_per_kwh": None}
    common |= {"load_factor_frac": load_factor, "basic": {"mode": "capacity", "capacity_kva": 100_000.0}}

    def network_and_basic(regime: str) -> float:
        made = site(regime, **common)
        flows = dict(schedule(made).flows) | {Flow("dc", FlowKind.LOAD_KW): np.full(2_880, load)}
        lines = settle(Schedule(made.horizon, flows), lower_site(made)).by_line()
        return lines["contract.transmission"] + lines["contract.basic"]

    single, two_part = network_and_basic("direct_single_capacity"), network_and_basic("direct_two_part")
    assert single == pytest.approx(1.95e6 + 3.796e6 * load_factor, rel=1e-9)
    assert round(single / 1e6, 2) == pytest.approx(millions, abs=0.0051)
    assert two_part == pytest.approx(4.854e6, rel=1e-4)
    assert (single < two_part) == (load_factor * 730 * 100_000 < load * HOURS)


def test_contract_demand_pays_the_declaration_and_twice_the_excess_over_105_percent() -> None:
    """Declared 50 MW at 31.2; demand D: up to 52.5 MW 1.56 M, beyond it 62.4 a kW. Floor 40 % of 150 MVA is 60 MW."""
    basic = {"mode": "contract_demand", "contract_kw": 50_000.0, "price_per_kw": 31.2}
    for demand, capacity, expected in (
        (50_000.0, None, 31.2 * 50_000),
        (52_500.0, None, 31.2 * 50_000),
        (60_000.0, None, 31.2 * 50_000 + 62.4 * 7_500),
        (52_000.0, 150_000.0, 31.2 * 60_000),
    ):
        made = site("direct_two_part", basic=basic | ({"capacity_kva": capacity} if capacity else {}))
        flows = dict(schedule(made).flows) | {Flow(GRID, FlowKind.IMPORT_KW): np.full(2_880, demand)}
        lines = settle(Schedule(made.horizon, flows), lower_site(made)).by_line()
        assert lines["contract.basic"] + lines.get("contract.basic_excess", 0.0) == pytest.approx(expected)


def test_network_price_per_kwh_is_no_reason_to_save_import_under_single_capacity() -> None:
    """The worth of a kWh of import differs by the network price between the regimes: what the law intends."""
    flat = {"energy_price_per_kwh": 0.30, "funds_on_self_use": False}
    # using the plant costs 0.36; import costs 0.30 + 0.006 + 0.04 + 0.022425 = 0.368425, and 0.420425 with network
    single = optimize(site("direct_single_capacity", **flat | {"plant": {"price_per_kwh": 0.40}}))
    ordinary = optimize(site("ordinary_market", **flat | {"plant": {"price_per_kwh": 0.40}}))
    assert single.schedule.energy_kwh(FlowKind.USED_KW) == pytest.approx(0.0, abs=1e-3)
    assert ordinary.schedule.energy_kwh(FlowKind.USED_KW) == pytest.approx(30e3 * HOURS)
    assert single.certificate.certified
    assert ordinary.certificate.certified


def test_what_the_catalog_filled_is_told_with_its_source() -> None:
    made = site(
        "direct_single_capacity", region="NM_W", voltage="110kV", transmission_per_kwh=None, line_loss_per_kwh=None
    )
    notes = " ".join(optimize(made).notes)
    assert "contract.supply.transmission_per_kwh = 0.052 per kWh from 发改价格〔2026〕1077号" in notes
    assert "line_loss_per_kwh" in notes
    assert "funds_per_kwh" not in notes


def test_every_missing_price_is_named_at_once() -> None:
    made = site("direct_single_capacity", energy_price_per_kwh=None, load_factor_frac=None, funds_per_kwh=None)
    with pytest.raises(InputError) as raised:
        lower_site(made)
    assert {fault.key.removeprefix("contract.supply.") for fault in raised.value.faults} >= {
        "energy_price_per_kwh",
        "load_factor_frac",
        "funds_per_kwh",
    }


def test_off_grid_pays_funds_on_what_it_makes_and_no_exchange() -> None:
    """20 MW served by 30 MW of wind; the plan neither imports nor exports although the grid connection would let it."""
    spec = site("off_grid").spec
    alone = spec.model_copy(update={"load": {"dc": type(spec.load["dc"])(power_kw=20_000.0)}})
    result = optimize(Site(alone, spec.horizon.build()))
    assert {rule.name for rule in result.certificate.rules if rule.ok} == {
        "contract.off_grid_import",
        "contract.off_grid_export",
    }
    lines = result.ledger.by_line()
    assert lines["contract.funds_self_use"] == pytest.approx(0.022425 * 20_000 * HOURS, rel=1e-6)
    assert lines["contract.plant_energy"] == pytest.approx(0.22 * 20_000 * HOURS, rel=1e-6)
    assert {name for name, amount in lines.items() if abs(amount) > 1e-6} == {
        "contract.funds_self_use",
        "contract.plant_energy",
    }
