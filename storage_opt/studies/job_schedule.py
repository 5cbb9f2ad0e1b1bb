"""Jobs of a class as an operations team follows them: when each runs, what it takes and costs, before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.jobs import JobTable
from storage_opt.workload.jobs import Placement
from storage_opt.workload.segments import SECOND_H, Segments

__all__ = ["JobCosts", "JobSchedule"]

_Array = NDArray[np.float64]
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class JobSchedule:
    """Every job of a class.

    Parameters
    ----------
    workload : str
        Name of the class.
    table : JobTable
        Its jobs.
    due_h : (J,) array
        When each must be done, as the plan had to keep it. [h]
    placed : Placement
        Where each runs, by interval.
    segments : Segments
        When each runs, by the clock.
    before : JobCosts
        Energy, money and end of each job when nothing is shifted.
    after : JobCosts
        The same as planned.
    refused_unit_h : (J,) array
        Work of each job that is refused. [unit h]
    peak_units : float
        Most units that are in use at once. [unit]
    room_units : float
        Most units that the class may use. [unit]
    unplaced_unit_h : float
        Work that found no place and is missing from the segments; never without a breach. [unit h]
    moved_unit_h : float
        Work that had to move between intervals so that short jobs run in one piece. [unit h]
    cost_of_whole_jobs : float
        What that costs at the cost of a kWh in each interval. [money]
    breaches : tuple of str
        Constraints that a check by independent code finds broken; empty when all hold.
    """

    workload: str
    table: JobTable
    due_h: _Array
    placed: Placement
    segments: Segments
    before: JobCosts
    after: JobCosts
    refused_unit_h: _Array
    peak_units: float
    room_units: float
    unplaced_unit_h: float
    moved_unit_h: float
    cost_of_whole_jobs: float
    breaches: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        found = [f"jobs of `{self.workload}`: {breach}" for breach in self.breaches]
        if self.peak_units > self.room_units * (1.0 + _ROUNDING):
            found.append(
                f"jobs of `{self.workload}`: up to {self.peak_units:,.6g} units are in use at once, of "
                f"{self.room_units:,.6g}: in parts of intervals wide jobs find no place side by side; each interval "
                "as a whole fits"
            )
        return tuple(found)

    @property
    def count(self) -> int:
        """Number of jobs."""
        return self.table.count

    @property
    def pauses(self) -> NDArray[np.intp]:
        """How often each job is paused (J,)."""
        segments = self.segments
        same = segments.job[1:] == segments.job[:-1]
        gap = segments.start_h[1:] - segments.end_h[:-1] > SECOND_H
        found: NDArray[np.intp] = np.bincount(segments.job[1:][same & gap], minlength=self.count)
        return found

    @property
    def moved(self) -> int:
        """Number of jobs that end later than unshifted."""
        return int(np.count_nonzero(self.after.end_h > self.before.end_h + SECOND_H))

    @property
    def mean_delay_h(self) -> float:
        """By how much jobs end later, on average. [h]"""
        late = self.after.end_h - self.before.end_h
        return float(np.nanmean(late)) if np.isfinite(late).any() else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class JobCosts:
    """What each job took (J,).

    Parameters
    ----------
    start_h, end_h : (J,) array
        First start and last end, from the start of the horizon; NaN where a job never runs. [h]
    energy_kwh : (J,) array
        Energy at the bus of the site. [kWh]
    cost : (J,) array
        Share of the bill. [money]
    green_frac : (J,) array
        Share of its energy from the site's own plants. [0-1]
    """

    start_h: _Array
    end_h: _Array
    energy_kwh: _Array
    cost: _Array
    green_frac: _Array
