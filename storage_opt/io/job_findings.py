"""Rows of a job log that cannot be used: found once, told as a fault, or under quarantine as a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.stamps import counted
from storage_opt.io.table import FIRST_ROW

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Check", "Finding", "Reading", "first_places", "numbered", "row_numbers"]

_MOST_PLACES = 3
_MOST_NUMBERS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Rows with one and the same thing wrong.

    Parameters
    ----------
    rows : (F,) int array
        Positions of the rows in their table, counted from 0.
    noun, rest : str
        What they have, such as ``duration`` and ``not above 0``.
    hint : str
        One action that mends it.
    column : str
        Header of the column.
    text : callable
        A row's value with its unit, as messages show it.
    """

    rows: NDArray[np.intp]
    noun: str
    rest: str
    hint: str
    column: str
    text: Callable[[int], str]

    @property
    def words(self) -> str:
        """What is wrong, with the number of rows."""
        return numbered(self.rows.size, self.noun, self.rest)

    def fault(self, file: str, key: str) -> Fault:
        """The finding as a fault that names its first rows.

        Parameters
        ----------
        file : str
            The table as the user named it.
        key : str
            Key that names the table.
        """
        what = f"{self.words}: {first_places(self.rows, self.text)}"
        return Fault(what, self.hint, file, key, int(self.rows[0]) + FIRST_ROW, self.column)


Check: TypeAlias = Callable[["NDArray[np.bool_]"], list[Finding]]
"""Gives the findings among the rows that matter (N,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A column of a log in numbers.

    Parameters
    ----------
    values : (N,) array
        NaN where a row has none.
    check : callable
        Gives the rows, among those that matter, whose cell is none.
    text : callable
        A row's value with its unit, as messages show it.
    header : str
        Header of the column.
    notes : tuple of str
        What was decided on the way.
    """

    values: NDArray[np.float64]
    check: Check
    text: Callable[[int], str]
    header: str
    notes: tuple[str, ...] = ()


def numbered(count: int, noun: str, rest: str = "") -> str:
    """A number of things with what is to be said of them.

    Examples
    --------
    >>> numbered(2, "duration", "not above 0")
    '2 durations not above 0'
    """
    return f"{counted(count, noun)} {rest}".rstrip()


def first_places(rows: NDArray[np.intp], text: Callable[[int], str]) -> str:
    """The first rows as `row n (text)`, and how many more there are."""
    listed = ", ".join(f"row {row + FIRST_ROW} ({text(int(row))})" for row in rows[:_MOST_PLACES])
    more = rows.size - _MOST_PLACES
    return f"{listed} and {more:,} more" if more > 0 else listed


def row_numbers(rows: NDArray[np.intp] | Sequence[int]) -> str:
    """The first ten rows as a spreadsheet numbers them, and how many more there are.

    Examples
    --------
    >>> row_numbers([0, 5])
    'rows 2, 7'
    """
    listed = ", ".join(str(row + FIRST_ROW) for row in rows[:_MOST_NUMBERS])
    more = len(rows) - _MOST_NUMBERS
    word = "row" if len(rows) == 1 else "rows"
    return f"{word} {listed} and {more:,} more" if more > 0 else f"{word} {listed}"
