"""A dispatch for a terminal, as JSON (the summary), or as CSV (the bill)."""

from __future__ import annotations

from storage_opt.report.bill_table import bill_rows
from storage_opt.report.summary import summarise
from storage_opt.report.tables import dispatch_tables
from storage_opt.report.view import View
from storage_opt.studies.result import DispatchResult

__all__ = ["dispatch_view"]


def dispatch_view(result: DispatchResult) -> View:
    """What `storage-opt optimize` prints."""
    runs = {"plan": result.ledger, "baseline": result.baseline_ledger}
    return View(
        lambda: dispatch_tables(result),
        lambda: summarise(result),
        lambda: bill_rows(runs, result.site.spec.currency),
    )
