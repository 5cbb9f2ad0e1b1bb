"""Reads a table file of any supported kind."""

from __future__ import annotations

from pathlib import Path

from storage_opt.io.table import MOST_BYTES, Table, refuse_table

__all__ = ["read_table"]

_SUFFIXES = ".csv, .csv.gz, .parquet or .xlsx"


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
