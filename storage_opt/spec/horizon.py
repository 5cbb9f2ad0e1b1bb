"""When: the span, step, zone and calendar of a study."""

from __future__ import annotations

from datetime import date, datetime
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, field_validator, model_validator

from storage_opt.horizon import Horizon
from storage_opt.spec.fields import Quantity, Spec

__all__ = ["HorizonSpec"]


class HorizonSpec(Spec):
    """The span of time a site is optimised over."""

    start: datetime | date
    """First instant, in the site's wall-clock time unless it carries an offset."""
    end: datetime | date
    """Instant after the last interval (half-open)."""
    zone: str = "Asia/Shanghai"
    """IANA time zone; decides months, hours, days and daylight saving."""
    step_minutes: Annotated[int, Quantity("min"), Field(gt=0, le=60)] = 60
    """Interval length; must divide an hour (1, 5, 15, 30, 60)."""
    reading_day: Annotated[int, Field(ge=1, le=28)] = 1
    """Day of the month on which the meter is read; billing periods start there."""
    reading_dates: tuple[date, ...] = ()
    """Explicit meter-reading dates instead of `reading_day`; must enclose the horizon."""
    holidays: tuple[date, ...] = ()
    """Public holidays: days of type ``holiday`` in tariff rules."""
    workdays: tuple[date, ...] = ()
    """Weekend days worked in exchange for a holiday (调休); days of type ``weekday``."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if not _is_zone(zone):
            close = get_close_matches(zone, available_timezones(), n=1)
            advice = f"did you mean '{close[0]}'?" if close else "write one such as 'Asia/Shanghai' or 'Europe/Berlin'"
            message = f"zone {zone!r} is not an IANA time zone; {advice}"
            raise ValueError(message)
        return zone

    @model_validator(mode="after")
    def _consistent(self) -> HorizonSpec:
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            message = f"{both[0]} is listed both as holiday and as workday; remove it from one list"
            raise ValueError(message)
        self.build()
        return self

    def build(self) -> Horizon:
        """The horizon this describes.

        Raises
        ------
        ValueError
            When span, step and reading dates contradict each other.
        """
        return Horizon(
            self.start,
            self.end,
            self.step_minutes,
            self.zone,
            self.reading_dates or self._monthly_readings(),
            frozenset(self.holidays),
            frozenset(self.workdays),
        )

    def _monthly_readings(self) -> tuple[date, ...]:
        if self.reading_day == 1:
            return ()
        plain = Horizon(self.start, self.end, self.step_minutes, self.zone)
        first, last = plain.first_day, plain.last_day
        months = range(first.year * 12 + first.month - 2, last.year * 12 + last.month + 1)
        return tuple(date(number // 12, number % 12 + 1, self.reading_day) for number in months)


def _is_zone(name: str) -> bool:
    """Whether a zone can be loaded; listing all of them first would take longer than reading a year of hours."""
    if name.startswith(("right/", "posix/")) or name in {"localtime", "posixrules", "Factory"}:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
