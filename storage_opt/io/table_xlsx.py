"""XLSX files, sized up before anything in them is unpacked."""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage_opt.io.spec_faults import nearest
from storage_opt.io.table import Table, object_column, refuse_table

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["read_xlsx"]

_MOST_UNPACKED_BYTES = 300_000_000
_MOST_PARTS = 10_000
_MOST_CELLS = 20_000_000
# what openpyxl and zipfile let through when bytes are damaged, found by changing bytes at random
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ArithmeticError, AttributeError, LookupError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
_HINT = "save the one sheet that is needed as CSV"


def read_xlsx(path: Path, name: str, sheet: str | None = None, key: str = "") -> Table:
    """Read one sheet of an XLSX file; cells keep their type.

    Raises
    ------
    InputError
        When the file would unpack to an unreasonable size, is not XLSX, or has no such sheet.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    _refuse_oversized(path, name, key)
    with warnings.catch_warnings():
        # openpyxl warns of styles and extensions it skips; none of them holds values
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                rows = _rows(book, name, sheet, key)
            finally:
                book.close()
        except (*_UNREADABLE, InvalidFileException) as error:
            raise refuse_table(name, "the file is not a readable XLSX workbook", _HINT, key) from error
    return _table(rows, name, key)


def _refuse_oversized(path: Path, name: str, key: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _UNREADABLE as error:
        raise refuse_table(name, "the file is not a readable XLSX workbook", _HINT, key) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _MOST_UNPACKED_BYTES or len(parts) > _MOST_PARTS:
        what = f"the workbook would unpack to {unpacked:,} bytes in {len(parts):,} parts, more than is safe to open"
        raise refuse_table(name, what, _HINT, key)


def _rows(book: Workbook, name: str, sheet: str | None, key: str) -> list[tuple[Any, ...]]:
    titles = [found.title for found in book.worksheets]
    if sheet is not None and sheet not in titles:
        close = nearest(sheet, titles)
        hint = f"did you mean `{close}`?" if close else f"the sheets are {', '.join(f'`{title}`' for title in titles)}"
        raise refuse_table(name, f"there is no sheet `{sheet}`", hint, key)
    if not titles:
        raise refuse_table(name, "the workbook has no sheet with cells", _HINT, key)
    chosen = book[titles[0] if sheet is None else sheet]
    rows: list[tuple[Any, ...]] = []
    cells = 0
    for row in chosen.iter_rows(values_only=True):
        cells += len(row)
        if cells > _MOST_CELLS:
            raise refuse_table(name, f"the sheet has more than {_MOST_CELLS:,} cells", _HINT, key)
        rows.append(row)
    while rows and not any(cell is not None and cell != "" for cell in rows[-1]):
        rows.pop()
    return rows


def _table(rows: list[tuple[Any, ...]], name: str, key: str) -> Table:
    if not rows or not any(cell is not None for cell in rows[0]):
        raise refuse_table(name, "the first row is empty, must hold the headers", "remove rows above them", key, 1)
    headers = tuple("" if cell is None else str(cell).strip() for cell in rows[0])
    width = len(headers)
    body = [(*row, *(None,) * (width - len(row)))[:width] for row in islice(rows, 1, None)]
    return Table(name, headers, tuple(object_column(column) for column in zip(*body, strict=True)) if body else ())
