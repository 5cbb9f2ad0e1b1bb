"""What a class does when nothing is shifted: every job runs as soon as there is room, in the order of submission."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.jobs import JobWindows, Placement, blocks_of

__all__ = ["run_on_arrival"]

_Array = NDArray[np.float64]
_ROUNDING = 1e-9


def run_on_arrival(windows: JobWindows, most_units: _Array, step_h: float) -> Placement:
    """Every job on all its units from its submission on; jobs wait only where units are scarce.

    Parameters
    ----------
    windows : JobWindows
        Jobs in the order of submission; deadlines play no part.
    most_units : (T,) array
        Units that the class may use. [unit]
    step_h : float
        Interval length. [h]

    Notes
    -----
    Where units are scarce, the earliest submitted job gets what it can use, then the next. What is not done at the end
    of the horizon is missing from the placement.
    """
    steps = most_units.size
    everything = np.arange(windows.count)
    ends = windows.release_h + windows.duration_h
    at_once = JobWindows(windows.units, windows.work_unit_h, windows.release_h, ends, ends)
    blocks = blocks_of(at_once, everything, np.ones(steps, dtype=np.bool_), step_h)
    placed = Placement(blocks.owner, blocks.interval, blocks.most_units)
    if np.all(placed.rate(steps) <= most_units * (1.0 + _ROUNDING) + _ROUNDING):
        return placed
    return _queued(windows, most_units, step_h)


def _queued(windows: JobWindows, most_units: _Array, step_h: float) -> Placement:
    """First come, first served, interval by interval: what one leaves over decides what the next may use."""
    steps = most_units.size
    until_end = np.full(windows.count, steps * step_h)
    whole = JobWindows(windows.units, windows.work_unit_h, windows.release_h, until_end, until_end)
    left = windows.work_unit_h.copy()
    first = np.floor(windows.release_h / step_h + _ROUNDING).astype(np.intp)
    entry = _first_interval_units(whole, first, step_h)
    order = np.argsort(first, kind="stable")
    arrivals = np.searchsorted(first[order], np.arange(steps + 1))
    waiting = np.zeros(0, dtype=np.intp)
    found: list[tuple[NDArray[np.intp], int, _Array]] = []
    for interval in range(steps):
        waiting = np.concatenate([waiting, order[arrivals[interval] : arrivals[interval + 1]]])
        if not waiting.size:
            continue
        wide = np.where(first[waiting] == interval, entry[waiting], windows.units[waiting])
        wish = np.minimum(wide, left[waiting] / step_h)
        before = np.cumsum(wish) - wish
        given = np.clip(most_units[interval] - before, 0.0, wish)
        left[waiting] -= given * step_h
        runs = given > 0
        found.append((waiting[runs], interval, given[runs]))
        waiting = waiting[left[waiting] > _ROUNDING * windows.work_unit_h[waiting]]
    job = np.concatenate([jobs for jobs, _, _ in found]) if found else np.zeros(0, dtype=np.intp)
    when = np.repeat([t for _, t, _ in found], [jobs.size for jobs, _, _ in found]).astype(np.intp)
    units = np.concatenate([given for _, _, given in found]) if found else np.zeros(0)
    by_job = np.lexsort((when, job))
    return Placement(job[by_job], when[by_job], units[by_job])


def _first_interval_units(windows: JobWindows, first: NDArray[np.intp], step_h: float) -> _Array:
    """Units times the share of its first interval that is left when a job is submitted (J,). [unit]"""
    return windows.units * np.clip(first + 1.0 - windows.release_h / step_h, 0.0, 1.0)
