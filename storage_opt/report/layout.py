"""The look of every table: left-aligned bold title, light rule under the header, numbers to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["Column", "bullets", "heading", "table"]

_INDENT = 2

Column = tuple[str, str]
"""Header, and where its cells stand: ``left`` or ``right``."""


def table(
    title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], total: Sequence[str] = (), note: str = ""
) -> RenderableType:
    """A titled table, with a last line of totals and a note below it when there are any."""
    grid = Table(
        box=box.SIMPLE,
        show_edge=False,
        pad_edge=False,
        show_footer=bool(total),
        footer_style="bold",
        header_style="dim",
    )
    for position, (header, side) in enumerate(columns):
        footer = total[position] if total else ""
        right = side == "right"
        grid.add_column(
            Text(header), footer=Text(footer), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    below = [Padding(Text(note), (0, 0, 0, _INDENT), expand=False)] if note else []
    return Group(Text(title, style="bold"), Padding(grid, (0, 0, 0, _INDENT), expand=False), *below, "")


def heading(text: str, detail: str) -> Text:
    """A title line with what it is about."""
    return Text.assemble((text, "bold"), "\n", (detail, "dim"), "\n")


def bullets(title: str, lines: Iterable[str]) -> Text:
    """A titled list of sentences."""
    body = Text(title, style="bold")
    for line in lines:
        body.append(f"\n  {line}", style="not bold")
    body.append("\n")
    return body
