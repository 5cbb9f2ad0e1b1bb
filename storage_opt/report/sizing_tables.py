"""What a terminal shows after `size`: what to build, what limits it, what it earns, the proof."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.measures import discounted_payback, dscr, irr, lcos, npv, simple_payback
from storage_opt.finance.project import Row
from storage_opt.model.certificate import TOLERANCE
from storage_opt.report.explored import explored_tables
from storage_opt.report.layout import Column, bullets, heading, table
from storage_opt.report.numbers import money_scale, significant, tiny
from storage_opt.report.sizing_document import cash_flow_rows, sizing_document
from storage_opt.report.view import View
from storage_opt.report.words import both
from storage_opt.studies.sizing.exploring import Explored
from storage_opt.studies.sizing.result import BuiltSize, SizingResult

__all__ = ["sizing_view"]

_ENDS = {"most": "at most", "least": "at least", "fixed": "fixed", "": ""}


def sizing_view(result: SizingResult, more: Explored | None = None) -> View:
    """What `storage-opt size` prints: tables, the document, or the cash flow a year a row."""
    return View(
        lambda: [*sizing_tables(result), *explored_tables(more, result.site.spec.currency)],
        lambda: sizing_document(result, more),
        lambda: cash_flow_rows(result.cash_flow),
    )


def sizing_tables(result: SizingResult) -> Sequence[RenderableType]:
    """Every table of a sizing, the headline first."""
    currency = result.site.spec.currency
    state = "sizes certified optimal" if result.certificate.certified else "SIZES NOT CERTIFIED"
    finance = result.cash_flow.project.spec
    detail = f"{finance.years} years at {finance.discount_rate_frac:.1%}"
    shown: list[RenderableType] = [
        heading(f"{result.site.spec.name}: {state}", detail),
        _size_table(result, currency),
        _saving_table(result, currency),
        _finance_table(result.cash_flow, currency),
    ]
    if result.limits:
        shown.append(bullets(both("limits"), _limit_words(result, currency)))
    shown.append(_proof(result))
    return shown


def _size_table(result: SizingResult, currency: str) -> RenderableType:
    scale = money_scale((built.capex for built in result.sizes), currency)
    rows = [_size_row(built, scale.text(built.capex), scale.text(built.cost_per_year)) for built in result.sizes]
    capex = sum(built.capex for built in result.sizes)
    cost = sum(built.cost_per_year for built in result.sizes)
    columns: list[Column] = [(both("size"), "left"), (both("best"), "right"), ("", "left"), (both("range"), "left")]
    columns += [(f"{both('capex')} [{currency}]", "right"), (f"{both('cost_of_size')} [{currency}/a]", "right")]
    return table(both("sizes"), columns, rows, (both("total"), "", "", "", scale.text(capex), scale.text(cost)))


def _size_row(built: BuiltSize, capex: str, cost: str) -> tuple[str, ...]:
    range_ = built.size.range
    most = "" if range_.highest is None else f"{range_.highest:,.0f}"
    span = f"{range_.lowest:,.0f} to {most}" if most else f"from {range_.lowest:,.0f}"
    end = _ENDS[built.at_end]
    return (
        built.size.name,
        f"{built.value:,.0f}",
        str(built.size.kind),
        f"{span}{f', {end}' if end else ''}",
        capex,
        cost,
    )


def _saving_table(result: SizingResult, currency: str) -> RenderableType:
    """Bill before and after, by kind of money."""
    amounts = {stream: amount for stream, amount in result.saving_per_year.items() if abs(amount) >= _NOTHING}
    scale = money_scale((result.bill_before_per_year, *amounts.values()), currency)
    rows = [(both(str(stream)), scale.text(amount)) for stream, amount in amounts.items()]
    cash = result.cash_saving_per_year
    share = f"{cash / abs(result.bill_before_per_year):.1%}" if result.bill_before_per_year else ""
    note = f"of a bill of {scale.text(result.bill_before_per_year)} {currency} a year{f', {share}' if share else ''}"
    if Stream.WEAR in amounts:
        note += "; wear is no cash and not in the total"
    columns: list[Column] = [(both("kind"), "left"), (f"{both('savings')} [{currency}/a]", "right")]
    return table(both("saving_per_year"), columns, rows, (both("total"), scale.text(cash)), note)


_NOTHING = 0.005


def _finance_table(flow: CashFlow, currency: str) -> RenderableType:
    rate = flow.project.spec.discount_rate_frac
    judged: dict[str, Row] = {"project": flow.after_tax if flow.project.spec.tax else flow.pre_tax}
    if flow.debt:
        judged["equity"] = flow.equity_cash
    if len(flow.parties) > 1:
        judged |= {party: book["after_tax"] for party, book in flow.parties.items()}
    scale = money_scale((npv(rate, cash) for cash in judged.values()), currency)
    rows = [
        (
            both(name),
            scale.text(npv(rate, cash)),
            str(irr(cash)),
            _years(cash, simple_payback(cash)),
            _years(cash, discounted_payback(cash, rate)),
        )
        for name, cash in judged.items()
    ]
    columns: list[Column] = [("", "left"), (f"{both('npv')} [{currency}]", "right"), (both("irr"), "right")]
    columns += [(both("payback"), "right"), (both("discounted_payback"), "right")]
    told = []
    cost, cover = lcos(flow), dscr(flow)
    if cost is not None:
        told.append(f"{both('lcos')} {significant(cost)} {currency}/kWh without the energy that is charged")
    if cover.least is not None and cover.average is not None:
        told.append(f"{both('dscr')} {cover.least:.2f} least, {cover.average:.2f} mean")
    return table(both("finance"), columns, rows, note="; ".join(told))


def _years(cash: Row, value: float | None) -> str:
    if not cash[0] < 0.0:
        return "nothing to pay back"
    return "not paid back" if value is None else f"{value:.1f} a"


def _limit_words(result: SizingResult, currency: str) -> list[str]:
    """What one more unit of each binding limit earns."""
    words = []
    for limit in result.limits:
        per = "unit" if limit.unit == currency else limit.unit
        unit = f"one more {per}" if limit.unit != currency else f"one {currency} more"
        worth = f"{significant(limit.worth_per_year)} {currency} a year"
        words.append(f"{limit.words} (`{limit.key}`): {unit} is worth {worth}")
    return words


def _proof(result: SizingResult) -> RenderableType:
    certificate, timing = result.certificate, result.timing
    gap = f"gap {tiny(certificate.relative_gap)} of at most {tiny(TOLERANCE)}"
    solves = f"{certificate.solves} solve{'s' if certificate.solves > 1 else ''}"
    schedule = "schedule certified" if certificate.dispatch_certified else "schedule NOT certified"
    stages = f"compile {timing.compile_s:.1f}, solve {timing.solve_s:.1f}, dispatch {timing.dispatch_s:.1f}"
    seconds = f"{timing.total_s:.1f} s: {stages}"
    return bullets(both("certificate"), [f"no other sizes are better: {gap}, {solves}; {schedule}", seconds])
