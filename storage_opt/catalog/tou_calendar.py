"""Time-of-use calendars: the period of each half hour of each month, and its multiplier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from storage_opt.catalog.china_tables import CHINA, read_rows
from storage_opt.catalog.grids import find_grid
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.catalog.tou_rows import HALF_HOURS, PRECEDENCE, Period, TouRow, VariantRow
from storage_opt.errors import Fault, Faults, InputError
from storage_opt.spec.floating_base import FloatingBase

__all__ = [
    "TouCalendar",
    "calendar_codes",
    "day_of",
    "read_calendars",
    "runs",
    "tou_calendar",
    "tou_calendars",
    "variants_of",
]

_MONTHS = range(1, 13)
Day = tuple[Period, ...]


def day_of(claims: Mapping[Period, Iterable[int]]) -> Day:
    """Period of each half hour (48,): the first in precedence that claims it, flat where none does."""
    day = [Period.FLAT] * HALF_HOURS
    for period in reversed(PRECEDENCE):
        for place in claims.get(period, ()):
            day[place] = period
    return tuple(day)


def runs(day: Sequence[Period]) -> tuple[tuple[int, int, Period], ...]:
    """Runs of one period as (first half hour, half hour after the last, period), in the order of the day."""
    begins = [place for place in range(len(day)) if place == 0 or day[place] is not day[place - 1]]
    return tuple((begin, end, day[begin]) for begin, end in zip(begins, [*begins[1:], len(day)], strict=True))


@dataclass(frozen=True)
class TouCalendar:
    """A grid's periods over the year, in one version of its rules.

    Parameters
    ----------
    grid : str
        Code of the calendar.
    rows : tuple of TouRow
        Rows whose months together are the year, each month once.
    variant : str
        Name of the kind of day that is shown; empty for ordinary days.
    changes : tuple of VariantRow
        What that kind of day changes.
    """

    grid: str
    rows: tuple[TouRow, ...]
    variant: str = ""
    changes: tuple[VariantRow, ...] = ()

    @property
    def row(self) -> TouRow:
        """A row that stands for the validity of all."""
        return self.rows[0]

    @property
    def base(self) -> FloatingBase | None:
        """What the multipliers multiply; None when that is not known."""
        return self.row.base

    @property
    def sources(self) -> tuple[ProvenanceRow, ...]:
        """Rows the calendar is made of."""
        return (*self.rows, *self.changes)

    @cached_property
    def days(self) -> tuple[Day, ...]:
        """Period of each half hour of each month (12, 48)."""
        return tuple(self._day(month) for month in _MONTHS)

    def multipliers(self, month: int) -> Mapping[Period, float]:
        """Multiplier of each period in a month; empty where the market forms prices."""
        changed = {change.period: change.multiplier for change in self.changes if month in change.months}
        return {**self._row_of(month).multipliers, **changed}

    @property
    def has_multipliers(self) -> bool:
        """Whether the calendar says how far prices differ, not only when."""
        return bool(self.row.multipliers)

    @property
    def needs_half_hours(self) -> bool:
        """Whether a period begins at half past."""
        return any(begin % 2 for day in self.days for begin, _, _ in runs(day))

    def _row_of(self, month: int) -> TouRow:
        return next(row for row in self.rows if month in row.months)

    def _day(self, month: int) -> Day:
        day = list(day_of(self._row_of(month).hours))
        for change in self.changes:
            if month in change.months:
                for place in change.hours:
                    day[place] = change.period
        return tuple(day)


def read_calendars(folder: Path = CHINA) -> tuple[TouCalendar, ...]:
    """All calendars of the table, every version of each, ordinary days.

    Raises
    ------
    InputError
        When a row is broken, or the months of a calendar are not the year.
    """
    versions: dict[tuple[str, date], list[TouRow]] = {}
    for row in read_rows("tou_calendars.csv", TouRow, folder):
        versions.setdefault((row.grid, row.valid_from), []).append(row)
    faults = Faults()
    for (grid, start), rows in versions.items():
        faults.extend(_year_faults(grid, start, rows))
    faults.raise_if_any()
    return tuple(TouCalendar(grid, tuple(rows)) for (grid, _), rows in versions.items())


@cache
def tou_calendars() -> tuple[TouCalendar, ...]:
    """All shipped calendars, every version of each, ordinary days."""
    return read_calendars()


def calendar_codes() -> tuple[str, ...]:
    """Codes of the calendars, each once."""
    return tuple(dict.fromkeys(calendar.grid for calendar in tou_calendars()))


def tou_calendar(grid: str, on: date, *, two_part: bool = True, variant: str = "") -> TouCalendar:
    """The calendar in force on a day, otherwise the one nearest in time: ask :func:`stale_note` about its rows.

    Parameters
    ----------
    grid : str
        Code or name of the grid.
    on : date
        Day of supply.
    two_part : bool
        Whether the customer is on the two-part tariff.
    variant : str
        Kind of day, such as ``holiday``; ordinary days unless it is asked for.

    Raises
    ------
    InputError
        When the catalog has no such calendar or variant.
    """
    found = find_grid(grid)
    code = found.calendar
    known = [calendar for calendar in tou_calendars() if calendar.grid == code]
    if not known:
        what = f"the catalog has no time-of-use calendar of {found.grid} ({found.english} {found.chinese})"
        raise InputError([Fault(what, f"write its rules into the site; there are {', '.join(calendar_codes())}")])
    fitting = [calendar for calendar in known if two_part or calendar.row.scope == "all"]
    if not fitting:
        what = f"the calendar of {code} holds for the two-part tariff only ({known[0].row.document})"
        raise InputError([Fault(what, "ask for the two-part calendar, or write the rules into the site")])
    calendar = min(fitting, key=lambda one: one.row.days_from(on))
    return _varied(calendar, variant) if variant else calendar


@cache
def _variant_rows() -> tuple[VariantRow, ...]:
    return read_rows("tou_variants.csv", VariantRow)


def variants_of(calendar: TouCalendar) -> tuple[VariantRow, ...]:
    """Kinds of day that differ from the ordinary ones of a calendar."""
    return tuple(
        row for row in _variant_rows() if row.grid == calendar.grid and row.valid_from == calendar.row.valid_from
    )


def _varied(calendar: TouCalendar, variant: str) -> TouCalendar:
    rows = variants_of(calendar)
    changes = tuple(row for row in rows if row.variant == variant)
    if not changes:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(row.variant for row in rows))
        what = f"the calendar of {calendar.grid} has no variant `{variant}`"
        raise InputError([Fault(what, f"choose {names}" if names else "leave the variant out; it has none")])
    return TouCalendar(calendar.grid, calendar.rows, variant, changes)


def _year_faults(grid: str, start: date, rows: Sequence[TouRow]) -> list[Fault]:
    months = sorted(month for row in rows for month in row.months)
    bases = {(row.base, row.scope, row.valid_until) for row in rows}
    faults = []
    where = f"calendar of {grid} from {start}"
    if months != list(_MONTHS):
        what = f"{where}: its rows hold for months {months}, not for each month once"
        faults.append(Fault(what, "correct the months of its rows", "china/tou_calendars.csv", column="months"))
    if len(bases) > 1:
        what = f"{where}: its rows differ in base, scope or valid_until"
        faults.append(Fault(what, "give them the same", "china/tou_calendars.csv", column="base"))
    return faults
