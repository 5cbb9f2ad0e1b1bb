"""Which intervals a rule applies to: months, day types and wall-clock windows."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.tariff import Window

__all__ = ["first_interval_of_day", "rest_mask", "window_mask"]


def window_mask(window: Window, horizon: Horizon, key: str) -> NDArray[np.bool_]:
    """Intervals in which all conditions of a window hold (T,).

    An interval belongs to the calendar day and month it starts in; a window that crosses midnight is therefore
    the evening and the early morning of the same kind of day. On days of 23 or 25 hours the wall clock decides.

    Parameters
    ----------
    window : Window
        Months, day types and hours; what is empty does not restrict.
    horizon : Horizon
        The intervals.
    key : str
        Where the window stands in the site file.

    Raises
    ------
    InputError
        When a boundary falls inside an interval; lists every such window.
    """
    mask = np.ones(horizon.steps, dtype=np.bool_)
    if window.months:
        chosen = np.zeros(13, dtype=np.bool_)
        chosen[list(window.months)] = True
        mask &= chosen[horizon.month]
    if window.days:
        types = horizon.day_types[first_interval_of_day(horizon)]
        mask &= np.isin(types.astype(str), [str(day) for day in window.days])[horizon.days.ids]
    if window.hours:
        mask &= _in_hours(window.hours, horizon, f"{key}.hours")
    return mask


def rest_mask(name: str, battery: BatterySpec, horizon: Horizon) -> NDArray[np.bool_]:
    """Intervals in which a battery has to rest (T,).

    Raises
    ------
    InputError
        When a boundary falls inside an interval; lists every such window.
    """
    mask = np.zeros(horizon.steps, dtype=np.bool_)
    faults = Faults()
    for number, window in enumerate(battery.rest):
        with gathered(faults):
            mask |= window_mask(window, horizon, f"battery.{name}.rest[{number}]")
    faults.raise_if_any()
    return mask


def first_interval_of_day(horizon: Horizon) -> NDArray[np.intp]:
    """First interval of each local day of the horizon (D,)."""
    return np.searchsorted(horizon.days.ids, np.arange(horizon.days.count))


def _in_hours(hours: tuple[str, ...], horizon: Horizon, key: str) -> NDArray[np.bool_]:
    minute = horizon.minute_of_day
    inside = np.zeros(horizon.steps, dtype=np.bool_)
    faults = Faults()
    for text in hours:
        begin, end = (_minutes(part) for part in text.split("-"))
        with gathered(faults):
            _require_alignment(text, (begin, end), horizon, key)
        after, before = minute >= begin, minute < end
        inside |= (after & before) if begin < end else (after | before)
    faults.raise_if_any()
    return inside


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _require_alignment(text: str, boundaries: tuple[int, int], horizon: Horizon, key: str) -> None:
    step = horizon.step_minutes
    # a shift of the clock by half an hour moves the intervals against it, so there may be two offsets
    offsets = np.flatnonzero(np.bincount(horizon.minute_of_day % step))
    cut = [b for b in boundaries if np.any((b - offsets) % step)]
    if not cut:
        return
    finer = gcd(step, *(int(b - offset) for b in boundaries for offset in offsets))
    where = f"{cut[0] // 60:02d}:{cut[0] % 60:02d}"
    what = f'window "{text}" has its boundary {where} inside an interval of {step} min'
    hint = f"set step_minutes = {finer} in [horizon], or move the boundary to the start of an interval"
    refuse(key, what, hint)
