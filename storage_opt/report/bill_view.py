"""The bill of a given schedule beside the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from storage_opt.report.bill_table import bill_rows
from storage_opt.report.layout import heading
from storage_opt.report.summary import bill_lines, horizon_document, party_amounts
from storage_opt.report.tables import (
    bill_table,
    cost_table,
    party_table,
    period_table,
    rule_table,
    span_words,
    streams_table,
)
from storage_opt.report.view import View
from storage_opt.studies.settlement import Settlement

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["bill_view"]


def bill_view(settlement: Settlement) -> View:
    """What `storage-opt bill` prints; the settled schedule is called ``metered``."""
    runs = {"metered": settlement.ledger, "baseline": settlement.baseline_ledger}
    return View(
        lambda: _tables(settlement),
        lambda: _document(settlement),
        lambda: bill_rows(runs, settlement.site.spec.currency),
    )


def _document(settlement: Settlement) -> dict[str, object]:
    ledgers = {"baseline": settlement.baseline_ledger, "metered": settlement.ledger}
    return {
        "site": settlement.site.spec.name,
        "currency": settlement.site.spec.currency,
        "horizon": horizon_document(settlement.schedule.horizon),
        "cost": {**{run: ledger.total for run, ledger in ledgers.items()}, "savings": settlement.savings},
        "bill": bill_lines(ledgers),
        "parties": party_amounts(ledgers),
        "periods": {run: ledger.by_period() for run, ledger in ledgers.items()},
        "value_streams": {str(stream): value for stream, value in settlement.streams.items()},
        "rules": [asdict(rule) for rule in settlement.rules],
        "notes": list(settlement.notes),
    }


def _tables(settlement: Settlement) -> Sequence[RenderableType]:
    currency = settlement.site.spec.currency
    runs = {"baseline": settlement.baseline_ledger, "metered": settlement.ledger}
    return [
        heading(f"{settlement.site.spec.name}: settled bill", span_words(settlement.schedule.horizon)),
        cost_table(runs, currency),
        bill_table(runs, currency),
        party_table(runs, currency),
        period_table(runs, currency),
        streams_table({str(name): value for name, value in settlement.streams.items()}, currency),
        *([rule_table(settlement.rules)] if settlement.rules else []),
    ]
