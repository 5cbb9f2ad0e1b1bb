"""Columns of the site's tables on its horizon, in the model's units; every file is read once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.numbers import number_faults, read_numbers
from storage_opt.io.paths import table_path
from storage_opt.io.stamps import counted, places
from storage_opt.io.table import FIRST_ROW, Table
from storage_opt.io.tables import read_table
from storage_opt.io.timeaxis import Fit, TimeAxis, fit_rows, read_axis
from storage_opt.spec.fields import Quantity
from storage_opt.spec.series import FileColumn
from storage_opt.units import CANONICAL, Dimension, factor, unit_in_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["LARGEST", "ColumnReader", "range_faults"]

LARGEST = 1e12
"""Largest plausible magnitude of any number in the model's units; beyond it lies a unit slip."""
_TOLERANCE = 1e-9
_SURELY_PERCENT = 1.5
_ISO_CURRENCY = re.compile(r"^[A-Z]{3}$")
_CURRENCY_WORDS = {"RMB": "CNY", "YUAN": "CNY", "人民币": "CNY", "FEN": "CNY", "EURO": "EUR", "€": "EUR", "£": "GBP"}
_Kept = TypeVar("_Kept")


@dataclass
class ColumnReader:
    """Reads columns of tables in a site folder.

    Parameters
    ----------
    folder : Path
        The site folder.
    horizon : Horizon
        The intervals.
    currency : str
        ISO 4217 code of the site's money.
    """

    folder: Path
    horizon: Horizon
    currency: str
    notes: list[str] = field(default_factory=list)
    """What was decided on the way, each once."""
    _done: dict[Any, Any] = field(default_factory=dict)

    def read(self, column: FileColumn, quantity: Quantity, key: str) -> NDArray[np.float64]:
        """Values of a column on the horizon (T,). [unit of the quantity]

        Raises
        ------
        InputError
            With every fault of the file, its time axis and the column. A fault of the file or the
            axis is raised once, for the first column that needs it; later ones raise without faults.
        """
        path = self._once(("path", column.file), lambda: table_path(self.folder, column.file, key))
        table = self._once((path, column.sheet), lambda: read_table(path, column.file, column.sheet, key))
        self._note(table.notes)
        position = table.find(column.column, key)
        scale, faults = _scale(column, table, position, quantity, self.currency, key)
        axis_key = (path, column.sheet, column.time_column)
        axis_faults: list[Fault] = []
        fit = Fit(None)
        try:
            axis = self._once(axis_key, lambda: self._axis(table, column.time_column, key))
            fit = self._once((*axis_key, column.resample), lambda: self._fit(axis, column, key))
        except InputError as error:
            axis_faults += error.faults
        raw = self._once((path, column.sheet, position, "numbers"), lambda: read_numbers(table.columns[position]))
        used = np.ones(table.rows, dtype=bool)
        if fit.rows is not None:
            used[:] = False
            used[fit.rows.index] = True
        with np.errstate(over="ignore"):
            values = raw * (scale * column.multiply)
        # in an unknown unit no number can be out of range
        if not faults:
            faults += range_faults(values, used & np.isfinite(raw), quantity, table, position, key)
        faults += number_faults(table, position, raw, used, key)
        if faults or axis_faults or fit.rows is None:
            raise InputError([*axis_faults, *faults])
        return _clipped(fit.rows.onto(values), quantity)

    def _axis(self, table: Table, time_column: str | None, key: str) -> TimeAxis:
        axis, faults, notes = read_axis(table, time_column, self.horizon, key)
        self._note(notes)
        if axis is None:
            raise InputError(faults)
        return axis

    def _fit(self, axis: TimeAxis, column: FileColumn, key: str) -> Fit:
        fit = fit_rows(axis, self.horizon, column.resample, key)
        self._note(fit.notes)
        if fit.rows is None:
            raise InputError(fit.faults)
        return fit

    def _note(self, notes: tuple[str, ...]) -> None:
        self.notes += [note for note in notes if note not in self.notes]

    def _once(self, what: Any, make: Callable[[], _Kept]) -> _Kept:
        """The result of `make`, remembered; a failure is reported the first time only."""
        if what not in self._done:
            try:
                self._done[what] = make()
            except InputError:
                self._done[what] = InputError([])
                raise
        if isinstance(self._done[what], InputError):
            raise self._done[what]
        kept: _Kept = self._done[what]
        return kept


