"""Sizes of plants, cold tanks and the connection, worked out on paper.

Unless said otherwise: a day at 0.1 in its first and 0.5 in its second half, and a project of one year without interest,
so that a unit saved a year is worth a unit of capex.
"""

from __future__ import annotations

from typing import Any

import pytest

from storage_opt.charges.base import Stream
from storage_opt.studies.sizing.marginal import marginal_values
from storage_opt.studies.sizing.result import SizingResult
from storage_opt.studies.sizing.study import size
from tests.support.sizing_sites import bess, built, described, finance

DAYS = 365
WIDE: dict[str, Any] = {"most": 5000.0}


def sized(site: dict[str, Any]) -> SizingResult:
    result = size(built(site))
    assert result.certificate.certified, result.certificate
    return result


@pytest.mark.parametrize(("capex", "kw"), [(1050.0, 200.0), (1200.0, 100.0), (1400.0, 0.0)])
def test_a_plant_is_as_large_as_the_load_it_pays_for(capex, kw):
    """Sun from 6 to 18 h on a load of 100, then 200 kW: six hours at 0.1, six at 0.5.

    Up to 100 kW a kW saves 0.6 + 3.0 a day, 1314 a year; up to 200 kW only the dear hours, 1095; beyond nothing.
    """
    pv = {"capacity_kw": 10.0, "profile": [0.0] * 6 + [1.0] * 12 + [0.0] * 6}
    site = described([100.0] * 12 + [200.0] * 12, generator={"pv": pv})
    site |= {
        "sizing": {"generator": {"pv": {"capacity_kw": WIDE}}},
        "finance": finance({"pv": {"capex_per_kw": capex}}),
    }
    assert sized(site).value("pv.capacity_kw") == pytest.approx(kw, abs=1e-4)


COLD: dict[str, Any] = {
    "facility": {
        "dc": {"cooling": {"cop": 4.0, "tank": {"energy_kwh": 40.0, "charge_kw": 20.0, "discharge_kw": 20.0}}}
    },
    "cluster": {"gpu": {"facility": "dc", "installed_units": 100.0, "idle_kw_per_unit": 0.0, "full_kw_per_unit": 1.0}},
    "workload": {"serve": {"cluster": "gpu", "kind": "inference", "units": 80.0}},
}
COLD["facility"]["dc"]["cooling"]["tank"]["loss_frac_per_h"] = 0.0


@pytest.mark.parametrize(("capex", "kwh"), [(36.0, 960.0), (37.0, 0.0)])
def test_a_cold_tank(capex, kwh):
    """80 kW of heat at a COP of 4: a kWh of cold is 0.25 kWh, which saves 0.1 a day, 36.5 a year; 12 h need 960 kWh."""
    site = described(
        **COLD, sizing={"tank": {"dc": {"energy_kwh": WIDE}}}, finance=finance({"dc": {"capex_per_kwh": capex}})
    )
    assert sized(site).value("dc.energy_kwh") == pytest.approx(kwh, abs=1e-4)


def test_a_cold_tank_and_its_power():
    """80 kW of cold in the dear hours are 80 kW of emptying; filling takes as long and as much."""
    site = described(
        **COLD,
        sizing={"tank": {"dc": {"energy_kwh": WIDE, "power_kw": WIDE}}},
        finance=finance({"dc": {"capex_per_kwh": 10.0, "capex_per_kw": 5.0}}),
    )
    result = sized(site)
    assert [built_.value for built_ in result.sizes] == pytest.approx([960.0, 80.0])


TWO_LOADS = [100.0] * 12 + [200.0] * 12
SUPPLY: dict[str, Any] = {
    "regime": "ordinary_market",
    "energy_price_per_kwh": [0.1] * 12 + [0.5] * 12,
    "line_loss_per_kwh": 0.0,
    "transmission_per_kwh": 0.0,
    "system_operation_per_kwh": 0.0,
    "funds_per_kwh": 0.0,
}


def contract_site(supply: dict[str, Any], **parts: Any) -> dict[str, Any]:
    site = described(TWO_LOADS, contract={"supply": SUPPLY | supply}, grid={"power_factor": 1.0}) | parts
    return {key: part for key, part in site.items() if key != "tariff"}


def test_a_battery_spares_a_transformer():
    """600 kWh over the 12 dear hours are 50 kW; import falls to 150 kW there and rises to 150 kW in the cheap ones.

    20 a kVA and month, a day of January is 1/31 of it: 20 / 31 x 365 = 235.48 a year, and 10 to buy it. Each kW of
    battery up to 50 spares one kVA and costs 5.
    """
    site = contract_site(
        {"basic": {"mode": "capacity", "capacity_kva": 300.0, "price_per_kva": 20.0}},
        grid={"transformer_kva": 300.0, "power_factor": 1.0},
        battery={"bess": bess(energy_kwh=600.0, power_kw=50.0)},
        sizing={"grid": {"transformer_kva": {"most": 500.0}}, "battery": {"bess": {"power_kw": {"most": 100.0}}}},
        finance=finance({"grid": {"capex_per_kva": 10.0}, "bess": {"capex_per_kw": 5.0}}),
    )
    result = sized(site)
    assert result.value("grid.transformer_kva") == pytest.approx(150.0)
    assert result.value("bess.power_kw") == pytest.approx(50.0)
    basic = result.site.spec.contract.supply.basic
    assert basic.capacity_kva == pytest.approx(150.0)


