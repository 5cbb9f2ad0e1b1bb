"""Rows of a job log in numbers on the clock of the horizon, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.columns import LARGEST
from storage_opt.io.job_cells import cell_texts, is_nothing, shown
from storage_opt.io.job_clock import JobClock
from storage_opt.io.job_durations import Durations, read_durations
from storage_opt.io.job_findings import Reading
from storage_opt.io.job_layouts import LogColumns, find_columns, fold_header
from storage_opt.io.job_slurm import is_step
from storage_opt.io.job_units import read_units
from storage_opt.io.table import FIRST_ROW, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon
    from storage_opt.spec.workload import JobLogSpec

__all__ = ["JobRows", "read_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class JobRows:
    """A job log with N rows.

    Parameters
    ----------
    table : Table
        The log as it stands.
    columns : LogColumns
        What its columns hold.
    clock : JobClock
        Clock of the horizon.
    ids, classes : (N,) array of str
        Name and class of each job; blank classes in a log without.
    submit, deadline : Reading
        Times from the start of the horizon. [h]
    durations : Durations
        Durations. [h]
    units : Reading
        Accelerators. [unit]
    is_step, is_unstarted, is_unended : (N,) bool array
        Steps of jobs; jobs that never started; jobs that had not ended when the log was written.
    notes : tuple of str
        What was decided on the way.
    """

    table: Table
    columns: LogColumns
    clock: JobClock
    ids: NDArray[np.object_]
    classes: NDArray[np.object_]
    submit: Reading
    durations: Durations
    units: Reading
    deadline: Reading | None
    is_step: NDArray[np.bool_]
    is_unstarted: NDArray[np.bool_]
    is_unended: NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def submit_h(self) -> NDArray[np.float64]:
        """Submission from the start of the horizon (N,). [h]"""
        return self.submit.values

    @property
    def duration_h(self) -> NDArray[np.float64]:
        """Duration (N,). [h]"""
        return self.durations.reading.values

    @property
    def deadline_h(self) -> NDArray[np.float64]:
        """Deadline from the start of the horizon (N,), NaN where there is none. [h]"""
        return np.full(self.table.rows, np.nan) if self.deadline is None else self.deadline.values

    @property
    def work_unit_h(self) -> NDArray[np.float64]:
        """Work (N,), NaN where it can't be told. [unit h]"""
        units, hours = self.units.values, self.duration_h
        sound = (units >= 0) & (units <= LARGEST) & (hours >= 0) & (hours <= LARGEST)
        return np.where(sound, units, np.nan) * np.where(sound, hours, np.nan)

    def name_of(self, row: int) -> str:
        """Id of a job as messages show it."""
        return shown(self.ids[row])

    def header(self, role: str) -> str:
        """Header of the column of ids or classes; blank where there is none."""
        position = self.columns.first("id" if role == "id" else "class")
        return "" if position is None else self.table.headers[position]


def read_rows(table: Table, log: JobLogSpec, horizon: Horizon, key: str) -> JobRows:
    """Read the rows of a job log.

    Parameters
    ----------
    table : Table
        The log.
    log : JobLogSpec
        What the site file says about it.
    horizon : Horizon
        The intervals.
    key : str
        Key of that in the site file.

    Raises
    ------
    InputError
        With everything that is wrong with the log as a whole: its columns and units.
    """
    columns = find_columns(table, log, key)
    clock = JobClock(horizon, log, key)
    times = [columns.positions[role][0] for role in ("submit", "deadline") if role in columns.positions]
    has_offsets = any(clock.has_offsets(table, position) for position in times)
    faults = clock.first_submit_faults(has_offsets=has_offsets)
    if faults:
        raise InputError(faults)
    submit = deadline = durations = None
    try:
        durations = read_durations(table, columns, log, key, horizon.zone)
        if durations.unit is None and log.duration_unit is not None and not has_offsets:
            what = "duration_unit is given, yet no column of the log needs it"
            faults.append(Fault(what, "leave duration_unit out", key=f"{key}.duration_unit"))
    except InputError as error:
        faults += error.faults
    try:
        submit = clock.read(table, columns.positions["submit"][0])
    except InputError as error:
        faults += error.faults
    try:
        if "deadline" in columns.positions:
            deadline = clock.read(table, columns.positions["deadline"][0], may_be_blank=True)
    except InputError as error:
        faults += error.faults
    if faults or submit is None or durations is None:
        raise InputError(faults)
    return _combined(table, columns, clock, submit, durations, deadline)


def _combined(
    table: Table,
    columns: LogColumns,
    clock: JobClock,
    submit: Reading,
    durations: Durations,
    deadline: Reading | None,
) -> JobRows:
    named = columns.first("id")
    ids = _texts(table, named) if named is not None else _row_numbers(table)
    runs = np.nan_to_num(durations.reading.values) > 0
    is_unstarted, is_unended = np.zeros(table.rows, dtype=bool), np.zeros(table.rows, dtype=bool)
    if (started := columns.first("start")) is not None:
        is_unstarted |= is_nothing(_texts(table, started)) & ~runs
    if columns.layout == "slurm" and fold_header(table.headers[columns.positions["units"][0]]) == "alloctres":
        is_unstarted |= (_texts(table, columns.positions["units"][0]) == "") & ~runs
    if (ended := columns.first("end")) is not None:
        is_unended |= is_nothing(_texts(table, ended)) & runs
    is_slurm = columns.layout == "slurm"
    layout = f"{table.name}: read as a log of the layout {columns.layout}"
    kept = [layout, *submit.notes, *durations.reading.notes, *(deadline.notes if deadline is not None else ())]
    return JobRows(
        table,
        columns,
        clock,
        ids,
        _texts(table, columns.first("class")),
        submit,
        durations,
        read_units(table, columns),
        deadline,
        is_step(ids) if is_slurm else np.zeros(table.rows, dtype=bool),
        is_unstarted,
        is_unended,
        tuple(dict.fromkeys((*table.notes, *kept))),
    )


def _texts(table: Table, position: int | None) -> NDArray[np.object_]:
    if position is None:
        blank = np.empty(table.rows, dtype=object)
        blank[:] = ""
        return blank
    return cell_texts(table.columns[position])


def _row_numbers(table: Table) -> NDArray[np.object_]:
    ids = np.empty(table.rows, dtype=object)
    ids[:] = [str(row + FIRST_ROW) for row in range(table.rows)]
    return ids
