"""Rules of the two-part tariff and the power-factor table."""

from __future__ import annotations

from datetime import date

import pytest

from storage_opt.catalog.network_price import network_price
from storage_opt.catalog.two_part import power_factor_adjustment_frac, two_part_rule, two_part_rules
from storage_opt.errors import InputError


@pytest.mark.parametrize(
    ("power_factor", "adjustment"),
    [
        (1.00, -0.0075),
        (0.95, -0.0075),
        (0.94, -0.0060),
        (0.93, -0.0045),
        (0.92, -0.0030),
        (0.91, -0.0015),
        (0.90, 0.0),
        (0.89, 0.005),
        (0.70, 0.10),
        (0.69, 0.11),
        (0.65, 0.15),
        (0.64, 0.17),
        (0.60, 0.25),
    ],
)
def test_the_table_against_the_standard_of_090(power_factor, adjustment):
    assert power_factor_adjustment_frac(power_factor) == pytest.approx(adjustment, abs=1e-12)


def test_a_power_factor_is_read_to_the_hundredth():
    assert power_factor_adjustment_frac(0.8951) == 0.0
    assert power_factor_adjustment_frac(0.8949) == pytest.approx(0.005)


def test_what_is_no_power_factor_is_refused():
    with pytest.raises(InputError, match=r"power factor 95 is none"):
        power_factor_adjustment_frac(95)
    with pytest.raises(InputError, match=r"no power-factor table for the standard 0\.85; hint: choose 0\.9,"):
        power_factor_adjustment_frac(0.9, standard=0.85)


def test_rules_are_found_by_name():
    assert two_part_rule("rebate_from_kwh_per_kva_month").value == 260
    assert two_part_rule("rebate_price_frac").value == 0.9
    assert 1 + two_part_rule("contract_band_frac").value == 1.05
    with pytest.raises(InputError, match="did you mean `rebate_price_frac`"):
        two_part_rule("rebate_price")
    assert len({row.rule for row in two_part_rules()}) == len(two_part_rules())


def test_demand_or_capacity_breaks_even_where_the_prices_say():
    """Mengxi 110 kV: 19.5 / 31.2 = 0.625 of the transformers; with the rebate 19.5 / (0.9 x 31.2) = 0.694."""
    row = network_price("NM_W", 110, date(2026, 9, 1))
    capacity, demand = row.capacity_per_kva_month, row.demand_per_kw_month
    assert capacity / demand == pytest.approx(0.625)
    assert capacity / (two_part_rule("rebate_price_frac").value * demand) == pytest.approx(0.6944, abs=1e-4)
