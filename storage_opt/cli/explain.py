"""`storage-opt explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from storage_opt.cli.sites import (
    FormatOption,
    FromOption,
    OutputFormat,
    SiteArgument,
    ToOption,
    open_site,
    site_path,
)

__all__ = ["explain"]


def explain(
    site: SiteArgument,
    solve: Annotated[
        bool, typer.Option("--solve", help="Solve as well, and tell which limits bind and what they are worth.")
    ] = False,
    start: FromOption = None,
    end: ToOption = None,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """Print the model in equations.

    Lists variables, constraints and charges with their sizes and where each was written.
    """
    from storage_opt.cli.output import progress, show

    with progress("starting") as tell:
        from storage_opt.report.explanation import explanation_view
        from storage_opt.studies.explain import explain as describe

        tell("reading")
        read = open_site(site_path(site), start, end)
        tell("stating the model")
        model = describe(read)
        solved = None
        if solve:
            from storage_opt.studies.dispatch import optimize

            solved = optimize(read, progress=tell)
    show(explanation_view(model, solved), form)
