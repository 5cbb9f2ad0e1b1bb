"""Jobs of a log on the horizon: windows, what runs unshifted, and which of them need a decision each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.refusal import refuse
from storage_opt.spec.jobs import JobTable
from storage_opt.spec.resolved import Site
from storage_opt.spec.workload import WorkloadSpec
from storage_opt.workload.grouping import chains_of
from storage_opt.workload.jobs import JobWindows, Placement, blocks_of
from storage_opt.workload.plan import WorkPlan
from storage_opt.workload.unshifted import run_on_arrival

__all__ = ["MOST_DECISIONS", "lower_jobs"]

MOST_DECISIONS = 600_000
"""Decisions for single jobs beyond which a log is refused: solvers would need minutes and gigabytes."""

_Array = NDArray[np.float64]
_SLIVER = 1e-9


def lower_jobs(
    site: Site, name: str, room: _Array, room_unshifted: _Array, allowed: NDArray[np.bool_]
) -> tuple[WorkPlan, list[str]]:
    """A class of work that is given job by job; parameters as for its caller.

    Raises
    ------
    InputError
        When the log needs too many decisions, or has jobs wider than the class.
    """
    spec, h = site.spec.workload[name], site.horizon.step_h
    table = _table(site, name)
    windows = _windows(table, spec, site.horizon.steps * h)
    _require_width(name, table, float(room.max(initial=0.0)))
    unshifted = run_on_arrival(windows, room_unshifted, h)
    windows, notes = _as_far_as_unshifted(windows, unshifted, h)
    rate = unshifted.rate(site.horizon.steps)
    plan = WorkPlan(name, spec, room, rate, windows=windows, unshifted_jobs=unshifted)
    if _nothing_to_decide(windows, spec):
        return plan, notes
    everything = np.arange(windows.count)
    # whether a job is refused is asked of each by itself
    curves, single = ((), everything) if spec.value_per_unit_h is not None else chains_of(windows, allowed, h)
    blocks = blocks_of(windows, single, allowed, h) if single.size else None
    if blocks is not None and blocks.size > MOST_DECISIONS:
        what = (
            f"{single.size:,} jobs longer than an interval ask for {blocks.size:,} decisions, more than "
            f"{MOST_DECISIONS:,}"
        )
        refuse(f"workload.{name}.jobs", what, "take a longer horizon.step_minutes, a shorter max_delay_h, or a part")
    chained = sum(chain.members.size for chain in curves)
    if chained:
        notes.append(
            f"{chained:,} jobs no longer than an interval are scheduled as {_streams(len(curves))}, windows narrowed "
            f"to intervals that hold all of them; {single.size:,} jobs are decided one by one"
        )
    return WorkPlan(name, spec, room, rate, curves, None, blocks, windows, unshifted), notes


def _streams(count: int) -> str:
    return "one stream" if count == 1 else f"{count} streams"


def _table(site: Site, name: str) -> JobTable:
    if name not in site.jobs:
        refuse(f"workload.{name}.jobs", "the jobs of the log have not been read", "load the site with load_site")
    return site.jobs[name]


def _windows(table: JobTable, spec: WorkloadSpec, end_h: float) -> JobWindows:
    at_once = table.submit_h + table.duration_h
    due = np.where(np.isnan(table.deadline_h), at_once + spec.max_delay_h, table.deadline_h)
    due = np.clip(np.maximum(due, at_once), None, end_h)
    latest = due
    if spec.late_cost_per_unit_h is not None:
        latest = np.minimum(due + spec.max_late_h, end_h)
    return JobWindows(table.units, table.work_unit_h, table.submit_h, due, latest)


def _require_width(name: str, table: JobTable, most: float) -> None:
    wide = np.flatnonzero(table.units > most * (1.0 + _SLIVER))
    if wide.size:
        job = int(wide[0])
        what = (
            f"{wide.size:,} jobs use more units than the class may, {most:,.6g}: job `{table.ids[job]}` in row "
            f"{table.rows[job]} uses {table.units[job]:,.6g}"
        )
        refuse(f"workload.{name}.jobs", what, "raise installed_units or max_units, or take the jobs out")


def _as_far_as_unshifted(windows: JobWindows, unshifted: Placement, h: float) -> tuple[JobWindows, list[str]]:
    """Deadlines no earlier, and work no more, than what unshifted service reaches: the plan need not do better."""
    notes = []
    done = np.minimum(unshifted.work_unit_h(windows.count, h), windows.work_unit_h)
    missing = windows.work_unit_h - done
    undone = missing > _SLIVER * windows.work_unit_h
    if undone.any():
        notes.append(
            f"{int(undone.sum()):,} jobs are not finished by the end of the horizon, even unshifted; their last "
            f"{missing[undone].sum():,.6g} unit-hours are left out"
        )
    ends = np.zeros(windows.count)
    np.maximum.at(ends, unshifted.job, (unshifted.interval + 1.0) * h)
    late = ends > np.maximum(np.ceil(windows.due_h / h - _SLIVER) * h, windows.due_h) + _SLIVER
    if late.any():
        notes.append(
            f"{int(late.sum()):,} jobs find too few units to end in time unshifted; they are due when they end"
        )
    due = np.where(late | _queued(windows, unshifted, h), np.maximum(ends, windows.due_h), windows.due_h)
    latest = np.maximum(windows.latest_h, due)
    work = np.where(undone, np.maximum(done, 0.0), windows.work_unit_h)
    kept = np.where(work > 0, work, 0.0)
    return JobWindows(windows.units, kept, windows.release_h, due, latest), notes


def _queued(windows: JobWindows, unshifted: Placement, h: float) -> NDArray[np.bool_]:
    """Jobs that unshifted service does not run at once, so that it may use all of the interval of their deadline."""
    job, start = unshifted.job, unshifted.interval * h
    until = windows.release_h + windows.duration_h
    inside = np.minimum(start + h, until[job]) - np.maximum(start, windows.release_h[job])
    more = unshifted.units > windows.units[job] * (np.maximum(inside, 0.0) / h + _SLIVER)
    found = np.zeros(windows.count, dtype=np.bool_)
    found[job[more]] = True
    return found


def _nothing_to_decide(windows: JobWindows, spec: WorkloadSpec) -> bool:
    tight = windows.latest_h - windows.release_h <= windows.duration_h * (1.0 + _SLIVER) + _SLIVER
    return bool(np.all(tight)) and spec.value_per_unit_h is None and not spec.speed_curve
