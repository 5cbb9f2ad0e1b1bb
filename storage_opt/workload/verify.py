"""An independent look at a job schedule: every constraint of every job, from its log and the clock alone.

Nothing here knows intervals of the model, curves or decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.jobs import JobTable
from storage_opt.workload.segments import Segments

__all__ = ["Promise", "breaches"]

_Array = NDArray[np.float64]
_SECOND_H = 1.0 / 3600.0
_WORK_RELATIVE = 1e-6
_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """What a schedule of jobs has to keep beyond the log itself.

    Parameters
    ----------
    latest_h : (J,) array
        When each job must be done. [h]
    work_unit_h : (J,) array
        Work that each job must do: that of the log, less what is refused or cut off, plus what is done twice. [unit h]
    most_units : (T,) array
        Units that may be in use in each span of `step_h`. [unit]
    allowed : (T,) bool array
        Spans in which jobs may run at all.
    step_h : float
        Length of a span. [h]
    """

    latest_h: _Array
    work_unit_h: _Array
    most_units: _Array
    allowed: NDArray[np.bool_]
    step_h: float


def breaches(table: JobTable, segments: Segments, promise: Promise) -> tuple[str, ...]:
    """Everything that is wrong with a schedule, in words; empty when every job keeps its constraints.

    Parameters
    ----------
    table : JobTable
        The jobs of the log.
    segments : Segments
        When they run.
    promise : Promise
        What they must keep.

    Notes
    -----
    Times count to the second. No job starts before it is submitted, ends after its deadline, uses more units than it
    has or runs twice at once; its units times speed times hours are its work; on average of each span no more units are
    in use than there are, see :func:`~storage_opt.workload.segments.peak_units` for instants; nothing runs in forbidden
    hours.
    """
    return (
        *_of_jobs(table, segments, promise),
        *_of_work(table, segments, promise),
        *_of_units(segments, promise),
        *_of_hours(table, segments, promise),
    )


def _of_jobs(table: JobTable, segments: Segments, promise: Promise) -> Iterator[str]:
    job = segments.job
    early = segments.start_h < table.submit_h[job] - _SECOND_H
    yield from _told(table, job[early], "starts before it is submitted")
    late = segments.end_h > promise.latest_h[job] + _SECOND_H
    yield from _told(table, job[late], "ends after its deadline")
    wide = (segments.units > table.units[job] * (1.0 + 1e-9)) | (segments.speed_frac > 1.0 + 1e-9)
    yield from _told(table, job[wide], "runs on more units, or faster, than it may")
    backwards = segments.end_h < segments.start_h
    yield from _told(table, job[backwards], "has a run that ends before it starts")
    order = np.lexsort((segments.start_h, job))
    again = (job[order][1:] == job[order][:-1]) & (segments.start_h[order][1:] < segments.end_h[order][:-1] - _SECOND_H)
    yield from _told(table, job[order][1:][again], "runs twice at once")


def _of_work(table: JobTable, segments: Segments, promise: Promise) -> Iterator[str]:
    hours = segments.end_h - segments.start_h
    done = np.bincount(segments.job, segments.units * segments.speed_frac * hours, table.count)
    off = np.abs(done - promise.work_unit_h)
    wrong = np.flatnonzero(off > _WORK_RELATIVE * np.maximum(table.work_unit_h, 1e-3) + table.units * 1e-6)
    for number in wrong[:_SHOWN].tolist():
        yield (
            f"job `{table.ids[number]}` does {done[number]:,.9g} unit-hours of {promise.work_unit_h[number]:,.9g}"
            + (f" ({wrong.size:,} jobs so)" if wrong.size > 1 else "")
        )


def _of_units(segments: Segments, promise: Promise) -> Iterator[str]:
    """Units in use on average of each span."""
    steps = promise.most_units.size
    used = _mean_units(segments, steps, promise.step_h)
    # times count to the second
    second = _SECOND_H / promise.step_h * float(segments.units.max(initial=0.0))
    noise = _WORK_RELATIVE * float(promise.most_units.max(initial=1.0)) + 2.0 * second
    over = np.flatnonzero(used > promise.most_units + noise)
    if over.size:
        worst = int(over[(used - promise.most_units)[over].argmax()])
        yield (
            f"{over.size:,} spans use more units than there are: {used[worst]:,.6g} of "
            f"{promise.most_units[worst]:,.6g} at {worst * promise.step_h:,.4g} h"
        )


def _of_hours(table: JobTable, segments: Segments, promise: Promise) -> Iterator[str]:
    if promise.allowed.all():
        return
    steps = promise.allowed.size
    forbidden = np.concatenate([[0.0], np.cumsum(~promise.allowed)]) * promise.step_h

    def until(hours: _Array) -> _Array:
        place = np.clip(hours / promise.step_h, 0.0, steps)
        whole = np.minimum(place.astype(np.intp), steps - 1)
        inside = (place - whole) * promise.step_h * ~promise.allowed[whole]
        total: _Array = forbidden[whole] + inside
        return total

    out = until(segments.end_h) - until(segments.start_h) > _SECOND_H
    yield from _told(table, segments.job[out], "runs in hours that are not allowed")


def _mean_units(segments: Segments, steps: int, step_h: float) -> _Array:
    """Units in use, averaged over each span (T,): the slope of what has been used up to its edges."""
    edges = np.arange(steps + 1) * step_h
    starts, ends = np.argsort(segments.start_h), np.argsort(segments.end_h)

    def begun(instants: _Array, order: NDArray[np.intp]) -> _Array:
        """Integral over time of the units that have begun (or ended) by each edge."""
        when, units = instants[order], segments.units[order]
        count = np.searchsorted(when, edges)
        rate = np.concatenate([[0.0], np.cumsum(units)])[count]
        offset = np.concatenate([[0.0], np.cumsum(units * when)])[count]
        total: _Array = rate * edges - offset
        return total

    used = begun(segments.start_h, starts) - begun(segments.end_h, ends)
    mean: _Array = np.diff(used) / step_h
    return mean


def _told(table: JobTable, jobs: NDArray[np.intp], what: str) -> Iterator[str]:
    found = np.unique(jobs)
    for number in found[:_SHOWN].tolist():
        more = f" ({found.size:,} jobs so)" if found.size > 1 else ""
        yield f"job `{table.ids[number]}` in row {int(table.rows[number])} {what}{more}"
