"""System-peak intervals that a coincident demand charge looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import gathered, refuse

__all__ = ["coincident_mask"]


def coincident_mask(
    moments: Sequence[datetime],
    horizon: Horizon,
    whole: Horizon,
    blocks: NDArray[np.intp] | None,
    key: str,
) -> NDArray[np.bool_]:
    """Intervals of the system peaks (T,): the interval, or averaging block, that starts at each moment.

    Parameters
    ----------
    moments : sequence of datetime
        Starts; wall clock of the site where they carry no offset.
    horizon, whole : Horizon
        The intervals, and the site's whole horizon: a moment of the whole that a part does not reach is left out.
    blocks : (T,) int array or None
        Averaging blocks, if the demand is averaged.
    key : str
        Where the moments stand in the site file.

    Raises
    ------
    InputError
        When a moment is ambiguous, does not exist, lies outside, or starts no interval or block; lists all.
    """
    mask = np.zeros(horizon.steps, dtype=np.bool_)
    faults = Faults()
    for number, moment in enumerate(moments):
        with gathered(faults):
            interval = _interval(moment, horizon, whole, f"{key}[{number}]")
            if interval is not None:
                mask |= _whole_block(interval, horizon, blocks, f"{key}[{number}]")
    faults.raise_if_any()
    return mask


def _interval(moment: datetime, horizon: Horizon, whole: Horizon, key: str) -> int | None:
    instant = _instant(moment, horizon.zone, key)
    first, last = whole.start_instant.astimezone(UTC), whole.end_instant.astimezone(UTC)
    if not first <= instant < last:
        what = f"{moment} lies outside the horizon, {whole.start_instant} to {whole.end_instant}"
        refuse(key, what, "leave it out, or widen the horizon")
    offset = instant - horizon.start_instant.astimezone(UTC)
    step = timedelta(minutes=horizon.step_minutes)
    if offset % step:
        what = f"{moment} is not the start of an interval of {horizon.step_minutes} min"
        refuse(key, what, "give the start of the interval in which the system peaked")
    interval = offset // step
    return interval if 0 <= interval < horizon.steps else None


def _instant(moment: datetime, zone: str, key: str) -> datetime:
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    local = moment.replace(tzinfo=ZoneInfo(zone))
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        what = f"{moment} does not exist or occurs twice in {zone}, because the clock is changed then"
        refuse(key, what, "give it with its offset, such as 2026-10-25T02:00:00+01:00")
    return local.astimezone(UTC)


def _whole_block(interval: int, horizon: Horizon, blocks: NDArray[np.intp] | None, key: str) -> NDArray[np.bool_]:
    if blocks is None:
        return np.asarray(np.arange(horizon.steps) == interval)
    if interval and blocks[interval] == blocks[interval - 1]:
        first = horizon.stamps[int(np.searchsorted(blocks, blocks[interval]))].strftime("%Y-%m-%d %H:%M")
        what = f"{horizon.stamps[interval].strftime('%Y-%m-%d %H:%M')} lies inside the averaging block of {first}"
        refuse(key, what, "give the start of the averaging block")
    return np.asarray(blocks == blocks[interval])
