"""Published prices from their components, and what they imply."""

from __future__ import annotations

from datetime import date

import pytest

from storage_opt.catalog.network_price import network_price
from storage_opt.catalog.price_sheets import PriceSheet, agency_prices, at_voltage, component_prices
from storage_opt.catalog.region_tariff import price_sheets
from storage_opt.catalog.tou_rows import Period
from storage_opt.errors import InputError
from storage_opt.spec.floating_base import FLOATS, FloatingBase, PriceComponents, period_prices

DAY = date(2026, 9, 1)

FORMULAS = {
    FloatingBase.PURCHASE_AVG: lambda c, m: c.flat_per_kwh + (c.purchase_per_kwh - c.deviation_per_kwh) * (m - 1),
    FloatingBase.PURCHASE_LOSS: lambda c, m: c.flat_per_kwh + (c.purchase_per_kwh + c.loss_per_kwh) * (m - 1),
    FloatingBase.PURCHASE_TD: lambda c, m: c.flat_per_kwh + (c.purchase_per_kwh + c.network_per_kwh) * (m - 1),
    FloatingBase.PURCHASE_LOSS_TD: lambda c, m: (
        c.flat_per_kwh + (c.purchase_per_kwh + c.loss_per_kwh + c.network_per_kwh) * (m - 1)
    ),
    FloatingBase.ALL_BUT_FUNDS: lambda c, m: c.funds_per_kwh + (c.flat_per_kwh - c.funds_per_kwh) * m,
    FloatingBase.ALL: lambda c, m: c.flat_per_kwh * m,
    FloatingBase.SHANDONG: lambda c, m: (
        (
            c.purchase_per_kwh
            - c.deviation_per_kwh
            + c.capacity_compensation_per_kwh
            + c.loss_per_kwh
            + c.system_capacity_per_kwh
        )
        * m
        + c.deviation_per_kwh
        + (c.system_per_kwh - c.system_capacity_per_kwh)
        + c.network_per_kwh
        + c.funds_per_kwh
    ),
}


@pytest.mark.parametrize("base", FloatingBase)
def test_each_variant_is_its_formula(base):
    parts = PriceComponents(
        purchase_per_kwh=0.4,
        deviation_per_kwh=-0.01,
        capacity_compensation_per_kwh=0.07,
        loss_per_kwh=0.012,
        network_per_kwh=0.09,
        system_per_kwh=0.05,
        system_capacity_per_kwh=0.03,
        funds_per_kwh=0.027,
    )
    multipliers = {"tip": 2.0, "peak": 1.7, "flat": 1.0, "valley": 0.3}
    prices = period_prices(base, parts, multipliers)
    assert prices == pytest.approx({name: FORMULAS[base](parts, m) for name, m in multipliers.items()}, abs=1e-12)
    assert prices["flat"] == pytest.approx(0.4 + 0.07 + 0.012 + 0.09 + 0.05 + 0.027)
    assert FLOATS.keys() == FORMULAS.keys()


def test_every_variant_has_a_published_price():
    assert {row.base for row in component_prices()} == set(FloatingBase)


@pytest.mark.parametrize("row", component_prices(), ids=lambda row: f"{row.grid}-{row.base}")
def test_published_prices_follow_from_their_components(row):
    """To 1e-6 where six digits were published, else to the rounding of the last digit."""
    within = max(1e-6, 0.5000001 * 10.0**-row.decimals)
    assert row.recomputed.keys() == row.published.keys()
    for period, price in row.published.items():
        assert row.recomputed[period] == pytest.approx(price, abs=within), period


@pytest.mark.parametrize(
    ("grid", "prices"),
    [
        ("HE_JB", (1.007490, 0.871966, 0.592948, 0.313929, 0.290013)),
        ("HB", (1.012099, 0.809061, 0.613986, 0.395024)),
        ("SH", (1.259662, 1.023772, 0.604413, 0.289894)),
        ("SC", (0.745012, 0.636084, 0.431844, 0.227604)),
        ("GD_PRD", (1.4364, 1.1547, 0.6906, 0.2796)),
        ("ZJ", (1.223360, 1.019467, 0.617859, 0.234786)),
        ("SD", (1.13597, 0.98555, 0.63457, 0.28359, 0.18331)),
    ],
)
def test_the_published_prices_are_those_of_the_sheets(grid, prices):
    row = next(row for row in component_prices() if row.grid == grid)
    assert tuple(row.published.values()) == prices


def test_the_funds_of_zhejiang_are_not_the_rounded_ones():
    """The sheet prints 0.029238; with it the tip price would be 1.2e-6 off, with 0.02923875 it is not."""
    row = next(row for row in component_prices() if row.grid == "ZJ")
    rounded = row.model_copy(update={"funds_per_kwh": 0.029238})
    assert abs(rounded.recomputed[Period.TIP] - 1.223360) > 1e-6
    assert row.funds_per_kwh == network_price("ZJ", 110, DAY).funds_per_kwh


