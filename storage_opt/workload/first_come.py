"""Work of a chain of jobs given out in the order of arrival, which along a chain is the order of deadlines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.workload.curves import Curves
from storage_opt.workload.jobs import JobWindows, Placement

__all__ = ["chain_placement", "whole_jobs_rate"]

_Array = NDArray[np.float64]
_SLIVER = 1e-9
_MOST_ROUNDS = 500


def chain_placement(curves: Curves, windows: JobWindows, rate_units: _Array, step_h: float) -> Placement:
    """When each job of a chain runs.

    Parameters
    ----------
    curves : Curves
        The chain; its members in the order in which they are served.
    windows : JobWindows
        Windows of all jobs of the class.
    rate_units : (T,) array
        Work rate of the chain, whose total is that of its members up to rounding. [unit]
    step_h : float
        Interval length. [h]

    Notes
    -----
    Member k owns the work from ``C[k-1]`` to ``C[k]`` of all work, interval t that from ``W[t-1]`` to ``W[t]``; a job
    runs in an interval for as much as the two have in common. Whenever ``D <= W <= A`` at the ends of intervals,
    every job lies inside its window (earliest deadline first: Jackson 1955, Horn 1974).
    """
    work = windows.work_unit_h[curves.members]
    owned = np.cumsum(work)
    total = float(owned[-1])
    done = np.cumsum(np.maximum(rate_units, 0.0) * step_h)
    done = done * (total / float(done[-1])) if done[-1] > 0 else done
    # noise of a solver must not move a sliver of a job out of its window
    done = np.clip(done, curves.due_unit_h, np.minimum(curves.arrived_unit_h, total))
    done = _joined(done, owned, _SLIVER * max(total, 1.0))
    cuts = np.union1d(np.concatenate([[0.0], owned]), done)
    amount = np.diff(cuts)
    middle = (cuts[:-1] + cuts[1:]) / 2.0
    member = np.minimum(np.searchsorted(owned, middle), work.size - 1)
    interval = np.minimum(np.searchsorted(done, middle), rate_units.size - 1)
    job = curves.members[member]
    order = np.lexsort((interval, job))
    kept = order[amount[order] > 0]
    return Placement(job[kept], interval[kept].astype(np.intp), amount[kept] / step_h)


def whole_jobs_rate(
    curves: Curves, windows: JobWindows, rate_units: _Array, room_units: _Array, step_h: float
) -> _Array:
    """The rate of a chain, changed as little as it takes for every job to run inside one interval (T,). [unit]

    Parameters
    ----------
    curves, windows, rate_units, step_h
        As for :func:`chain_placement`.
    room_units : (T,) array
        Units that the chain may use. [unit]

    Notes
    -----
    The work done by the end of each interval moves to the nearest end of a job, at most half a job away. Arrivals and
    deadlines are ends of jobs, so it stays between them. Where an interval would need more units than it has, the rate
    keeps its value, and a job is cut in two.
    """
    ends = np.concatenate([[0.0], np.cumsum(windows.work_unit_h[curves.members])])
    done = np.cumsum(np.maximum(rate_units, 0.0) * step_h)
    done = done * (float(ends[-1]) / float(done[-1])) if done[-1] > 0 else done
    done = np.clip(done, curves.due_unit_h, np.minimum(curves.arrived_unit_h, ends[-1]))
    place = np.clip(np.searchsorted(ends, done), 1, ends.size - 1)
    nearest = np.where(done - ends[place - 1] < ends[place] - done, ends[place - 1], ends[place])
    whole = np.ones(done.size, dtype=np.bool_)
    for rounds in range(_MOST_ROUNDS):
        chosen = np.maximum.accumulate(np.where(whole, nearest, done))
        rate: _Array = np.diff(chosen, prepend=0.0) / step_h
        over = np.flatnonzero(rate > np.maximum(room_units, rate_units) * (1.0 + _SLIVER) + _SLIVER)
        if not over.size:
            break
        whole[over] = False
        whole[np.maximum(over - 1, 0)] = False
        if rounds == _MOST_ROUNDS - 2:
            whole[:] = False
    return rate


def _joined(done: _Array, owned: _Array, near: float) -> _Array:
    """The curve with points that all but meet the end of a job moved onto it."""
    place = np.clip(np.searchsorted(owned, done), 1, max(owned.size - 1, 1))
    below, above = owned[np.minimum(place - 1, owned.size - 1)], owned[np.minimum(place, owned.size - 1)]
    closest = np.where(done - below < above - done, below, above)
    joined: _Array = np.maximum.accumulate(np.where(np.abs(closest - done) <= near, closest, done))
    return joined
