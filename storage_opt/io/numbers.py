"""Cells of a value column to numbers, and which of them are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.stamps import cell_text, counted, places
from storage_opt.io.table import FIRST_ROW, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["number_faults", "read_numbers"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of cell that is not a number."""

    words: str
    hint: str


_BLANK = _Kind("blank cell", "fill them in the file; values are never made up here")
_NAN = _Kind("infinite or NaN cell", "replace NaN and infinity by numbers")
_TEXT = _Kind("non-numeric cell", "write plain numbers with a decimal point, no units or thousands separators")
_FLAG = _Kind("true-or-false cell", "name the column that holds the numbers")


def read_numbers(column: Any) -> NDArray[np.float64]:
    """Numbers of a column (N,), NaN where a cell is none.

    Parameters
    ----------
    column : arrow array or (N,) object array
        Cells as they stand in the file.
    """
    if hasattr(column, "type"):
        return _from_arrow(column)
    return _from_objects(column)


def _from_arrow(column: Any) -> NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _from_arrow(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            numbers: NDArray[np.float64] = pc.cast(column, pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            return _from_objects(np.array(column.to_pylist(), dtype=object))
        return numbers
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    return np.full(len(column), np.nan)


def _from_objects(column: NDArray[np.object_]) -> NDArray[np.float64]:
    import pandas as pd

    kept = [None if isinstance(cell, bool) or hasattr(cell, "year") else cell for cell in column]
    return np.asarray(pd.to_numeric(pd.Series(kept, dtype=object), errors="coerce"), dtype=np.float64)


def number_faults(
    table: Table, position: int, values: NDArray[np.float64], used: NDArray[np.bool_], key: str = ""
) -> list[Fault]:
    """One fault for each kind of cell that is not a finite number, naming the cells.

    Parameters
    ----------
    table, position : Table, int
        The column.
    values : (N,) array
        Its numbers as read.
    used : (N,) bool array
        Rows that matter.
    key : str
        Key that names the column, for messages.
    """
    bad = np.flatnonzero(used & ~np.isfinite(values))
    if bad.size == 0:
        return []
    column = table.columns[position]
    kinds = np.array([_kind(cell_text(column, int(row))) for row in bad], dtype=object)
    faults = []
    for kind in (_BLANK, _NAN, _TEXT, _FLAG):
        rows = bad[kinds == kind]
        if rows.size:
            listed = places(rows, lambda row: _shown(cell_text(column, row)))
            faults.append(
                Fault(
                    f"{counted(rows.size, kind.words)}: {listed}",
                    kind.hint,
                    table.name,
                    key,
                    int(rows[0]) + FIRST_ROW,
                    table.headers[position],
                )
            )
    return faults


def _kind(cell: Any) -> _Kind:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return _BLANK
    if isinstance(cell, bool):
        return _FLAG
    try:
        float(cell)
    except (TypeError, ValueError):
        return _TEXT
    return _NAN


def _shown(cell: Any) -> str:
    text = "blank" if cell is None or cell == "" else str(cell)
    return text if len(text) <= 30 else f"{text[:27]}..."
