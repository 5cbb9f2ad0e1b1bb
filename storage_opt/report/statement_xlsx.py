"""The statement as a workbook: a summary by party, a sheet a billing period, and the comparison with the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.charges.base import SITE
from storage_opt.ledger.ledger import Ledger
from storage_opt.report.baseline_sheet import baseline_sheet
from storage_opt.report.party_words import party_words
from storage_opt.report.period_sheet import PeriodCells, period_sheet
from storage_opt.report.sheet import MONEY, Look, Sheet, sum_of
from storage_opt.report.statement import Statement, statement_of
from storage_opt.report.words import both, chinese, english
from storage_opt.report.xlsx_file import workbook_bytes

if TYPE_CHECKING:
    from storage_opt.horizon import Horizon
    from storage_opt.spec.resolved import Site

__all__ = ["period_spans", "statement_xlsx"]

_SUMMARY = "Summary 汇总"
_FORMATS = {2: MONEY, 3: MONEY, 4: MONEY}
_DAY_FORMAT, _MINUTE_FORMAT = "%Y-%m-%d", "%Y-%m-%d %H:%M"


def statement_xlsx(site: Site, runs: Mapping[str, Ledger]) -> bytes:
    """The content of `statement.xlsx`; the same ledgers give the same bytes.

    Parameters
    ----------
    site : Site
        Whose bill it is; on the horizon of the ledgers.
    runs : mapping of str to Ledger
        What the statement is of, such as ``plan``, and then what it is compared with, ``baseline``.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = "storage-opt"
    currency = site.spec.currency
    named = {both(run): statement_of(ledger) for run, ledger in runs.items()}
    (name, statement), *others = named.items()
    facts = [("Site 用户", site.spec.name), ("Currency 币种", currency), ("Schedule 方案", name)]
    spans = period_spans(site.horizon)
    columns = max(len(statement.periods) + 2, 4)
    summary = Sheet(workbook, _SUMMARY, columns)
    months = [
        period_sheet(
            workbook,
            period,
            [facts[0], ("Period 账期", spans.get(period, period)), *facts[1:]],
            statement.of_period(period),
            currency,
        )
        for period in statement.periods
    ]
    sheets = [summary, *(month.sheet for month in months)]
    for other_name, other in others:
        sheets.append(baseline_sheet(workbook, facts[:2], (other, statement), (other_name, name), currency))
    horizon = [facts[0], ("Period 账期", _span_words(site.horizon, 0, site.horizon.steps)), *facts[1:]]
    summary.headline(f"{chinese('statement')}汇总 / {english('statement')}: summary", horizon)
    _write_balance(summary, statement, months)
    for other_name, other in others:
        _write_comparison(summary, (other, statement), (other_name, name), currency)
    _write_notes(summary, statement, next(iter(runs.values())).total)
    summary.finish()
    return workbook_bytes(workbook, {sheet.title: sheet.values for sheet in sheets})


def period_spans(horizon: Horizon) -> dict[str, str]:
    """First and last day of each billing period, as far as the horizon covers it."""
    periods = horizon.billing
    starts = np.append(np.searchsorted(periods.ids, np.arange(periods.count)), horizon.steps).tolist()
    return {
        label: _span_words(horizon, first, stop)
        for label, first, stop in zip(periods.labels, starts, starts[1:], strict=False)
    }


def _span_words(horizon: Horizon, first: int, stop: int) -> str:
    """From the first interval to before the last: days where both ends are midnights, else times."""
    start = horizon.stamps[first]
    end = horizon.stamps[stop] if stop < horizon.steps else horizon.end_instant
    whole = all((moment.hour, moment.minute) == (0, 0) for moment in (start, end))
    if not whole:
        return f"{start:{_MINUTE_FORMAT}} to {end:{_MINUTE_FORMAT}}"
    days = (end.date() - start.date()).days
    last = end.date() - timedelta(days=1)
    return f"{start:{_DAY_FORMAT}} to {last:{_DAY_FORMAT}} ({days} day{'' if days == 1 else 's'} 天)"


def _write_balance(sheet: Sheet, statement: Statement, months: Sequence[PeriodCells]) -> None:
    """What each party receives in each period, from the sheets of the periods; every column sums to zero."""
    periods, columns = statement.periods, len(statement.periods) + 2
    sheet.head((both("party"), *periods, both("total")), range(2, columns + 1), frozen_columns=1)
    first = sheet.row
    for party, received in statement.balance().items():
        row = sheet.line((party_words(party),), Look.TOTAL if party == SITE else Look.BODY, width=columns)
        for column, (month, whole) in enumerate(zip(months, received, strict=False), start=2):
            cell = f"-{month.total}" if party == SITE else month.subtotals.get(party, "0")
            sheet.formula(row, column, f"={cell}", whole / 100)
        span = f"{sheet.cell_name(row, 2)}:{sheet.cell_name(row, columns - 1)}"
        sheet.formula(row, columns, sum_of([span] if periods else []), received[-1] / 100)
    last = sheet.row - 1
    row = sheet.line(("Check: sum is 0 校验：合计为零",), Look.BODY, width=columns)
    for column in range(2, columns + 1):
        span = f"{sheet.cell_name(first, column)}:{sheet.cell_name(last, column)}"
        sheet.formula(row, column, f"=ROUND(SUM({span}),2)", 0.0)
    sheet.note("What each party receives; negative: it pays. 各方收款，负数为付款。")
    sheet.note("")


def _write_comparison(
    sheet: Sheet, statements: tuple[Statement, Statement], names: tuple[str, str], currency: str
) -> None:
    """What each party receives under both statements, and what the site pays."""
    heads = [f"{name}\n[{currency}]" for name in (*names, both("change"))]
    sheet.head((both("party"), *heads), _FORMATS)
    received = [{party: row[-1] for party, row in statement.balance().items()} for statement in statements]
    parties = [party for party in dict.fromkeys((*received[0], *received[1])) if party != SITE]
    first = sheet.row
    for party in parties:
        before, after = (amounts.get(party, 0) for amounts in received)
        row = sheet.line((party_words(party), before / 100, after / 100), Look.BODY, _FORMATS, width=4)
        _change(sheet, row, before, after)
    last = sheet.row - 1
    row = sheet.line((both("site_pays"),), Look.TOTAL, width=4)
    for column, statement in enumerate(statements, start=2):
        span = f"{sheet.cell_name(first, column)}:{sheet.cell_name(last, column)}"
        sheet.formula(row, column, sum_of([span] if parties else []), statement.total_cents / 100)
    _change(sheet, row, *(statement.total_cents for statement in statements))
    sheet.note("")


def _change(sheet: Sheet, row: int, before: int, after: int) -> None:
    sheet.formula(row, 4, f"={sheet.cell_name(row, 3)}-{sheet.cell_name(row, 2)}", (after - before) / 100)


def _write_notes(sheet: Sheet, statement: Statement, exact: float) -> None:
    rounding = statement.total_cents / 100 - exact
    sheet.note(
        f"Every payment, of one party and one billing period, is rounded once to 0.01; together they differ from the "
        f"exact cost, {exact:,.6f}, by {rounding:z.6f}. 每方每期款项四舍五入至分。"
    )
