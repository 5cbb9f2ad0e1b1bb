"""Measures of a cash flow as formulas, and the rows they need: what is discounted, what is recovered by when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.measures import (
    annuity_factor,
    cumulative,
    discounted,
    dscr,
    irr,
    lcos,
    lcos_rows,
    mirr,
    npv,
    profitability_index,
    roi,
    simple_payback,
)
from storage_opt.finance.project import Row
from storage_opt.report.finance_assumptions import heading
from storage_opt.report.finance_words import row_words
from storage_opt.report.formula_sheet import Line, Value
from storage_opt.report.sheet import PERCENT, QUANTITY, RATE

__all__ = ["Judged", "judged", "lcos_lines", "measure_lines", "recovery_lines"]

_NEVER = "not paid back 未回收"


@dataclass(frozen=True, slots=True)
class Judged:
    """A cash flow that measures are taken of.

    Parameters
    ----------
    whose : tuple of str
        Word of what it belongs to, and of the row.
    key : str
        Its row in the sheets.
    cash : (N + 1,) array
        The numbers. [money]
    """

    whose: tuple[str, str]
    key: str
    cash: Row

    @property
    def words(self) -> tuple[str, str]:
        """Name in both languages."""
        return row_words(self.whose[1], self.whose[0])


def judged(flow: CashFlow) -> list[Judged]:
    """The cash flows of a project that have measures."""
    found = [
        Judged(("project", "pre_tax"), "project.pre_tax", flow.pre_tax),
        Judged(("project", "after_tax"), "project.after_tax", flow.after_tax),
    ]
    if flow.debt:
        found.append(Judged((flow.borrower, "cash"), "equity.cash", flow.equity_cash))
    if len(flow.parties) > 1:
        found += [
            Judged((name, "after_tax"), f"{name}.after_tax", book["after_tax"]) for name, book in flow.parties.items()
        ]
    return found


def recovery_lines(one: Judged, rate: float, currency: str) -> Iterator[Line]:
    """Sum up to each year, and where it comes up from below zero; the same discounted."""
    yield Line("", one.words)
    worth = f"{one.key}.discounted"
    template = f"={{{one.key}}}/(1+{{#discount}})^{{year}}"
    present = discounted(rate, one.cash)
    yield from _crossing(one.key, one.cash, "", currency)
    yield Line(worth, row_words("discounted"), currency, present, template)
    yield from _crossing(worth, present, "_discounted", currency)


def _crossing(key: str, cash: Row, which: str, currency: str) -> Iterator[Line]:
    sums = cumulative(cash)
    total = f"SUM({{{key}@..}})"
    template = f"=IF(ABS({total})<=1E-12*SUMPRODUCT(ABS({{{key}@:}})),0,{total})"
    yield Line(f"{key}.sum", row_words(f"cumulative{which}"), currency, sums, template)
    before, now = f"{{{key}.sum@-1}}", f"{{{key}.sum}}"
    up = f'=IF(AND({before}<0,{now}>=0),{{year}}-1+{before}/({before}-{now}),"")'
    rises = np.concatenate([[False], (sums[:-1] < 0.0) & (sums[1:] >= 0.0)])
    step = np.concatenate([[1.0], sums[:-1] - sums[1:]])
    earlier = np.concatenate([[0.0], sums[:-1]])
    at = np.where(rises, np.arange(cash.size) - 1 + earlier / np.where(rises, step, 1.0), np.nan)
    yield Line(f"{key}.crossing", row_words(f"crossing{which}"), "years 年", at, up, number_format=QUANTITY)


def lcos_lines(flow: CashFlow, currency: str) -> Iterator[Line]:
    """Cost and energy behind the levelised cost of storage; nothing when no energy is told."""
    if flow.project.throughput_kwh is None:
        return
    cost, charging, energy = lcos_rows(flow)
    yield heading("levelised")
    yield Line("lcos.cost", row_words("lcos_cost"), currency, cost, "={project.savings}-{project.pre_tax}")
    paid = "0" if flow.project.charging_cost is None else "{in.charging}*(1+{#escalation.energy})^({year}-1)"
    yield Line("lcos.charging", row_words("lcos_charging"), currency, charging, f"={paid}")
    yield Line("lcos.total", row_words("lcos_total"), currency, cost + charging, "={lcos.cost}+{lcos.charging}")
    yield Line("lcos.energy", row_words("lcos_energy"), "kWh", energy, "={in.throughput}")


def measure_lines(flow: CashFlow, currency: str) -> Iterator[Line]:
    """Measures of every cash flow, then the levelised cost of storage and the cover ratios of the loan."""
    rate = flow.project.spec.discount_rate_frac
    for one in judged(flow):
        yield Line("", one.words)
        yield from _measures(one, rate, flow.project.spec.years, currency)
    cost = lcos(flow)
    if cost is not None:
        worth = "(NPV({#discount},{lcos.total@1:})+{lcos.total@0})/NPV({#discount},{lcos.energy@1:})"
        yield Line("lcos", row_words("lcos"), f"{currency}/kWh", cost, f"={worth}", number_format=RATE)
    cover = dscr(flow)
    if cover.least is not None:
        least, average = row_words("dscr_least"), row_words("dscr_average")
        yield Line("dscr_least", least, "", cover.least, "=MIN({debt.dscr@:})", number_format=RATE)
        yield Line("dscr_average", average, "", cover.average, "=AVERAGE({debt.dscr@:})", number_format=RATE)


def _measures(one: Judged, rate: float, years: int, currency: str) -> Iterator[Line]:
    key, cash = one.key, one.cash
    worth = npv(rate, cash)
    found = irr(cash)
    modified = mirr(cash, rate, rate)
    present = f"NPV({{#discount}},{{{key}@1:}})+{{{key}@0}}"

    def line(word: str, unit: str, value: Value, formula: str, number_format: str) -> Line:
        template = None if isinstance(value, str) else f"={formula}"
        return Line(f"{key}.{word}", row_words(word), unit, value, template, number_format=number_format)

    yield line("npv", currency, worth, present, QUANTITY)
    yield line(
        "annual", currency, worth / annuity_factor(rate, years), f"-PMT({{#discount}},{{#years}},{present})", QUANTITY
    )
    # where it is not one number, a cell that starts from a guess would show one all the same
    rated: Value = found.rate
    if found.rate is None:
        rated = f"{'无解' if not found.roots else '多解'} {found}"
    yield line("irr", "", rated, f"IRR({{{key}@:}},{round(found.rate or 0.1, 2) + 0.0})", PERCENT)
    mirr_value: Value = "none 无" if modified is None else modified
    yield line("mirr", "", mirr_value, f"MIRR({{{key}@:}},{{#discount}},{{#discount}})", PERCENT)
    for word, row, paid in (
        ("payback", key, simple_payback(cash)),
        ("payback_discounted", f"{key}.discounted", simple_payback(discounted(rate, cash))),
    ):
        last = f"IF(COUNT({{{row}.crossing@:}})=0,0,MAX({{{row}.crossing@:}}))"
        yield line(word, "years 年", paid, f'IF({{{row}.sum@N}}<0,"{_NEVER}",{last})', QUANTITY)
    if cash[0] < 0.0:
        index, gain = profitability_index(cash, rate), roi(cash)
        yield line("pi", "", index, f"NPV({{#discount}},{{{key}@1:}})/-{{{key}@0}}", RATE)
        yield line("roi", "", gain, f"SUM({{{key}@:}})/-{{{key}@0}}", PERCENT)
