"""Time: half-open intervals of equal true length, stamped at their start in the site's zone.

A day has 23, 24 or 25 hours and a year 8,760 or 8,784: the intervals are equally long in absolute
time, and everything local (month, hour, day type, billing period) is read off the wall clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["DayType", "Horizon", "Periods"]

_MINUTES_PER_HOUR = 60
_SATURDAY = 5


class DayType(StrEnum):
    """Kind of day a tariff distinguishes; an adjusted working day counts as a weekday."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Periods:
    """A partition of the horizon into consecutive groups, such as billing months or days.

    Parameters
    ----------
    ids : (T,) int array
        Group number of each interval, non-decreasing from 0.
    labels : tuple of str
        One label a group, such as ``2026-07``.
    covered_frac : (G,) array
        Share of the full calendar period that lies inside the horizon. [0-1]
    months : (G,) int array
        Calendar month in which the group starts. [1-12]
    """

    ids: NDArray[np.intp]
    labels: tuple[str, ...]
    covered_frac: NDArray[np.float64]
    months: NDArray[np.intp]

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.labels)

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of `values` (T,) in each group (G,)."""
        return np.bincount(self.ids, weights=values, minlength=self.count).astype(np.float64)


@dataclass(frozen=True)
class Horizon:
    """The intervals of a study.

    Parameters
    ----------
    start, end : date or datetime
        First instant and the instant after the last, wall clock of `zone` when naive.
    step_minutes : int
        Interval length; must divide an hour. [min]
    zone : str
        IANA zone name, such as ``Asia/Shanghai``.
    reading_dates : tuple of date
        Meter-reading dates that start billing periods; empty for calendar months.
    holidays, workdays : frozenset of date
        Public holidays, and weekend days worked in exchange (China's adjusted working days).

    Raises
    ------
    ValueError
        When the step does not divide an hour, the span is empty or not a whole number of steps, or
        reading dates do not cover it.

    Examples
    --------
    >>> from datetime import date
    >>> Horizon(date(2024, 1, 1), date(2025, 1, 1), 60, "Asia/Shanghai").steps
    8784
    """

    start: datetime | date
    end: datetime | date
    step_minutes: int = 60
    zone: str = "Asia/Shanghai"
    reading_dates: tuple[date, ...] = ()
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self._aware(self.start))
        object.__setattr__(self, "end", self._aware(self.end))
        if self.step_minutes < 1 or _MINUTES_PER_HOUR % self.step_minutes:
            message = f"step_minutes is {self.step_minutes} min, must divide an hour; set it to 1, 5, 10, 15, 30 or 60"
            raise ValueError(message)
        span = self._span
        if span <= timedelta(0):
            message = f"horizon ends at {self.end}, must end after its start {self.start}; set `end` after `start`"
            raise ValueError(message)
        if span % timedelta(minutes=self.step_minutes):
            message = f"horizon of {span} is not a whole number of {self.step_minutes} min steps; move its end"
            raise ValueError(message)
        first, last = self.first_day, self.last_day
        if self.reading_dates and not (min(self.reading_dates) <= first and last < max(self.reading_dates)):
            message = f"meter-reading dates must enclose the horizon {first} to {last}; give one before, one after"
            raise ValueError(message)

    def _aware(self, moment: datetime | date) -> datetime:
        zone = ZoneInfo(self.zone)
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(), tzinfo=zone)
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)

    @cached_property
    def _span(self) -> timedelta:
        utc = ZoneInfo("UTC")
        return self.end_instant.astimezone(utc) - self.start_instant.astimezone(utc)

    @property
    def start_instant(self) -> datetime:
        """First instant, zone-aware."""
        return self._aware(self.start)

    @property
    def end_instant(self) -> datetime:
        """Instant after the last interval, zone-aware."""
        return self._aware(self.end)

    @property
    def first_day(self) -> date:
        """Local date of the first interval."""
        return self.start_instant.date()

    @property
    def last_day(self) -> date:
        """Local date of the last instant inside the horizon."""
        return (self.end_instant - timedelta(microseconds=1)).date()

    @property
    def step_h(self) -> float:
        """Interval length. [h]"""
        return self.step_minutes / _MINUTES_PER_HOUR

    @cached_property
    def steps(self) -> int:
        """Number of intervals T."""
        return int(self._span / timedelta(minutes=self.step_minutes))

    @cached_property
    def year_shares(self) -> NDArray[np.float64]:
        """Share of its calendar year that each interval is (T,): each day counts one over the days of its own year."""
        days_in_year = np.where(_is_leap(self.stamps.year.to_numpy()), 366.0, 365.0)
        shares: NDArray[np.float64] = 1.0 / days_in_year / self._steps_in_local_day
        return shares

    @property
    def years(self) -> float:
        """Length in calendar years."""
        return float(np.sum(self.year_shares))

    @cached_property
    def _steps_in_local_day(self) -> NDArray[np.float64]:
        midnight = self.stamps.normalize()
        following = (midnight + np.timedelta64(36, "h")).normalize()
        seconds = (following - midnight).total_seconds().to_numpy()
        steps: NDArray[np.float64] = seconds / (60.0 * self.step_minutes)
        return steps

    @cached_property
    def stamps(self) -> pd.DatetimeIndex:
        """Start of each interval (T,), zone-aware."""
        import pandas as pd

        return pd.date_range(
            pd.Timestamp(self.start_instant), periods=self.steps, freq=f"{self.step_minutes}min", name="time"
        )

    @cached_property
    def month(self) -> NDArray[np.intp]:
        """Calendar month of each interval (T,). [1-12]"""
        return self.stamps.month.to_numpy().astype(np.intp)

    @cached_property
    def hour(self) -> NDArray[np.intp]:
        """Wall-clock hour of each interval (T,). [0-23]"""
        return self.stamps.hour.to_numpy().astype(np.intp)

    @cached_property
    def minute_of_day(self) -> NDArray[np.intp]:
        """Wall-clock minute at which each interval starts (T,). [0-1439]"""
        return self.hour * _MINUTES_PER_HOUR + self.stamps.minute.to_numpy().astype(np.intp)

    @cached_property
    def _day_numbers(self) -> NDArray[np.int64]:
        return self.stamps.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)

    @cached_property
    def days(self) -> Periods:
        """Local calendar days."""
        numbers, ids = np.unique(self._day_numbers, return_inverse=True)
        labels = tuple(str(day) for day in numbers.astype("datetime64[D]"))
        present = np.bincount(ids, minlength=numbers.size)
        first = np.searchsorted(ids, np.arange(numbers.size))
        covered = present / self._steps_in_local_day[first]
        return Periods(ids.astype(np.intp), labels, covered, self.month[first])

    @cached_property
    def day_types(self) -> NDArray[np.object_]:
        """Type of the day of each interval (T,), members of :class:`DayType`."""
        dates = [date.fromisoformat(label) for label in self.days.labels]
        return np.array([self._day_type(day) for day in dates], dtype=object)[self.days.ids]

    def _day_type(self, day: date) -> DayType:
        if day in self.workdays:
            return DayType.WEEKDAY
        if day in self.holidays:
            return DayType.HOLIDAY
        return DayType.WEEKEND if day.weekday() >= _SATURDAY else DayType.WEEKDAY

    @cached_property
    def _reading_starts(self) -> list[date]:
        if self.reading_dates:
            return sorted(self.reading_dates)
        first = self.first_day.replace(day=1)
        starts = [first]
        while starts[-1] <= self.last_day:
            starts.append((starts[-1] + timedelta(days=32)).replace(day=1))
        return starts

    @cached_property
    def billing(self) -> Periods:
        """Billing periods: calendar months, or the spans between meter-reading dates."""
        starts = np.array(self._reading_starts, dtype="datetime64[D]")
        numbers = starts.astype(np.int64)
        raw = np.searchsorted(numbers, self._day_numbers, side="right") - 1
        kept, ids = np.unique(raw, return_inverse=True)
        style = 10 if self.reading_dates else 7
        labels = tuple(str(starts[i])[:style] for i in kept)
        days_present = np.zeros(kept.size)
        first_of_day = np.searchsorted(self.days.ids, np.arange(self.days.count))
        np.add.at(days_present, ids[first_of_day], self.days.covered_frac)
        covered = days_present / (numbers[kept + 1] - numbers[kept])
        months = starts[kept].astype("datetime64[M]").astype(np.int64) % 12 + 1
        return Periods(ids.astype(np.intp), labels, covered, months.astype(np.intp))

    def between(self, start: datetime | date, end: datetime | date) -> tuple[Horizon, slice]:
        """The part of this horizon from `start` to `end`, and where its intervals lie in it.

        Raises
        ------
        ValueError
            When the part is not inside this horizon or not aligned with its steps.
        """
        first, last = self._aware(start), self._aware(end)
        step = timedelta(minutes=self.step_minutes)
        utc = ZoneInfo("UTC")
        offset = first.astimezone(utc) - self.start_instant.astimezone(utc)
        if first < self.start_instant or last > self.end_instant:
            message = f"{first} to {last} reaches outside the horizon {self.start_instant} to {self.end_instant}"
            raise ValueError(message)
        if offset % step:
            message = f"{first} is not the start of a {self.step_minutes} min interval of the horizon"
            raise ValueError(message)
        part = Horizon(first, last, self.step_minutes, self.zone, self.reading_dates, self.holidays, self.workdays)
        begin = int(offset / step)
        return part, slice(begin, begin + part.steps)


def _is_leap(years: NDArray[np.integer]) -> NDArray[np.bool_]:
    leap: NDArray[np.bool_] = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    return leap
