"""What the product catalog holds: presets, prices, validity, documents."""

from __future__ import annotations

from collections.abc import Iterator

from storage_opt.catalog.products import ProductRow, products
from storage_opt.report.view import Row, View

__all__ = ["product_list_view"]

_UNITS = {
    "price_held_per_kwh": "kWh held",
    "price_held_per_kw_day": "kW held and day",
    "price_called_per_kwh": "kWh called",
    "price_per_kwh": "kWh",
    "price_per_kw": "kW and event",
    "price_per_kw_year": "kW and year",
}


def product_list_view() -> View:
    """What `storage-opt tariff products` prints: a row for each preset."""

    def tables() -> list[object]:
        from storage_opt.report.layout import Column, table

        columns: list[Column] = [
            ("Preset 产品", "left"),
            ("Sold, CNY", "left"),
            ("in force", "left"),
            ("known", "left"),
        ]
        rows = [
            (
                f"{row.product}\n{row.english} {row.chinese}",
                f"{row.section} {row.direction or row.kind}\n{_price(row)}",
                f"{row.valid_from}\nto {row.valid_until}" if row.valid_until else f"from\n{row.valid_from}",
                str(row.confidence),
            )
            for row in products()
        ]
        note = 'write `preset = "CODE"` in the section; `--format csv` adds documents and notes; BL: verify before use'
        return [table("Market products 市场产品目录", columns, rows, note=note)]

    return View(tables, lambda: {"products": list(_rows())}, _rows)  # type: ignore[arg-type]


def _rows() -> Iterator[Row]:
    for row in products():
        yield {name: "" if value is None else value for name, value in row.model_dump(mode="json").items()}


def _price(row: ProductRow) -> str:
    return ", ".join(f"{value:g} / {unit}" for key, unit in _UNITS.items() if (value := getattr(row, key)) is not None)
