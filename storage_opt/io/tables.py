"""A table file in memory: headers, cells as they stand, and the row numbers a spreadsheet shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.spec_faults import nearest
from storage_opt.units import unit_in_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FIRST_ROW", "MOST_BYTES", "Table", "read_table", "refuse_table"]

FIRST_ROW = 2
"""Spreadsheet row of the first data row; the header is row 1."""
MOST_BYTES = 512_000_000
"""Largest table, unpacked."""
_SPACE = re.compile(r"[\s_\-]+")
_LOOKS_LIKE_DATA = re.compile(r"^\d{4}[-/]\d")
_SUFFIXES = ".csv, .csv.gz, .parquet or .xlsx"


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


def read_table(path: Path, name: str, sheet: str | None = None, key: str = "") -> Table:
    """Read a table file of any supported kind.

    Parameters
    ----------
    path : Path
        The file, already checked to lie where it may.
    name : str
        The file as the user named it.
    sheet : str or None
        Sheet of an XLSX file.
    key : str
        Key that names it, for messages.

    Raises
    ------
    InputError
        When it cannot be read as a table with a header row and at least one data row.
    """
    lower = path.name.lower()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise refuse_table(name, f"the file has more than {MOST_BYTES:,} bytes", "cut it to the horizon", key)
        if path.stat().st_size == 0:
            raise refuse_table(name, "the file is empty", "write a header row and one row an interval", key)
        if lower.endswith((".csv", ".csv.gz")):
            from storage_opt.io.table_csv import read_csv

            table = read_csv(path, name, key)
        elif lower.endswith(".parquet"):
            table = _read_parquet(path, name, key)
        elif lower.endswith(".xlsx"):
            from storage_opt.io.table_xlsx import read_xlsx

            table = read_xlsx(path, name, sheet, key)
        else:
            raise refuse_table(name, f"`{name}` is not a table of a known kind", f"save it as {_SUFFIXES}", key)
    except OSError as error:
        raise refuse_table(name, f"cannot be read: {error}", "check the file and its rights", key) from error
    if table.rows == 0:
        raise refuse_table(name, "the table has a header but no rows", "write one row an interval", key)
    return table


def _read_parquet(path: Path, name: str, key: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            groups = range(file.metadata.num_row_groups)
            if sum(file.metadata.row_group(group).total_byte_size for group in groups) > MOST_BYTES:
                what = f"the table holds more than {MOST_BYTES:,} bytes"
                raise refuse_table(name, what, "cut it to the horizon", key)
            table = file.read()
    except (pa.ArrowException, ValueError, LookupError, ArithmeticError) as error:
        raise refuse_table(name, "the file is not readable Parquet", "save it again as Parquet or CSV", key) from error
    return Table(name, tuple(str(header).strip() for header in table.column_names), tuple(table.columns))


def object_column(cells: Sequence[Any]) -> NDArray[np.object_]:
    """Python objects as a column (N,), without NumPy looking inside them."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
