"""Few interruptions: of all ways in which the same jobs give the same rate, one in which they run in whole."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.backends import Status
from storage_opt.model.standard_form import StandardForm
from storage_opt.model.watchdog import solve_watched
from storage_opt.workload.jobs import Blocks, JobWindows, Placement

__all__ = ["consolidated"]

_Array = NDArray[np.float64]
_NOISE = 1e-7
_ROUNDING = 1e-9
_MOST_ROUNDS = 10
_SLIVER = 5e-3
"""Share of the units of all jobs that could run, below which an interval is left to rest."""


def consolidated(blocks: Blocks, windows: JobWindows, units: _Array, room_units: _Array, step_h: float) -> Placement:
    """Jobs with the rates and totals of a schedule, at a corner of all that have them.

    Parameters
    ----------
    blocks : Blocks
        The decisions.
    windows : JobWindows
        Windows of all jobs of the class.
    units : (N,) array
        A schedule, such as the solver's, in which jobs may run for parts of many intervals. [unit]
    room_units : (T,) array
        Units that the jobs may use. [unit]
    step_h : float
        Interval length. [h]

    Notes
    -----
    ``min sum_n c[n] x[n]`` subject to ``sum_j x[j,t] = R[t]``, ``sum_t x[j,t] = W[j]``, ``0 <= x <= most``: a
    transportation problem, solved by the simplex method. At a corner at most as many entries are fractional as there
    are jobs and intervals. The cost ``c = -due[j] (t - release[j])`` makes jobs with early deadlines run early, which
    also makes them run in one piece. When the solver gives nothing within its time, the schedule stays as it is: right,
    only more broken up.
    """
    clean = _without_slivers(blocks, np.clip(units, 0.0, blocks.most_units), room_units)
    found = _corner(blocks, windows, clean, step_h)
    chosen = clean if found is None else found
    chosen = np.where(chosen <= _NOISE * blocks.most_units, 0.0, chosen)
    chosen = _with_totals(blocks, chosen, clean)
    kept = chosen > 0
    return Placement(blocks.jobs[blocks.owner[kept]], blocks.interval[kept], chosen[kept])


def _without_slivers(blocks: Blocks, units: _Array, room_units: _Array) -> _Array:
    """The schedule with nothing in intervals in which hardly anything runs: seconds that nobody would start a job for.

    A job whose work then finds no room in its other intervals keeps them all.
    """
    steps, count = room_units.size, blocks.jobs.size
    rate, most = (np.bincount(blocks.interval, values, steps) for values in (units, blocks.most_units))
    dropped = (rate < _SLIVER * most)[blocks.interval]
    owed = np.bincount(blocks.owner, units, count)
    for _ in range(_MOST_ROUNDS):
        tried = _with_totals(blocks, np.where(dropped, 0.0, units), units)
        over = np.bincount(blocks.interval, tried, steps) > np.maximum(room_units, rate) * (1.0 + _NOISE)
        short = np.abs(np.bincount(blocks.owner, tried, count) - owed) > _NOISE * owed
        wrong = short | (np.bincount(blocks.owner, over[blocks.interval] & (tried > units), count) > 0)
        if not np.any(wrong[blocks.owner] & dropped):
            return tried
        dropped &= ~wrong[blocks.owner]
    return units


def _corner(blocks: Blocks, windows: JobWindows, units: _Array, step_h: float) -> _Array | None:
    jobs, size = blocks.jobs.size, blocks.size
    used, row = np.unique(blocks.interval, return_inverse=True)
    by_job, by_interval = _sums(blocks.owner, jobs), _sums(row, used.size)
    due, release = windows.due_h[blocks.jobs] / step_h, windows.release_h[blocks.jobs] / step_h
    cost = -due[blocks.owner] * (blocks.interval - release[blocks.owner])
    most = max(float(blocks.most_units.max(initial=0.0)), _NOISE)
    form = StandardForm(
        sp.csc_array((size, size)),
        cost / max(float(np.abs(cost).max(initial=0.0)), 1.0),
        0.0,
        by_job,
        by_job @ (units / most),
        by_interval,
        # the totals are the same in sum, so at most is as good as equal, and rounding can't contradict itself
        by_interval @ (units / most) + _ROUNDING,
        np.zeros(size),
        blocks.most_units / most,
        np.zeros(0, dtype=np.intp),
    )
    answer = solve_watched(form, "HIGHS")
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return None
    found: _Array = np.clip(answer.x * most, 0.0, blocks.most_units)
    return found


def _sums(owner: NDArray[np.intp], count: int) -> sp.csc_array:
    """Sums entries by owner (count, N)."""
    return sp.csc_array((np.ones(owner.size), owner, np.arange(owner.size + 1)), shape=(count, owner.size))


def _with_totals(blocks: Blocks, units: _Array, wanted: _Array) -> _Array:
    """The schedule with the total of every job exact; what is missing or too much goes where there is most room."""
    owed = np.bincount(blocks.owner, wanted, blocks.jobs.size)
    for _ in range(3):
        gap = (owed - np.bincount(blocks.owner, units, blocks.jobs.size))[blocks.owner]
        room = np.where(gap > 0, blocks.most_units - units, units) * (units > 0)
        whole = np.bincount(blocks.owner, room, blocks.jobs.size)[blocks.owner]
        share = np.divide(room, whole, out=np.zeros_like(room), where=whole > 0)
        units = np.clip(units + gap * share, 0.0, blocks.most_units)
    return units
