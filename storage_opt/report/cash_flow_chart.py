"""The cash flow of a project as bars a year, with what has come back so far as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.measures import cumulative, discounted, discounted_payback, irr
from storage_opt.finance.project import Row
from storage_opt.report.finance_words import row_words
from storage_opt.report.numbers import money_scale
from storage_opt.report.style import COLOURS, INK, LINES, cjk_font, drawable, plain_axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cash_flow_figure", "kinds_of_cash"]

_WIDTH_INCH, _HEIGHT_INCH = 9.6, 4.4
_BAR = 0.66
_MOST_LABELS = 21
_BACK = COLOURS["price"]
_COLOURS = {
    "savings": LINES[2],
    "investment": LINES[0],
    "running": LINES[4],
    "renewal": LINES[3],
    "taxes": LINES[1],
    "salvage": LINES[6],
}
_KINDS = {
    "savings": ("savings",),
    "investment": ("capex", "subsidy"),
    "running": ("om", "insurance", "land"),
    "renewal": ("replacement", "augmentation"),
    "taxes": ("vat", "surcharge", "income_tax"),
    "salvage": ("salvage",),
}


def kinds_of_cash(flow: CashFlow) -> dict[str, Row]:
    """Cash flow after tax by kind (N + 1,), what is nothing left out; the kinds sum to it. [money]"""
    nothing = np.zeros_like(flow.after_tax)
    kinds = {
        kind: sum((flow.whole.get(item, nothing) for item in items), start=nothing) for kind, items in _KINDS.items()
    }
    return {kind: row for kind, row in kinds.items() if np.any(row)}


def cash_flow_figure(flow: CashFlow, name: str, currency: str) -> Figure:
    """Bars of each year by kind, the net of the year as a tick, and the cumulative discounted cash flow.

    Parameters
    ----------
    flow : CashFlow
        What to draw: the project after tax, before loan.
    name : str
        Of the site, for the title.
    currency : str
        Currency of all money.
    """
    from matplotlib.figure import Figure

    rate = flow.project.spec.discount_rate_frac
    kinds, years = kinds_of_cash(flow), flow.project.years
    back = cumulative(discounted(rate, flow.after_tax))
    divisor, unit = _axis([*kinds.values(), back], currency)
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _HEIGHT_INCH), layout="constrained")
        axes: Axes = figure.subplots()
        _bars(axes, years, {kind: row / divisor for kind, row in kinds.items()})
        net = flow.after_tax / divisor
        axes.hlines(net, years - _BAR / 2, years + _BAR / 2, color=INK, linewidth=1.6, label=_label("net"))
        line = f"{_label('cumulative_discounted')} ({rate:.1%})"
        axes.plot(years, back / divisor, color="white", linewidth=3.6)  # a halo, so that it stands off the bars
        axes.plot(years, back / divisor, color=_BACK, linewidth=1.8, marker="o", markersize=3.2, label=line)
        _mark_payback(axes, discounted_payback(flow.after_tax, rate))
        axes.axhline(0.0, color=INK, linewidth=0.6)
        axes.set_xticks(years[:: 1 + years.size // _MOST_LABELS])
        axes.set_xlim(-0.6, years[-1] + 0.6)
        axes.set_xlabel(_label("year"))
        axes.set_ylabel(f"{_label('cash_flow')}\n[{unit}]")
        axes.margins(y=0.06)
        plain_axes(axes)
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, borderpad=0.2, handlelength=1.4
        )
        title = f"{drawable(name, 'Project')}: {_title(flow, currency)}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _label(key: str) -> str:
    english, chinese = row_words(key)
    return f"{english} {chinese}" if cjk_font() else english


def _axis(rows: list[Row], currency: str) -> tuple[float, str]:
    largest = max(float(np.abs(row).max()) for row in rows)
    if largest >= 1e6:
        return 1e6, f"million {currency}"
    return (1e3, f"thousand {currency}") if largest >= 1e4 else (1.0, currency)


def _bars(axes: Axes, years: Row, kinds: dict[str, Row]) -> None:
    up, down = np.zeros(years.size), np.zeros(years.size)
    for kind, row in kinds.items():
        bottom = np.where(row >= 0.0, up, down)
        axes.bar(years, row, _BAR, bottom=bottom, color=_COLOURS[kind], label=_label(kind), linewidth=0.0)
        up += np.maximum(row, 0.0)
        down += np.minimum(row, 0.0)


def _mark_payback(axes: Axes, payback: float | None) -> None:
    if payback is not None and payback > 0.0:
        words = f"{_label('payback_discounted')}: {payback:.1f} years"
        axes.scatter([payback], [0.0], 42.0, color=_BACK, marker="D", edgecolors="white", zorder=5, label=words)


def _title(flow: CashFlow, currency: str) -> str:
    worth = float(discounted(flow.project.spec.discount_rate_frac, flow.after_tax).sum())
    found = irr(flow.after_tax)
    rate = f"IRR {found.rate:.1%}" if found.rate is not None else "several IRR" if found.roots else "no IRR"
    tax = "after tax" if flow.project.spec.tax is not None else "before tax"
    return f"net present value {money_scale((worth,), currency).text(worth)} {currency}, {rate}, {tax}"
