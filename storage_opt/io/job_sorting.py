"""Where each row of a job log goes: kept, left out, set aside or refused; together they are all rows of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.job_checks import (
    UnitLimit,
    clock_findings,
    repeat_findings,
    row_findings,
    size_findings,
    unit_slip,
)
from storage_opt.io.job_findings import Finding, numbered, row_numbers
from storage_opt.io.spec_faults import nearest
from storage_opt.io.stamps import counted
from storage_opt.io.table import FIRST_ROW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.io.job_rows import JobRows

__all__ = ["JobAccount", "Sorting", "Taker", "sort_rows"]

_TOLERANCE_H = 1e-9
_MOST_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Taker:
    """A workload that takes jobs of a log.

    Parameters
    ----------
    name : str
        The workload.
    classes : tuple of str
        Classes that it takes; empty for all.
    limits : tuple of UnitLimit
        Most units that its jobs may use.
    """

    name: str
    classes: tuple[str, ...]
    limits: tuple[UnitLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class JobAccount:
    """Rows of a job log, none of them lost: `rows` is the sum of all others.

    Parameters
    ----------
    file : str
        The log as the user named it.
    rows : int
        Rows of the file without its header.
    kept : int
        Jobs handed to workloads.
    left_out : mapping of str to int
        Rows that are no jobs of the horizon, by reason.
    broken : int
        Rows with faults: refused, or under quarantine set aside.
    """

    file: str
    rows: int
    kept: int
    left_out: Mapping[str, int]
    broken: int


@dataclass(eq=False)
class Sorting:
    """What came of the rows of a log.

    Parameters
    ----------
    account : JobAccount
        Rows by what became of them.
    owner : (N,) int array
        Which taker keeps each row; -1 where none does.
    faults : list of Fault
        What refuses the log.
    notes : list of str
        Everything left out or set aside, with numbers.
    """

    account: JobAccount
    owner: NDArray[np.intp]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Pile:
    """Rows not placed yet, and those that were left out so far."""

    rows: JobRows
    unplaced: NDArray[np.bool_]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, mask: NDArray[np.bool_], words: str, *, with_work: bool = False) -> None:
        """Take rows off the pile and note how many."""
        found = np.flatnonzero(mask & self.unplaced)
        if found.size == 0:
            return
        self.unplaced[found] = False
        self.left_out[words] = int(found.size)
        noun = "row" if words.startswith("of ") else "job"
        work = f" ({_work(self.rows, found)})" if with_work else ""
        done = "set aside" if with_work else "left out"
        self.notes.append(f"{self.rows.table.name}: {done}: {counted(found.size, noun)} {words}{work}")


def sort_rows(rows: JobRows, takers: Sequence[Taker], key: str, *, quarantine: bool) -> Sorting:
    """Decide what becomes of each row of a job log.

    Parameters
    ----------
    rows : JobRows
        The log.
    takers : sequence of Taker
        Workloads that read it, no class taken twice.
    key : str
        Key of the log in the site file.
    quarantine : bool
        Whether broken rows are set aside instead of refused.
    """
    pile = _Pile(rows, np.ones(rows.table.rows, dtype=bool))
    pile.leave_out(rows.is_step, "of steps within jobs")
    pile.leave_out(rows.units.values == 0, "without accelerators")
    pile.leave_out(rows.is_unstarted, "that never started")
    findings = clock_findings(rows, pile.unplaced)
    jumped = _marked(findings, rows.table.rows)
    span_h, submit_h = rows.clock.span_h, rows.submit_h
    in_order = np.isfinite(submit_h) & ~jumped
    pile.leave_out(in_order & (submit_h < 0), "submitted before the horizon starts", with_work=True)
    pile.leave_out(in_order & (submit_h >= span_h), "submitted when the horizon has ended", with_work=True)
    owner = _owners(rows, takers)
    judged = pile.unplaced.copy()
    faults = unit_slip(rows, judged, key)
    findings += row_findings(rows, judged)
    findings += size_findings(rows, judged, owner, [list(taker.limits) for taker in takers])
    unknown = np.flatnonzero(judged & (owner < 0))
    findings += repeat_findings(rows, judged, _marked(findings, rows.table.rows) | (owner < 0))
    broken = _marked(findings, rows.table.rows) | (judged & (owner < 0))
    if quarantine:
        pile.notes += _quarantine_notes(rows, findings, unknown)
    else:
        faults += [finding.fault(rows.table.name, key) for finding in findings]
        faults += _unknown_classes(rows, unknown, takers, key)
    pile.unplaced[broken] = False
    late = submit_h + rows.duration_h > span_h + _TOLERANCE_H
    pile.leave_out(late, "that could not end within the horizon even if run on arrival", with_work=True)
    owner[~pile.unplaced] = -1
    kept = int(np.count_nonzero(pile.unplaced))
    if (unended := int(np.count_nonzero(rows.is_unended & pile.unplaced))) > 0:
        what = f"{counted(unended, 'job')} that had not ended when the log was written"
        pile.notes.append(f"{rows.table.name}: counted up to then: {what}")
    for name in dict.fromkeys(name for taker in takers for name in taker.classes):
        if not np.any(rows.classes == name):
            pile.notes.append(f"{rows.table.name}: class `{name}` does not occur")
    account = JobAccount(rows.table.name, rows.table.rows, kept, pile.left_out, int(np.count_nonzero(broken)))
    return Sorting(account, owner, faults, [*rows.notes, *pile.notes])


def _owners(rows: JobRows, takers: Sequence[Taker]) -> NDArray[np.intp]:
    takes_all = next((position for position, taker in enumerate(takers) if not taker.classes), -1)
    by_class = {name: position for position, taker in enumerate(takers) for name in taker.classes}
    return np.array([by_class.get(name, takes_all) for name in rows.classes], dtype=np.intp)


def _marked(findings: Sequence[Finding], count: int) -> NDArray[np.bool_]:
    marked = np.zeros(count, dtype=bool)
    for finding in findings:
        marked[finding.rows] = True
    return marked


def _work(rows: JobRows, found: NDArray[np.intp]) -> str:
    """Work of rows in words, with the number of those whose work can't be told."""
    work = rows.work_unit_h[found]
    unknown = int(np.count_nonzero(np.isnan(work)))
    total = float(np.nansum(work))
    known = f"{total:,.6g} unit-hour{'' if total == 1 else 's'}"
    return f"{known}; of {unknown:,} it cannot be told" if unknown else known


