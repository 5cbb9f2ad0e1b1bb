"""The cash flow of a project as a workbook of live formulas: every cell can be followed back to the assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage_opt.finance.cash_flow import OWNER, CashFlow
from storage_opt.report.finance_assumptions import assumption_lines, heading
from storage_opt.report.finance_measures import judged, lcos_lines, measure_lines, recovery_lines
from storage_opt.report.finance_rows import (
    book_lines,
    detail_lines,
    income_tax_lines,
    item_lines,
    share_lines,
    tax_rate_line,
)
from storage_opt.report.finance_words import row_words
from storage_opt.report.formula_sheet import FormulaSheet, Line, write_sheets
from storage_opt.report.sheet import QUANTITY, Look
from storage_opt.report.xlsx_file import workbook_bytes

__all__ = ["finance_xlsx"]

_LABELS = ("Item", "项目", "Unit 单位")
_NOTES = (
    "Year 0 is the investment; other amounts stand at the ends of years. Positive: received. "
    "第0年为投资，其余金额发生于年末；正数为流入。",
)
_PAYBACK = (
    "Payback: the sum is not negative and stays so to the end, interpolated within the year. "
    "回收期：累计净现金流转正且此后保持为正，年内线性插值。",
)


def finance_xlsx(flow: CashFlow, name: str, currency: str) -> bytes:
    """The content of a workbook; the same cash flow gives the same bytes.

    Parameters
    ----------
    flow : CashFlow
        What to write.
    name : str
        Of the site or project.
    currency : str
        Currency of all money.

    Returns
    -------
    bytes
        Sheets of assumptions, cash flow, loan and parties where there are any, and measures.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = "storage-opt"
    facts = [("Project 项目", name), ("Currency 币种", currency)]
    years = [f"{year}" for year in range(flow.project.spec.years + 1)]

    def sheet(word: str, lines: Sequence[Line], heads: Sequence[str], notes: Sequence[str] = ()) -> FormulaSheet:
        english, chinese = row_words(word)
        return FormulaSheet(f"{english} {chinese}", f"{chinese} / {english}", facts, [*_LABELS, *heads], lines, notes)

    inputs = ["Value 数值 / 0", *years[1:]]
    sheets = [
        sheet("assumptions", assumption_lines(flow.project, currency), inputs),
        sheet("cash_flow", [*_cash_flow(flow, currency)], years, _NOTES),
    ]
    if flow.debt:
        sheets.append(sheet("debt", [*_debt(flow, currency)], years, _NOTES))
    if OWNER not in flow.parties:
        sheets.append(sheet("parties", [*_parties(flow, currency)], years, _NOTES))
    sheets.append(sheet("measures", [*measure_lines(flow, currency)], ["Value 数值"], _PAYBACK))
    return workbook_bytes(workbook, write_sheets(workbook, sheets, flow.project.spec.years))


def _cash_flow(flow: CashFlow, currency: str) -> Iterator[Line]:
    yield Line("year", row_words("year"), "", flow.project.years, number_format="0")
    yield heading("operations")
    yield from detail_lines(flow, currency)
    yield heading("project")
    yield from item_lines(flow, currency)
    if flow.project.spec.tax is not None:
        yield tax_rate_line(flow.tax_rate)
    yield from book_lines(flow, "project", currency)
    yield from lcos_lines(flow, currency)
    yield heading("recovered")
    for one in judged(flow):
        if one.key.startswith("project."):
            yield from recovery_lines(one, flow.project.spec.discount_rate_frac, currency)


def _parties(flow: CashFlow, currency: str) -> Iterator[Line]:
    for party in flow.parties:
        yield heading(party)
        yield from share_lines(flow, party, currency)
        yield from book_lines(flow, party, currency)
    yield heading("recovered")
    for one in judged(flow):
        if one.key.partition(".")[0] in flow.parties:
            yield from recovery_lines(one, flow.project.spec.discount_rate_frac, currency)


def _debt(flow: CashFlow, currency: str) -> Iterator[Line]:
    yield heading("debt", flow.borrower)
    book = "project" if flow.borrower == OWNER else flow.borrower
    for key, template in _loan(flow, book).items():
        unit = "" if key == "dscr" else currency
        yield Line(f"debt.{key}", row_words(key), unit, flow.debt[key] + 0.0, template, number_format=QUANTITY)
    yield heading("equity", flow.borrower)
    tax = flow.project.spec.tax
    flows = [f"{{{book}.pre_tax}}", "{debt.draw}", "{debt.interest}", "{debt.principal}"]
    if tax is not None:
        profit = f"={{{book}.profit}}+{{debt.interest}}"
        yield Line("equity.profit", row_words("profit"), currency, flow.equity["profit"], profit)
        yield from income_tax_lines("equity", dict(flow.equity), tax, currency)
        flows += [f"{{{book}.vat}}", f"{{{book}.surcharge}}", "{equity.income_tax}"]
    yield Line("equity.cash", row_words("cash"), currency, flow.equity_cash, "=" + "+".join(flows), Look.TOTAL)
    yield heading("recovered")
    for one in judged(flow):
        if one.key == "equity.cash":
            yield from recovery_lines(one, flow.project.spec.discount_rate_frac, currency)


def _loan(flow: CashFlow, book: str) -> dict[str, str]:
    """Formulas of the loan, each row from rows above it and from the year before."""
    debt = flow.project.spec.debt
    kind = debt.repayment if debt is not None else "level"
    running = "AND({year}>=1,{year}<={#debt_years})"
    repaying = "AND({year}>{#grace_years},{year}<={#debt_years})"
    left = "({#debt_years}-{#grace_years})"
    each = {
        "level": f"IF({repaying},-PMT({{#rate_frac}},{left},{{debt.draw@0}}),-{{debt.interest}})",
        "equal_principal": f"-{{debt.interest}}+IF({repaying},{{debt.draw@0}}/{left},0)",
        "sculpted": "MAX(0,{debt.cfads})/{#target_dscr}",
    }[kind]
    borrowed = f"{{#share_frac}}*-({{{book}.capex}}+{{{book}.subsidy}})"
    if kind == "sculpted":
        borrowed = "SUMPRODUCT({debt.service@:}/(1+{#rate_frac})^{year@:})"
    return {
        "cfads": f"=IF({{year}}=0,0,{{{book}.after_tax}}-{{{book}.salvage}})",
        "draw": f"=IF({{year}}=0,{borrowed},0)",
        "interest": "=-{#rate_frac}*{debt.balance@-1}",
        "service": f"=IF({running},{each},0)",
        "principal": "=-{debt.service}-{debt.interest}",
        "balance": "=IF({year}=0,{debt.draw},{debt.balance@-1}+{debt.principal})",
        "dscr": '=IF({debt.service}>0,{debt.cfads}/{debt.service},"")',
    }
