"""`bill.csv`: every settled entry of every run, so that each amount can be checked with a calculator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from storage_opt.ledger.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

    from storage_opt.report.view import Row

__all__ = ["bill_frame", "bill_rows"]


def bill_rows(runs: Mapping[str, Ledger], currency: str) -> Iterator[Row]:
    """One row an entry: run, line, stream, period, band, quantity, unit, rate, amount, currency, payer, payee.

    Parameters
    ----------
    runs : mapping of str to Ledger
        Ledgers by the name that the column `run` shows, such as ``plan`` and ``baseline``.
    currency : str
        Currency of rates and amounts.
    """
    for run, ledger in runs.items():
        for entry in ledger.entries:
            yield {
                "run": run,
                "line": entry.line.name,
                "stream": str(entry.line.stream),
                "period": entry.period,
                "band": entry.band,
                "quantity": entry.quantity,
                "unit": entry.unit,
                "rate": entry.rate,
                "amount": entry.amount,
                "currency": currency,
                "payer": entry.line.payer,
                "payee": entry.line.payee,
            }


def bill_frame(runs: Mapping[str, Ledger], currency: str) -> pd.DataFrame:
    """The rows of :func:`bill_rows` as a table."""
    import pandas as pd

    return pd.DataFrame(list(bill_rows(runs, currency)))
