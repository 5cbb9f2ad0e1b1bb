"""Tables with a row an interval: start times with their offset, nine significant digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.horizon import Horizon
from storage_opt.io.atomic import atomic_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["write_intervals"]

_DIGITS = 9


def write_intervals(horizon: Horizon, columns: Mapping[str, NDArray[np.float64]], path: Path | str) -> None:
    """Write columns over a horizon as CSV.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    columns : mapping of str to (T,) array
        Values by header, which carries the unit.
    path : Path or str
        The file; an older one is replaced.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    table = {"time": pa.array(_offset_stamps(horizon))}
    table |= {name: pa.array(_rounded(values)) for name, values in columns.items()}
    with atomic_file(path) as staged:
        options = arrow_csv.WriteOptions(quoting_style="none", quoting_header="none")
        arrow_csv.write_csv(pa.table(table), staged, options)


def _offset_stamps(horizon: Horizon) -> NDArray[np.object_]:
    stamps = horizon.stamps
    text = np.asarray(stamps.tz_localize(None).strftime("%Y-%m-%dT%H:%M:%S"), dtype=object)
    utc = stamps.tz_convert("UTC").tz_localize(None)
    minutes = ((stamps.tz_localize(None) - utc).total_seconds() / 60).to_numpy().astype(np.int64)
    for offset in np.unique(minutes):
        sign, size = ("-" if offset < 0 else "+"), abs(int(offset))
        text[minutes == offset] += f"{sign}{size // 60:02d}:{size % 60:02d}"
    return text


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values to a fixed number of significant digits, so that their shortest text is short."""
    size = np.abs(values)
    exponent = np.floor(np.log10(size, out=np.zeros_like(size), where=size > 0)).astype(np.int64)
    digits = _DIGITS - 1 - exponent
    # powers of ten are exact only from 1 upwards, so large numbers are divided, not multiplied
    up, down = 10.0 ** np.maximum(digits, 0), 10.0 ** np.maximum(-digits, 0)
    rounded: NDArray[np.float64] = np.rint(values * up / down) / up * down + 0.0
    return rounded
