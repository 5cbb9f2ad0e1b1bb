"""Whole years by the minute, averaged to any step: finer steps keep the means of coarser ones exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from storage_opt.horizon import DayType, Horizon

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["between_hours", "by_day_type", "by_minute"]

_MINUTES = 60


def by_minute(
    horizon: Horizon, seed: int, whole_year: Callable[[Horizon, np.random.Generator], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Generate every calendar year the horizon touches and average the horizon's steps out of it (T,).

    Parameters
    ----------
    horizon : Horizon
        Any step; its holidays and adjusted working days count.
    seed : int
        With the calendar year it decides the numbers; the same call gives the same series.
    whole_year : callable
        Makes the minutes of a year (60 H,) from the year in H hourly steps and a generator.
    """
    made = []
    for number in range(horizon.first_day.year, horizon.last_day.year + 1):
        first, last = date(number, 1, 1), date(number + 1, 1, 1)
        hours = Horizon(first, last, _MINUTES, horizon.zone, (), horizon.holidays, horizon.workdays)
        made.append(whole_year(hours, np.random.Generator(np.random.PCG64([seed, number]))))
    utc = ZoneInfo("UTC")
    start = Horizon(date(horizon.first_day.year, 1, 1), horizon.end, 1, horizon.zone).start_instant.astimezone(utc)
    offset = int((horizon.start_instant.astimezone(utc) - start) / timedelta(minutes=1))
    minutes = np.concatenate(made)[offset : offset + horizon.steps * horizon.step_minutes]
    values: NDArray[np.float64] = minutes.reshape(-1, horizon.step_minutes).mean(axis=1)
    return values


def between_hours(hourly: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hourly values (H,) by the minute (60 H,), linear between the middles of the hours."""
    minutes = np.arange(hourly.size * _MINUTES) + 0.5
    line: NDArray[np.float64] = np.interp(minutes, (np.arange(hourly.size) + 0.5) * _MINUTES, hourly)
    return line


def by_day_type(hours: Horizon, working_day: NDArray[np.float64], day_off: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two day shapes (24,) laid out over the hours of a horizon (H,), weekends and holidays being days off."""
    off = hours.day_types != DayType.WEEKDAY
    shape: NDArray[np.float64] = np.where(off, day_off[hours.hour], working_day[hours.hour])
    return shape
