"""A region's tariff for a terminal: the map of months and hours in letters, prices by season, sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from storage_opt.catalog.region_tariff import RegionTariff
from storage_opt.catalog.tou_rows import Period
from storage_opt.report.view import Row, View
from storage_opt.report.words import both

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["LETTERS", "map_lines", "tariff_view"]

LETTERS = {Period.TIP: "T", Period.PEAK: "P", Period.FLAT: "F", Period.VALLEY: "V", Period.DEEP: "D"}

_STYLES = {"T": "bold white on red", "P": "black on yellow", "V": "black on cyan", "D": "bold white on blue"}
_ALL_MONTHS = range(1, 13)


def tariff_view(tariff: RegionTariff, month: int | None = None) -> View:
    """What `storage-opt tariff show` prints.

    Parameters
    ----------
    tariff : RegionTariff
        The region at a voltage.
    month : int or None
        This month alone, with its periods listed; all twelve otherwise. [1-12]
    """
    months = _ALL_MONTHS if month is None else range(month, month + 1)

    def rows() -> Iterator[Row]:
        for number in months:
            for window in tariff.windows(number):
                yield {
                    "month": number,
                    "start": window.start,
                    "end": window.end,
                    "period": str(window.period),
                    "multiplier": window.multiplier,
                    "price_per_kwh": window.price_per_kwh,
                }

    return View(lambda: _tables(tariff, months), lambda: {**_head(tariff), "windows": list(rows())}, rows)


def map_lines(tariff: RegionTariff, months: Sequence[int]) -> tuple[str, ...]:
    """A line for each month: a letter an hour, or a letter each half hour where a period begins at half past."""
    halves = tariff.calendar.needs_half_hours
    lines = []
    for month in months:
        letters = [LETTERS[period] for period in tariff.calendar.days[month - 1]]
        lines.append("".join(letters) if halves else "".join(f"{letter} " for letter in letters[::2]))
    return tuple(lines)


def _tables(tariff: RegionTariff, months: Sequence[int]) -> Sequence[RenderableType]:
    from rich.text import Text

    from storage_opt.report.layout import heading

    grid, network = tariff.grid, tariff.network
    kind = f", days of `{tariff.calendar.variant}`" if tariff.calendar.variant else ""
    head = heading(
        f"{grid.english} {grid.chinese}, {network.voltage_kv} kV, two-part 两部制, {tariff.on}{kind}",
        f"demand 需量 {network.demand_per_kw_month} CNY/kW-month or capacity 容量 {network.capacity_per_kva_month} "
        f"CNY/kVA-month; network energy 输配 {network.energy_per_kwh} CNY/kWh, loss 线损 {network.loss_frac:.2%}",
    )
    return [head, _coloured_map(tariff, months), Text(), _price_table(tariff, months), _source_table(tariff)]


def _coloured_map(tariff: RegionTariff, months: Sequence[int]) -> RenderableType:
    from rich.text import Text

    text = Text(no_wrap=True)
    text.append("  month " + "".join(f"{hour:<6d}" for hour in range(0, 24, 3)) + "24", style="dim")
    for month, line in zip(months, map_lines(tariff, months), strict=True):
        text.append(f"\n  {month:>5d} ")
        for run in re.findall(r"((\w) ?(?:\2 ?)*)", line):
            text.append(run[0], style=_STYLES.get(run[1]))
    key = "   ".join(f"{letter} {both(period)}" for period, letter in LETTERS.items())
    text.append(f"\n\n  {key}")
    return text


def _price_table(tariff: RegionTariff, months: Sequence[int]) -> RenderableType:
    """A line for each group of months with the same periods and prices."""
    from storage_opt.report.layout import Column, table

    priced = tariff.sheet is not None
    groups: dict[tuple[str, ...], list[int]] = {}
    for month in months:
        occurring = set(tariff.calendar.days[month - 1])
        cells = tuple(_cell(tariff, month, period, occurs=period in occurring) for period in LETTERS)
        groups.setdefault(cells, []).append(month)
    columns: list[Column] = [(both("month"), "left"), *((both(period), "right") for period in LETTERS)]
    rows = [(_month_words(numbers), *cells) for cells, numbers in groups.items()]
    title = "Energy price 电价 [CNY/kWh], in brackets the multiplier" if priced else "Multiplier 浮动比例"
    base = tariff.calendar.base
    note = "" if base is None else f"what floats 浮动部分: {base}"
    if len(months) == 1:
        note += ("\n" if note else "") + _day_words(tariff, months[0])
    return table(title, columns, rows, note=note)


def _cell(tariff: RegionTariff, month: int, period: Period, *, occurs: bool) -> str:
    if not occurs:
        return "-"
    multiplier, price = tariff.calendar.multipliers(month).get(period), tariff.price_per_kwh(month, period)
    factor = "" if multiplier is None else f"{multiplier:g}"
    if price is None:
        return factor or "market"
    return f"{price:.4f} ({factor})" if factor else f"{price:.4f}"


def _day_words(tariff: RegionTariff, month: int) -> str:
    return "\n".join(f"{window.start}-{window.end}  {both(window.period)}" for window in tariff.windows(month))


def _month_words(months: Sequence[int]) -> str:
    """Months as spans, such as ``1-5, 9-12``."""
    spans: list[list[int]] = []
    for month in months:
        if spans and spans[-1][-1] == month - 1:
            spans[-1].append(month)
        else:
            spans.append([month])
    return ", ".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def _source_table(tariff: RegionTariff) -> RenderableType:
    from storage_opt.report.layout import table

    columns = [("Source 来源", "left"), ("Document 文号", "left"), ("in force", "left"), ("", "left"), ("Note", "left")]
    rows = dict.fromkeys(
        (
            str(source["title"]),
            str(source["document"]),
            f"{source['valid_from']} to {source['valid_until'] or 'open'}",
            str(source["confidence"]),
            str(source["note"]),
        )
        for source in _sources(tariff)
    )
    marks = {row.confidence: row.confidence.meaning for row in tariff.sources}
    return table("Sources 来源", columns, rows, note="; ".join(f"{mark}: {words}" for mark, words in marks.items()))


def _sources(tariff: RegionTariff) -> Iterator[Row]:
    for row in tariff.sources:
        yield {
            "title": row.title,
            "document": row.document,
            "valid_from": str(row.valid_from),
            "valid_until": str(row.valid_until or ""),
            "confidence": str(row.confidence),
            "note": row.note,
        }


def _head(tariff: RegionTariff) -> Row:
    network = tariff.network
    return {
        "grid": tariff.grid.grid,
        "english": tariff.grid.english,
        "chinese": tariff.grid.chinese,
        "voltage_kv": network.voltage_kv,
        "on": str(tariff.on),
        "variant": tariff.calendar.variant,
        "network": {
            "energy_per_kwh": network.energy_per_kwh,
            "demand_per_kw_month": network.demand_per_kw_month,
            "capacity_per_kva_month": network.capacity_per_kva_month,
            "loss_frac": network.loss_frac,
            "funds_per_kwh": network.funds_per_kwh,
        },
        "base": None if tariff.calendar.base is None else str(tariff.calendar.base),
        "sources": list(_sources(tariff)),
        "notes": list(tariff.notes),
    }
