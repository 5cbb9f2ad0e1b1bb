"""Every row of the product catalog loads, says how it is known, and is refused where a cell could not be used."""

from __future__ import annotations

from datetime import date

import pytest

from storage_opt.catalog.china_tables import CHINA
from storage_opt.catalog.products import find_product, product_rows, products
from storage_opt.catalog.provenance_row import Confidence
from storage_opt.errors import InputError

HEADER = (CHINA / "products.csv").read_text(encoding="utf-8").splitlines()[0]

PRICES = {
    "gansu_peak_regulation": ("price_held_per_kw_day", 0.300),
    "xinjiang_ordered_charge": ("price_called_per_kwh", 0.55),
    "xinjiang_ordered_discharge": ("price_called_per_kwh", 0.25),
    "ningxia_peak_regulation": ("price_called_per_kwh", 0.6),
    "qinghai_peak_regulation": ("price_called_per_kwh", 0.3),
    "southern_peak_regulation": ("price_called_per_kwh", 0.792),
    "north_china_peak_regulation": ("price_called_per_kwh", 0.3),
    "shandong_peak_regulation": ("price_called_per_kwh", 0.4),
    "gansu_shave": ("price_per_kwh", 1.0),
    "gansu_fill": ("price_per_kwh", 0.5),
    "gansu_emergency_shave": ("price_per_kwh", 1.5),
    "gansu_emergency_fill": ("price_per_kwh", 0.75),
    "guangdong_shave": ("price_per_kwh", 2.7),
    "guangdong_fill": ("price_per_kwh", 0.298),
    "guizhou_shave": ("price_per_kwh", 1.5),
    "zhejiang_shave": ("price_per_kwh", 3.0),
    "jiangsu_shave": ("price_per_kw", 10.0),
    "gansu_capacity": ("price_per_kw_year", 330.0),
    "hubei_capacity": ("price_per_kw_year", 165.0),
    "qinghai_capacity_february": ("price_per_kw_year", 165.0),
    "qinghai_capacity_april": ("price_per_kw_year", 185.0),
    "hebei_capacity": ("price_per_kw_year", 100.0),
    "ningxia_capacity_2025": ("price_per_kw_year", 100.0),
    "ningxia_capacity_2026": ("price_per_kw_year", 165.0),
    "inner_mongolia_discharge_2025": ("price_per_kwh", 0.35),
    "inner_mongolia_discharge_later": ("price_per_kwh", 0.28),
    "xinjiang_discharge_2023": ("price_per_kwh", 0.2),
    "xinjiang_discharge_2024": ("price_per_kwh", 0.16),
    "xinjiang_discharge_2025": ("price_per_kwh", 0.128),
}
"""Typed from the sources a second time, in yuan."""


def _row(**cells: str) -> str:
    given = {
        "product": "a",
        "english": "A",
        "chinese": "甲",
        "document": "a notice",
        "valid_from": "2026-01-01",
        "confidence": "S",
    } | cells
    return ",".join(given.get(column, "") for column in HEADER.split(","))


def _table(folder, *rows: str):
    (folder / "products.csv").write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    return folder


def test_every_price_is_the_one_of_its_source():
    read = {
        row.product: [(key, value) for key, value in row.values().items() if key.startswith("price_")]
        for row in products()
    }
    assert read == {code: [price] for code, price in PRICES.items()}


def test_what_is_a_cap_or_the_end_of_a_range_says_so_where_a_result_is_read():
    for row in products():
        is_cap = row.note.startswith("cap")
        assert ("(cap)" in row.english) == is_cap == ("上限" in row.chinese), row.product
    ranges = {row.product for row in products() if "the lower end is taken" in row.note}
    assert ranges == {"qinghai_peak_regulation", "north_china_peak_regulation", "zhejiang_shave", "jiangsu_shave"}


def test_what_is_paid_on_orders_is_held_for_calls_and_never_paid_by_rule():
    orders = {row.product for row in products() if "order" in row.english or "peak regulation" in row.english.lower()}
    assert {find_product(code).section for code in orders} == {"regulation"}
    assert all("list" in row.note for row in products() if row.kind == "capacity")


