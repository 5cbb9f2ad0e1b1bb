"""A tornado: what each assumption moves, with sizes held and with sizes that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage_opt.report.landscape_words import assumption_words, drawn, value_words
from storage_opt.report.style import COLOURS, GREY, INK, RULE, cjk_font, drawable, pale, plain_axes, styled
from storage_opt.studies.sizing.tornado import Tornado, TornadoBar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["tornado_figure"]

_WIDTH_INCH, _ROW_INCH = 9.6, 0.46
_THICK, _THIN = 0.66, 0.24
_LOW, _HIGH = COLOURS["import"], COLOURS["discharge"]
_LARGE = 10_000.0
_ROOM = 0.22
"""Share of the width kept free at both ends for the values of the assumptions."""


def tornado_figure(made: Tornado) -> Figure:
    """Bars of the change at the low and the high end of each assumption, what matters most above.

    Parameters
    ----------
    made : Tornado
        What to draw.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    currency = made.case.problem.site.spec.currency
    largest = max((bar.width for bar in made.bars), default=1.0)
    money, unit = _money(largest, currency)
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _ROW_INCH * len(made.bars) + 1.5), layout="constrained")
        axes: Axes = figure.subplots()
        for place, bar in enumerate(made.bars):
            _row(axes, place, bar, money)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.invert_yaxis()
        axes.set_xlim(-(1.0 + _ROOM) * largest / money, (1.0 + _ROOM) * largest / money)
        axes.set_xlabel(f"{drawn('change')} [{unit}]")
        plain_axes(axes)
        names = [
            drawable(assumption_words(bar.assumption, chinese=bool(cjk_font())), bar.assumption.name)
            for bar in made.bars
        ]
        axes.set_yticks(range(len(names)), names)
        axes.xaxis.set_major_formatter(
            lambda value, _: f"{value:+,.10g}".replace("-", "\N{MINUS SIGN}") if value else "0"
        )
        axes.grid(visible=True, axis="x", color=RULE, linewidth=0.8)
        axes.grid(visible=False, axis="y")
        keys = [
            Patch(color=_LOW, label=drawn("low")),
            Patch(color=_HIGH, label=drawn("high")),
            Patch(color=pale(GREY), label=f"{drawn('held')} (wide)"),
            Patch(color=GREY, label=f"{drawn('followed')} (narrow)"),
        ]
        axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, borderpad=0.2)
        best = made.best.npv / money
        site = drawable(made.case.problem.site.spec.name, "Site")
        title = f"{site}: {drawn('tornado')} ({drawn('npv')} {best:,.4g} {unit})"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _row(axes: Axes, place: int, bar: TornadoBar, money: float) -> None:
    held, followed = bar.changes(sizes_follow=False), bar.changes(sizes_follow=True)
    for colour, end, was, now in zip((_LOW, _HIGH), (bar.low, bar.high), held, followed, strict=True):
        if np.isfinite(was):
            axes.barh(place, was / money, _THICK, color=pale(colour), linewidth=0.0)
        if np.isfinite(now):
            axes.barh(place, now / money, _THIN, color=colour, linewidth=0.0)
        ends = [change for change in (was, now) if np.isfinite(change)]
        if not ends:
            continue
        far = max(ends, key=abs)
        side = 1.0 if far > 0.0 or (far == 0.0 and end is bar.high) else -1.0
        axes.annotate(
            value_words(bar.assumption.unit, end.value),
            (far / money, place),
            xytext=(4.0 * side, 0.0),
            textcoords="offset points",
            ha="left" if side > 0.0 else "right",
            va="center",
            fontsize=7.5,
        )


def _money(largest: float, currency: str) -> tuple[float, str]:
    if largest >= 1e6:
        return 1e6, f"million {currency}"
    return (1e3, f"thousand {currency}") if largest >= _LARGE else (1.0, currency)
