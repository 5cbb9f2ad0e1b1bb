"""The look of every sheet of a workbook: dark header, ruled rows, shaded totals, ready to print on A4."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal

from storage_opt.report.style import INK, RULE

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell

__all__ = ["MONEY", "PERCENT", "QUANTITY", "RATE", "Look", "Sheet", "sum_of"]

MONEY = "#,##0.00"
QUANTITY = "#,##0.00"
RATE = "#,##0.0000##"
PERCENT = "0.00%"

_A4 = 9
_MOST_ARGUMENTS = 200
"""Excel takes 255 arguments of a function."""
_FONT = "Arial"
_NARROWEST, _WIDEST = 6, 48
_LINE_POINTS = 14.0
_MARGIN_INCH = 0.5
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))
_LONGEST_TITLE = 31


class Look(Enum):
    """What a cell is for: bold, size in points, colour of its letters, colour behind them."""

    TITLE = (True, 15, INK, "")
    LABEL = (False, 10, "#6b7280", "")
    HEAD = (True, 10, "#ffffff", "#334155")
    BODY = (False, 10, INK, "")
    SUBTOTAL = (True, 10, INK, "#f1f5f9")
    TOTAL = (True, 10, INK, "#dbe4ee")
    NOTE = (False, 9, "#6b7280", "")

    @property
    def ruled(self) -> bool:
        """Whether the cell is part of a table."""
        return self not in {Look.TITLE, Look.LABEL, Look.NOTE}


class Sheet:
    """A sheet that is filled from top to bottom, and the values of its formulas.

    Parameters
    ----------
    workbook : Workbook
        Gets the sheet at its end.
    title : str
        Name of the sheet.
    columns : int
        Width of its table.
    """

    def __init__(self, workbook: Workbook, title: str, columns: int) -> None:
        self._sheet = workbook.create_sheet(title.translate(_NOT_IN_TITLES)[:_LONGEST_TITLE])
        self.columns = columns
        self._widths = [_NARROWEST] * columns
        self._wrapped: list[tuple[int, int, str]] = []
        self.values: dict[str, float] = {}
        self.row = 1

    @property
    def title(self) -> str:
        """Name of the sheet."""
        return str(self._sheet.title)

    def far(self, reference: str) -> str:
        """A cell of this sheet as a formula of another one names it."""
        return "'" + self.title.replace("'", "''") + f"'!{reference}"

    def headline(self, title: str, facts: Iterable[tuple[str, str]]) -> None:
        """The title and what the sheet is about, one fact a row."""
        self._text(1, title, Look.TITLE)
        self._sheet.row_dimensions[self.row].height = 2 * _LINE_POINTS
        self.row += 1
        for label, words in facts:
            self._text(1, f"{label}: {words}", Look.LABEL)
            self.row += 1
        self.row += 1

    def head(self, words: Sequence[str], numbers: Container[int], *, frozen_columns: int | None = None) -> None:
        """The header of a table, `numbers` being the columns whose cells stand at the right.

        With `frozen_columns`, it and so many columns stay in sight, and it is printed on every page.
        """
        for column, text in enumerate(words, start=1):
            self._align(self._text(column, text, Look.HEAD), "right" if column in numbers else "left")
            self._wide(column, max(map(_letters, text.split("\n"))))
        lines = 1 + max(text.count("\n") for text in words)
        self._sheet.row_dimensions[self.row].height = _LINE_POINTS * lines + 4
        if frozen_columns is not None:
            self._sheet.freeze_panes = self.cell_name(self.row + 1, frozen_columns + 1)
            self._sheet.print_title_rows = f"{self.row}:{self.row}"
        self.row += 1

    def line(
        self, cells: Sequence[str | float | None], look: Look, formats: Mapping[int, str] | None = None, width: int = 0
    ) -> int:
        """A row of a table; returns its number.

        Parameters
        ----------
        cells : sequence of str, float or None
            From the first column; what lacks at the end is left empty.
        look : Look
            Of the whole row.
        formats : mapping of int to str
            Number formats of columns.
        width : int
            Columns of the row; by default all.
        """
        for column in range(1, (width or self.columns) + 1):
            value = cells[column - 1] if column <= len(cells) else None
            if isinstance(value, str) and value:
                self._align(self._text(column, value, look), "left", wrap=look is Look.BODY)
                if look is Look.BODY:
                    self._wide(column, _letters(value))
                    self._wrapped.append((self.row, column, value))
                continue
            cell = self._styled(column, look)
            if isinstance(value, int | float):
                cell.value = value
                cell.number_format = (formats or {}).get(column, "General")
                self._wide(column, len(f"{value:,.2f}"))
        self.row += 1
        return self.row - 1

    def formula(
        self, row: int, column: int, formula: str, value: float | None, number_format: str | None = None
    ) -> str:
        """Put a formula with its value into a cell of a row that is written; returns the cell's name.

        The value is None where the formula gives text; the number format is that of money unless another one is given.
        """
        cell = self._sheet.cell(row, column)
        cell.value = formula
        cell.number_format = number_format or MONEY
        if value is not None:
            self.values[cell.coordinate] = value
            self._wide(column, len(f"{value:,.2f}"))
        return str(cell.coordinate)

    def note(self, text: str) -> None:
        """A small line below a table."""
        self._text(1, text, Look.NOTE)
        self.row += 1

    def cell_name(self, row: int, column: int) -> str:
        """Name of a cell, such as ``I12``."""
        return str(self._sheet.cell(row, column).coordinate)

    def finish(self) -> None:
        """Set widths and paper: A4, landscape, as wide as the page."""
        from openpyxl.utils import get_column_letter

        for column, width in enumerate(self._widths, start=1):
            self._sheet.column_dimensions[get_column_letter(column)].width = width
        for row, column, text in self._wrapped:
            lines = -(-_letters(text) // (self._widths[column - 1] - 2))
            height = self._sheet.row_dimensions[row].height or _LINE_POINTS
            self._sheet.row_dimensions[row].height = max(height, _LINE_POINTS * lines)
        page = self._sheet.page_setup
        page.orientation, page.paperSize, page.fitToWidth, page.fitToHeight = "landscape", _A4, 1, 0
        self._sheet.sheet_properties.pageSetUpPr.fitToPage = True
        margins = self._sheet.page_margins
        margins.left = margins.right = margins.top = margins.bottom = _MARGIN_INCH
        self._sheet.oddFooter.center.text = "&P / &N"
        self._sheet.sheet_view.showGridLines = False

    def _wide(self, column: int, letters: int) -> None:
        self._widths[column - 1] = min(max(self._widths[column - 1], letters + 2), _WIDEST)

    def _text(self, column: int, text: str, look: Look) -> Cell:
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        cell = self._styled(column, look)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
        # what a user named may begin with "=" and is no formula
        cell.data_type = "s"
        return cell

    def _styled(self, column: int, look: Look) -> Cell:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

        bold, size, colour, behind = look.value
        cell: Cell = self._sheet.cell(self.row, column)
        cell.font = Font(name=_FONT, bold=bold, size=size, color=colour.removeprefix("#"))
        cell.alignment = Alignment(vertical="center")
        if behind:
            cell.fill = PatternFill("solid", fgColor=behind.removeprefix("#"))
        if look.ruled:
            cell.border = Border(bottom=Side("thin", RULE.removeprefix("#")))
        return cell

    @staticmethod
    def _align(cell: Cell, side: Literal["left", "right"], *, wrap: bool = True) -> None:
        from openpyxl.styles import Alignment

        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=wrap, indent=side == "left")


def _letters(text: str) -> int:
    """Width of a text in letters; a Chinese one takes the room of two."""
    return sum(2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1 for letter in text)


def sum_of(references: Sequence[str]) -> str:
    """A formula that adds cells or ranges, however many.

    Examples
    --------
    >>> sum_of(["I8:I12", "I14"]), sum_of([])
    ('=SUM(I8:I12,I14)', '=0')
    """
    parts = [references[at : at + _MOST_ARGUMENTS] for at in range(0, len(references), _MOST_ARGUMENTS)]
    return "=" + ("+".join(f"SUM({','.join(part)})" for part in parts) or "0")
