"""Jobs in whole intervals: what a scheduler does that starts and stops only at the clock, and what that costs more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.jobs import JobWindows, Placement, blocks_of

__all__ = ["in_whole_intervals"]

_Array = NDArray[np.float64]
_SLIVER = 1e-9


def in_whole_intervals(
    windows: JobWindows,
    score: Placement,
    room_units: _Array,
    allowed: NDArray[np.bool_],
    step_h: float,
) -> tuple[Placement, _Array]:
    """Every job at full width in whole intervals of its window, those it likes best, as far as there is room.

    Parameters
    ----------
    windows : JobWindows
        The jobs.
    score : Placement
        A fluid schedule; a job takes the intervals in which that runs most of it, the last of them perhaps in part.
    room_units : (T,) array
        Units that jobs may use. [unit]
    allowed : (T,) bool array
        Intervals in which the class may run.
    step_h : float
        Interval length. [h]

    Returns
    -------
    Placement
        One interval of a job may be used in part: the one that its work does not fill.
    (J,) array
        Work that found no room. [unit h]

    Notes
    -----
    Jobs take their intervals one after another, the earliest deadline first, so this is feasible but seldom the best
    choice. The optimum in whole intervals costs at least as much as the fluid schedule and at most as much as this one:
    the difference of the two bounds what deciding in whole intervals can cost.
    """
    everything = np.arange(windows.count)
    blocks = blocks_of(windows, everything, allowed, step_h)
    liked = _liking(blocks.owner, blocks.interval, score, room_units.size)
    bounds = np.searchsorted(blocks.owner, np.arange(windows.count + 1))
    left = room_units.astype(np.float64).copy()
    missing = windows.work_unit_h.copy()
    taken: list[tuple[int, NDArray[np.intp], _Array]] = []
    for job in np.lexsort((windows.release_h, windows.due_h)).tolist():
        own = slice(int(bounds[job]), int(bounds[job + 1]))
        interval, most = blocks.interval[own], blocks.most_units[own]
        open_to_it = left[interval] >= most * (1.0 - _SLIVER)
        order = np.argsort(-liked[own], kind="stable")
        order = order[open_to_it[order]]
        before = np.cumsum(most[order]) - most[order]
        given = np.clip(windows.work_unit_h[job] / step_h - before, 0.0, most[order])
        used = given > _SLIVER * windows.units[job]
        chosen, given = interval[order][used], given[used]
        left[chosen] -= most[order][used]
        missing[job] -= float(given.sum()) * step_h
        by_time = np.argsort(chosen)
        taken.append((job, chosen[by_time], given[by_time]))
    taken.sort(key=lambda one: one[0])
    job_ids = np.concatenate([np.full(chosen.size, job) for job, chosen, _ in taken] or [np.zeros(0, dtype=np.intp)])
    intervals = np.concatenate([chosen for _, chosen, _ in taken] or [np.zeros(0, dtype=np.intp)])
    units = np.concatenate([given for _, _, given in taken] or [np.zeros(0)])
    return Placement(job_ids.astype(np.intp), intervals, units), np.maximum(missing, 0.0)


def _liking(owner: NDArray[np.intp], interval: NDArray[np.intp], score: Placement, steps: int) -> _Array:
    """Units of the fluid schedule in each decision (N,). [unit]"""
    wanted = owner.astype(np.int64) * steps + interval
    known = score.job.astype(np.int64) * steps + score.interval
    order = np.argsort(known)
    place = np.clip(np.searchsorted(known[order], wanted), 0, max(known.size - 1, 0))
    if not known.size:
        return np.zeros(owner.size)
    found = known[order][place] == wanted
    liking: _Array = np.where(found, score.units[order][place], 0.0)
    return liking
