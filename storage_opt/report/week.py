"""Which week stands for the year, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.studies.result import DispatchResult

__all__ = ["Week", "typical_week"]

_DAYS = 7
_MONDAY = 0


@dataclass(frozen=True, slots=True)
class Week:
    """A part of the horizon that is drawn.

    Parameters
    ----------
    where : slice
        Its intervals.
    words : str
        Which week it is and why.
    """

    where: slice
    words: str


def typical_week(result: DispatchResult, price_per_kwh: NDArray[np.float64]) -> Week:
    """The whole week, Monday to Sunday, whose saving in energy cost is the median of all weeks.

    A median is a week that happened: the mean of weeks would show a battery that never runs full. A horizon
    without a whole week from Monday is cut into seven-day spans from its start, or shown as it is.

    Parameters
    ----------
    result : DispatchResult
        Plan and baseline.
    price_per_kwh : (T,) array
        Price of imported energy. [money/kWh]
    """
    firsts, day_starts, mondays = _spans(result.schedule)
    if not firsts:
        return Week(slice(0, result.schedule.horizon.steps), "the whole horizon")
    flow = Flow(GRID, FlowKind.IMPORT_KW)
    saved = price_per_kwh * (result.baseline[flow] - result.schedule[flow])
    spans = [slice(int(day_starts[day]), int(day_starts[day + _DAYS])) for day in firsts]
    savings = np.array([saved[span].sum() for span in spans])
    # the upper middle, and the earliest of equal weeks: the choice must not hang on rounding
    middle = np.argsort(savings.round(6), kind="stable")[savings.size // 2]
    start = result.schedule.horizon.stamps[spans[middle].start]
    kind = "week" if mondays else "seven days"
    which = f" (median energy saving of {len(spans)} weeks)" if len(spans) > 1 else ""
    return Week(spans[middle], f"{kind} from {start:%Y-%m-%d}{which}")


def _spans(schedule: Schedule) -> tuple[list[int], NDArray[np.intp], bool]:
    """First day of each candidate, first interval of each day (one more at the end), whether Mondays."""
    days = schedule.horizon.days
    starts = np.append(np.searchsorted(days.ids, np.arange(days.count)), schedule.horizon.steps)
    whole = [day for day in range(days.count - _DAYS + 1) if np.allclose(days.covered_frac[day : day + _DAYS], 1.0)]
    mondays = [day for day in whole if date.fromisoformat(days.labels[day]).weekday() == _MONDAY]
    return (mondays or whole[::_DAYS]), starts, bool(mondays)
