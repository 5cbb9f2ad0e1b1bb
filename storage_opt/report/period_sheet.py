"""The sheet of one billing period, laid out like an electricity bill (电费结算单)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage_opt.report.line_words import band_words, item_words
from storage_opt.report.party_words import party_words
from storage_opt.report.sheet import MONEY, QUANTITY, RATE, Look, Sheet, sum_of
from storage_opt.report.statement import Payment, shown_unit
from storage_opt.report.words import both, chinese, english

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["PeriodCells", "period_sheet"]

_AMOUNT = 9
_FORMATS = {6: QUANTITY, 8: RATE, _AMOUNT: MONEY}


@dataclass(frozen=True, slots=True)
class PeriodCells:
    """Where other sheets find the sums of a billing period.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    subtotals : mapping of str to str
        Cell of each party's subtotal, as a formula of another sheet names it.
    total : str
        Cell of the total.
    """

    sheet: Sheet
    subtotals: dict[str, str]
    total: str


def period_sheet(
    workbook: Workbook, period: str, facts: Sequence[tuple[str, str]], payments: Sequence[Payment], currency: str
) -> PeriodCells:
    """Items by party with subtotals and a total, both live formulas.

    Parameters
    ----------
    workbook : Workbook
        Gets the sheet at its end.
    period : str
        Billing period, also the sheet's name.
    facts : sequence of pairs of str
        What stands under the title: label and words.
    payments : sequence of Payment
        Payments of the period.
    currency : str
        Currency of all money.
    """
    sheet = Sheet(workbook, period, _AMOUNT)
    sheet.headline(f"{chinese('statement')} / {english('statement')}", facts)
    heads = ("No.\n序号", "Item", "项目", "Party\n收款方", "Period\n时段", "Quantity\n数量", "Unit\n单位")
    sheet.head((*heads, f"Price\n单价 [{currency}]", f"Amount\n金额 [{currency}]"), {1, *_FORMATS}, frozen_columns=0)
    subtotals, number = {}, 0
    for payment in payments:
        subtotals[payment.party] = _write_payment(sheet, payment, currency, number)
        number += len(payment.items)
    row = sheet.line(("", both("period_total")), Look.TOTAL)
    whole = sum(payment.cents for payment in payments)
    total = sheet.formula(row, _AMOUNT, sum_of(list(subtotals.values())), whole / 100)
    sheet.note("")
    sheet.note("Positive: the site pays. Negative: the site receives. 正数为用户支付，负数为用户收取。")
    sheet.note(
        "Each subtotal is the exact amount, rounded once to 0.01; Rounding 尾差, where it occurs, is what the rounded "
        "lines lack of it."
    )
    sheet.finish()
    return PeriodCells(sheet, {party: sheet.far(cell) for party, cell in subtotals.items()}, sheet.far(total))


def _write_payment(sheet: Sheet, payment: Payment, currency: str, number: int) -> str:
    """Items, rounding and subtotal of a party; returns the cell of the subtotal."""
    first, party = sheet.row, party_words(payment.party)
    for number_of_item, item in enumerate(payment.items, start=number + 1):
        entry = item.entry
        cells = (
            number_of_item,
            *item_words(entry.line),
            party,
            band_words(entry.band),
            entry.quantity,
            shown_unit(entry.unit, currency),
            entry.rate,
            item.cents / 100,
        )
        sheet.line(cells, Look.BODY, _FORMATS)
    if payment.rounding_cents:
        words = ("", english("rounding"), chinese("rounding"), party, "", None, "", None, payment.rounding_cents / 100)
        sheet.line(words, Look.BODY, _FORMATS)
    last = sheet.row - 1
    row = sheet.line(("", f"{both('subtotal')}: {party}"), Look.SUBTOTAL)
    span = f"{sheet.cell_name(first, _AMOUNT)}:{sheet.cell_name(last, _AMOUNT)}"
    return sheet.formula(row, _AMOUNT, sum_of([span]), payment.cents / 100)