def test_components_that_are_network_prices_of_the_fourth_period():
    for grid in ("HB", "SH", "SC", "SD"):
        row = next(row for row in component_prices() if row.grid == grid)
        network = network_price(grid, row.voltage_kv, DAY)
        assert (row.network_per_kwh, row.funds_per_kwh) == (network.energy_per_kwh, network.funds_per_kwh)


# --------------------------------------------------------------------------------------------- prices by period only


@pytest.mark.parametrize("row", agency_prices(), ids=lambda row: row.grid)
def test_agency_prices_agree_with_their_floating_part(row):
    if row.floating_per_kwh is None:
        assert row.grid in {"GS", "NX"}
        return
    for period, price in row.published.items():
        if period in row.multipliers:
            implied = row.flat_per_kwh + row.floating_per_kwh * (row.multipliers[period] - 1.0)
            assert implied == pytest.approx(price, abs=1e-3)
    assert len(row.multipliers) >= 3


@pytest.mark.parametrize("row", agency_prices(), ids=lambda row: row.grid)
def test_the_published_spread_confirms_the_transcription(row):
    prices = list(row.published.values())
    assert prices[0] - prices[-1] == pytest.approx(row.spread_per_kwh, abs=1e-9)


def test_all_floats_means_the_floating_part_is_the_flat_price():
    row = next(row for row in agency_prices() if row.grid == "ZJ")
    assert row.floating_per_kwh == pytest.approx(row.flat_per_kwh, abs=5e-4)


# ---------------------------------------------------------------------------------------------------- other voltages


def sheet_of(grid):
    return price_sheets(grid)[0]


def test_moving_where_the_network_price_does_not_float():
    """Mengxi: 0.4524 - (0.0787 - 0.0429) = 0.4166 flat at 220 kV; every period moves by the same."""
    here = sheet_of("NM_W")
    there = at_voltage(here, 220, DAY)
    assert there.price_per_kwh(Period.FLAT, 1.0) == pytest.approx(0.4166)
    for multiplier in (1.68, 0.48):
        step = there.price_per_kwh(Period.PEAK, multiplier) - here.price_per_kwh(Period.PEAK, multiplier)
        assert step == pytest.approx(-0.0358, abs=2e-6)
    assert "moved to 220 kV by the difference of network prices, -0.0358 CNY/kWh" in there.notes[0]


def test_moving_where_the_network_price_floats():
    """Shanghai 110 to 10 kV: tau 0.0953 to 0.1623, so 0.0670 x multiplier."""
    here = sheet_of("SH")
    there = at_voltage(here, 10, DAY)
    assert there.price_per_kwh(Period.PEAK, 1.8) == pytest.approx(1.023772 + 0.0670 * 1.8, abs=2e-6)
    assert there.price_per_kwh(Period.VALLEY, 0.4) == pytest.approx(0.289894 + 0.0670 * 0.4, abs=2e-6)


def test_there_and_back_is_where_it_was():
    for grid in ("NM_W", "SH", "GD_PRD"):
        here = sheet_of(grid)
        back = at_voltage(at_voltage(here, 35, DAY), here.voltage_kv, DAY)
        assert back.flat_per_kwh == pytest.approx(here.flat_per_kwh)
        assert back.floating_per_kwh == pytest.approx(here.floating_per_kwh)
        assert at_voltage(here, here.voltage_kv, DAY) is here


def test_published_prices_of_a_market_move_too():
    moved = at_voltage(sheet_of("GS"), 110, DAY)
    assert moved.price_per_kwh(Period.PEAK, None) == pytest.approx(0.4979 - (0.1063 - 0.0799))
    assert moved.price_per_kwh(Period.TIP, None) is None


def test_prices_stay_where_it_is_not_known_what_floats():
    with pytest.raises(InputError, match="does not tell whether the network's price floats"):
        at_voltage(sheet_of("NX"), 110, DAY)


def test_newest_sheet_first_and_only_complete_ones_of_two_part_customers():
    assert [sheet.row.valid_from.isoformat()[:7] for sheet in price_sheets("SH")] == ["2026-08", "2026-03"]
    assert [type(sheet.row).__name__ for sheet in price_sheets("HE_JB")] == ["AgencyPrices"]
    assert [type(sheet.row).__name__ for sheet in price_sheets("GD_PRD")] == ["AgencyPrices"]
    assert price_sheets("TJ") == ()


def test_a_sheet_recomputes_its_own_row():
    for row in component_prices():
        sheet = PriceSheet.of(row)
        for period, multiplier in row.multipliers.items():
            assert sheet.price_per_kwh(period, multiplier) == pytest.approx(row.recomputed[period], abs=1e-6)
