"""A table file in memory: headers, cells as they stand, and the row numbers a spreadsheet shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.spec_faults import nearest
from storage_opt.units import unit_in_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FIRST_ROW", "MOST_BYTES", "Table", "object_column", "refuse_table"]

FIRST_ROW = 2
"""Spreadsheet row of the first data row; the header is row 1."""
MOST_BYTES = 512_000_000
"""Largest table, unpacked."""
_SPACE = re.compile(r"[\s_\-]+")
_LOOKS_LIKE_DATA = re.compile(r"^\d{4}[-/]\d")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Cells of a table.

    Parameters
    ----------
    name : str
        File as the user named it.
    headers : tuple of str
        Headers, stripped of space around them.
    columns : tuple of arrow arrays or (N,) object arrays
        Cells of each column: text for CSV, typed for Parquet, Python objects for XLSX.
    notes : tuple of str
        What was decided while reading, such as the encoding.
    """

    name: str
    headers: tuple[str, ...]
    columns: tuple[Any, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of data rows N."""
        return len(self.columns[0]) if self.columns else 0

    def find(self, header: str, key: str = "") -> int:
        """Position of a column by its header: exact, else regardless of case, space and declared unit.

        Raises
        ------
        InputError
            When no header or more than one fits; the nearest one is suggested.
        """
        for fits in (_exact, _folded, _without_unit):
            wanted = fits(header)
            found = [position for position, present in enumerate(self.headers) if fits(present) == wanted]
            if len(found) == 1:
                return found[0]
            if found:
                what = f"column `{header}` occurs {len(found)} times"
                raise InputError([Fault(what, "give each column its own header", self.name, key, 1, header)])
        close = nearest(header, self.headers)
        listed = ", ".join(f"`{present}`" for present in self.headers[:12])
        if any(_LOOKS_LIKE_DATA.match(present) for present in self.headers):
            hint = "the first row seems to hold data; add a row of headers above it"
        else:
            hint = f"did you mean `{close}`?" if close else f"the headers are {listed}"
        raise InputError([Fault(f"there is no column `{header}`", hint, self.name, key, 1, header)])


def _exact(header: str) -> str:
    return header


def _folded(header: str) -> str:
    return _SPACE.sub("_", header.strip()).casefold()


def _without_unit(header: str) -> str:
    return _folded(re.sub(r"[\[(（【].*$", "", header)) if unit_in_header(header) else _folded(header)


def refuse_table(name: str, what: str, hint: str, key: str = "", row: int | None = None) -> InputError:
    """A fault of a table as a whole, ready to be raised."""
    return InputError([Fault(what, hint, name, key, row)])


def object_column(cells: Sequence[Any]) -> NDArray[np.object_]:
    """Python objects as a column (N,), without NumPy looking inside them."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
