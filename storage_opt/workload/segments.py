"""From shares of intervals to the clock: when a job starts, pauses and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.jobs import JobWindows, Placement
from storage_opt.workload.layout import Pieces, laid_out

__all__ = ["SECOND_H", "Segments", "clock_segments", "peak_units"]

_Array = NDArray[np.float64]
SECOND_H = 1.0 / 3600.0
"""A second: what lies closer together is one instant to the people who start jobs. [h]"""
_SAME_SPEED = 1e-3
_SLIVER = 1e-7
"""Part of an interval below which two instants are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Runs of jobs, sorted by job and start.

    Parameters
    ----------
    job : (S,) int array
        Job of each run.
    start_h, end_h : (S,) array
        From the start of the horizon. [h]
    units : (S,) array
        Units in use. [unit]
    speed_frac : (S,) array
        Speed of the units, as a share of full speed.
    """

    job: NDArray[np.intp]
    start_h: _Array
    end_h: _Array
    units: _Array
    speed_frac: _Array


def clock_segments(
    placement: Placement,
    windows: JobWindows,
    speed_frac: _Array,
    step_h: float,
    room_units: _Array | None = None,
) -> Segments:
    """Runs of jobs from the shares of intervals in which they work.

    Parameters
    ----------
    placement : Placement
        Units times share of the interval, by job and interval.
    windows : JobWindows
        Widths, releases and deadlines.
    speed_frac : (T,) array
        Speed at which the class runs in each interval.
    step_h : float
        Interval length. [h]
    room_units : (T,) array or None
        Units that may be in use at once; runs of parts of an interval are laid one behind the other where they would
        need more. [unit]

    Notes
    -----
    A job of width g with average rate x runs for ``x / (g s)`` of the interval at speed s; where its window leaves less
    of the interval, at the speed that fits. It runs at the end of the interval when it goes on in the next and did not
    run in the one before, else from the earliest moment on.
    """
    job, interval = placement.job, placement.interval
    width = windows.units[job]
    opens = np.maximum(windows.release_h[job] / step_h - interval, 0.0)
    closes = np.minimum(windows.latest_h[job] / step_h - interval, 1.0)
    room = np.maximum(closes - opens, _SLIVER)
    work = placement.units / width
    share = np.minimum(work / speed_frac[interval], room)
    speed = np.minimum(np.divide(work, share, out=np.ones_like(work), where=share > 0), 1.0)
    share = work / speed
    same_next = np.append((job[1:] == job[:-1]) & (interval[1:] == interval[:-1] + 1), False)
    same_before = np.insert(same_next[:-1], 0, False)
    late = same_next & ~same_before
    begin = np.where(late, closes - share, opens)
    if room_units is not None:
        begin = laid_out(Pieces(interval, width, opens, closes, share, begin), room_units)
    start = np.asarray((interval + begin) * step_h, dtype=np.float64)
    end = np.asarray((interval + begin + share) * step_h, dtype=np.float64)
    return _merged(Segments(job, start, end, width, np.asarray(speed, dtype=np.float64)))


def peak_units(segments: Segments) -> float:
    """Most units in use at any instant. [unit]"""
    if not segments.job.size:
        return 0.0
    instants = np.concatenate([segments.start_h, segments.end_h])
    change = np.concatenate([segments.units, -segments.units])
    # at one instant what ends makes room for what starts
    order = np.lexsort((change > 0, np.round(instants, 7)))
    return float(np.cumsum(change[order]).max())


def _merged(segments: Segments) -> Segments:
    """Runs of the same job and speed that touch to the second, as one."""
    if not segments.job.size:
        return segments
    touches = (
        (segments.job[1:] == segments.job[:-1])
        & (np.abs(segments.start_h[1:] - segments.end_h[:-1]) <= SECOND_H)
        & (np.abs(segments.speed_frac[1:] - segments.speed_frac[:-1]) <= _SAME_SPEED)
    )
    first = np.flatnonzero(np.insert(~touches, 0, True))
    last = np.append(first[1:] - 1, segments.job.size - 1)
    hours = segments.end_h - segments.start_h
    work = np.add.reduceat(hours * segments.speed_frac, first)
    length = segments.end_h[last] - segments.start_h[first]
    speed = np.divide(work, length, out=segments.speed_frac[first].copy(), where=length > 0)
    return Segments(
        segments.job[first],
        segments.start_h[first],
        segments.end_h[last],
        segments.units[first],
        np.minimum(np.asarray(speed, dtype=np.float64), 1.0),
    )
