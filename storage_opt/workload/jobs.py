"""Jobs as the model sees them: windows, and which interval may hold how much of which job."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "JobWindows", "Placement", "blocks_of"]

_Array = NDArray[np.float64]
_Ints = NDArray[np.intp]

_SLIVER = 1e-9
"""Part of an interval below which a window only touches it."""


@dataclass(frozen=True, slots=True, eq=False)
class JobWindows:
    """When each job may run, in hours from the start of the horizon.

    Parameters
    ----------
    units : (J,) array
        Units that a job uses at once; it can't run faster. [unit]
    work_unit_h : (J,) array
        Work of the job. [unit h]
    release_h : (J,) array
        From when it may run. [h]
    due_h : (J,) array
        When it must be done. [h]
    latest_h : (J,) array
        When it must be done at the latest, where lateness is priced; as `due_h` where it is forbidden. [h]
    """

    units: _Array
    work_unit_h: _Array
    release_h: _Array
    due_h: _Array
    latest_h: _Array

    @property
    def count(self) -> int:
        """Number of jobs."""
        return int(self.units.size)

    @property
    def duration_h(self) -> _Array:
        """Time at full width and speed (J,). [h]"""
        return self.work_unit_h / self.units


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where jobs run: entry n says that job `job[n]` keeps `units[n]` busy in interval `interval[n]`, on average.

    Parameters
    ----------
    job, interval : (N,) int array
        Sorted by job, then interval.
    units : (N,) array
        Units times the share of the interval in which they work. [unit]
    """

    job: _Ints
    interval: _Ints
    units: _Array

    def rate(self, steps: int) -> _Array:
        """Units busy in each interval (T,). [unit]"""
        return np.bincount(self.interval, self.units, steps).astype(np.float64)

    def work_unit_h(self, jobs: int, step_h: float) -> _Array:
        """Work done of each job (J,). [unit h]"""
        return np.bincount(self.job, self.units * step_h, jobs).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Jobs one by one: a decision for each job and interval of its window.

    Parameters
    ----------
    jobs : (n,) int array
        Which jobs of the class they are.
    owner : (N,) int array
        Position in `jobs` of each decision; sorted.
    interval : (N,) int array
        Interval of each decision, rising within a job.
    most_units : (N,) array
        Width of the job times the share of the interval that lies in its window. [unit]
    late_h : (N,) array
        How late work in that interval is, at its end; zero up to the interval that holds the deadline. [h]
    """

    jobs: _Ints
    owner: _Ints
    interval: _Ints
    most_units: _Array
    late_h: _Array

    @property
    def size(self) -> int:
        """Number of decisions N."""
        return int(self.owner.size)


def blocks_of(windows: JobWindows, jobs: _Ints, allowed: NDArray[np.bool_], step_h: float) -> Blocks:
    """The decisions of some jobs.

    Parameters
    ----------
    windows : JobWindows
        Windows of all jobs of the class.
    jobs : (n,) int array
        Those that are decided one by one.
    allowed : (T,) bool array
        Intervals in which the class may run at all.
    step_h : float
        Interval length. [h]
    """
    steps = allowed.size
    start, end = windows.release_h[jobs] / step_h, windows.latest_h[jobs] / step_h
    first = np.floor(start + _SLIVER).astype(np.intp)
    last = np.minimum(np.ceil(end - _SLIVER).astype(np.intp), steps)
    lengths = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(jobs.size), lengths)
    interval = np.arange(owner.size) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(first, lengths)
    inside = np.minimum(interval + 1.0, end[owner]) - np.maximum(interval.astype(np.float64), start[owner])
    inside = np.where(allowed[interval], np.minimum(inside, 1.0), 0.0)
    kept = inside > _SLIVER
    owner, interval, inside = owner[kept], interval[kept], inside[kept]
    due = windows.due_h[jobs][owner] / step_h
    late = np.maximum(interval + 1.0 - np.ceil(due - _SLIVER), 0.0) * step_h
    return Blocks(jobs, owner, interval, windows.units[jobs][owner] * inside, late)
