"""How long the jobs of a log ran: a column of durations, Slurm's elapsed time, or end minus start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.io.job_cells import cell_texts, number_findings, shown
from storage_opt.io.job_clock import PER_HOUR, unit_of_column
from storage_opt.io.job_findings import Finding, Reading
from storage_opt.io.job_layouts import LogColumns, TimeUnit, fold_header, time_unit_in_header
from storage_opt.io.job_slurm import elapsed_seconds
from storage_opt.io.job_times import US_PER_HOUR, moment_findings, read_moments
from storage_opt.io.numbers import read_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.io.table import Table
    from storage_opt.spec.workload import JobLogSpec

__all__ = ["Durations", "read_durations"]


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Durations of the rows of a log.

    Parameters
    ----------
    reading : Reading
        Durations. [h]
    unit : str or None
        Unit in which they are written; None where they are no plain numbers.
    in_header, is_declared : bool
        Whether the header, the site file give that unit.
    """

    reading: Reading
    unit: TimeUnit | None = None
    in_header: bool = False
    is_declared: bool = False


def read_durations(table: Table, columns: LogColumns, log: JobLogSpec, key: str, zone: str) -> Durations:
    """Durations of the jobs of a log.

    Parameters
    ----------
    table : Table
        The log.
    columns : LogColumns
        What its columns hold.
    log : JobLogSpec
        What the site file says about it.
    key : str
        Key of that in the site file.
    zone : str
        IANA zone of stamps without offset.

    Raises
    ------
    InputError
        When the unit is not known, or given for times that need none.
    """
    position = columns.first("duration")
    if position is None:
        return Durations(_end_minus_start(table, columns, zone))
    if columns.layout == "slurm" and fold_header(table.headers[position]) == "elapsed":
        return Durations(_elapsed(table, position))
    in_layout = None if "duration" in columns.given else columns.duration_unit
    unit, notes = unit_of_column(table, position, log, key, in_layout)
    numbers = read_numbers(table.columns[position])
    reading = Reading(
        numbers / PER_HOUR[unit],
        lambda used: number_findings(table, position, numbers, used),
        lambda row: f"{numbers[row]:g} {unit}",
        table.headers[position],
        notes,
    )
    in_header = time_unit_in_header(table.headers[position])[1] is not None
    return Durations(reading, unit, in_header, log.duration_unit is not None)


def _elapsed(table: Table, position: int) -> Reading:
    texts = cell_texts(table.columns[position])
    hours = elapsed_seconds(texts) / PER_HOUR["s"]
    header = table.headers[position]

    def check(used: NDArray[np.bool_]) -> list[Finding]:
        rows = np.flatnonzero(used & np.isnan(hours))
        hint = "write elapsed time as [D-]HH:MM:SS, as sacct does"
        found = Finding(rows, "unreadable elapsed time", "", hint, header, lambda row: shown(texts[row]))
        return [found] if rows.size else []

    return Reading(hours, check, lambda row: shown(texts[row]), header)


def _end_minus_start(table: Table, columns: LogColumns, zone: str) -> Reading:
    starts, ends = columns.positions["start"][0], columns.positions["end"][0]
    started, ended = read_moments(table.columns[starts], zone), read_moments(table.columns[ends], zone)
    known = started.known & ended.known
    hours = np.where(known, (ended.utc_us - started.utc_us) / US_PER_HOUR, np.nan)

    def check(used: NDArray[np.bool_]) -> list[Finding]:
        return [
            *moment_findings(table, starts, started, used, zone),
            *moment_findings(table, ends, ended, used, zone),
        ]

    return Reading(hours, check, lambda row: f"{hours[row]:g} h from start to end", table.headers[ends])
