"""Rows of a table onto the intervals of a horizon, or the reasons why they do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.stamps import MOST_PLACES, Instants, counted, is_time_header, looks_like_time, places, read_instants
from storage_opt.io.table import FIRST_ROW, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["Fit", "Rows", "TimeAxis", "fit_rows", "read_axis"]

_US_PER_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The time of each row, or None when the table has no time and its rows are taken in order.

    Parameters
    ----------
    table : Table
        The table.
    header : str
        Header of its time column.
    utc_us : (N,) int array or None
        Rising instants. [us]
    step_us : int
        Most frequent distance between rows. [us]
    """

    table: Table
    header: str
    utc_us: NDArray[np.int64] | None
    step_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Which rows make up the horizon.

    Parameters
    ----------
    index : (T * mean_of,) int array
        Row of each interval, or of each part of an interval.
    mean_of : int
        Number of rows averaged to one interval.
    """

    index: NDArray[np.intp]
    mean_of: int = 1

    def onto(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the rows (N,) on the horizon (T,)."""
        picked = values[self.index]
        return picked if self.mean_of == 1 else picked.reshape(-1, self.mean_of).mean(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What came of placing a table on a horizon: rows, or faults; and notes."""

    rows: Rows | None
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def read_axis(
    table: Table, time_column: str | None, horizon: Horizon, key: str = ""
) -> tuple[TimeAxis | None, list[Fault], tuple[str, ...]]:
    """The time of each row of a table.

    Returns
    -------
    TimeAxis or None
        None when there are faults.
    list of Fault
        Stamps that cannot be read, occur twice or run backwards.
    tuple of str
        Notes.
    """
    position = table.find(time_column, key) if time_column is not None else _time_position(table)
    if position is None:
        return _axis_without_time(table, horizon, key)
    instants, faults = read_instants(table, position, horizon.zone, key)
    header = table.headers[position]
    if instants is None:
        return None, faults, ()
    faults = _order_faults(instants, table, header, horizon, key)
    if faults:
        return None, faults, instants.notes
    gaps = np.diff(instants.utc_us)
    steps, counts = np.unique(gaps, return_counts=True)
    step = int(steps[np.argmax(counts)]) if steps.size else horizon.step_minutes * _US_PER_MINUTE
    return TimeAxis(table, header, instants.utc_us, step), [], instants.notes


def _time_position(table: Table) -> int | None:
    return next((place for place, column in enumerate(table.columns) if looks_like_time(column)), None)


def _axis_without_time(
    table: Table, horizon: Horizon, key: str
) -> tuple[TimeAxis | None, list[Fault], tuple[str, ...]]:
    unread = next((header for header in table.headers if is_time_header(header)), None)
    if unread is not None:
        what = f"column `{unread}` seems to hold time, but its first stamp cannot be read"
        hint = "write stamps like 2026-01-31 00:15, or name the time column with time_column ="
        return None, [Fault(what, hint, table.name, key, FIRST_ROW, unread)], ()
    if table.rows != horizon.steps:
        what = f"the table has no time column and {table.rows:,} rows, the horizon has {horizon.steps:,} intervals"
        return None, [Fault(what, "add a time column, or give exactly one row an interval", table.name, key)], ()
    note = f"{table.name}: no time column; its {table.rows:,} rows are taken as the intervals in order"
    return TimeAxis(table, "", None, horizon.step_minutes * _US_PER_MINUTE), [], (note,)


def _order_faults(instants: Instants, table: Table, header: str, horizon: Horizon, key: str) -> list[Fault]:
    utc = instants.utc_us
    faults: list[Fault] = []
    order = np.argsort(utc, kind="stable")
    ordered = utc[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    if again.size:
        rows = np.sort(order[again])
        stamps = np.unique(utc[rows])
        listed = ", ".join(local_time(stamp, horizon) for stamp in stamps[:MOST_PLACES])
        more = f" and {stamps.size - MOST_PLACES:,} more" if stamps.size > MOST_PLACES else ""
        what = f"{counted(stamps.size, 'duplicate stamp')}: {listed}{more}"
        hint = "keep one row a stamp; local time without offset repeats an hour in autumn only in zones that do"
        faults.append(Fault(what, hint, table.name, key, int(rows[0]) + FIRST_ROW, header))
    back = np.flatnonzero(np.diff(utc) < 0) + 1
    if back.size:
        listed = places(back, lambda row: f"{local_time(utc[row], horizon)} after {local_time(utc[row - 1], horizon)}")
        what = f"time runs backwards at {counted(back.size, 'row')}: {listed}"
        faults.append(Fault(what, "sort the rows by time", table.name, key, int(back[0]) + FIRST_ROW, header))
    return faults


def local_time(utc_us: int | np.int64, horizon: Horizon) -> str:
    """An instant as the site's clock shows it; with offset where the clock changes in summer."""
    import pandas as pd

    stamp = pd.Timestamp(int(utc_us), unit="us", tz="UTC").tz_convert(horizon.zone)
    changes = (
        horizon.start_instant.replace(month=1, day=1).utcoffset()
        != horizon.start_instant.replace(month=7, day=1).utcoffset()
    )
    return stamp.strftime("%Y-%m-%d %H:%M%z" if changes else "%Y-%m-%d %H:%M")


def fit_rows(axis: TimeAxis, horizon: Horizon, resample: Literal["mean", "hold"] | None, key: str = "") -> Fit:
    """Place the rows of a table on the intervals of a horizon; changes the step only when asked.

    Parameters
    ----------
    axis : TimeAxis
        The time of each row.
    horizon : Horizon
        The intervals.
    resample : "mean", "hold" or None
        How the step may be changed: finer rows averaged, coarser rows repeated; both keep energy.
    key : str
        Key that names the table, for messages.
    """
    if axis.utc_us is None:
        return Fit(Rows(np.arange(horizon.steps)))
    step, file_step = horizon.step_minutes * _US_PER_MINUTE, axis.step_us
    fault = _step_fault(axis, step, resample, key)
    if fault is not None:
        return Fit(None, (fault,))
    start = int(horizon.stamps.as_unit("us").asi8[0])
    fine = min(step, file_step)
    grid = start + fine * np.arange(horizon.steps * (step // fine), dtype=np.int64)
    index = np.searchsorted(axis.utc_us, grid, side="right") - 1
    behind = grid - axis.utc_us[np.maximum(index, 0)]
    found = (index >= 0) & (behind < file_step) & (behind % fine == 0)
    if file_step <= step:
        found &= behind == 0
    if not found.all():
        return Fit(None, tuple(_missing_faults(axis, axis.utc_us, grid, found, horizon, key)))
    return Fit(Rows(index, step // fine), (), _resampling_note(axis, step))


def _step_fault(axis: TimeAxis, step: int, resample: str | None, key: str) -> Fault | None:
    own, wanted = _minutes(axis.step_us), _minutes(step)
    if axis.step_us == step:
        return None
    finer = axis.step_us < step
    needed = "mean" if finer else "hold"
    divides = step % axis.step_us == 0 if finer else axis.step_us % step == 0
    what = f"rows are {own} min apart, the horizon has steps of {wanted} min"
    if not divides:
        hint = f"give rows of {wanted} min; {own} min cannot be changed to it"
    elif resample is None:
        word = "averages finer data" if finer else "repeats coarser data"
        hint = f'add resample = "{needed}", which {word} and keeps energy, or set horizon.step_minutes'
    elif resample != needed:
        hint = f'write resample = "{needed}" instead of "{resample}"'
    else:
        return None
    return Fault(what, hint, axis.table.name, key, column=axis.header)


def _minutes(us: int) -> str:
    return f"{us / _US_PER_MINUTE:g}"


def _resampling_note(axis: TimeAxis, step: int) -> tuple[str, ...]:
    if axis.step_us == step:
        return ()
    done = "averaged" if axis.step_us < step else "repeated"
    return (f"{axis.table.name}: rows of {_minutes(axis.step_us)} min {done} to {_minutes(step)} min",)


def _missing_faults(
    axis: TimeAxis,
    utc: NDArray[np.int64],
    grid: NDArray[np.int64],
    found: NDArray[np.bool_],
    horizon: Horizon,
    key: str,
) -> list[Fault]:
    fine = int(grid[1] - grid[0]) if grid.size > 1 else axis.step_us
    outside = ~found & ((grid < utc[0]) | (grid >= utc[-1] + axis.step_us))
    shift = (int(utc[0]) - int(grid[0])) % fine
    if shift:
        what = f"stamps stand {_minutes(shift)} min after the starts of the intervals"
        hint = "stamp rows at the start of their interval"
        return [Fault(what, hint, axis.table.name, key, FIRST_ROW, axis.header)]
    faults: list[Fault] = []
    if outside.any():
        faults.append(_coverage_fault(axis, utc, outside, horizon, key))
    inside = np.flatnonzero(~found & ~outside)
    if inside.size == 0:
        return faults
    runs = np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1)
    shown = runs[:MOST_PLACES]
    ends = [(local_time(grid[run[0]], horizon), local_time(grid[run[-1]] + fine, horizon)) for run in shown]
    listed = ", ".join(f"{first} to {last}" for first, last in ends)
    more = f" and {len(runs) - MOST_PLACES:,} more" if len(runs) > MOST_PLACES else ""
    row = int(np.searchsorted(utc, grid[inside[0]])) + FIRST_ROW
    what = f"{counted(inside.size, 'missing interval')}: {listed}{more}"
    hint = "fill the gap in the file; values are never made up here"
    faults.append(Fault(what, hint, axis.table.name, key, row, axis.header))
    return faults


def _coverage_fault(
    axis: TimeAxis, utc: NDArray[np.int64], outside: NDArray[np.bool_], horizon: Horizon, key: str
) -> Fault:
    first, last = local_time(utc[0], horizon), local_time(utc[-1] + axis.step_us, horizon)
    start = local_time(horizon.stamps.as_unit("us").asi8[0], horizon)
    end_us = int(horizon.stamps.as_unit("us").asi8[-1]) + horizon.step_minutes * _US_PER_MINUTE
    what = (
        f"{counted(int(np.count_nonzero(outside)), 'interval')} not covered: "
        f"the file covers {first} to {last}, the horizon {start} to {local_time(end_us, horizon)}"
    )
    if int(utc[-1]) == end_us and outside[0] and not outside[-1]:
        hint = "the stamps seem to mark the ends of intervals; write their starts"
    else:
        hint = "extend the file, or set horizon.start and horizon.end within it"
    return Fault(what, hint, axis.table.name, key, column=axis.header)
