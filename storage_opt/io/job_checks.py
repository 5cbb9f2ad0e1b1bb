"""What is wrong with jobs that can be read: times that contradict each other, sizes no cluster has, work told twice."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.job_cells import shown
from storage_opt.io.job_clock import PER_HOUR
from storage_opt.io.job_findings import Finding, Reading
from storage_opt.io.table import FIRST_ROW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.io.job_layouts import TimeUnit
    from storage_opt.io.job_rows import JobRows

__all__ = ["UnitLimit", "clock_findings", "repeat_findings", "row_findings", "size_findings", "unit_slip"]

_TOLERANCE_H = 1e-9
_YEAR_H = 8_784.0
_LONG_MEDIAN_H = 60 * 24.0
_SHORT_MEDIAN_H = 10 / 3600
_SHORT_MAX_H = 10 / 60
_FEWEST_FOR_SHORT = 10
_JUMP_H = 1.0
_ORDERED_SHARE = 0.99
_NEXT_FINER: dict[TimeUnit, TimeUnit] = {"h": "s", "min": "s", "s": "ms"}
_NEXT_COARSER: dict[TimeUnit, TimeUnit] = {"ms": "s", "s": "h", "min": "h"}


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """Most units that jobs may use at once, and what says so.

    Parameters
    ----------
    units : float
        The limit. [unit]
    words : str
        What sets it.
    """

    units: float
    words: str


def row_findings(rows: JobRows, judged: NDArray[np.bool_]) -> list[Finding]:
    """Rows whose cells are no numbers or times, or contradict each other.

    Parameters
    ----------
    rows : JobRows
        The log.
    judged : (N,) bool array
        Rows that matter.
    """
    length, units = rows.durations.reading, rows.units
    findings = [*rows.submit.check(judged), *units.check(judged), *length.check(judged)]
    negative = np.isfinite(units.values) & (units.values < 0)
    nothing = np.isfinite(length.values) & (length.values <= 0)
    long = np.isfinite(length.values) & (length.values > _YEAR_H)
    if rows.header("id"):
        unnamed = _found(rows.ids == "", judged)
        hint = "give each job its id"
        findings.append(Finding(unnamed, "blank cell", "", hint, rows.header("id"), rows.name_of))
    hint = "correct the number of units; jobs without accelerators have 0"
    rest = "with a negative number of units"
    findings.append(Finding(_found(negative, judged), "job", rest, hint, units.header, units.text))
    hint = "correct the times, or remove jobs that did no work"
    findings.append(Finding(_found(nothing, judged), "duration", "not above 0", hint, length.header, length.text))
    hint = _slip_hint(rows, _NEXT_FINER) if rows.durations.unit in _NEXT_FINER else "correct start and end"
    findings.append(Finding(_found(long, judged), "duration", "longer than a year", hint, length.header, length.text))
    if rows.deadline is not None:
        findings += _deadline_findings(rows, rows.deadline, judged)
    return [finding for finding in findings if finding.rows.size]


def _found(mask: NDArray[np.bool_], judged: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.flatnonzero(mask & judged)


def _deadline_findings(rows: JobRows, deadline: Reading, judged: NDArray[np.bool_]) -> list[Finding]:
    done_h = rows.submit_h + rows.duration_h
    early = deadline.values < rows.submit_h - _TOLERANCE_H
    short = ~early & (rows.duration_h > 0) & (deadline.values < done_h - _TOLERANCE_H)

    def text(row: int) -> str:
        return f"{deadline.text(row)}, submitted {rows.submit.text(row)}"

    def ready(row: int) -> str:
        return f"{deadline.text(row)}, ready at {rows.clock.text(done_h[row])} when run on arrival"

    before = "correct the deadline, or leave it blank"
    later = "move the deadline to where it can be met, or leave it blank"
    return [
        *deadline.check(judged),
        Finding(_found(early, judged), "deadline", "before the submission", before, deadline.header, text),
        Finding(_found(short, judged), "deadline", "that cannot be met", later, deadline.header, ready),
    ]


def _slip_hint(rows: JobRows, units: dict[TimeUnit, TimeUnit]) -> str:
    unit = rows.durations.unit
    other = units.get(unit) if unit is not None else None
    if other is None:
        return "check the durations and their unit"
    if rows.durations.in_header:
        return f"rename the header, such as `duration_{other}`, if they are {other}; else correct the durations"
    return f'set duration_unit = "{other}" if they are {other}; else correct the durations'


def unit_slip(rows: JobRows, judged: NDArray[np.bool_], key: str) -> list[Fault]:
    """Durations that as a whole look as if read in the wrong unit.

    Parameters
    ----------
    rows : JobRows
        The log.
    judged : (N,) bool array
        Rows that matter.
    key : str
        Key of the log in the site file.
    """
    unit, reading = rows.durations.unit, rows.durations.reading
    hours = reading.values[judged & np.isfinite(reading.values) & (reading.values > 0)]
    if unit is None or hours.size == 0:
        return []
    median, largest = float(np.median(hours)), float(np.max(hours))
    if median > _LONG_MEDIAN_H and unit in _NEXT_FINER:
        words = f"half of the jobs would last longer than {median / 24:,.4g} d"
        other = _NEXT_FINER[unit]
        hint = _slip_hint(rows, _NEXT_FINER)
    elif (
        median < _SHORT_MEDIAN_H
        and largest < _SHORT_MAX_H
        and hours.size >= _FEWEST_FOR_SHORT
        and unit in _NEXT_COARSER
        and not (rows.durations.is_declared and unit != "ms")
    ):
        seconds = f"{median * 3600:,.4g} s and none more than {largest * 3600:,.4g} s"
        words = f"half of the jobs would last less than {seconds}"
        other = _NEXT_COARSER[unit]
        hint = _slip_hint(rows, _NEXT_COARSER)
    else:
        return []
    what = (
        f"durations read in {unit} look like {other}: {words} "
        f"(median {median * PER_HOUR[unit]:,.6g} {unit}, largest {largest * PER_HOUR[unit]:,.6g} {unit})"
    )
    return [Fault(what, hint, rows.table.name, key, column=reading.header)]


def size_findings(
    rows: JobRows, judged: NDArray[np.bool_], owner: NDArray[np.intp], limits: list[list[UnitLimit]]
) -> list[Finding]:
    """Jobs that use more units at once than there are.

    Parameters
    ----------
    rows : JobRows
        The log.
    judged : (N,) bool array
        Rows that matter.
    owner : (N,) int array
        Which workload takes each row; -1 for none.
    limits : list of list of UnitLimit
        Limits of each workload.
    """
    findings, units = [], rows.units
    for position, of_one in enumerate(limits):
        left = judged & (owner == position)
        for limit in of_one:
            found = np.flatnonzero(left & np.isfinite(units.values) & (units.values > limit.units * (1 + 1e-9)))
            left[found] = False
            if found.size:
                rest = f"larger than {limit.words}"
                hint = "correct the number of units, or the limit"
                findings.append(Finding(found, "job", rest, hint, units.header, units.text))
    return findings


def repeat_findings(rows: JobRows, judged: NDArray[np.bool_], spoilt: NDArray[np.bool_]) -> list[Finding]:
    """Jobs whose id stands in the log more than once: all but the first that is sound.

    Parameters
    ----------
    rows : JobRows
        The log.
    judged : (N,) bool array
        Rows that matter.
    spoilt : (N,) bool array
        Rows with something else wrong, which are not what remains of an id.
    """
    import pandas as pd

    if not rows.header("id"):
        return []
    used = np.flatnonzero(judged & (rows.ids != ""))
    order = used[np.argsort(spoilt[used], kind="stable")]
    ids = pd.Series(rows.ids[order], dtype="str")
    repeated = ids.duplicated(keep="first").to_numpy()
    if not repeated.any():
        return []
    first = dict(zip(ids[~repeated], order[~repeated], strict=True))
    found = np.sort(order[repeated])

    def text(row: int) -> str:
        return f"`{shown(rows.ids[row])}`, also in row {first[rows.ids[row]] + FIRST_ROW}"

    hint = "remove the second row; logs that overlap count work twice"
    return [Finding(found, "job", "whose id another row has", hint, rows.header("id"), text)]


def clock_findings(rows: JobRows, judged: NDArray[np.bool_]) -> list[Finding]:
    """Submissions that step out of a log which is in the order of time otherwise: its clock may have jumped.

    Named are the fewest rows without which the log is in order, and of these the ones out by more than an hour.

    Parameters
    ----------
    rows : JobRows
        The log.
    judged : (N,) bool array
        Rows that matter.
    """
    used = np.flatnonzero(judged & np.isfinite(rows.submit_h))
    times = rows.submit_h[used]
    steps = np.diff(times)
    if steps.size == 0 or np.min(steps) >= -_JUMP_H or np.mean(steps >= 0) < _ORDERED_SHARE:
        return []
    kept = _longest_rising(times)
    place = np.searchsorted(kept, np.arange(times.size), side="right") - 1
    before = np.where(place >= 0, times[kept[np.maximum(place, 0)]], -np.inf)
    after = np.append(times[kept], np.inf)[place + 1]
    out = (times < before - _JUMP_H) | (times > after + _JUMP_H)
    found = used[out]
    reference = dict(zip(found.tolist(), np.where(times < before, before, after)[out].tolist(), strict=True))

    def text(row: int) -> str:
        return f"{rows.clock.text(rows.submit_h[row])} beside {rows.clock.text(reference[row])}"

    if found.size == 0:
        return []
    hint = "check the clock of the log there, and correct or sort the rows"
    return [Finding(found, "submission", "more than 1 h out of order", hint, rows.submit.header, text)]


def _longest_rising(times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of a longest non-decreasing part of `times`."""
    ends: list[float] = []
    last: list[int] = []
    before = np.full(times.size, -1, dtype=np.intp)
    for position, moment in enumerate(times.tolist()):
        length = bisect_right(ends, moment)
        before[position] = last[length - 1] if length else -1
        if length == len(ends):
            ends.append(moment)
            last.append(position)
        else:
            ends[length] = moment
            last[length] = position
    kept = [last[-1]]
    while before[kept[-1]] >= 0:
        kept.append(int(before[kept[-1]]))
    return np.array(kept[::-1], dtype=np.intp)
