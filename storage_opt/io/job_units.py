"""How many accelerators each job of a log used: a number, or one among Slurm's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage_opt.io.job_cells import cell_texts, number_findings, shown
from storage_opt.io.job_findings import Finding, Reading
from storage_opt.io.job_layouts import LogColumns, fold_header
from storage_opt.io.job_slurm import tres_units
from storage_opt.io.numbers import read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from storage_opt.io.table import Table

__all__ = ["read_units"]

_ALLOCATED = ("alloctres", "allocgres")
_REQUESTED = ("reqtres", "reqgres")


def read_units(table: Table, columns: LogColumns) -> Reading:
    """Accelerators of each job; 0 for jobs without. [unit]

    Parameters
    ----------
    table : Table
        The log.
    columns : LogColumns
        What its columns hold.
    """
    positions = columns.positions["units"]
    if fold_header(table.headers[positions[0]]) in {*_ALLOCATED, *_REQUESTED}:
        return _from_resources(table, positions)
    numbers = read_numbers(table.columns[positions[0]])
    return Reading(
        numbers,
        lambda used: number_findings(table, positions[0], numbers, used),
        lambda row: f"{numbers[row]:g} units",
        table.headers[positions[0]],
    )


def _from_resources(table: Table, positions: Sequence[int]) -> Reading:
    """What was allocated; where nothing was, what was requested."""
    by_name = {fold_header(table.headers[position]): cell_texts(table.columns[position]) for position in positions}
    allocated, is_allocated = _largest([by_name[name] for name in _ALLOCATED if name in by_name], table.rows)
    requested, is_requested = _largest([by_name[name] for name in _REQUESTED if name in by_name], table.rows)
    units = np.where(is_allocated, allocated, requested)
    listed = is_allocated | is_requested
    if not any(name.endswith("tres") for name in by_name):
        # lists of generic resources alone are blank for jobs without any
        units[~listed] = 0.0
        listed[:] = True
    header = table.headers[positions[0]]
    texts = by_name[fold_header(header)]

    def check(used: NDArray[np.bool_]) -> list[Finding]:
        kinds = [
            (~listed, "blank cell", "", "print AllocTRES and ReqTRES with sacct"),
            (listed & np.isnan(units), "cell", "without a count of GPUs", "write it as gres/gpu=8"),
        ]
        return [
            Finding(np.flatnonzero(mask & used), noun, rest, hint, header, lambda row: shown(texts[row]))
            for mask, noun, rest, hint in kinds
            if (mask & used).any()
        ]

    return Reading(units, check, lambda row: f"{units[row]:g} units", header)


def _largest(lists: Sequence[NDArray[np.object_]], rows: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Largest count in parallel lists of resources, NaN where one is not readable; and where any is given."""
    units, given = np.full(rows, -np.inf), np.zeros(rows, dtype=bool)
    for texts in lists:
        filled = texts != ""
        units[filled] = np.maximum(units[filled], tres_units(texts[filled]))
        given |= filled
    units[~given] = np.nan
    return units, given
