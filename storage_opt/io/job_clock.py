"""Times of a job log on the clock of the horizon: stamps, or offsets from a first instant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.job_cells import is_mostly_numeric, number_findings
from storage_opt.io.job_findings import Reading
from storage_opt.io.job_layouts import TimeUnit, time_unit_in_header
from storage_opt.io.job_times import US_PER_HOUR, instant_us, local_clock, moment_findings, read_moments
from storage_opt.io.numbers import read_numbers

if TYPE_CHECKING:
    from storage_opt.horizon import Horizon
    from storage_opt.io.table import Table
    from storage_opt.spec.workload import JobLogSpec

__all__ = ["PER_HOUR", "JobClock", "unit_of_column"]

PER_HOUR: dict[TimeUnit, float] = {"ms": 3_600_000.0, "s": 3_600.0, "min": 60.0, "h": 1.0}
"""Units of time in an hour."""
_YEARS = (1970, 2200)
_EPOCH_H = 50_000.0
_HOURS_SHOWN_AS_CLOCK = 1e6


@dataclass(frozen=True)
class JobClock:
    """Reads times of one log as hours from the start of the horizon.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    log : JobLogSpec
        What the site file says about the log.
    key : str
        Key of that in the site file.
    """

    horizon: Horizon
    log: JobLogSpec
    key: str

    @cached_property
    def start_us(self) -> int:
        """Start of the horizon. [us since 1970 in UTC]"""
        return instant_us(self.horizon.start_instant, self.horizon.zone)

    @property
    def span_h(self) -> float:
        """Length of the horizon. [h]"""
        return self.horizon.steps * self.horizon.step_h

    @cached_property
    def origin_h(self) -> float:
        """Instant of offset 0, from the start of the horizon. [h]"""
        first = self.log.first_submit
        if first is None:
            return 0.0
        return (instant_us(first, self.horizon.zone) - self.start_us) / US_PER_HOUR

    def text(self, hours: float) -> str:
        """A time as the clock of the horizon shows it; far away from it, in hours."""
        if not abs(hours) < _HOURS_SHOWN_AS_CLOCK:
            return f"{hours:g} h after the start of the horizon"
        return local_clock(self.start_us + round(hours * US_PER_HOUR), self.horizon.zone)

    def first_submit_faults(self, *, has_offsets: bool) -> list[Fault]:
        """What is wrong with the instant of offset 0 in the site file."""
        first = self.log.first_submit
        if first is None:
            return []
        place = f"{self.key}.first_submit"
        if not has_offsets:
            what = "first_submit is given, yet the log says when each job was submitted"
            return [Fault(what, "leave first_submit out", key=place)]
        if not _YEARS[0] <= first.year <= _YEARS[1]:
            return [Fault(f"year {first.year} is beyond all bounds", "give a date from 1970 to 2200", key=place)]
        return []

    def has_offsets(self, table: Table, position: int) -> bool:
        """Whether a column holds offsets rather than stamps."""
        _, unit, _ = time_unit_in_header(table.headers[position])
        return unit is not None or is_mostly_numeric(table.columns[position])

    def read(self, table: Table, position: int, *, may_be_blank: bool = False) -> Reading:
        """A column of times as hours from the start of the horizon. [h]

        Parameters
        ----------
        table, position : Table, int
            The column.
        may_be_blank : bool
            Whether a row may go without.

        Raises
        ------
        InputError
            When offsets have no unit.
        """
        if self.has_offsets(table, position):
            return self._offsets(table, position, may_be_blank)
        moments = read_moments(table.columns[position], self.horizon.zone)
        hours = np.where(moments.known, (moments.utc_us - self.start_us) / US_PER_HOUR, np.nan)
        header, zone = table.headers[position], self.horizon.zone
        clock = f"{table.name}: stamps without offset in `{header}` are read as wall clock of {zone}"
        return Reading(
            hours,
            lambda used: moment_findings(table, position, moments, used, zone, may_be_blank=may_be_blank),
            lambda row: self.text(hours[row]),
            header,
            (clock,) if moments.naive else (),
        )

    def _offsets(self, table: Table, position: int, may_be_blank: bool) -> Reading:
        numbers = read_numbers(table.columns[position])
        unit, notes = unit_of_column(table, position, self.log, self.key)
        finite = numbers[np.isfinite(numbers)]
        if self.log.first_submit is None and finite.size and np.median(finite) / PER_HOUR[unit] > _EPOCH_H:
            what = "the times are numbers that look counted from 1970"
            hint = "set first_submit = 1970-01-01T00:00:00Z"
            raise InputError([Fault(what, hint, table.name, self.key, 1, table.headers[position])])
        hours = numbers / PER_HOUR[unit] + self.origin_h
        return Reading(
            hours,
            lambda used: number_findings(table, position, numbers, used, may_be_blank=may_be_blank),
            lambda row: f"{numbers[row]:g} {unit}",
            table.headers[position],
            notes,
        )


def unit_of_column(
    table: Table, position: int, log: JobLogSpec, key: str, in_layout: TimeUnit | None = None
) -> tuple[TimeUnit, tuple[str, ...]]:
    """Unit of a column of times, and what was decided about it.

    Parameters
    ----------
    table, position : Table, int
        The column.
    log : JobLogSpec
        What the site file says about the log.
    key : str
        Key of that in the site file.
    in_layout : str or None
        Unit that the layout lays down.

    Raises
    ------
    InputError
        When there is none, it is not known, or the site file contradicts the header.
    """
    header, given = table.headers[position], log.duration_unit
    _, in_header, unknown = time_unit_in_header(header)

    def refused(what: str, hint: str) -> InputError:
        return InputError([Fault(what, hint, table.name, key, 1, header)])

    if unknown and given is None:
        what = f"unit `{unknown}` is not a unit of time that is known here"
        raise refused(what, 'rename the header with ms, s, min or h, or set duration_unit = "s" or another of these')
    if in_header is not None and given is not None and in_header != given:
        what = f'duration_unit = "{given}" contradicts the header, which says {in_header}'
        raise refused(what, "make the two agree, or rename the header")
    unit = in_header or given or in_layout
    if unit is None:
        what = "the times are plain numbers without a unit"
        raise refused(what, 'set duration_unit = "s", "ms", "min" or "h"')
    note = f"{table.name}: `{header}` is read in {unit}, not in {in_layout} as its layout has it"
    return unit, ((note,) if in_layout is not None and unit != in_layout else ())
