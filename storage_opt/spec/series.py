"""A value over the horizon: a number, a calendar table, a file column, or an array in memory.

| written as | meaning |
|---|---|
| ``12.5`` | the same in every interval |
| 12 numbers | one a calendar month |
| 24 numbers | one a wall-clock hour |
| 12 lists of 24 numbers | month x hour |
| ``{file = "load.csv", column = "load_kw"}`` | a column of a table file |
| a NumPy array (library only) | one number an interval |
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from storage_opt.horizon import Horizon

__all__ = [
    "ByHour",
    "ByMonth",
    "ByMonthHour",
    "Constant",
    "FileColumn",
    "InMemory",
    "Series",
    "parse_series",
    "plain_series",
]

_MONTHS, _HOURS = 12, 24


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every interval."""

    value: float

    def on(self, horizon: Horizon) -> NDArray[np.float64]:
        """Values on the horizon (T,)."""
        return np.full(horizon.steps, self.value)


@dataclass(frozen=True, slots=True)
class ByMonth:
    """One value for each of the 12 calendar months."""

    values: tuple[float, ...]

    def on(self, horizon: Horizon) -> NDArray[np.float64]:
        """Values on the horizon (T,)."""
        return np.asarray(self.values)[horizon.month - 1]


@dataclass(frozen=True, slots=True)
class ByHour:
    """One value for each of the 24 wall-clock hours."""

    values: tuple[float, ...]

    def on(self, horizon: Horizon) -> NDArray[np.float64]:
        """Values on the horizon (T,)."""
        return np.asarray(self.values)[horizon.hour]


@dataclass(frozen=True, slots=True)
class ByMonthHour:
    """One value for each month and wall-clock hour, 12 rows of 24."""

    values: tuple[tuple[float, ...], ...]

    def on(self, horizon: Horizon) -> NDArray[np.float64]:
        """Values on the horizon (T,)."""
        return np.asarray(self.values)[horizon.month - 1, horizon.hour]


class FileColumn(BaseModel):
    """A column of a table file beside `site.toml`."""

    # strict: "2" or true for `multiply` is a slip, not a number
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    file: str
    """File name relative to the site folder: .csv, .csv.gz, .parquet or .xlsx."""
    column: str
    """Header of the column."""
    unit: str | None = None
    """Unit of the column; may be left out when the header declares one, as in ``load (MW)``."""
    time_column: str | None = None
    """Header of the time stamps; by default the first column that reads as time."""
    sheet: str | None = None
    """Sheet of an .xlsx file; by default the first."""
    resample: Literal["mean", "hold"] | None = None
    """How to change the step: ``mean`` averages finer data (energy is kept), ``hold`` repeats coarser
    data (energy is kept). Without it another step is refused."""
    multiply: float = Field(default=1.0, allow_inf_nan=False)
    """Factor applied after unit conversion, for instance a loss factor or a growth."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """Values handed over by a program, one an interval; compared by identity."""

    values: NDArray[np.float64] = field(repr=False)

    def on(self, horizon: Horizon) -> NDArray[np.float64]:
        """Values on the horizon (T,).

        Raises
        ------
        ValueError
            When there is not exactly one value an interval.
        """
        if self.values.shape != (horizon.steps,):
            message = f"array has shape {self.values.shape}, the horizon has {horizon.steps} intervals"
            raise ValueError(message)
        return self.values


Series = Constant | ByMonth | ByHour | ByMonthHour | FileColumn | InMemory


def _numbers(raw: Sequence[object]) -> tuple[float, ...]:
    for position, value in enumerate(raw, start=1):
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(float(value)):
            message = f"entry {position} is {value!r}, must be a finite number"
            raise ValueError(message)
    return tuple(float(value) for value in raw)  # type: ignore[arg-type]


def _from_list(raw: Sequence[object]) -> Series:
    if len(raw) == _MONTHS and all(isinstance(row, list | tuple) for row in raw):
        rows = tuple(_numbers(row) for row in raw)  # type: ignore[arg-type]
        lengths = {len(row) for row in rows}
        if lengths != {_HOURS}:
            message = f"a month x hour table needs 12 lists of 24 numbers, got lists of {sorted(lengths)}"
            raise ValueError(message)
        return ByMonthHour(rows)
    if len(raw) == _MONTHS:
        return ByMonth(_numbers(raw))
    if len(raw) == _HOURS:
        return ByHour(_numbers(raw))
    message = f"a list must have 12 values (months) or 24 (hours), got {len(raw)}"
    raise ValueError(message)


def parse_series(raw: object) -> Series:
    """Turn what the user wrote into a series.

    Raises
    ------
    ValueError
        When it is neither a number, a calendar table, a file column nor an array.

    Examples
    --------
    >>> parse_series(12.5)
    Constant(value=12.5)
    """
    if isinstance(raw, Constant | ByMonth | ByHour | ByMonthHour | FileColumn | InMemory):
        return raw
    if isinstance(raw, np.ndarray):
        values = np.array(raw, dtype=np.float64)
        values.flags.writeable = False
        return InMemory(values)
    if isinstance(raw, Real) and not isinstance(raw, bool):
        return Constant(*_numbers([raw]))
    if isinstance(raw, Mapping):
        return FileColumn.model_validate(dict(raw))
    if isinstance(raw, list | tuple):
        return _from_list(raw)
    message = f"{raw!r} is not a number, a list of 12 or 24 numbers, or {{file=, column=}}"
    raise ValueError(message)


def plain_series(series: Series) -> object:
    """The form in which a series stands in a site file (arrays become lists)."""
    match series:
        case Constant(value):
            return value
        case ByMonth(values) | ByHour(values):
            return list(values)
        case ByMonthHour(values=rows):
            return [list(row) for row in rows]
        case FileColumn():
            return series.model_dump(exclude_defaults=True)
        case InMemory(values=array):
            return array.tolist()
