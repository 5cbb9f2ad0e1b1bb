"""`storage-opt bill`."""

from __future__ import annotations

from pathlib import Path
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

__all__ = ["bill"]


def bill(
    site: SiteArgument,
    schedule: Annotated[
        Path,
        typer.Option("--schedule", "-s", metavar="FILE", help="Metered or planned schedule (CSV, Parquet, XLSX)."),
    ],
    statement: Annotated[
        Path | None,
        typer.Option("--statement", metavar="FILE", help="Write the monthly statement as well (CSV or XLSX)."),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """Settle a metered or planned schedule.

    Applies the site's tariffs and shows the bill beside the one without storage; no solver is involved.
    CSV on stdout holds every entry of both bills.
    """
    from storage_opt.cli.output import notes, show
    from storage_opt.io.schedule_file import read_metered
    from storage_opt.report.bill_view import bill_view
    from storage_opt.report.statement_file import refuse_statement_name, save_statement
    from storage_opt.studies.settlement import settle_against_baseline

    if statement is not None:
        refuse_statement_name(statement)
    read = open_site(site_path(site), start, end)
    metered = read_metered(read, schedule)
    settlement = settle_against_baseline(read, metered.schedule)
    if statement is not None:
        runs = {"metered": settlement.ledger, "baseline": settlement.baseline_ledger}
        save_statement(read, runs, statement, (schedule,))
    show(bill_view(settlement), form)
    notes((*settlement.notes, *metered.notes))
    if statement is not None:
        notes([f"wrote `{statement}`"])
