"""What lies around the best sizes: tables, document, files and charts of what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType

from storage_opt.report.files import save_figure
from storage_opt.report.landscape_chart import landscape_figure
from storage_opt.report.landscape_view import break_even_view, landscape_view, marginal_view, tornado_view
from storage_opt.report.tornado_chart import tornado_figure
from storage_opt.report.view import View, as_csv
from storage_opt.studies.sizing.exploring import Explored

__all__ = ["explored_document", "explored_tables", "stage_explored"]


def explored_tables(more: Explored | None, currency: str) -> list[RenderableType]:
    """Tables of everything that was asked."""
    return [shown for _, view in _views(more, currency) for shown in view.tables()]


def explored_document(more: Explored | None, currency: str) -> dict[str, object] | None:
    """Documents of everything that was asked; None when nothing was."""
    return None if more is None else {name: view.document() for name, view in _views(more, currency)}


def stage_explored(more: Explored | None, staged: Path, *, plots: bool) -> None:
    """Write a table of each answer, and draw map and tornado, into a folder that nobody reads yet."""
    for name, view in _views(more, ""):
        (staged / f"{name}.csv").write_text(as_csv(view.rows()), encoding="utf-8", newline="")
    if more is not None and plots and more.landscape is not None:
        save_figure(landscape_figure(more.landscape), staged / "map")
    if more is not None and plots and more.tornado is not None:
        save_figure(tornado_figure(more.tornado), staged / "tornado")


def _views(more: Explored | None, currency: str) -> Iterator[tuple[str, View]]:
    if more is None:
        return
    if more.landscape is not None:
        yield "map", landscape_view(more.landscape, more.flat)
    if more.tornado is not None:
        yield "tornado", tornado_view(more.tornado)
    if more.break_even:
        yield "break_even", break_even_view(more.break_even, currency)
    if more.worth:
        yield "worth", marginal_view(more.worth, currency)
