"""Cells of a job log to texts and numbers, row by row, so that a broken row does not spoil its column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.io.job_findings import Finding
from storage_opt.io.numbers import read_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.io.table import Table

__all__ = ["cell_texts", "is_mostly_numeric", "is_nothing", "number_findings", "shown"]

_NOTHING = frozenset({"", "none", "null", "unknown", "n/a", "na", "nat", "nan", "-"})
_SAMPLE = 1000


def cell_texts(column: Any) -> NDArray[np.object_]:
    """Cells as text without space around them (N,); blank where there is none.

    Parameters
    ----------
    column : arrow array or (N,) object array
        Cells as they stand in the file.
    """
    cells = column.to_pylist() if hasattr(column, "to_pylist") else column
    texts = np.empty(len(cells), dtype=object)
    texts[:] = [_text(cell) for cell in cells]
    return texts


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        # typed tables keep ids as 123.0 where a column has gaps
        return str(int(cell))
    is_nan = isinstance(cell, float) and math.isnan(cell)
    return "" if cell is None or is_nan else str(cell).strip()


def is_nothing(texts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which cells (N,) are blank or a word for nothing, such as `Unknown` where Slurm has no time yet."""
    return np.array([text.casefold() in _NOTHING for text in texts], dtype=bool)


def is_mostly_numeric(column: Any) -> bool:
    """Whether a column holds numbers rather than stamps, by most of its first cells that are not blank."""
    head = column[:_SAMPLE]
    filled = ~is_nothing(cell_texts(head))
    return bool(filled.any()) and bool(np.mean(np.isfinite(read_numbers(head))[filled]) > 0.5)


def number_findings(
    table: Table, position: int, values: NDArray[np.float64], used: NDArray[np.bool_], *, may_be_blank: bool = False
) -> list[Finding]:
    """One finding for each kind of cell that is not a finite number.

    Parameters
    ----------
    table, position : Table, int
        The column.
    values : (N,) array
        Its numbers as read; NaN where a cell is none.
    used : (N,) bool array
        Rows that matter.
    may_be_blank : bool
        Whether a blank cell is no fault.
    """
    bad = np.flatnonzero(used & ~np.isfinite(values))
    if bad.size == 0:
        return []
    texts = cell_texts(table.columns[position])
    kinds = np.array([_kind(texts[row]) for row in bad], dtype=np.intp)
    header = table.headers[position]
    findings = []
    for kind, (noun, hint) in enumerate(_KINDS):
        rows = bad[kinds == kind]
        if rows.size and not (kind == 0 and may_be_blank):
            findings.append(Finding(rows, noun, "", hint, header, lambda row: shown(texts[row])))
    return findings


_KINDS = (
    ("blank cell", "fill them in the file; values are never made up here"),
    ("infinite or NaN cell", "replace NaN and infinity by numbers"),
    ("non-numeric cell", "write plain numbers with a decimal point, no units or thousands separators"),
)


def _kind(text: str) -> int:
    if text.casefold() in _NOTHING - {"nan"}:
        return 0
    try:
        float(text)
    except ValueError:
        return 2
    return 1


def shown(text: str) -> str:
    """A cell as a message shows it: blank is said, long text is cut."""
    if not text:
        return "blank"
    return text if len(text) <= 30 else f"{text[:27]}..."
