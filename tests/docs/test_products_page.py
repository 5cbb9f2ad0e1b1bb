"""The page of market products has every row of the catalog, with its price, dates and confidence, and no other."""

from __future__ import annotations

import re

import pytest

from storage_opt.catalog.products import ProductRow, products
from storage_opt.catalog.provenance_row import Confidence
from tests.support.source import DOCS

PAGE = (DOCS / "reference" / "products.md").read_text(encoding="utf-8")
SECTIONS = {
    name: re.findall(r"^\| (`\w+` \|.*) \|$", text, re.MULTILINE)
    for name, text in re.findall(r"^## [^`\n]+: `\[(\w+)\.NAME\]`\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
}
UNITS = {
    "kWh held": "price_held_per_kwh",
    "kW held and day": "price_held_per_kw_day",
    "kWh called": "price_called_per_kwh",
    "kWh": "price_per_kwh",
    "kW and event": "price_per_kw",
    "kW and year": "price_per_kw_year",
}


def test_sections_hold_the_rows_of_the_table_in_its_order():
    written = [(name, row.split("`")[1]) for name, rows in SECTIONS.items() for row in rows]
    assert written == [(row.section, row.product) for row in products()]


@pytest.mark.parametrize("row", products(), ids=lambda row: row.product)
def test_every_cell_is_that_of_the_table(row: ProductRow):
    (line,) = (text for text in SECTIONS[row.section] if text.startswith(f"`{row.product}` "))
    _, name, sold, price, force, known, note = line.split(" | ")
    assert name == f"{row.english} {row.chinese}"
    first, *terms = sold.split(", ")
    assert first == (row.direction or row.kind)
    assert {float(term.split()[-2]) for term in terms} == {row.duration_h, row.net_peak_h} - {None}
    prices = {UNITS[unit]: float(value) for value, unit in (part.split(" / ") for part in price.split(", "))}
    assert prices == {key: value for key, value in row.values().items() if key.startswith("price_")}
    assert re.findall(r"\d{4}-\d\d-\d\d", force) == [str(day) for day in (row.valid_from, row.valid_until) if day]
    assert known == row.confidence
    assert note == f"{row.document}: {row.note}"


def test_every_mark_is_explained():
    assert [str(mark) for mark in Confidence if f"`{mark}`" not in PAGE] == []
