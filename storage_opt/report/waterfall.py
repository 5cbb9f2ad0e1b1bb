"""The savings as a waterfall: what each value stream adds, products one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.report.numbers import money_scale
from storage_opt.report.style import COLOURS, INK, RULE, drawable, label, plain_axes, styled
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["waterfall_figure", "waterfall_steps"]

_WIDTH_INCH = 9.6
_ROW_INCH = 0.34
_ROOM_FRAC = 0.16
"""Share of the width kept free for amounts beside the bars."""


def waterfall_steps(result: DispatchResult) -> Mapping[str, float]:
    """What each stream saves, products by their names; they sum to the savings. [money]"""
    steps: dict[str, float] = {}
    for name, value in result.streams.items():
        if name != "reserve":
            steps[name] = value
            continue
        before = result.baseline_ledger.by_line()
        for use in result.products:
            # what is paid whatever the schedule stands in both bills
            paid_anyway = -sum(amount for line, amount in before.items() if line.split(".", maxsplit=1)[0] == use.name)
            steps[use.name] = use.revenue - paid_anyway
    return steps


def waterfall_figure(result: DispatchResult) -> Figure:
    """Bars from nothing to the savings, each beginning where the one above ends."""
    from matplotlib.figure import Figure

    shown = {name: value for name, value in waterfall_steps(result).items() if abs(value) >= _least(result)}
    scale = money_scale([*shown.values(), result.savings], result.site.spec.currency)
    ends = np.cumsum(list(shown.values()))
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _ROW_INCH * (len(shown) + 1) + 1.1), layout="constrained")
        axes = figure.subplots()
        names = []
        for place, (name, value) in enumerate(shown.items()):
            names.append(drawable(_named(name, result), f"product {place}"))
            colour = COLOURS["soc"] if value >= 0 else COLOURS["export"]
            _bar(axes, place, (float(ends[place]) - value, value), colour, scale.text(value))
        names.append(label("savings"))
        _bar(axes, len(shown), (0.0, result.savings), INK, scale.text(result.savings))
        axes.axvline(0.0, color=INK, linewidth=0.6)
        axes.invert_yaxis()
        low, high = min(float(ends.min(initial=0.0)), 0.0), max(float(ends.max(initial=0.0)), 0.0)
        room = _ROOM_FRAC * ((high - low) or 1.0)
        axes.set_xlim(low - (room if low < 0 else 0.0), high + room)
        axes.set_xlabel(f"[{scale.unit}]")
        plain_axes(axes)
        axes.set_yticks(range(len(names)), names)
        axes.xaxis.set_major_formatter(lambda value, _: scale.text(value))
        axes.grid(visible=True, axis="x", color=RULE, linewidth=0.8)
        axes.grid(visible=False, axis="y")
        title = drawable(result.site.spec.name, "Site")
        figure.suptitle(f"{title}: {label('streams')}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _bar(axes: Axes, place: int, span: tuple[float, float], colour: str, text: str) -> None:
    start, width = span
    axes.barh(place, width, left=start, color=colour, height=0.62)
    axes.annotate(
        text,
        (max(start, start + width), place),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def _named(name: str, result: DispatchResult) -> str:
    return name if any(use.name == name for use in result.products) else label(name)


def _least(result: DispatchResult) -> float:
    """Below this a step can't be seen."""
    return 1e-6 * max(abs(result.baseline_ledger.total), abs(result.ledger.total), 1.0)
