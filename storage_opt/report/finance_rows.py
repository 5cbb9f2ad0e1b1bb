"""The rows of a cash flow as formulas: what `storage_opt.finance` calculates, in the words of a spreadsheet.

They are written a second time on purpose: a spreadsheet that is recalculated and agrees with the library is a check of
both. A test does that for every cell.
"""

from __future__ import annotations

from collections.abc import Iterator

from storage_opt.finance.cash_flow import HOST, INVESTOR, OWNER, CashFlow
from storage_opt.finance.operations import ITEMS
from storage_opt.finance.project import Project, Row
from storage_opt.report.finance_words import row_words
from storage_opt.report.formula_sheet import Line
from storage_opt.report.sheet import PERCENT, Look
from storage_opt.spec.tax import TaxSpec

__all__ = ["book_lines", "detail_lines", "income_tax_lines", "item_lines", "share_lines", "tax_rate_line"]

_TOTALS = {"pre_tax", "after_tax", "cash"}

_VAT_DUE = "{P.vat_output}-{P.vat_input}"
_BOOK = {
    "vat_output": "=({P.savings}+{P.salvage})*{#vat_frac}/(1+{#vat_frac})",
    "vat_input": "=-({P.capex}+{P.replacement}+{P.augmentation}+{P.om})*{#vat_frac}/(1+{#vat_frac})",
    "vat": f"=-MAX(0,{_VAT_DUE}-{{P.vat_carried@-1}})",
    "vat_carried": f"=MAX(0,{{P.vat_carried@-1}}-({_VAT_DUE}))",
    "surcharge": "={P.vat}*{#surcharge_frac}",
    "additions": "=-({P.capex}+{P.replacement}+{P.augmentation})/(1+{#vat_frac})-{P.subsidy}",
    "depreciation": (
        "=IF({year}<=END,-(1-{#residual_frac})/{#depreciation_years}*SUMIFS({P.additions@:},"
        '{year@:},">="&({year}-{#depreciation_years}),{year@:},"<="&({year}-1)),0)'
    ),
    "write_off": "=IF({year}=END,-SUM({P.additions@:})-SUM({P.depreciation@:}),0)",
    "profit": (
        "=({P.savings}+{P.salvage}+{P.om})/(1+{#vat_frac})"
        "+{P.insurance}+{P.land}+{P.surcharge}+{P.depreciation}+{P.write_off}"
    ),
}
"""Rows of a party between cash flow before tax and income tax; P is the party, END its last year."""

_GONE = 'MAX({P.loss_gone@-1},SUMIF({year@:},"<="&({year}-{#carry_years}-1),{P.loss@:}))'
_CARRIED = {
    "loss": "=MAX(0,-{P.profit})",
    "loss_available": f'=SUMIF({{year@:}},"<="&({{year}}-1),{{P.loss@:}})-{_GONE}',
    "loss_used": "=MIN(MAX(0,{P.profit}),{P.loss_available})",
    "loss_gone": f"={_GONE}+{{P.loss_used}}",
    "taxable": "=MAX(0,{P.profit})-{P.loss_used}",
}
_OFFSET = {"taxable": "={P.profit}"}


def detail_lines(flow: CashFlow, currency: str) -> Iterator[Line]:
    """Every line before tax, from the assumptions."""
    project = flow.project
    for key, row in flow.details.items():
        item, _, of = key.partition(".")
        words = row_words(item, "" if item == "augmentation" else of)
        yield Line(key, words, currency, row + 0.0, _detail(project, item, of))


def _detail(project: Project, item: str, of: str) -> str:
    each_year = "(1+{#inflation})^({year}-1)"
    priced = f"{{#asset.{of}.replacement}}"
    due = f"AND({{year}}>0,{{year}}<{{#years}},MOD({{year}},{{#asset.{of}.life}})=0)"
    if of in project.replacements:
        priced, due = f"{{in.replacement.{of}}}", "{year}>0"
    paid = (
        f"INDEX({{capex.{of}@:}},{{#asset.{of}.installed}}+1)+INDEX({{replacement.{of}@:}},{{#asset.{of}.installed}}+1)"
    )
    left = f"MAX(0,({{#asset.{of}.life}}-({{#years}}-{{#asset.{of}.installed}}))/{{#asset.{of}.life}})"
    worth = f"({{#asset.{of}.salvage_frac}}+(1-{{#asset.{of}.salvage_frac}})*{left})"
    return {
        "savings": f"={{in.savings.{of}}}*(1+{{#escalation.{of}}})^({{year}}-1)",
        "capex": f"=IF({{year}}=0,-{{#asset.{of}.capex}},0)",
        "subsidy": f"=IF({{year}}=0,{{#asset.{of}.subsidy}},0)",
        "om": f"=IF({{year}}=0,0,-{{#asset.{of}.om}}*{each_year})",
        "insurance": f"=IF({{year}}=0,0,-{{#asset.{of}.insurance_frac}}*{{#asset.{of}.capex}}*{each_year})",
        "land": f"=IF({{year}}=0,0,-{{#asset.{of}.land}}*{each_year})",
        "replacement": f"=IF({due},-{priced}*(1+{{#asset.{of}.replacement_rise}})^{{year}},0)",
        "augmentation": "=-{in.added}*(1+{#augmentation_rise})^{year}",
        "salvage": f"=IF({{year}}={{#years}},-({paid})*{worth},0)",
    }[item]


