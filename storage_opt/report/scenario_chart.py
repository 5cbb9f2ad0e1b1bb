"""Net present value of the common sizes in every year, best year on top."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from storage_opt.report.numbers import money_scale
from storage_opt.report.style import GREY, INK, LINES, cjk_font, drawable, label, plain_axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from storage_opt.studies.sizing.scenario_result import ScenarioSizing

__all__ = ["scenario_figure"]

_WIDTH_INCH, _ROW_INCH, _REST_INCH = 9.6, 0.34, 1.5
_BAR = 0.66
_MARGIN = 0.02


def scenario_figure(result: ScenarioSizing) -> Figure:
    """Bars of the net present value of each year, years only tried on paler, the expected one as a line.

    Parameters
    ----------
    result : ScenarioSizing
        What to draw; years without a schedule are named without a bar.
    """
    from matplotlib.figure import Figure

    outcomes = sorted(result.outcomes, key=lambda outcome: outcome.npv)
    currency = result.site.spec.currency
    finite = [outcome.npv for outcome in outcomes if math.isfinite(outcome.npv)]
    largest = max(map(abs, finite), default=1.0)
    divisor, unit = (1e6, f"million {currency}") if largest >= 1e6 else (1.0, currency)
    digits = 1 if divisor > 1.0 else 0
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _REST_INCH + _ROW_INCH * len(outcomes)), layout="constrained")
        axes: Axes = figure.subplots()
        for place, outcome in enumerate(outcomes):
            colour = GREY if outcome.out_of_sample else LINES[0]
            worth = outcome.npv / divisor if math.isfinite(outcome.npv) else 0.0
            axes.barh(place, worth, _BAR, color=colour, linewidth=0.0)
            words = (
                f"{worth:z,.{digits}f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(outcome.npv) else "no schedule"
            )
            shift = _MARGIN * largest / divisor * (1.0 if worth >= 0 else -1.0)
            axes.text(worth + shift, place, words, va="center", ha="left" if worth >= 0 else "right", fontsize=8)
        expected = result.expected_npv / divisor
        axes.axvline(expected, color=LINES[5], linewidth=1.6)
        axes.axvline(0.0, color=INK, linewidth=0.6)
        plain_axes(axes)
        names = [drawable(outcome.name, f"year {number}") for number, outcome in enumerate(outcomes)]
        axes.set_yticks(range(len(outcomes)), names)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:z,.10g}".replace("-", "\N{MINUS SIGN}"))
        axes.margins(x=0.1)
        axes.set_xlabel(f"{label('npv')} [{unit}]")
        _legend(axes, tried=bool(result.outside), expected=f"{expected:z,.{digits}f}")
        sizes = ", ".join(f"{built.size.name} {built.value:,.0f} {built.size.kind}" for built in result.sizes)
        text = money_scale((result.expected_npv,), currency).text(result.expected_npv)
        title = f"{drawable(result.site.spec.name, 'Project')}: expected {text} {currency}\n{sizes}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    return figure


def _legend(axes: Axes, *, tried: bool, expected: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    both = cjk_font() is not None
    shown: list[Patch | Line2D] = [Patch(color=LINES[0], label="chosen for 样本内" if both else "chosen for")]
    if tried:
        shown.append(Patch(color=GREY, label=label("out_of_sample")))
    shown.append(Line2D([], [], color=LINES[5], linewidth=1.6, label=f"{label('expected_npv')} {expected}"))
    axes.legend(handles=shown, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, frameon=False, borderpad=0.2)
