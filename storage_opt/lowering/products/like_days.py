"""The mean of like days: the usual baseline of demand response.

For an interval of an event the values of the same wall-clock time on the last n days of the same day type without event
are averaged. Where a day has no such time (a change of the clock), it does not count for it.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.horizon import Horizon

__all__ = ["like_day_mean"]


def like_day_mean(
    horizon: Horizon, intervals: NDArray[np.intp], count: int, event_days: NDArray[np.intp]
) -> sp.csr_array:
    """Matrix (T, T) whose rows average the same time on like days; rows without any like day are empty.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    intervals : (N,) int array
        Intervals that need a baseline.
    count : int
        Number of days averaged.
    event_days : (E,) int array
        Days of the horizon that never count, because they have an event.
    """
    position = _positions(horizon)
    days = horizon.days.ids[intervals]
    kinds = horizon.day_types[np.searchsorted(horizon.days.ids, np.arange(horizon.days.count))].astype(str)
    plain = ~np.isin(np.arange(horizon.days.count), event_days)
    slots = horizon.minute_of_day[intervals] // horizon.step_minutes
    rows, columns, weights = [], [], []
    for day in np.unique(days):
        earlier = np.flatnonzero(plain[:day] & (kinds[:day] == kinds[day]))[::-1]
        mine = np.flatnonzero(days == day)
        found = position[np.ix_(earlier, slots[mine])]
        kept = (found >= 0) & (np.cumsum(found >= 0, axis=0) <= count)
        like, where = np.nonzero(kept)
        rows.append(intervals[mine[where]])
        columns.append(found[like, where])
        weights.append(1.0 / kept.sum(axis=0)[where])
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return sp.csr_array(entries, shape=(horizon.steps, horizon.steps))


def _positions(horizon: Horizon) -> NDArray[np.intp]:
    """Interval of each day and time of day (D, slots), -1 where a day does not have it; of two, the first."""
    slots = horizon.minute_of_day // horizon.step_minutes
    position = np.full((horizon.days.count, 24 * 60 // horizon.step_minutes), -1, dtype=np.intp)
    backwards = np.arange(horizon.steps)[::-1]
    position[horizon.days.ids[backwards], slots[backwards]] = backwards
    return position
