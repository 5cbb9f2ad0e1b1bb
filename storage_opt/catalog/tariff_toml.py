"""A region's tariff as a section of `site.toml`, with its sources as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from storage_opt.catalog.price_sheets import ComponentPrices
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.catalog.region_tariff import RegionTariff, clock, price_sheets
from storage_opt.catalog.tou_calendar import calendar_codes, runs
from storage_opt.catalog.tou_rows import Period
from storage_opt.errors import Fault, InputError

__all__ = ["grids_with_prices", "tariff_toml"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_CHINESE = {Period.TIP: "尖峰", Period.PEAK: "高峰", Period.FLAT: "平段", Period.VALLEY: "低谷", Period.DEEP: "深谷"}
_PARTS = {
    "purchase_per_kwh": "purchase 代理购电价",
    "capacity_compensation_per_kwh": "capacity compensation 容量补偿电价",
    "loss_per_kwh": "line loss 上网环节线损费用",
    "network_per_kwh": "network 电量输配电价",
    "system_per_kwh": "system operation 系统运行费",
    "funds_per_kwh": "government funds 政府性基金及附加",
}

Rule = tuple[Period, tuple[int, ...], tuple[str, ...], float]


def grids_with_prices() -> tuple[str, ...]:
    """Codes of the grids for which the catalog has both a calendar and a price sheet."""
    with_sheet = {sheet.row.grid for code in _codes() for sheet in price_sheets(code)}
    return tuple(code for code in _codes() if code in with_sheet)


def tariff_toml(tariff: RegionTariff, name: str = "supply") -> str:
    """The section ``[tariff.NAME]``: time-of-use energy and demand, ready to stand in a site file.

    Parameters
    ----------
    tariff : RegionTariff
        Network prices, calendar and prices of a region at a voltage.
    name : str
        Name of the tariff in the site file.

    Raises
    ------
    InputError
        When the catalog has no prices for this calendar, or the name can't be one.
    """
    if not _NAME.fullmatch(name):
        what = f"`{name}` can't be the name of a tariff"
        raise InputError([Fault(what, "use letters, digits, `_` and `-`, such as `supply`", key="--name")])
    if tariff.sheet is None:
        what = f"the catalog has no energy prices of {tariff.grid.grid} that fit its calendar on {tariff.on}"
        hint = f"choose another day with --on, or one of {', '.join(grids_with_prices())}"
        raise InputError([Fault(what, hint)])
    head = f"[tariff.{name}]\n" + f'meter = "import"\npayee = {json.dumps(tariff.grid.payee, ensure_ascii=False)}\n'
    lines = [
        *_comments(tariff),
        "",
        head,
        f"[[tariff.{name}.energy]]",
        'name = "energy"',
        *_flat_parts(tariff),
        "tou = [",
    ]
    lines += [f"  {_rule_text(rule)}" for rule in _rules(tariff)]
    lines += [
        f'  {{ period = "flat", price_per_kwh = {tariff.price_per_kwh(1, Period.FLAT)} }},  # {_CHINESE[Period.FLAT]}',
        "]",
        "",
        f"[[tariff.{name}.demand]]",
        'name = "demand"',
        "# demand price 需量电价, CNY/kW-month, on the highest mean of 15 minutes: with a step of 5 or 15 minutes add",
        "# averaging_minutes = 15",
        f"price_per_kw = {tariff.network.demand_per_kw_month}",
        "",
        "# In place of it, capacity price 容量电价 on the receiving transformers:",
        f"# [[tariff.{name}.fixed]]",
        '# name = "capacity"',
        f"# price_per_kva = {tariff.network.capacity_per_kva_month}",
        "# capacity_kva = 0",
    ]
    return "\n".join(lines) + "\n"


def _codes() -> tuple[str, ...]:
    from storage_opt.catalog.grids import grids

    return tuple(grid.grid for grid in grids() if grid.calendar in calendar_codes())


def _rules(tariff: RegionTariff) -> tuple[Rule, ...]:
    """Rules that never overlap: of each period, months that share hours and price together."""
    months_of: dict[tuple[Period, tuple[str, ...], float], list[int]] = {}
    for month in range(1, 13):
        hours: dict[Period, list[str]] = {}
        for begin, end, period in runs(tariff.calendar.days[month - 1]):
            hours.setdefault(period, []).append(f"{clock(begin)}-{clock(end)}")
        for period, texts in hours.items():
            price = tariff.price_per_kwh(month, period)
            if period is Period.FLAT:
                continue
            if price is None:
                what = f"the catalog has no price of the {period} of {tariff.grid.grid} in month {month}"
                raise InputError([Fault(what, "choose another day with --on, or write the prices into the site")])
            months_of.setdefault((period, tuple(texts), price), []).append(month)
    order = list(Period)
    found = [(period, tuple(months), hours, price) for (period, hours, price), months in months_of.items()]
    return tuple(sorted(found, key=lambda rule: (order.index(rule[0]), rule[1])))


def _rule_text(rule: Rule) -> str:
    period, months, hours, price = rule
    when = "" if len(months) == 12 else f"months = {list(months)}, "
    texts = json.dumps(list(hours))
    return f'{{ period = "{period}", {when}hours = {texts}, price_per_kwh = {price} }},  # {_CHINESE[period]}'


def _comments(tariff: RegionTariff) -> Iterator[str]:
    grid = tariff.grid
    yield (
        f"# {grid.english} {grid.chinese}, {tariff.network.voltage_kv} kV, two-part tariff 两部制电价, "
        f"as the catalog has it for {tariff.on}."
    )
    yield "# CNY, VAT included 含税. Energy prices hold all components. Sources 来源:"
    seen: list[str] = []
    for row in tariff.sources:
        line = f"#   {row.title}: {row.document}, {_validity(row)} [{row.confidence}]"
        line += f"; {row.note}" if row.note else ""
        if line not in seen:
            seen.append(line)
    yield from seen
    if tariff.notes:
        yield "# Notes 说明:"
        yield from (f"#   {note}" for note in tariff.notes)
    if tariff.calendar.needs_half_hours:
        yield "#   periods begin at half past: set step_minutes to 30 or less in [horizon]"


def _flat_parts(tariff: RegionTariff) -> Iterator[str]:
    """The flat price in its parts, where they are known."""
    sheet = tariff.sheet
    if sheet is None or not isinstance(sheet.row, ComponentPrices):
        return
    yield f"# flat price at {sheet.row.voltage_kv} kV, CNY/kWh:"
    for name, words in _PARTS.items():
        value = getattr(sheet.row, name)
        if value:
            yield f"#   {value:.6f}  {words}"


def _validity(row: ProvenanceRow) -> str:
    return f"{row.valid_from} to {row.valid_until}" if row.valid_until else f"from {row.valid_from}"
