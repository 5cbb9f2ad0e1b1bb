"""Years as contracts and tariffs count them: the spans of ratios, volumes and yearly peaks."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.grouping import Groups
from storage_opt.horizon import Horizon

__all__ = ["counted_years"]


def counted_years(horizon: Horizon, start_month: int | None) -> Groups:
    """The year of each interval; a year is settled in its last billing period within the horizon.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    start_month : int or None
        Month in which years start; None counts them from the first instant of the horizon. [1-12]

    Returns
    -------
    Groups
        Labels are the calendar years in which the years start.
    """
    stamps = horizon.stamps
    year = stamps.year.to_numpy()
    if start_month is not None:
        begun = stamps.month.to_numpy() >= start_month
    else:
        first = horizon.start_instant
        in_year = stamps.month.to_numpy() * 100 + stamps.day.to_numpy()
        same_day = (in_year == first.month * 100 + first.day) & (
            horizon.minute_of_day >= first.hour * 60 + first.minute
        )
        begun = (in_year > first.month * 100 + first.day) | same_day
    labels, ids = np.unique(year - ~begun, return_inverse=True)
    last = np.searchsorted(ids, np.arange(labels.size), side="right") - 1
    return Groups(ids.astype(np.intp), horizon.billing.ids[last], tuple(str(label) for label in labels))
