"""Data on stdout, progress and notes on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from storage_opt.cli.sites import OutputFormat

if TYPE_CHECKING:
    from rich.console import Console

    from storage_opt.report.view import View

__all__ = ["notes", "progress", "show"]

_WIDTH_OF_FILES = 140


def show(view: View, form: OutputFormat) -> None:
    """Print an answer on stdout in the form that is asked for."""
    from storage_opt.report.view import as_csv, as_json

    match form:
        case OutputFormat.JSON:
            typer.echo(as_json(view.document()))
        case OutputFormat.CSV:
            typer.echo(as_csv(view.rows()), nl=False)
        case OutputFormat.TABLE:
            console = _console(stderr=False)
            for shown in view.tables():
                console.print(shown)


def notes(lines: Iterable[str]) -> None:
    """Print notes on stderr, a line each."""
    for line in lines:
        typer.echo(f"note: {line}", err=True)


@contextmanager
def progress(first: str) -> Iterator[Callable[[str], None]]:
    """A spinner that names the current stage, on a terminal only; elsewhere silence."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield _silent
        return
    with console.status(first) as status:
        yield status.update


def _console(*, stderr: bool) -> Console:
    """A console that takes text as it is: units in brackets are no markup. NO_COLOR is rich's own affair."""
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_FILES
    return console


def _silent(message: str) -> None:
    del message
