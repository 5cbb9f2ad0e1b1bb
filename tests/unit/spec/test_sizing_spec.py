"""What a `[sizing]` section may not say, in words that name the way out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from storage_opt.errors import InputError
from storage_opt.lowering.open_sizes import open_sizes
from storage_opt.spec.sizing import RangeSpec
from tests.support.sizing_sites import bess, built, described, finance

COST = {"bess": {"capex_per_kwh": 100.0, "capex_per_kw": 50.0}}
TANK = {"energy_kwh": 40.0, "charge_kw": 20.0, "discharge_kw": 20.0}
SUPPLY: dict[str, Any] = {
    "regime": "ordinary_market",
    "energy_price_per_kwh": 0.5,
    "line_loss_per_kwh": 0.0,
    "transmission_per_kwh": 0.0,
    "system_operation_per_kwh": 0.0,
    "funds_per_kwh": 0.0,
}


def site_with(sizing: dict[str, Any], **parts: Any) -> dict[str, Any]:
    site = described(100.0, battery={"bess": bess()}, sizing=sizing, finance=finance(COST)) | parts
    if "contract" in site:
        site.pop("tariff")
    return site


def battery(**open_: Any) -> dict[str, Any]:
    return {"battery": {"bess": open_}}


def energy(**range_: Any) -> dict[str, Any]:
    return battery(energy_kwh=range_)


def plant_of(**plant: Any) -> dict[str, Any]:
    return {"supply": SUPPLY | {"regime": "direct_single_capacity", "load_factor_frac": 0.6, "plant": plant}}


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "least above most": (energy(least=200.0, most=100.0), ("least 200 is above most 100", "lower one")),
    "most below existing": (energy(most=100.0, existing=200.0), ("most 100 is below the 200 that stand", "raise it")),
    "least below existing": (
        energy(least=50.0, most=300.0, existing=200.0),
        ("least 50 is below the 200 that stand", "leave it out"),
    ),
    "step without most": (energy(step=10.0), ("step needs most",)),
    "no step": (energy(step=0.0, most=10.0), ("step",)),
    "negative": (energy(most=-1.0), ("most",)),
    "choices with least": (energy(least=1.0, choices=[{"size": 10.0}]), ("choices stand instead of least",)),
    "choices with most": (energy(most=100.0, choices=[{"size": 10.0}]), ("choices stand instead of",)),
    "choices with step": (energy(step=1.0, choices=[{"size": 10.0}]), ("choices stand instead of",)),
    "choices twice": (energy(choices=[{"size": 10.0}, {"size": 20.0}, {"size": 10.0}]), ("the size 10 twice",)),
    "choices below existing": (
        energy(existing=50.0, choices=[{"size": 10.0}, {"size": 80.0}]),
        ("below the 50 that stand", "leave 10 out"),
    ),
    "negative capex of a choice": (energy(choices=[{"size": 10.0, "capex": -1.0}]), ("capex",)),
    "nothing open": ({}, ("leaves no size open", "[sizing.battery.NAME]")),
    "nothing open of a battery": (battery(min_duration_h=1.0), ("leaves no size open", "energy_kwh or power_kw")),
    "nothing open of the grid": ({"grid": {}}, ("leaves no size open", "transformer_kva")),
    "unknown battery": ({"battery": {"basss": {"energy_kwh": {"most": 1.0}}}}, ("'basss'", "`bess`", "describe it")),
    "unknown plant": ({"generator": {"pv": {"capacity_kw": {"most": 1.0}}}}, ("sizing.generator", "'pv'", "none here")),
    "unknown tank": ({"tank": {"dc": {"energy_kwh": {"most": 1.0}}}}, ("sizing.tank", "'dc'")),
    "transformer that is not there": (
        {"grid": {"transformer_kva": {"most": 1.0}}},
        ("opens transformer_kva", "give grid.transformer_kva"),
    ),
    "access without a contract": (
        {"grid": {"access_capacity_kva": {"most": 1.0}}},
        ("opens access_capacity_kva", "contract.supply.access_capacity_kva"),
    ),
    "declared demand without a contract": ({"grid": {"contract_kw": {"most": 1.0}}}, ("contract_demand",)),
    "volume without a clause": (
        {"plant": {"take_or_pay_volume_kwh_per_year": {"most": 1.0}}},
        ("take_or_pay_frac",),
    ),
    "duration with both open": (
        battery(energy_kwh={"most": 1.0}, power_kw={"most": 1.0}, duration_h=2.0),
        ("only one of them can be open",),
    ),
    "duration fixed and limited": (
        battery(energy_kwh={"most": 1.0}, duration_h=2.0, max_duration_h=4.0),
        ("fixes what min_duration_h and max_duration_h limit",),
    ),
    "durations crossed": (
        battery(energy_kwh={"most": 1.0}, min_duration_h=4.0, max_duration_h=2.0),
        ("min_duration_h 4 is above max_duration_h 2",),
    ),
    "no budget": (energy(most=1.0) | {"budget": 0.0}, ("budget",)),
    "no land": (energy(most=1.0) | {"land_m2": -5.0}, ("land_m2",)),
    "a word that is not there": (energy(most=1.0, max=2.0), ("max",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    sizing, words = REFUSED[case]
    with pytest.raises(ValidationError) as caught:
        built(site_with(sizing))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("sizing", "contract", "words"),
    [
        (
            {"grid": {"contract_kw": {"most": 1.0}}},
            {"supply": SUPPLY | {"basic": {"mode": "actual_demand", "price_per_kw": 30.0}}},
            'mode = "contract_demand"',
        ),
        (
            {"grid": {"access_capacity_kva": {"most": 1.0}}},
            {"supply": SUPPLY | {"access_capacity_kva": "optimal"}},
            "no number",
        ),
        (
            {"plant": {"take_or_pay_volume_kwh_per_year": {"most": 1.0}}},
            plant_of(price_per_kwh=0.3),
            "take_or_pay_frac",
        ),
    ],
    ids=["declared demand", "access", "take or pay"],
)
def test_refused_under_a_contract_without_it(sizing, contract, words):
    with pytest.raises(ValidationError, match=words):
        built(site_with(sizing, contract=contract))


@pytest.mark.parametrize("rate", [6, 6.0, 1.5])
def test_a_rate_in_percent_is_refused(rate):
    with pytest.raises(ValidationError, match="discount_rate_frac"):
        built(site_with(energy(most=1.0), finance=finance(COST, discount_rate_frac=rate)))


@pytest.mark.parametrize(
    ("sizing", "battery_", "words"),
    [
        (battery(power_kw={"most": 1.0}), bess(power_kw=0.0, discharge_kw=10.0), "discharge_kw has no ratio"),
        (battery(energy_kwh={"most": 1.0}, duration_h=2.0), bess(power_kw=0.0, discharge_kw=10.0), "has no ratio"),
    ],
    ids=["power", "duration"],
)
def test_a_ratio_to_nothing_is_refused(sizing, battery_, words):
    with pytest.raises(ValidationError, match=words):
        built(site_with(sizing, battery={"bess": battery_}))


@pytest.mark.parametrize(
    ("tank", "open_", "words"),
    [
        (TANK | {"energy_kwh": 0.0}, {"energy_kwh": {"most": 1.0}}, "holds 0 kWh"),
        (TANK | {"charge_kw": 0.0}, {"power_kw": {"most": 1.0}}, "charge_kw of the tank of dc is 0"),
    ],
    ids=["content", "power"],
)
def test_a_tank_of_nothing_has_no_ratio(tank, open_, words):
    facility = {"dc": {"cooling": {"cop": 4.0, "tank": tank}}}
    with pytest.raises(ValidationError, match=words):
        built(site_with({"tank": {"dc": open_}}, facility=facility))


def test_a_battery_that_is_described_at_size_zero_may_be_open():
    site = site_with(battery(energy_kwh={"most": 10.0}, power_kw={"most": 5.0}), battery={"bess": bess(0.0, 0.0)})
    assert [size.name for size in open_sizes(built(site))] == ["bess.energy_kwh", "bess.power_kw"]


def test_no_sizing_at_all_is_told():
    site = site_with(energy(most=1.0))
    del site["sizing"]
    with pytest.raises(InputError, match=r"neither \[sizing\] nor"):
        open_sizes(built(site))


def test_ends_of_ranges():
    assert (RangeSpec(most=5.0).lowest, RangeSpec(most=5.0).highest) == (0.0, 5.0)
    assert RangeSpec(existing=3.0, most=5.0).lowest == 3.0
    assert RangeSpec().highest is None
    catalogue = RangeSpec.model_validate({"choices": [{"size": 7.0}, {"size": 2.0}], "existing": 1.0})
    assert (catalogue.lowest, catalogue.highest, catalogue.is_whole) == (1.0, 7.0, True)
    assert RangeSpec(most=5.0, step=2.0).is_whole
    assert not RangeSpec(most=5.0).is_whole
