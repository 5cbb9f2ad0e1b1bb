"""A region's tariff at a voltage: network prices, calendar and, where they exist, prices of each half hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from storage_opt.catalog.grids import Grid, find_grid, find_voltage_kv
from storage_opt.catalog.network_price import NetworkPrice, network_price
from storage_opt.catalog.price_sheets import (
    AgencyPrices,
    ComponentPrices,
    PriceSheet,
    agency_prices,
    at_voltage,
    component_prices,
)
from storage_opt.catalog.provenance_row import ProvenanceRow, stale_note
from storage_opt.catalog.tou_calendar import TouCalendar, runs, tou_calendar, variants_of
from storage_opt.catalog.tou_rows import Period

__all__ = ["RegionTariff", "TariffWindow", "clock", "price_sheets", "region_tariff", "today_in_china"]


def clock(half_hour: int) -> str:
    """Wall clock at the start of a half hour.

    Examples
    --------
    >>> clock(39), clock(48)
    ('19:30', '24:00')
    """
    return f"{half_hour // 2:02d}:{half_hour % 2 * 30:02d}"


def today_in_china() -> date:
    """The current date where these tariffs hold."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@dataclass(frozen=True, slots=True)
class TariffWindow:
    """A run of half hours of one period in a month.

    Parameters
    ----------
    month : int
        Calendar month. [1-12]
    start, end : str
        Wall clock, half-open.
    period : Period
        Price period.
    multiplier : float or None
        Its multiplier; None where the market forms prices.
    price_per_kwh : float or None
        Its price; None when the catalog has none. [CNY/kWh]
    """

    month: int
    start: str
    end: str
    period: Period
    multiplier: float | None
    price_per_kwh: float | None


@dataclass(frozen=True)
class RegionTariff:
    """All the catalog knows of a region at a voltage on a day.

    Parameters
    ----------
    grid : Grid
        The region.
    on : date
        Day of supply.
    network : NetworkPrice
        Network prices.
    calendar : TouCalendar
        Periods and multipliers.
    sheet : PriceSheet or None
        Energy prices; None when there are none for this calendar.
    notes : tuple of str
        What is out of date, derived or missing.
    """

    grid: Grid
    on: date
    network: NetworkPrice
    calendar: TouCalendar
    sheet: PriceSheet | None
    notes: tuple[str, ...]

    @property
    def sources(self) -> tuple[ProvenanceRow, ...]:
        """Rows the tariff is made of."""
        return (self.network, *self.calendar.sources, *([self.sheet.row] if self.sheet else []))

    def price_per_kwh(self, month: int, period: Period) -> float | None:
        """Price of a period in a month; None when the catalog has none. [CNY/kWh]"""
        if self.sheet is None:
            return None
        return self.sheet.price_per_kwh(period, self.calendar.multipliers(month).get(period))

    def prices_per_kwh(self, month: int) -> tuple[float | None, ...]:
        """Price of each half hour of a month (48,). [CNY/kWh]"""
        return tuple(self.price_per_kwh(month, period) for period in self.calendar.days[month - 1])

    def windows(self, month: int) -> Iterator[TariffWindow]:
        """The day of a month, a period after the other."""
        multipliers = self.calendar.multipliers(month)
        for begin, end, period in runs(self.calendar.days[month - 1]):
            price = self.price_per_kwh(month, period)
            yield TariffWindow(month, clock(begin), clock(end), period, multipliers.get(period), price)


def price_sheets(grid: str) -> tuple[PriceSheet, ...]:
    """Prices of the two-part tariff the catalog has for a grid, newest first."""
    found: list[ComponentPrices | AgencyPrices] = [
        row for row in component_prices() if row.grid == grid and row.two_part and row.complete
    ]
    found += [row for row in agency_prices() if row.grid == grid]
    return tuple(PriceSheet.of(row) for row in sorted(found, key=lambda row: row.valid_from, reverse=True))


def region_tariff(
    region: str, voltage: str | float, on: date, *, variant: str = "", until: date | None = None
) -> RegionTariff:
    """The two-part tariff of a region at a voltage.

    Parameters
    ----------
    region : str
        Code or name of a grid.
    voltage : str or float
        Voltage, such as ``"110kV"``. [kV]
    on : date
        Day of supply.
    variant : str
        Kind of day, such as ``holiday``; ordinary days unless it is asked for.
    until : date or None
        Day after the last day it is used for; by default it is used for one day.

    Raises
    ------
    InputError
        When the catalog does not have it.
    """
    grid, voltage_kv = find_grid(region), find_voltage_kv(voltage)
    network = network_price(grid.grid, voltage_kv, on)
    calendar = tou_calendar(grid.grid, on, variant=variant)
    sheets = price_sheets(grid.grid)
    fitting = [sheet for sheet in sheets if sheet.base is calendar.base and _priced(sheet, calendar)]
    sheet = at_voltage(fitting[0], voltage_kv, on) if fitting else None
    return RegionTariff(
        grid,
        on,
        network,
        calendar,
        sheet,
        tuple(_notes(grid, (on, until or on + timedelta(days=1)), network, calendar, sheet)),
    )


def _priced(sheet: PriceSheet, calendar: TouCalendar) -> bool:
    # multipliers of a rule say nothing about a price whose floating part is unknown, and the reverse
    return (sheet.floating_per_kwh is not None) == calendar.has_multipliers


def _notes(
    grid: Grid, used: tuple[date, date], network: NetworkPrice, calendar: TouCalendar, sheet: PriceSheet | None
) -> Iterator[str]:
    dated: list[ProvenanceRow] = [network, calendar.row, *([sheet.row] if sheet else [])]
    for row in dated:
        stale = stale_note(row, *used)
        if stale:
            yield stale
    if sheet is not None:
        yield from sheet.notes
    elif not calendar.has_multipliers:
        yield f"no prices of {grid.grid} in the catalog that fit; the market forms them, so only periods are shown"
    else:
        yield f"no prices of {grid.grid} in the catalog that fit this calendar, so multipliers are shown"
    if not calendar.variant:
        for other in variants_of(calendar):
            yield f"not applied: {other.period} on {other.applies_to} (variant `{other.variant}`, {other.document})"
