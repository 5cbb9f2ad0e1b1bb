"""CSV files: UTF-8 with or without mark, GBK/GB18030; comma, semicolon or tab; plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from pathlib import Path
from typing import Any

from storage_opt.errors import Fault, InputError
from storage_opt.io.stamps import counted
from storage_opt.io.table import MOST_BYTES, Table, refuse_table

__all__ = ["read_csv"]

_DELIMITERS = ",;\t"
_MOST_PLACES = 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AS_UTF8 = "save it as CSV in UTF-8"


def read_csv(path: Path, name: str, key: str = "") -> Table:
    """Read a CSV file; every cell stays text, so that faults can name it as written.

    Raises
    ------
    InputError
        When it is not text, has no header, or rows have another number of cells than the header.
    """
    data = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        data = _unzipped(data, name, key)
    text, notes = _decoded(data, name, key)
    head, separator, body = text.partition("\n")
    delimiter = max(_DELIMITERS, key=head.count)
    headers = _split_header(head, delimiter)
    if not any(headers):
        raise refuse_table(name, "the first row is empty, must hold the headers", "remove rows above them", key, 1)
    body = _without_empty_end(body, delimiter)
    if not separator or not body:
        raise refuse_table(name, "the table has a header but no rows", "write one row an interval", key)
    return Table(name, headers, _cells(body, len(headers), delimiter, name, key), notes)


def _unzipped(data: bytes, name: str, key: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refuse_table(name, "the file is not readable gzip", "pack it again, or unpack it", key) from error
    if len(found) > MOST_BYTES:
        raise refuse_table(name, f"the file unpacks to more than {MOST_BYTES:,} bytes", "cut it to the horizon", key)
    return found


def _decoded(data: bytes, name: str, key: str) -> tuple[str, tuple[str, ...]]:
    if data.startswith(_UTF16):
        raise refuse_table(name, "the file is UTF-16 text", _AS_UTF8, key)
    if b"\0" in data:
        raise refuse_table(name, "the file holds binary data, not text", f"{_AS_UTF8}, or give it its true suffix", key)
    marked = data.startswith(codecs.BOM_UTF8)
    notes: tuple[str, ...] = ()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        if marked:
            what = f"row {row} is not UTF-8 although the file carries the UTF-8 mark"
            raise refuse_table(name, what, "save the whole file in one encoding, UTF-8 or GBK", key, row) from error
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            raise refuse_table(name, "the file is neither UTF-8 nor GBK text", _AS_UTF8, key, row) from error
        notes = (f"{name}: read as GBK (GB18030)",)
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text[:4096]):
        raise refuse_table(name, "the file holds binary data, not text", f"{_AS_UTF8}, or give it its true suffix", key)
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _split_header(head: str, delimiter: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in next(csv.reader([head], delimiter=delimiter), []))


def _without_empty_end(body: str, delimiter: str) -> str:
    """Cut rows of nothing but delimiters off the end; spreadsheets leave them behind."""
    lines_end = len(body.rstrip(f" \n{delimiter}"))
    cut = body.find("\n", lines_end)
    return body if cut < 0 else body[:cut]


def _cells(body: str, width: int, delimiter: str, name: str, key: str) -> tuple[Any, ...]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[tuple[int | None, int]] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    names = [str(position) for position in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(body.encode()),
            # one thread, or ragged rows lose their numbers
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise refuse_table(name, f"not readable as CSV: {error}", _AS_UTF8, key) from error
    if ragged:
        raise InputError([_ragged_fault(ragged, width, name, key)])
    return tuple(table.columns)


def _ragged_fault(ragged: list[tuple[int | None, int]], width: int, name: str, key: str) -> Fault:
    # arrow counts from 1 and does not see the header row, which was cut off before
    rows = [((number or 0) + 1, cells) for number, cells in ragged]
    listed = ", ".join(f"row {row} has {cells}" for row, cells in rows[:_MOST_PLACES])
    what = f"{counted(len(ragged), 'row')} with another number of cells than the header, which has {width}: {listed}"
    hint = "fill or remove these rows; use points, not commas, in numbers"
    return Fault(what, hint, name, key, rows[0][0])
