"""Schedules as tables: written for people and spreadsheets, read back from plans and meters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.columns import range_faults
from storage_opt.io.interval_table import write_intervals
from storage_opt.io.numbers import number_faults, read_numbers
from storage_opt.io.schedule_columns import FlowColumn, expected_flows, flow_columns
from storage_opt.io.schedule_filling import Filling
from storage_opt.io.table import Table
from storage_opt.io.tables import read_table
from storage_opt.io.timeaxis import fit_rows, read_axis
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.fields import Quantity
from storage_opt.units import Dimension

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.spec.resolved import Site

__all__ = ["MeteredSchedule", "read_metered", "read_schedule", "write_schedule"]

_POWER = Quantity("kW", Dimension.POWER, 0.0)
_ENERGY = Quantity("kWh", Dimension.ENERGY, 0.0)


@dataclass(frozen=True, slots=True)
class MeteredSchedule:
    """A schedule read from a table, and what was assumed to complete it."""

    schedule: Schedule
    notes: tuple[str, ...]


def write_schedule(schedule: Schedule, path: Path | str) -> None:
    """Write a schedule as CSV: start times with their offset, one column a flow, 9 significant digits.

    Parameters
    ----------
    schedule : Schedule
        What to write. [kW], stored energy [kWh]
    path : Path or str
        The file; an older one is replaced.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    write_intervals(schedule.horizon, {flow.column: values for flow, values in schedule.items()}, path)


def read_schedule(site: Site, path: Path | str) -> Schedule:
    """Read a planned or metered schedule of a site; see :func:`read_metered` for what was assumed.

    Raises
    ------
    InputError
        With every fault of the table.
    """
    return read_metered(site, path).schedule


def read_metered(site: Site, path: Path | str) -> MeteredSchedule:
    """Read a planned or metered schedule of a site, and complete flows that the table lacks.

    Parameters
    ----------
    site : Site
        The site on the horizon that the table must cover.
    path : Path or str
        CSV, Parquet or XLSX; headers such as ``grid.import_kw``, ``import (MW)`` or ``下网功率 (kW)``; energy
        per interval, as ``import (kWh)``, is turned into power.

    Returns
    -------
    MeteredSchedule
        All flows of the site, and a note on every assumption.

    Raises
    ------
    InputError
        With every fault of the table, or the columns that are missing.
    """
    file = Path(path)
    if not file.is_file():
        hint = "name a table with a time column, `grid.import_kw` and `grid.export_kw`"
        raise InputError([Fault("there is no such file", hint, str(path))])
    table = read_table(file, str(path))
    columns, faults, notes = flow_columns(table, site.spec, site.horizon.step_h)
    axis, axis_faults, axis_notes = read_axis(table, None, site.horizon)
    fit = None if axis is None else fit_rows(axis, site.horizon, None)
    faults += axis_faults
    if fit is not None:
        faults += [_without_resampling(fault) for fault in fit.faults]
    used = np.ones(table.rows, dtype=bool)
    if fit is not None and fit.rows is not None:
        used[:] = False
        used[fit.rows.index] = True
    values: dict[Flow, NDArray[np.float64]] = {}
    for column in columns:
        numbers, column_faults = _flow_values(table, column, used)
        faults += column_faults
        if fit is not None and fit.rows is not None:
            values[column.flow] = fit.rows.onto(numbers)
    if faults or fit is None:
        raise InputError(faults)
    filling = Filling(site, values, str(path))
    filling.complete()
    if filling.faults:
        raise InputError(filling.faults)
    schedule = Schedule(site.horizon, _in_order(site, filling.flows))
    return MeteredSchedule(schedule, (*table.notes, *axis_notes, *notes, *filling.notes))


def _flow_values(table: Table, column: FlowColumn, used: NDArray[np.bool_]) -> tuple[NDArray[np.float64], list[Fault]]:
    raw = read_numbers(table.columns[column.position])
    faults = number_faults(table, column.position, raw, used)
    quantity = _ENERGY if column.flow.kind is FlowKind.ENERGY_KWH else _POWER
    with np.errstate(over="ignore"):
        values = raw * column.scale
    faults += range_faults(values, used & np.isfinite(raw), quantity, table, column.position, "")
    return np.maximum(values, 0.0), faults


def _without_resampling(fault: Fault) -> Fault:
    if "resample" not in fault.hint:
        return fault
    return replace(fault, hint="give the schedule in the steps of the horizon, or set horizon.step_minutes")


def _in_order(site: Site, flows: dict[Flow, NDArray[np.float64]]) -> dict[Flow, NDArray[np.float64]]:
    expected = expected_flows(site.spec)
    return {flow: flows[flow] for flow in (*expected, *(flow for flow in flows if flow not in expected))}
