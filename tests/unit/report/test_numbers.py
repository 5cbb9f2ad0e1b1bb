import pytest

from storage_opt.report.numbers import energy_scale, money_scale, power_scale, significant, tiny


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (31.2, "31.2"),
        (30.0, "30"),
        (1.005, "1"),
        (0.0456, "0.0456"),
        (1_234_567.8, "1,234,568"),
        (100.0, "100"),
        (0.00012, "0.00012"),
        (-1e-12, "0"),
        (0.0, "0"),
        (-31.25, "-31.25"),
    ],
)
def test_a_number_in_a_sentence_has_no_exponent_and_no_idle_digits(value, text):
    assert significant(value) == text


def test_a_small_site_reads_in_kwh_and_a_large_one_in_mwh():
    small, large = energy_scale([900.0, -4000.0]), energy_scale([1_000_000.0, 2.0])
    assert (small.unit, small.text(4000.4)) == ("kWh", "4,000")
    assert (large.unit, large.text(1_234_567.0)) == ("MWh", "1,234.6")


def test_power_reads_in_mw_from_ten_megawatt():
    assert power_scale([9_999.0]).unit == "kW"
    assert power_scale([10_000.0]).text(110_000.0) == "110.00"


def test_money_shows_cents_only_where_amounts_are_small():
    assert money_scale([12.5], "EUR").text(1234.5) == "1,234.50"
    assert money_scale([12_345.6], "EUR").text(12_345.6) == "12,346"


def test_nothing_is_ever_minus_zero():
    assert money_scale([1e6], "CNY").text(-0.2) == "0"
    assert money_scale([], "CNY").text(-0.001) == "0.00"


def test_residuals_show_their_power_of_ten():
    assert (tiny(0.0), tiny(3.14e-9)) == ("0", "3.1e-09")