def _scale(
    column: FileColumn, table: Table, position: int, quantity: Quantity, currency: str, key: str
) -> tuple[float, list[Fault]]:
    """Factor from the column's unit to the model's, or why there is none."""
    header = table.headers[position]
    dimension = quantity.dimension

    def fault(what: str, hint: str) -> tuple[float, list[Fault]]:
        return 1.0, [Fault(what, hint, table.name, key, 1, header)]

    if dimension is None:
        return fault("this key cannot be read from a table", f"write a number [{quantity.unit}]")
    in_header = unit_in_header(header)
    known_in_header = in_header if in_header and _is_unit(in_header) else None
    unit = column.unit or known_in_header
    if unit is None and dimension is Dimension.FRACTION:
        return 1.0, []
    if unit is None:
        return fault("the column has no unit", f'add unit = "{_example(dimension, currency)}" with the unit it is in')
    try:
        scale = factor(unit, dimension)
        header_scale = factor(known_in_header, dimension) if known_in_header else scale
    except ValueError as error:
        return fault(str(error), _dimension_hint(unit, dimension))
    if header_scale != scale:
        return fault(
            f'unit = "{unit}" contradicts the header, which says {known_in_header}', "make the two agree, or rename"
        )
    money = _currency_of(unit)
    if money is not None and money != currency:
        what = f"the column is in {money}, the site in {currency}"
        return fault(what, f'set currency = "{money}", or convert with unit = and multiply =')
    return scale, []


def _currency_of(unit: str) -> str | None:
    """ISO code of the money in a price unit; None when the unit leaves it open."""
    money = unit.partition("/")[0].strip().upper() if "/" in unit else ""
    code = _CURRENCY_WORDS.get(money, money)
    return code if _ISO_CURRENCY.match(code) else None


def _is_unit(text: str) -> bool:
    for dimension in Dimension:
        try:
            factor(text, dimension)
        except ValueError:
            continue
        return True
    return False


def _example(dimension: Dimension, currency: str) -> str:
    return CANONICAL[dimension].replace("money", currency)


def _dimension_hint(unit: str, dimension: Dimension) -> str:
    if dimension is Dimension.POWER and _fits(unit, Dimension.ENERGY):
        return "divide energy per interval by its length in hours: give the power unit and multiply = 1 / hours"
    return f'give the unit of the column, such as unit = "{CANONICAL[dimension]}", or name another column'


def _fits(unit: str, dimension: Dimension) -> bool:
    try:
        factor(unit, dimension)
    except ValueError:
        return False
    return True


def range_faults(
    values: NDArray[np.float64], used: NDArray[np.bool_], quantity: Quantity, table: Table, position: int, key: str
) -> list[Fault]:
    """Cells outside the range of the quantity, or beyond any plausible size.

    Parameters
    ----------
    values : (N,) array
        Cells in the unit of the quantity; NaN is passed over.
    used : (N,) bool array
        Rows that matter.
    quantity : Quantity
        Unit and range.
    table, position, key : Table, int, str
        The column, for messages.
    """
    unit = "" if quantity.unit == "1" else f" {quantity.unit}"
    checks: list[tuple[NDArray[np.bool_], str]] = [(np.abs(values) > LARGEST, f"beyond {LARGEST:g}{unit}")]
    if quantity.minimum is not None:
        checks.append((values < quantity.minimum - _TOLERANCE, f"below {quantity.minimum:g}{unit}"))
    if quantity.maximum is not None:
        checks.append((values > quantity.maximum + _TOLERANCE, f"above {quantity.maximum:g}{unit}"))
    faults = []
    for outside, words in checks:
        rows = np.flatnonzero(outside & used)
        if rows.size:
            what = f"{counted(rows.size, 'value')} {words}: {places(rows, lambda row: f'{values[row]:g}{unit}')}"
            hint = _range_hint(float(np.nanmax(values[used])), quantity, words)
            row = int(rows[0]) + FIRST_ROW
            faults.append(Fault(what, hint, table.name, key, row, table.headers[position]))
    return faults


def _range_hint(largest: float, quantity: Quantity, words: str) -> str:
    if quantity.dimension is Dimension.FRACTION and words.startswith("above") and largest > _SURELY_PERCENT:
        return 'give shares as 0 to 1: add unit = "%" if these are percent, or name the right column'
    if words.startswith("below"):
        return "flows are never negative; each direction has a key of its own"
    if words.startswith("beyond"):
        return "check the unit"
    return "correct the values, or name the right column"


def _clipped(values: NDArray[np.float64], quantity: Quantity) -> NDArray[np.float64]:
    """Rounding noise just outside the range is brought back to its bounds."""
    if quantity.minimum is not None or quantity.maximum is not None:
        values = np.clip(values, quantity.minimum, quantity.maximum)
    values.flags.writeable = False
    return values
