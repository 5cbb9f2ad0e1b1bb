from __future__ import annotations

import pytest

from storage_opt.units import CANONICAL, Dimension, factor, unit_in_header


@pytest.mark.parametrize(
    ("unit", "dimension", "expected"),
    [
        ("kW", Dimension.POWER, 1.0),
        ("MW", Dimension.POWER, 1e3),
        ("W", Dimension.POWER, 1e-3),
        ("GW", Dimension.POWER, 1e6),
        ("兆瓦", Dimension.POWER, 1e3),
        ("千瓦", Dimension.POWER, 1.0),
        ("万千瓦", Dimension.POWER, 1e4),
        ("万kW", Dimension.POWER, 1e4),
        ("MWh", Dimension.ENERGY, 1e3),
        ("万千瓦时", Dimension.ENERGY, 1e4),
        ("亿千瓦时", Dimension.ENERGY, 1e8),
        ("度", Dimension.ENERGY, 1.0),
        ("万度", Dimension.ENERGY, 1e4),
        ("MVA", Dimension.APPARENT_POWER, 1e3),
        ("EUR/MWh", Dimension.PRICE_PER_ENERGY, 1e-3),
        ("元/kWh", Dimension.PRICE_PER_ENERGY, 1.0),
        ("元/度", Dimension.PRICE_PER_ENERGY, 1.0),
        ("元/千瓦时", Dimension.PRICE_PER_ENERGY, 1.0),
        ("分/kWh", Dimension.PRICE_PER_ENERGY, 0.01),
        ("厘/kWh", Dimension.PRICE_PER_ENERGY, 0.001),
        ("¢/kWh", Dimension.PRICE_PER_ENERGY, 0.01),
        ("ct/kWh", Dimension.PRICE_PER_ENERGY, 0.01),
        ("aud_per_mwh", Dimension.PRICE_PER_ENERGY, 1e-3),
        ("元/kW", Dimension.PRICE_PER_POWER, 1.0),
        ("%", Dimension.FRACTION, 0.01),
        ("p.u.", Dimension.FRACTION, 1.0),
        ("℃", Dimension.TEMPERATURE, 1.0),
        ("小时", Dimension.HOURS, 1.0),
        ("min", Dimension.HOURS, 1.0 / 60.0),
    ],
)
def test_factor_to_the_unit_of_the_model(unit, dimension, expected):
    assert factor(unit, dimension) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("unit", "dimension"),
    [
        ("MWh", Dimension.POWER),
        ("MW", Dimension.ENERGY),
        ("kW", Dimension.FRACTION),
        ("EUR", Dimension.PRICE_PER_ENERGY),
        ("EUR/kW", Dimension.PRICE_PER_ENERGY),
        ("EUR/kWh", Dimension.PRICE_PER_POWER),
        ("coins/kWh", Dimension.PRICE_PER_ENERGY),
        ("K", Dimension.TEMPERATURE),
        ("", Dimension.POWER),
        ("horsepower", Dimension.POWER),
    ],
)
def test_a_unit_of_another_dimension_is_refused_by_name(unit, dimension):
    with pytest.raises(ValueError, match=f"`{unit}` is not a unit of {dimension}"):
        factor(unit, dimension)


@pytest.mark.parametrize("dimension", [d for d in Dimension if d is not Dimension.TEMPERATURE])
def test_canonical_units_have_factor_one(dimension):
    assert factor(CANONICAL[dimension], dimension) == 1.0


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("load (MW)", "MW"),
        ("负荷（兆瓦）", "兆瓦"),
        ("price [EUR/MWh]", "EUR/MWh"),
        ("rrp_aud_per_mwh", "aud/mwh"),
        ("price_per_kwh", "money/kwh"),
        ("load_kw", "kw"),
        ("soc_pct", "pct"),
        ("load", None),
        ("kwh", None),
    ],
)
def test_unit_in_header(header, unit):
    assert unit_in_header(header) == unit
