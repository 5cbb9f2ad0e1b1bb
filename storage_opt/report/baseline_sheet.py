"""The sheet that puts a statement beside the baseline: each line of each billing period, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from storage_opt.report.line_words import item_words
from storage_opt.report.party_words import party_words
from storage_opt.report.sheet import MONEY, Look, Sheet, sum_of
from storage_opt.report.statement import Statement
from storage_opt.report.words import both, chinese, english

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["baseline_sheet"]

_BEFORE, _AFTER, _CHANGE = 5, 6, 7
_FORMATS = dict.fromkeys((_BEFORE, _AFTER, _CHANGE), MONEY)

_Words = tuple[str, str, str]
"""Item in English and in Chinese, and party: what a row is about."""


def baseline_sheet(
    workbook: Workbook,
    facts: Sequence[tuple[str, str]],
    statements: tuple[Statement, Statement],
    names: tuple[str, str],
    currency: str,
) -> Sheet:
    """Amounts by billing period and line in the baseline and the statement, and the change.

    Parameters
    ----------
    workbook : Workbook
        Gets the sheet at its end.
    facts : sequence of pairs of str
        What stands under the title: label and words.
    statements : pair of Statement
        The baseline, and what is compared with it.
    names : pair of str
        What they are called, in one language or two.
    currency : str
        Currency of all money.
    """
    sheet = Sheet(workbook, both("baseline"), _CHANGE)
    sheet.headline(f"{chinese('baseline')}比较 / Comparison with the baseline", facts)
    heads = [f"{name}\n[{currency}]" for name in (*names, both("change"))]
    sheet.head(("Period\n账期", "Item", "项目", "Party\n收款方", *heads), _FORMATS, frozen_columns=0)
    sums: list[int] = []
    for period in dict.fromkeys(sorted((*statements[0].periods, *statements[1].periods))):
        first = sheet.row
        pairs = list(_lines(statements, period))
        for words, before, after in pairs:
            row = sheet.line((period, *words, before / 100, after / 100, None), Look.BODY, _FORMATS)
            _change(sheet, row, before, after)
        row = sheet.line((period, both("period_total")), Look.SUBTOTAL)
        spans = [
            [f"{sheet.cell_name(first, column)}:{sheet.cell_name(row - 1, column)}"] for column in (_BEFORE, _AFTER)
        ]
        _sums(sheet, row, spans, [(before, after) for _, before, after in pairs])
        sums.append(row)
    row = sheet.line((both("grand_total"),), Look.TOTAL)
    cells = [[sheet.cell_name(of, column) for of in sums] for column in (_BEFORE, _AFTER)]
    _sums(sheet, row, cells, [(statements[0].total_cents, statements[1].total_cents)])
    sheet.finish()
    return sheet


def _lines(statements: tuple[Statement, Statement], period: str) -> Iterator[tuple[_Words, int, int]]:
    """Printed amounts of every line and of the rounding in both statements; absent lines are 0."""
    sums: dict[_Words, list[int]] = {}
    for side, statement in enumerate(statements):
        for payment in statement.of_period(period):
            party = party_words(payment.party)
            for item in payment.items:
                sums.setdefault((*item_words(item.entry.line), party), [0, 0])[side] += item.cents
    yield from ((words, before, after) for words, (before, after) in sums.items())
    before, after = (sum(payment.rounding_cents for payment in one.of_period(period)) for one in statements)
    if before or after:
        yield (english("rounding"), chinese("rounding"), ""), before, after


def _change(sheet: Sheet, row: int, before: int, after: int) -> None:
    formula = f"={sheet.cell_name(row, _AFTER)}-{sheet.cell_name(row, _BEFORE)}"
    sheet.formula(row, _CHANGE, formula, (after - before) / 100)


def _sums(sheet: Sheet, row: int, references: list[list[str]], pairs: list[tuple[int, int]]) -> None:
    """Sums of both columns, given as references and as numbers, and their difference."""
    before, after = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    sheet.formula(row, _BEFORE, sum_of(references[0]), before / 100)
    sheet.formula(row, _AFTER, sum_of(references[1]), after / 100)
    _change(sheet, row, before, after)
