"""Which jobs may be scheduled as divisible work without losing anything, and which need a decision each.

A job no longer than an interval can be done in any interval whose part inside its window holds all of it: its width
never binds there. In a chain of them in which later arrivals are never due earlier, doing work in the order of arrival
meets every deadline that any order meets, so the chain is exactly its two curves. All other jobs are decided singly.
"""

from __future__ import annotations

from bisect import bisect_right, insort

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.curves import Curves
from storage_opt.workload.jobs import JobWindows

__all__ = ["chains_of"]

_MOST_CHAINS = 8
"""Chains cost variables in every interval of the horizon, single jobs only in their window."""
_SLIVER = 1e-9
_Ints = NDArray[np.intp]


def chains_of(windows: JobWindows, allowed: NDArray[np.bool_], step_h: float) -> tuple[tuple[Curves, ...], _Ints]:
    """Chains of short jobs as curves, and the jobs that are left.

    Parameters
    ----------
    windows : JobWindows
        Jobs of one class.
    allowed : (T,) bool array
        Intervals in which the class may run.
    step_h : float
        Interval length. [h]

    Returns
    -------
    tuple of Curves
        At most eight; `members` are in the order in which they are served.
    (n,) int array
        The other jobs.

    Notes
    -----
    Windows of chained jobs are narrowed to the intervals that can hold all of the job, by less than one interval at
    either end. A job that would straddle two intervals if it ran at once is not chained, so that running at once stays
    possible.
    """
    steps = allowed.size
    first, last = _holding_intervals(windows, allowed, step_h)
    fits = (windows.duration_h <= step_h * (1.0 + _SLIVER)) & (first <= last)
    at_once = np.floor(windows.release_h / step_h + _SLIVER)
    fits &= (windows.release_h + windows.duration_h) / step_h <= at_once + 1.0 + _SLIVER
    fits &= windows.due_h == windows.latest_h
    short = np.flatnonzero(fits)
    short = short[np.lexsort((last[short], first[short]))]
    chains = _monotone_chains(last[short])
    chains.sort(key=len, reverse=True)
    kept = [short[chain] for chain in chains[:_MOST_CHAINS]]
    curves = tuple(
        Curves(
            _cumulative(first[members], windows.work_unit_h[members], steps),
            _cumulative(last[members], windows.work_unit_h[members], steps),
            members,
        )
        for members in kept
    )
    chained = np.concatenate(kept) if kept else np.zeros(0, dtype=np.intp)
    return curves, np.setdiff1d(np.arange(windows.count), chained)


def _holding_intervals(windows: JobWindows, allowed: NDArray[np.bool_], step_h: float) -> tuple[_Ints, _Ints]:
    """First and last allowed interval that can hold all of each job; first > last where there is none (J,)."""
    steps = allowed.size
    index = np.arange(steps)
    following = np.append(np.minimum.accumulate(np.where(allowed, index, steps)[::-1])[::-1], steps)
    before = np.concatenate([[-1], np.maximum.accumulate(np.where(allowed, index, -1))])
    start, end, length = windows.release_h / step_h, windows.due_h / step_h, windows.duration_h / step_h
    whole_from, whole_to = np.ceil(start - _SLIVER), np.floor(end + _SLIVER)
    first = np.where(whole_from - start >= length - _SLIVER, whole_from - 1.0, whole_from)
    first = np.where(np.abs(whole_from - start) <= _SLIVER, whole_from, first)
    behind_last = np.where((end - whole_to >= length - _SLIVER) & (end - whole_to > _SLIVER), whole_to + 1.0, whole_to)
    first, behind_last = np.clip(first, 0, steps), np.clip(behind_last, 0, steps)
    return following[first.astype(np.intp)], before[behind_last.astype(np.intp)]


def _monotone_chains(last: _Ints) -> list[list[int]]:
    """Partition into as few sequences as possible in which `last` never falls; jobs come in order of `first`.

    Greedy and optimal: by Dilworth's theorem the number of chains is that of the longest strictly falling run.
    """
    tails: list[tuple[int, int]] = []
    chains: list[list[int]] = []
    for job, end in enumerate(last.tolist()):
        place = bisect_right(tails, (end, len(chains))) - 1
        if place < 0:
            chain = len(chains)
            chains.append([])
        else:
            chain = tails.pop(place)[1]
        chains[chain].append(job)
        insort(tails, (end, chain))
    return chains


def _cumulative(interval: _Ints, work: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.cumsum(np.bincount(interval, work, steps))
    return total
