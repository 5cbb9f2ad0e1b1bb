"""What only Slurm writes: resources as lists, elapsed time as days and clock, steps beside their jobs.

Read is what `sacct --parsable2` prints: cells between pipes, never quoted.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.io.stamps import counted
from storage_opt.io.table import FIRST_ROW, MOST_BYTES, Table, object_column, refuse_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["elapsed_seconds", "is_step", "pipe_table", "tres_units"]

_HEAD_BYTES = 65_536
_TOTAL = re.compile(r"(?:^|,)gres/(?:gpu|npu)=(\d+)(?=,|$)")
_BY_TYPE = re.compile(r"(?:^|,)gres/(?:gpu|npu):[^=,]+=(\d+)(?=,|$)")
_GRES = re.compile(r"(?:^|,)(?:gpu|npu):(?:[^:=,()]+:)?(\d+)(?:\([^)]*\))?(?=,|$)")
_NAMED = re.compile(r"(?:^|,)(?:gres/)?(?:gpu|npu)(?=[:=,(]|$)")
_ELAPSED = re.compile(r"^(?:(\d+)-)?(?:(\d+):)?(\d{1,2}):(\d{2})(?:\.\d+)?$")
_AS_SACCT = "print it again with sacct --parsable2, without columns of free text"


def pipe_table(path: Path, name: str, key: str = "") -> Table | None:
    """Read a file whose cells stand between pipes; None when it is not one.

    Parameters
    ----------
    path : Path
        The file, already checked to lie where it may.
    name : str
        The file as the user named it.
    key : str
        Key that names it, for messages.

    Raises
    ------
    InputError
        When it is not text, or a row has another number of cells than the header.
    """
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return None
    opener = gzip.open if path.name.lower().endswith(".gz") else Path.open
    try:
        with opener(path, "rb") as file:
            head = file.readline(_HEAD_BYTES)
            if head.count(b"|") <= max(head.count(other) for other in (b",", b";", b"\t")):
                return None
            data = head + file.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error):
        # told in the words of the general reader, which fails in the same way
        return None
    if len(data) > MOST_BYTES:
        raise refuse_table(name, f"the file holds more than {MOST_BYTES:,} bytes", "cut it to the horizon", key)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise refuse_table(name, "the file is not UTF-8 text", "save it as UTF-8", key, row) from error
    return _split(text, name, key)


def _split(text: str, name: str, key: str) -> Table:
    head, *lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise refuse_table(name, "the table has a header but no rows", "write one row a job", key)
    headers = tuple(cell.strip() for cell in head.split("|"))
    cells = [line.split("|") for line in lines]
    ragged = [row for row, found in enumerate(cells) if len(found) != len(headers)]
    if ragged:
        listed = ", ".join(f"row {row + FIRST_ROW} has {len(cells[row])}" for row in ragged[:3])
        what = f"{counted(len(ragged), 'row')} with another number of cells than the header, which has {len(headers)}"
        raise refuse_table(name, f"{what}: {listed}", _AS_SACCT, key, ragged[0] + FIRST_ROW)
    return Table(name, headers, tuple(object_column(column) for column in zip(*cells, strict=True)))


def is_step(ids: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which ids (N,) are steps of a job, such as `123.batch`, whose work the job's own row holds already."""
    return np.array(["." in text for text in ids], dtype=bool)


def tres_units(texts: NDArray[np.object_]) -> NDArray[np.float64]:
    """Accelerators in lists of resources (N,), 0 where a list holds none and NaN where there is no list. [unit]

    Parameters
    ----------
    texts : (N,) array of str
        Such as ``cpu=64,gres/gpu:a100=8,gres/gpu=8`` (the total is taken) or ``gpu:a100:8``.
    """
    found = {text: _units_of(text) for text in set(texts)}
    return np.array([found[text] for text in texts], dtype=np.float64)


def _units_of(text: str) -> float:
    if not text:
        return np.nan
    plain = text.replace(" ", "").lower()
    total = _TOTAL.search(plain)
    if total:
        return float(total.group(1))
    counts = [int(count) for pattern in (_BY_TYPE, _GRES) for count in pattern.findall(plain)]
    # a list that names accelerators in a form unknown here must not pass for one without
    return float(sum(counts)) if counts or not _NAMED.search(plain) else np.nan


def elapsed_seconds(texts: NDArray[np.object_]) -> NDArray[np.float64]:
    """Elapsed time written as `[D-]HH:MM:SS` (N,), NaN where it is not. [s]"""
    seconds = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        match = _ELAPSED.match(text)
        if match:
            days, hours, minutes, rest = (int(part or 0) for part in match.groups())
            seconds[row] = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return seconds
