"""From the fluid schedule of a class with a job log to its jobs, checked by code that shares nothing with the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.model.placing import consolidated
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.compute_use import EnergyOfWork
from storage_opt.studies.job_schedule import JobCosts, JobSchedule
from storage_opt.workload.first_come import chain_placement, whole_jobs_rate
from storage_opt.workload.flows import units_left
from storage_opt.workload.jobs import JobWindows, Placement
from storage_opt.workload.plan import ClusterPlan, ComputePlan, WorkPlan
from storage_opt.workload.segments import Segments, clock_segments, peak_units
from storage_opt.workload.verify import Promise, breaches

__all__ = ["schedule_jobs"]

_Array = NDArray[np.float64]
_RELATIVE = 1e-9
_NOTICED = 1e-3
"""Repeated work, in hours of the width of a job, below which it is noise of a solver."""


def schedule_jobs(
    plan: ComputePlan,
    site: Site,
    solved: tuple[Program, Point],
    schedules: tuple[Schedule, Schedule],
    energies: tuple[EnergyOfWork, EnergyOfWork],
) -> dict[str, JobSchedule]:
    """Jobs of every class with a log.

    Parameters
    ----------
    plan : ComputePlan
        Compute of the site.
    site : Site
        The site.
    solved : Program and Point
        Where the decisions on single jobs are read.
    schedules : pair of Schedule
        The plan, and the same unshifted.
    energies : pair of EnergyOfWork
        What a kWh of the servers meant in them.
    """
    found = {}
    for facility in plan.facilities.values():
        for cluster in facility.clusters:
            for work in cluster.work:
                if work.windows is not None:
                    placing = _Placing(site, cluster, work, facility.name)
                    found[work.name] = placing.scheduled(solved, schedules, energies)
    return found


class _Placing:
    """One class on its way from rates to jobs."""

    def __init__(self, site: Site, cluster: ClusterPlan, work: WorkPlan, facility: str) -> None:
        assert work.windows is not None
        assert work.unshifted_jobs is not None
        self.site, self.cluster, self.work, self.facility = site, cluster, work, facility
        self.windows: JobWindows = work.windows
        self.unshifted: Placement = work.unshifted_jobs
        self.table = site.jobs[work.name]
        self.h = site.horizon.step_h

    def scheduled(
        self,
        solved: tuple[Program, Point],
        schedules: tuple[Schedule, Schedule],
        energies: tuple[EnergyOfWork, EnergyOfWork],
    ) -> JobSchedule:
        """The jobs, what they take before and after, and whether they keep what they must."""
        plan, baseline = schedules
        placed = self._placed(*solved, plan)
        left = units_left(self.cluster, self.work, plan)
        segments = clock_segments(placed.jobs, self.windows, self._speed(plan), self.h, left)
        at_once = clock_segments(self.unshifted, self.windows, np.ones(self.site.horizon.steps), self.h)
        owed = self.windows.work_unit_h - placed.refused_unit_h + placed.redone_unit_h
        missing = np.maximum(owed - placed.jobs.work_unit_h(self.windows.count, self.h), 0.0)
        unplaced = float(missing.sum()) if missing.sum() > _RELATIVE * max(float(owed.sum()), 1.0) else 0.0
        promise = Promise(self.windows.latest_h, owed, left, self.work.allowed, self.h)
        moved = np.abs(placed.jobs.rate(self.site.horizon.steps) - plan[Flow(self.work.name, FlowKind.WORK_UNITS)])
        after = self._costs(placed.jobs, segments, plan, energies[0])
        return JobSchedule(
            self.work.name,
            self.table,
            self.windows.due_h,
            placed.jobs,
            segments,
            self._costs(self.unshifted, at_once, baseline, energies[1]),
            after,
            placed.refused_unit_h,
            peak_units(segments),
            float(left.max(initial=0.0)),
            unplaced,
            float(moved.sum()) * self.h / 2.0,
            self._cost_of_whole_jobs(after, plan, energies[0]),
            (*breaches(self.table, segments, promise), *self._repeated_for_nothing(placed.redone_unit_h, *solved)),
        )

    def _placed(self, program: Program, point: Point, plan: Schedule) -> _Placed:
        work, nothing = self.work, np.zeros(self.windows.count)
        if not work.moves:
            return _Placed(self.unshifted, nothing, nothing)
        parts: list[Placement] = []
        refused, redone = nothing.copy(), nothing.copy()
        left = units_left(self.cluster, self.work, plan) - plan[Flow(work.name, FlowKind.RUNNING_UNITS)]
        for number, curves in enumerate(work.curves):
            rate = program.values(point.x, f"{work.stream_name(number)}.rate")
            whole = whole_jobs_rate(curves, self.windows, rate, rate + np.maximum(left, 0.0), self.h)
            left = left - np.maximum(whole - rate, 0.0)
            parts.append(chain_placement(curves, self.windows, whole, self.h))
        if work.blocks is not None:
            jobs = work.blocks.jobs
            units = program.values(point.x, f"{work.jobs_name}.units")
            room = np.bincount(work.blocks.interval, units, left.size).astype(np.float64) + np.maximum(left, 0.0)
            parts.append(consolidated(work.blocks, self.windows, units, room, self.h))
            if work.spec.value_per_unit_h is not None:
                refused[jobs] = program.values(point.x, f"{work.jobs_name}.refused_unit_h")
            if work.spec.checkpoint_h:
                redone[jobs] = work.spec.checkpoint_h * program.values(point.x, f"{work.jobs_name}.restarted")
        job = np.concatenate([part.job for part in parts])
        interval = np.concatenate([part.interval for part in parts])
        order = np.lexsort((interval, job))
        units = np.concatenate([part.units for part in parts])[order]
        return _Placed(Placement(job[order], interval[order], units), refused, redone)

    def _repeated_for_nothing(self, redone_unit_h: _Array, program: Program, point: Point) -> tuple[str, ...]:
        """Work done twice that no restart explains: what a solver does where power is paid for."""
        blocks = self.work.blocks
        if not self.work.spec.checkpoint_h or blocks is None:
            return ()
        units = program.values(point.x, f"{self.work.jobs_name}.units")
        follows = np.insert((np.diff(blocks.owner) == 0) & (np.diff(blocks.interval) == 1), 0, False)
        rises = np.maximum(units - np.where(follows, np.roll(units, 1), 0.0), 0.0)
        width = self.windows.units[blocks.jobs]
        restarted = np.maximum(np.bincount(blocks.owner, rises, blocks.jobs.size) - width, 0.0)
        more = redone_unit_h[blocks.jobs] - self.work.spec.checkpoint_h * restarted
        count = int(np.count_nonzero(more > _NOTICED * width))
        if not count:
            return ()
        twice = float(more[more > 0].sum())
        return (f"{count:,} jobs do {twice:,.6g} unit-hours twice without a restart, to use power that is paid for",)

    def _speed(self, plan: Schedule) -> _Array:
        """Speed of the units of the class (T,)."""
        rate = plan[Flow(self.work.name, FlowKind.WORK_UNITS)]
        running = plan[Flow(self.work.name, FlowKind.RUNNING_UNITS)]
        speed: _Array = np.divide(rate, running, out=np.ones_like(rate), where=running > 0)
        return np.clip(speed, self.work.slowest_frac, 1.0)

    def _kwh_per_unit_h(self, schedule: Schedule, energy: EnergyOfWork) -> _Array:
        """Energy at the bus of a unit-hour of the class (T,). [kWh/(unit h)]"""
        rate = schedule[Flow(self.work.name, FlowKind.WORK_UNITS)]
        it_kw = schedule[Flow(self.work.name, FlowKind.IT_KW)]
        power = self.cluster.power
        alone = power.idle_kw + power.span_kw * self.work.spec.power_frac
        per_unit: _Array = np.divide(it_kw, rate, out=np.full_like(rate, alone), where=rate > _RELATIVE)
        return per_unit * energy.site_kw_per_it_kw[self.facility]

    def _costs(self, placed: Placement, segments: Segments, schedule: Schedule, energy: EnergyOfWork) -> JobCosts:
        count = self.windows.count
        kwh = placed.units * self.h * self._kwh_per_unit_h(schedule, energy)[placed.interval]
        whole = np.bincount(placed.job, kwh, count).astype(np.float64)
        cost = np.bincount(placed.job, kwh * energy.cost_per_kwh[placed.interval], count).astype(np.float64)
        green = np.bincount(placed.job, kwh * energy.green_frac[placed.interval], count)
        start: _Array = np.full(count, np.inf)
        end: _Array = np.full(count, -np.inf)
        np.minimum.at(start, segments.job, segments.start_h)
        np.maximum.at(end, segments.job, segments.end_h)
        share = np.divide(green, whole, out=np.zeros(count), where=whole > 0)
        return JobCosts(_known(start), _known(end), whole, cost, share)

    def _cost_of_whole_jobs(self, after: JobCosts, plan: Schedule, energy: EnergyOfWork) -> float:
        """What the jobs cost more than the fluid schedule of the class, at the same cost of a kWh. [money]"""
        rate = plan[Flow(self.work.name, FlowKind.WORK_UNITS)]
        fluid = rate * self.h * self._kwh_per_unit_h(plan, energy) @ energy.cost_per_kwh
        return float(after.cost.sum()) - float(fluid)


def _known(hours: _Array) -> _Array:
    """Instants, NaN where a job never runs. [h]"""
    known: _Array = np.where(np.isfinite(hours), hours, np.nan)
    return known


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Jobs in intervals, and what of their work is refused or done twice (J,). [unit h]"""

    jobs: Placement
    refused_unit_h: _Array
    redone_unit_h: _Array
