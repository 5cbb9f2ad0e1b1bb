"""Averaging blocks of demand, aligned to the wall clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import refuse

__all__ = ["averaging_blocks", "require_whole_blocks"]

_HOUR, _DAY = 60, 24 * 60


def averaging_blocks(minutes: int, horizon: Horizon, key: str) -> NDArray[np.intp]:
    """Block of each interval (T,), rising from 0.

    Blocks of up to an hour have their true length also where the clock is set back and an hour occurs twice; a
    longer block follows the wall clock and is an hour longer or shorter on that day. A block that the horizon
    cuts at its start or end is averaged over the part inside.

    Parameters
    ----------
    minutes : int
        Length of a block. [min]
    horizon : Horizon
        The intervals.
    key : str
        Where the length stands in the site file.

    Raises
    ------
    InputError
        When blocks are not a whole number of intervals, do not divide the day, or intervals straddle them.
    """
    step = horizon.step_minutes
    if minutes % step:
        what = f"averaging_minutes is {minutes} min, must be a multiple of the interval of {step} min"
        refuse(key, what, f"set step_minutes = {int(np.gcd(minutes, step))} in [horizon], or average longer")
    if _DAY % minutes:
        what = f"averaging_minutes is {minutes} min, which does not divide a day, so blocks can't follow the clock"
        refuse(key, what, "use a length such as 15, 30 or 60 min")
    minute = horizon.minute_of_day
    if np.any(minute % step):
        first = horizon.stamps[int(np.flatnonzero(minute % step)[0])].strftime("%Y-%m-%d %H:%M")
        what = f"averaging blocks follow the clock, but an interval of {step} min starts at {first}"
        refuse(key, what, f"start the horizon at a multiple of {step} min past the hour")
    cell = horizon.days.ids * (_DAY // minutes) + minute // minutes
    begins = np.diff(cell, prepend=-1) != 0
    if minutes <= _HOUR:
        # set back by an hour, 02:00 follows 02:55 within the same hour of the clock
        begins |= np.diff(minute, prepend=minute[:1]) < 0
    return np.cumsum(begins) - 1


def require_whole_blocks(mask: NDArray[np.bool_], blocks: NDArray[np.intp], horizon: Horizon, key: str) -> None:
    """Refuse a window that holds a part of an averaging block.

    Raises
    ------
    InputError
        Naming the first block that is cut.
    """
    same = np.diff(blocks, prepend=-1) == 0
    cut = np.flatnonzero(same & (mask != np.roll(mask, 1)))
    if cut.size:
        when = horizon.stamps[int(cut[0])].strftime("%Y-%m-%d %H:%M")
        what = f"the charge's window begins or ends inside an averaging block, first at {when}"
        refuse(key, what, "move the window to the start of a block, or shorten averaging_minutes")