def test_dates_are_those_of_the_sources():
    assert find_product("gansu_capacity").holds_on(date(2027, 12, 31))
    assert not find_product("gansu_capacity").holds_on(date(2028, 1, 1))
    assert not find_product("guangdong_shave").holds_on(date(2027, 1, 1))
    assert find_product("inner_mongolia_discharge_2025").valid_until == date(2034, 12, 31)
    undated = [row for row in products() if "undated" in row.note]
    assert {(row.confidence, row.valid_until) for row in undated} == {(Confidence.BL, date(2023, 12, 31))}


def test_compensation_of_xinjiang_falls_by_a_fifth_each_year():
    prices = [find_product(f"xinjiang_discharge_{year}").price_per_kwh for year in (2023, 2024, 2025)]
    assert prices == pytest.approx([0.2, 0.2 * 0.8, 0.2 * 0.8**2])


def test_an_unknown_product_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean `guangdong_shave`") as raised:
        find_product("guangdong_shaving")
    assert "docs/reference/products.md lists all" in str(raised.value)
    with pytest.raises(InputError) as raised:
        find_product("nothing like it")
    assert "did you mean" not in str(raised.value)


# --------------------------------------------------------------------------- broken tables


def test_a_sound_row_loads(tmp_path):
    rows = product_rows(_table(tmp_path, _row(section="response", direction="fill", price_per_kw="2")))
    assert [row.values() for row in rows] == [{"direction": "fill", "price_per_kw": 2.0}]


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"section": "response", "direction": "shave", "price_per_kwh": "1", "duration_h": "2"}, "use duration_h"),
        ({"section": "response", "direction": "shave", "price_held_per_kwh": "1"}, "can't use price_held_per_kwh"),
        ({"section": "response", "direction": "up", "price_per_kwh": "1"}, "direction of a response is one of shave"),
        ({"section": "response", "price_per_kwh": "1"}, "direction of a response"),
        ({"section": "regulation", "direction": "shave", "price_held_per_kwh": "1"}, "direction of a regulation"),
        ({"section": "regulation", "direction": "up", "price_per_kwh": "1"}, "can't use price_per_kwh"),
        ({"section": "regulation", "direction": "up", "duration_h": "2"}, "there is no price"),
        ({"section": "regulation", "direction": "up", "kind": "charge", "price_per_kwh": "1"}, "has a kind"),
        ({"section": "incentive", "price_per_kwh": "1"}, "has a kind"),
        ({"section": "incentive", "kind": "discharge", "price_per_kw_year": "1"}, "can't use price_per_kw_year"),
        ({"section": "incentive", "kind": "capacity", "price_per_kwh": "1"}, "can't use price_per_kwh"),
        ({"section": "incentive", "kind": "charge", "price_per_kwh": "1", "direction": "up"}, "can't use direction"),
        ({"section": "incentive", "kind": "charge", "price_per_kwh": "1", "least_kwh": "9"}, "can't use least_kwh"),
        ({"section": "incentive", "kind": "charge", "price_per_kwh": "-1"}, "greater than or equal to 0"),
        ({"section": "incentive", "kind": "charge", "price_per_kwh": "nan"}, "finite"),
        ({"section": "regulation", "direction": "up", "price_called_per_kwh": "1", "duration_h": "0"}, "than 0"),
        ({"section": "reserve", "direction": "up", "price_called_per_kwh": "1"}, "'regulation', 'response'"),
    ],
)  # fmt: skip
def test_a_cell_that_no_product_could_use_is_refused_with_its_row(tmp_path, cells, what):
    with pytest.raises(InputError) as raised:
        product_rows(_table(tmp_path, _row(product="sound", section="response", direction="fill", price_per_kw="2"),
                            _row(**cells)))  # fmt: skip
    (fault,) = raised.value.faults
    assert what in fault.what
    assert (fault.file, fault.row) == ("china/products.csv", 3)


def test_a_code_that_is_there_twice_is_refused(tmp_path):
    row = _row(section="response", direction="fill", price_per_kw="2")
    with pytest.raises(InputError, match="two products named `a`"):
        product_rows(_table(tmp_path, row, row))