def item_lines(flow: CashFlow, currency: str) -> Iterator[Line]:
    """Sum of the lines of each kind, for the project."""
    for item in ITEMS:
        parts = [f"{{{key}}}" for key in flow.details if key.startswith(f"{item}.")]
        yield _line("project", item, flow.whole[item], currency, f"={'+'.join(parts) or '0'}")


def share_lines(flow: CashFlow, party: str, currency: str) -> Iterator[Line]:
    """The lines before tax that a party of an energy management contract has of the project's."""
    sharing = flow.project.spec.sharing
    for item in ITEMS:
        if party == HOST:
            template = f"={{project.{item}}}-{{{INVESTOR}.{item}}}"
        elif item == "salvage" or (item in {"om", "insurance", "land"} and sharing and sharing.om_payer == HOST):
            template = "=0"
        else:
            share = "*{#investor_frac}" if item == "savings" else ""
            template = f"=IF({{year}}<={{#sharing_years}},{{project.{item}}}{share},0)"
        yield _line(party, item, flow.parties[party][item], currency, template)


def tax_rate_line(rate: Row) -> Line:
    """Income tax of each year."""
    template = (
        "=IF(OR({year}=0,{year}>{#exempt_years}+{#half_years}),{#income_tax_frac},"
        "IF({year}<={#exempt_years},0,{#income_tax_frac}/2))"
    )
    return Line("tax_rate", row_words("tax_rate"), "", rate, template, number_format=PERCENT)


def book_lines(flow: CashFlow, party: str, currency: str) -> Iterator[Line]:
    """What follows from the lines of a party: tax, and what is left; for `project`, the sum of the parties."""
    tax = flow.project.spec.tax
    summed = party == "project" and OWNER not in flow.parties
    book = flow.whole if party == "project" else flow.parties[party]
    end = "{#sharing_years}" if party == INVESTOR else "{#years}"
    pre_tax = "=" + "+".join(f"{{P.{item}}}" for item in ITEMS)
    templates = {"pre_tax": pre_tax} | _tax_templates(tax, end)
    for key, template in templates.items():
        parts = "=" + "+".join(f"{{{one}.{key}}}" for one in flow.parties)
        whole = summed and key != "pre_tax"
        yield _line(party, key, book[key], currency, parts if whole else template)


def income_tax_lines(prefix: str, rows: dict[str, Row], tax: TaxSpec, currency: str) -> Iterator[Line]:
    """From profit to income tax, of rows that are no book of a party."""
    for key, template in _income_tax(tax).items():
        yield _line(prefix, key, rows[key], currency, template)


def _tax_templates(tax: TaxSpec | None, end: str) -> dict[str, str]:
    if tax is None:
        return {"after_tax": "={P.pre_tax}"}
    templates = {key: template.replace("END", end) for key, template in _BOOK.items()}
    if tax.vat_credit == "at_once":
        del templates["vat_carried"]
        templates["vat"] = f"=-({_VAT_DUE})"
    return {**templates, **_income_tax(tax), "after_tax": "={P.pre_tax}+{P.vat}+{P.surcharge}+{P.income_tax}"}


def _income_tax(tax: TaxSpec) -> dict[str, str]:
    rows = _CARRIED if tax.losses == "carry_forward" else _OFFSET
    return {**rows, "income_tax": "=-{tax_rate}*{P.taxable}"}


def _line(prefix: str, key: str, row: Row, currency: str, template: str) -> Line:
    look = Look.TOTAL if key in _TOTALS else Look.BODY
    return Line(f"{prefix}.{key}", row_words(key), currency, row + 0.0, template.replace("{P.", f"{{{prefix}."), look)
