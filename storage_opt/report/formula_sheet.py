"""Sheets of formulas that name rows by key: where a row stands is found out before anything is written.

In a template ``{key}`` is the cell of a row in the same year, ``{key@-1}`` the year before (0 before year 0),
``{key@0}`` year 0, ``{key@N}`` the last year, ``{key@:}`` all years, ``{key@1:}`` all but year 0, ``{key@..}`` from
year 0 to the same year, and ``{#key}`` a single value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.sheet import MONEY, Look, Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["FormulaSheet", "Line", "Value", "write_sheets"]

_REFERENCE = re.compile(r"\{(#?)([^{}@]+)(?:@([^{}]*))?\}")
_VALUE_COLUMN = 4
"""The first column of numbers, after two of words and one of units."""

Value = float | str | None
"""A number; text in place of one; None where a formula gives text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet.

    Parameters
    ----------
    key : str
        Name in templates; empty for a heading.
    words : pair of str
        English and Chinese.
    unit : str
        Unit of the values.
    values : array or value or None
        (N + 1,) numbers of the years, or a single value; None for a heading. NaN is where a formula gives text.
    template : str or None
        Formula; None when the values are inputs.
    look : Look
        Of the row.
    number_format : str
        Of the values.
    """

    key: str
    words: tuple[str, str]
    unit: str = ""
    values: NDArray[np.float64] | Value = None
    template: str | None = None
    look: Look = Look.BODY
    number_format: str = MONEY


@dataclass(frozen=True, slots=True)
class FormulaSheet:
    """A sheet to be: its title, what stands under it, the heads of its columns, and its lines."""

    title: str
    headline: str
    facts: Sequence[tuple[str, str]]
    heads: Sequence[str]
    lines: Sequence[Line]
    notes: Sequence[str] = ()

    @property
    def first_row(self) -> int:
        """Row of the first line: below headline, facts, an empty row and the heads."""
        return len(self.facts) + 4


@dataclass(frozen=True, slots=True)
class _Place:
    sheet: Sheet
    row: int


def write_sheets(workbook: Workbook, sheets: Iterable[FormulaSheet], years: int) -> dict[str, Mapping[str, float]]:
    """Write sheets whose formulas may name rows of each other; returns the values of the formulas of each.

    Parameters
    ----------
    workbook : Workbook
        Gets the sheets at its end.
    sheets : iterable of FormulaSheet
        In their order.
    years : int
        N, the last year.
    """
    described = [(one, Sheet(workbook, one.title, len(one.heads))) for one in sheets]
    places = {
        line.key: _Place(sheet, one.first_row + number)
        for one, sheet in described
        for number, line in enumerate(one.lines)
        if line.key
    }
    for one, sheet in described:
        sheet.headline(one.headline, one.facts)
        sheet.head(one.heads, range(_VALUE_COLUMN, len(one.heads) + 1), frozen_columns=3)
        for line in one.lines:
            _write(sheet, line, places, years)
        for note in one.notes:
            sheet.note(note)
        sheet.finish()
    return {sheet.title: sheet.values for _, sheet in described}


def _write(sheet: Sheet, line: Line, places: Mapping[str, _Place], last: int) -> None:
    values = line.values.tolist() if isinstance(line.values, np.ndarray) else [line.values]
    formats = dict.fromkeys(range(_VALUE_COLUMN, _VALUE_COLUMN + len(values)), line.number_format)
    shown = [value if isinstance(value, str) or line.template is None else None for value in values]
    row = sheet.line((*line.words, line.unit, *shown), line.look, formats)
    if line.template is None:
        return
    for year, value in enumerate(values):
        if isinstance(value, str):
            continue
        known = None if value is None or math.isnan(value) else float(value)
        formula = _resolved(line.template, sheet, places, year, last)
        sheet.formula(row, _VALUE_COLUMN + year, formula, known, line.number_format)


def _resolved(template: str, sheet: Sheet, places: Mapping[str, _Place], year: int, last: int) -> str:
    def cell(found: re.Match[str]) -> str:
        single, key, when = found[1], found[2], found[3] or ""
        place = places[key]

        def at(number: int) -> str:
            return _absolute(
                place.sheet.cell_name(place.row, _VALUE_COLUMN + number), fixed=when != "-1" and bool(when)
            )

        if single:
            name = _absolute(place.sheet.cell_name(place.row, _VALUE_COLUMN), fixed=True)
        elif when == "-1":
            if year == 0:
                return "0"
            name = at(year - 1)
        elif when in {":", "1:", ".."}:
            first = 1 if when == "1:" else 0
            end = place.sheet.cell_name(place.row, _VALUE_COLUMN + year) if when == ".." else at(last)
            name = f"{at(first)}:{end}"
        else:
            name = at({"": year, "0": 0, "N": last}[when])
        return name if place.sheet is sheet else place.sheet.far(name)

    return _REFERENCE.sub(cell, template)


def _absolute(name: str, *, fixed: bool) -> str:
    return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", name) if fixed else name
