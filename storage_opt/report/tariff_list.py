"""What the tariff catalog holds: grids, calendars, validity, documents."""

from __future__ import annotations

from collections.abc import Iterator

from storage_opt.catalog.grids import grids
from storage_opt.catalog.network_price import network_prices
from storage_opt.catalog.region_tariff import price_sheets
from storage_opt.catalog.tou_calendar import TouCalendar, tou_calendars, variants_of
from storage_opt.report.view import Row, View

__all__ = ["tariff_list_view"]


def tariff_list_view() -> View:
    """What `storage-opt tariff list` prints: a row for each grid and version of its calendar."""

    def tables() -> list[object]:
        from storage_opt.report.layout import Column, table

        columns: list[Column] = [
            ("Code", "left"),
            ("Grid 电网", "left"),
            ("kV", "left"),
            ("Calendar 分时时段", "left"),
            ("in force", "left"),
            ("floats", "left"),
            ("Prices 电价", "left"),
        ]
        rows = [
            (
                str(row["grid"]),
                f"{row['english']} {row['chinese']}",
                str(row["voltages_kv"]).replace(" ", "/"),
                str(row["calendar_document"]) or "-",
                _span(row["calendar_valid_from"], row["calendar_valid_until"]),
                str(row["base"]) or "-",
                str(row["prices"]) or "-",
            )
            for row in _rows()
        ]
        networks = network_prices()
        note = (
            f"network prices 输配电价: {networks[0].document}, from {networks[0].valid_from}; "
            "`storage-opt tariff show CODE` draws a calendar"
        )
        return [table("Tariffs 电价目录", columns, rows, note=note)]

    return View(tables, lambda: {"tariffs": list(_rows())}, _rows)  # type: ignore[arg-type]


def _rows() -> Iterator[Row]:
    calendars = tou_calendars()
    for grid in grids():
        networks = [row for row in network_prices() if row.grid == grid.grid]
        sheets = price_sheets(grid.grid)
        versions: list[TouCalendar | None] = [calendar for calendar in calendars if calendar.grid == grid.calendar]
        for calendar in versions or [None]:
            yield {
                "grid": grid.grid,
                "english": grid.english,
                "chinese": grid.chinese,
                "voltages_kv": " ".join(str(row.voltage_kv) for row in networks),
                "network_document": networks[0].document,
                "network_valid_from": str(networks[0].valid_from),
                "network_valid_until": str(networks[0].valid_until or ""),
                "network_confidence": str(networks[0].confidence),
                **_calendar_cells(calendar),
                "prices": ", ".join(f"{sheet.row.valid_from:%Y-%m} {sheet.voltage_kv}kV" for sheet in sheets),
            }


def _calendar_cells(calendar: TouCalendar | None) -> Row:
    if calendar is None:
        names = ("document", "valid_from", "valid_until", "confidence")
        return {**{f"calendar_{name}": "" for name in names}, "base": "", "variants": ""}
    row = calendar.row
    return {
        "calendar_document": row.document,
        "calendar_valid_from": str(row.valid_from),
        "calendar_valid_until": str(row.valid_until or ""),
        "calendar_confidence": str(row.confidence),
        "base": str(calendar.base or ""),
        "variants": " ".join(dict.fromkeys(other.variant for other in variants_of(calendar))),
    }


def _span(start: object, end: object) -> str:
    return f"{start} to {end}" if end else f"from {start}" if start else "-"