def test_a_kva_more_means_the_same_in_a_size_and_in_a_marginal_value():
    """Of 300 kVA 200 are used: one more carries nothing and is billed 20 a month, 20 / 31 x 365 a year."""
    site = built(
        contract_site(
            {"basic": {"mode": "capacity", "capacity_kva": 300.0, "price_per_kva": 20.0}},
            grid={"transformer_kva": 300.0, "power_factor": 1.0},
        )
    )
    (worth,) = marginal_values(site, names=("grid.transformer_kva",), ranges=False)
    assert worth.per_year == pytest.approx(-20.0 / 31.0 * 365.0)


def test_power_factor_makes_a_transformer_larger():
    """200 kW at 0.8 are 250 kVA."""
    site = contract_site(
        {"basic": {"mode": "capacity", "capacity_kva": 300.0, "price_per_kva": 20.0}},
        grid={"transformer_kva": 300.0, "power_factor": 0.8},
        sizing={"grid": {"transformer_kva": {"most": 500.0}}},
        finance=finance({"grid": {"capex_per_kva": 10.0}}),
    )
    assert sized(site).value("grid.transformer_kva") == pytest.approx(250.0)


def declared(**basic: Any) -> dict[str, Any]:
    terms = {"mode": "contract_demand", "contract_kw": 150.0, "price_per_kw": 30.0, "capacity_kva": 100.0} | basic
    return contract_site({"basic": terms}, sizing={"grid": {"contract_kw": {"most": 1000.0}}}, finance=finance({}))


@pytest.mark.parametrize("band", [0.05, 0.2])
def test_declared_demand(band):
    """Within the band nothing is paid beyond the declaration, beyond it twice the price: D / (1 + band) of 200 kW.

    The bill before is that of the 150 kW in the file: 30 (150 + 2 (200 - 150 (1 + band))), in full for the day.
    """
    result = sized(declared(band_frac=band))
    best = 200.0 / (1.0 + band)
    assert result.value("demand.contract_kw") == pytest.approx(best)
    before = 30.0 * (150.0 + 2.0 * (200.0 - 150.0 * (1.0 + band)))
    assert result.saving_per_year[Stream.DEMAND] == pytest.approx(DAYS * (before - 30.0 * best), rel=1e-6)


def test_declared_demand_that_is_not_free_in_its_band():
    """Above the declaration the plain price is paid, so declaring less than 200 kW saves nothing but costs nothing.

    From 200 / 1.05 to 200 kW all declarations cost the same, 30 x 200.
    """
    result = sized(declared(band_is_free=False))
    assert 200.0 / 1.05 - 1e-3 <= result.value("demand.contract_kw") <= 200.0 + 1e-3
    assert result.dispatch.ledger.by_stream()[Stream.DEMAND] == pytest.approx(6000.0)


def test_declared_demand_has_a_floor():
    """40 % of 1000 kVA: less is billed as 400 kW, so that is declared."""
    assert sized(declared(capacity_kva=1000.0)).value("demand.contract_kw") == pytest.approx(400.0)


def test_take_or_pay():
    """100 kW of sun from 6 to 18 h at 0.2, grid at 0.1 and 0.5: the dear 6 h are taken, 219,000 kWh a year.

    Half of at least 600,000 kWh is paid anyway: 81,000 kWh more than wanted, each at 0.2 instead of 0.1. So the least
    volume is signed, and a kWh more of it costs 0.5 x 0.1.
    """
    pv = {"capacity_kw": 100.0, "profile": [0.0] * 6 + [1.0] * 12 + [0.0] * 6}
    supply = {
        "regime": "direct_single_capacity",
        "load_factor_frac": 0.6,
        "access_capacity_kva": 400.0,
        "plant": {"price_per_kwh": 0.2, "take_or_pay_frac": 0.5},
    }
    volume = "take_or_pay_volume_kwh_per_year"
    site = contract_site(
        supply,
        generator={"pv": pv},
        sizing={"plant": {volume: {"least": 600_000.0, "most": 800_000.0}}},
        finance=finance({}),
    )
    result = sized(site)
    assert result.value(f"plant.{volume}") == pytest.approx(600_000.0)
    assert result.sizes[0].worth_per_unit_year == pytest.approx(-0.05, rel=1e-4)


def test_access_capacity():
    """The sun is gone from 18 h, so 200 kW are drawn; the monthly fee by capacity pays for no more."""
    supply = {
        "regime": "direct_single_capacity",
        "load_factor_frac": 0.6,
        "transmission_per_kwh": 0.05,
        "access_capacity_kva": 400.0,
    }
    pv = {"capacity_kw": 100.0, "profile": [0.0] * 6 + [1.0] * 12 + [0.0] * 6}
    site = contract_site(
        supply,
        generator={"pv": pv},
        sizing={"grid": {"access_capacity_kva": {"most": 500.0}}},
        finance=finance({}),
    )
    assert sized(site).value("grid.access_capacity_kva") == pytest.approx(200.0)
