"""The shipped tables of Chinese tariffs, each row through its spec; a broken row is named with file and line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, Faults

__all__ = ["CHINA", "read_rows"]

CHINA = Path(__file__).resolve().parent / "china"

RowT = TypeVar("RowT", bound=ProvenanceRow)


def read_rows(name: str, kind: type[RowT], folder: Path = CHINA) -> tuple[RowT, ...]:
    """All rows of a table.

    Parameters
    ----------
    name : str
        File in `folder`, such as ``network_prices.csv``.
    kind : type
        Spec of a row; an empty cell takes the field's default.
    folder : Path
        Where the tables stand.

    Raises
    ------
    InputError
        With every fault of every row.
    """
    faults, rows = Faults(), []
    with (folder / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restkey="beyond the last column")
        for raw in reader:
            try:
                rows.append(kind.model_validate({column: cell for column, cell in raw.items() if cell}))
            except ValidationError as error:
                faults.extend(_faults(error, f"china/{name}", reader.line_num))
    faults.raise_if_any()
    return tuple(rows)


def _faults(error: ValidationError, file: str, row: int) -> list[Fault]:
    return [
        Fault(
            str(problem["msg"]).removeprefix("Value error, "),
            "correct the row, or reinstall the package if you did not edit it",
            file,
            row=row,
            column=".".join(str(part) for part in problem["loc"]),
        )
        for problem in error.errors()
    ]
