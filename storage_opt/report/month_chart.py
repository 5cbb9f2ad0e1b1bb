"""The bill of each billing period as a pair of stacked bars: without storage, and with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.ledger.ledger import Ledger
from storage_opt.report.numbers import money_scale
from storage_opt.report.style import INK, LINES, drawable, label, pale, plain_axes, styled
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType

__all__ = ["bill_by_period", "months_figure"]

_WIDTH_INCH, _HEIGHT_INCH = 9.6, 4.4
_BAR = 0.38
_MOST_LEVEL_LABELS = 13
_LETTERS_IN_A_ROW = 150

Amounts = dict[str, "NDArray[np.float64]"]


def bill_by_period(ledger: Ledger, periods: tuple[str, ...]) -> Amounts:
    """Amount of each line in each billing period (G,). [money]"""
    position = {period: number for number, period in enumerate(periods)}
    amounts: Amounts = {}
    for entry in ledger.entries:
        row = amounts.setdefault(entry.line.name, np.zeros(len(periods)))
        row[position[entry.period]] += entry.amount
    return amounts


def months_figure(result: DispatchResult) -> Figure:
    """Month bars of the bill by line: the baseline pale, the plan in full colour, the net amount as a tick."""
    from matplotlib.figure import Figure

    periods = result.schedule.horizon.billing.labels
    before, after = (bill_by_period(ledger, periods) for ledger in (result.baseline_ledger, result.ledger))
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _HEIGHT_INCH), layout="constrained")
        axes = figure.subplots()
        before, after = _folded(before, after)
        divisor, unit = _money_axis(before, after, result.site.spec.currency)
        places = np.arange(len(periods), dtype=np.float64)
        colours = {line: LINES[number] for number, line in enumerate(before)}
        axes.use_sticky_edges = False
        axes.margins(y=0.04)
        _bars(axes, places - _BAR / 2 - 0.01, before, divisor, {line: pale(shade) for line, shade in colours.items()})
        _bars(axes, places + _BAR / 2 + 0.01, after, divisor, colours)
        axes.axhline(0.0, color=INK, linewidth=0.6)
        turned = len(periods) > _MOST_LEVEL_LABELS
        axes.set_xticks(places, list(periods), rotation=90 if turned else 0)
        axes.set_xlim(-0.6, max(len(periods) - 0.4, 2.6))
        axes.set_ylabel(f"{label('amount')}\n[{unit}]")
        plain_axes(axes)
        _legends(axes, colours)
        name = drawable(result.site.spec.name, "Site")
        figure.suptitle(f"{name}: {_saving_words(result)}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _folded(before: Amounts, after: Amounts) -> tuple[Amounts, Amounts]:
    """The same lines in both, those that are nothing left out, the smallest beyond the palette as one."""
    names = list(dict.fromkeys([*before, *after]))
    nothing = np.zeros_like(next(iter({**before, **after}.values()), np.zeros(0)))
    size = {name: sum(float(np.abs(run.get(name, nothing)).sum()) for run in (before, after)) for name in names}
    names = [name for name in names if size[name] > 0.0]
    largest = sorted(names, key=lambda name: -size[name])[: len(LINES) - (len(names) > len(LINES))]
    kept = [name for name in names if name in largest]
    folded = [name for name in names if name not in largest]

    def rearranged(run: Amounts) -> Amounts:
        lines = {name: run.get(name, nothing) for name in kept}
        if folded:
            lines["other"] = sum((run.get(name, nothing) for name in folded), start=nothing)
        return lines

    return rearranged(before), rearranged(after)


def _money_axis(before: Amounts, after: Amounts, currency: str) -> tuple[float, str]:
    largest = max((float(np.abs(row).max()) for run in (before, after) for row in run.values()), default=0.0)
    if largest >= 1e6:
        return 1e6, f"million {currency}"
    return (1e3, f"thousand {currency}") if largest >= 1e4 else (1.0, currency)


def _saving_words(result: DispatchResult) -> str:
    before, saved = result.baseline_ledger.total, result.savings
    currency = result.site.spec.currency
    share = f" ({saved / abs(before):.1%})" if before else ""
    return f"monthly bill, a saving of {money_scale((before,), currency).text(saved)} {currency}{share}"


def _bars(
    axes: Axes,
    places: NDArray[np.float64],
    run: Amounts,
    divisor: float,
    colours: Mapping[str, ColorType],
) -> None:
    up, down = np.zeros(places.size), np.zeros(places.size)
    for line, row in run.items():
        values = row / divisor
        axes.bar(places, values, _BAR, bottom=np.where(values >= 0.0, up, down), color=colours[line])
        up += np.maximum(values, 0.0)
        down += np.minimum(values, 0.0)
    net = up + down
    axes.hlines(net, places - _BAR / 2, places + _BAR / 2, color=INK, linewidth=1.8)


def _legends(axes: Axes, colours: dict[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = [
        Patch(color=pale(INK), label=f"{label('baseline')} (left, pale)"),
        Patch(color=INK, label=f"{label('plan')} (right)"),
        Line2D([], [], color=INK, linewidth=1.8, label=label("net")),
    ]
    handles += [
        Patch(color=colour, label=label("other") if line == "other" else drawable(line, f"line {number}"))
        for number, (line, colour) in enumerate(colours.items(), start=1)
    ]
    letters = sum(len(str(handle.get_label())) + 8 for handle in handles)
    rows = -(-letters // _LETTERS_IN_A_ROW)
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=-(-len(handles) // rows),
        frameon=False,
        borderpad=0.2,
        handlelength=1.4,
        columnspacing=1.4,
    )
