"""`storage-opt optimize`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from storage_opt.cli.sites import (
    FormatOption,
    FromOption,
    OutputFormat,
    SiteArgument,
    ToOption,
    open_site,
    output_folder,
    site_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage_opt.spec.resolved import Site
    from storage_opt.studies.choosing import Question
    from storage_opt.studies.result import DispatchResult

__all__ = ["optimize"]


def optimize(
    site: SiteArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the outputs; by default <name of SITE>-out."),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    solver: Annotated[
        str | None, typer.Option(metavar="NAME", help="Any solver that CVXPY finds; by default the fastest that fits.")
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(
            "--choose", metavar="LIST", help="Solve every branch of regime, basis, demand; take the cheapest."
        ),
    ] = None,
    flexibility: Annotated[
        bool,
        typer.Option(
            "--flexibility", help="Solve again without moving work, without batteries, and with a little more."
        ),
    ] = False,
    stack: Annotated[
        bool, typer.Option("--stack", help="Solve again with each product alone, and without each.")
    ] = False,
    plots: Annotated[
        bool, typer.Option("--plots/--no-plots", help="Draw week, months and savings as PNG and SVG.")
    ] = True,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """Find the cheapest schedule and prove it.

    Writes schedule.csv, bill.csv, statement.csv/.xlsx, summary.json, and week, months, savings as .png/.svg; all or
    none. Sites with work, plants or backup get jobs.csv, green_energy.csv, survival.csv as well.
    CSV on stdout is the bill, JSON the summary.
    """
    from storage_opt.cli.output import notes, progress, show
    from storage_opt.io.atomic import refuse_unsafe_folder

    path = site_path(site)
    folder = output_folder(path) if out is None else out
    refuse_unsafe_folder(folder, (path,))
    with progress("starting") as tell:
        # these load the modelling language, a second in which a person should see that something happens
        from storage_opt.report.dispatch_view import dispatch_view
        from storage_opt.report.files import write_result
        from storage_opt.studies.choosing import questions_in

        asked = () if questions is None else questions_in(questions)
        tell("reading")
        began = time.perf_counter()
        read = open_site(path, start, end)
        result = _solved(read, asked, solver, time.perf_counter() - began, tell)
        result = _explored(read, result, solver, tell, flexibility=flexibility, stack=stack)
        written = write_result(result, folder, plots=plots, progress=tell)
    show(dispatch_view(result), form)
    notes(result.notes)
    notes([f"wrote {', '.join(file.name for file in written)} to `{folder}`"])


def _solved(
    site: Site, asked: tuple[Question, ...], solver: str | None, read_s: float, tell: Callable[[str], None]
) -> DispatchResult:
    from storage_opt.studies.choosing import choose
    from storage_opt.studies.dispatch import optimize as solve

    if asked:
        return choose(site, asked, solver=solver, progress=tell, read_s=read_s)
    return solve(site, solver=solver, progress=tell, read_s=read_s, ahead=True)


def _explored(
    site: Site,
    result: DispatchResult,
    solver: str | None,
    tell: Callable[[str], None],
    *,
    flexibility: bool,
    stack: bool,
) -> DispatchResult:
    """The result with what further solves tell."""
    from storage_opt.studies.flexibility import value_of_flexibility
    from storage_opt.studies.stack import value_stack

    if flexibility:
        result = replace(result, flexibility=value_of_flexibility(site, solver=solver, progress=tell))
    if stack:
        result = replace(result, stack=value_stack(result, solver=solver, progress=tell))
    return result