def _quarantine_notes(rows: JobRows, findings: Sequence[Finding], unknown: NDArray[np.intp]) -> list[str]:
    """One note a reason; a row with several counts under the first."""
    reasons = [(finding.rows, finding.noun, finding.rest, finding.column) for finding in findings]
    classes = list(dict.fromkeys(rows.classes[unknown]))
    for name in classes[:_MOST_CLASSES]:
        of_class = unknown[rows.classes[unknown] == name]
        reasons.append((of_class, "job", f"of class {_quoted(name)}, which no workload takes", rows.header("class")))
    if len(classes) > _MOST_CLASSES:
        rest = f"of {len(classes) - _MOST_CLASSES:,} more such classes"
        reasons.append((unknown, "job", rest, rows.header("class")))
    told = np.zeros(rows.table.rows, dtype=bool)
    notes = []
    for found, noun, rest, column in reasons:
        new = found[~told[found]]
        told[new] = True
        if new.size:
            where = f"column `{column}`, {row_numbers(new)}"
            words = numbered(new.size, noun, rest)
            notes.append(f"{rows.table.name}: set aside by quarantine: {words} ({where}; {_work(rows, new)})")
    return notes


def _quoted(name: str) -> str:
    return f"`{name}`" if name else "blank"


def _unknown_classes(rows: JobRows, unknown: NDArray[np.intp], takers: Sequence[Taker], key: str) -> list[Fault]:
    """Classes of the file that no workload takes."""
    if unknown.size == 0:
        return []
    names, first, counts = np.unique(rows.classes[unknown].astype(str), return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    listed = ", ".join(
        f"{_quoted(names[place])} ({counted(int(counts[place]), 'job')}, first row {unknown[first[place]] + FIRST_ROW})"
        for place in order[:_MOST_CLASSES]
    )
    more = f" and {names.size - _MOST_CLASSES:,} more" if names.size > _MOST_CLASSES else ""
    taken = [name for taker in takers for name in taker.classes]
    unused = sorted(set(taken) - set(rows.classes))
    close = nearest(str(names[order[0]]), unused)
    hint = f"add them to `classes` of a workload that reads {rows.table.name}"
    if close:
        hint = f"does `{close}` of a workload mean `{names[order[0]]}`? Else {hint}"
    word = "class" if names.size == 1 else "classes"
    what = f"{names.size:,} {word} that no workload takes: {listed}{more}"
    row = int(unknown[0]) + FIRST_ROW
    return [Fault(what, hint, rows.table.name, key, row, rows.header("class"))]
