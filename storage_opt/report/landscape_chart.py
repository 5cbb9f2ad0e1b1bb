"""A map of the net present value as contours, and a frontier as a line with the sizes that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.landscape_words import axis_words, drawn, size_words
from storage_opt.report.style import COLOURS, GREY, INK, LINES, cjk_font, drawable, plain_axes, styled
from storage_opt.studies.sizing.axis import Axis
from storage_opt.studies.sizing.frontier import Frontier
from storage_opt.studies.sizing.landscape import Landscape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["frontier_figure", "landscape_figure"]

_WIDTH_INCH, _HEIGHT_INCH = 8.4, 5.6
_FLAT = 0.01
_FURTHER = (0.03, 0.1)
_LEVELS = 12
_PAPER = ("#f7fbff", "#d6e6f4", "#a8cee4", "#6aaed6", "#3787c0", "#105ba4")
"""From little to much, in one hue, so that grey tells the order too; the darkest still shows black dots."""
_BEST = COLOURS["discharge"]
_LARGE = 10_000.0


def landscape_figure(made: Landscape) -> Figure:
    """Contours of the net present value, the optimum, and the region that loses no more than one percent.

    Parameters
    ----------
    made : Landscape
        What to draw.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    money, unit = _money(made.npv, made.case.problem.site.spec.currency)
    worth = np.ma.masked_invalid(made.npv.T / money)
    (x, x_unit), (y, y_unit) = _scaled(made.x), _scaled(made.y)
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _HEIGHT_INCH), layout="constrained")
        axes: Axes = figure.subplots()
        levels = MaxNLocator(_LEVELS).tick_values(float(worth.min()), float(worth.max()))
        colours = LinearSegmentedColormap.from_list("worth", _PAPER)
        axes.set_facecolor("#f0f0f0")
        filled = axes.contourf(x, y, worth, levels=levels, cmap=colours)
        lines = axes.contour(x, y, worth, levels=levels, colors="white", linewidths=0.7)
        axes.clabel(lines, levels[::2], fmt=_label, colors=INK, fontsize=7.5)
        if worth.min() < 0.0 < worth.max():
            axes.contour(x, y, worth, levels=[0.0], colors=INK, linewidths=1.4, linestyles="dashed")
            axes.plot([], [], color=INK, linewidth=1.4, linestyle="dashed", label=drawn("zero"))
        best = made.best.npv / money
        if made.x.is_size and made.y.is_size:
            _losses(axes, (x, y, worth), best)
        across, along = np.meshgrid(x, y)
        axes.scatter(across, along, s=3.0, color=INK, alpha=0.45, linewidths=0.0, label=drawn("point"))
        _star(
            axes,
            made.x.best * _factor(made.x),
            made.y.best * _factor(made.y),
            f"{drawn('optimum')}: {best:,.4g} {unit}",
        )
        axes.set_xlabel(f"{_name(made, made.x)} [{x_unit}]")
        axes.set_ylabel(f"{_name(made, made.y)} [{y_unit}]")
        _ticks(axes)
        figure.legend(loc="outside lower left", ncols=4, frameon=False, borderpad=0.2)
        bar = figure.colorbar(filled, ax=axes, pad=0.02, aspect=28)
        bar.set_label(f"{drawn('npv')} [{unit}]")
        bar.outline.set_visible(False)
        bar.ax.yaxis.set_major_formatter(lambda value, _: _label(value))
        _title(figure, made.case.problem.site.spec.name, drawn("landscape"))
    return figure


def frontier_figure(made: Frontier) -> Figure:
    """The best net present value along the axis, and the sizes that it takes.

    Parameters
    ----------
    made : Frontier
        What to draw.
    """
    from matplotlib.figure import Figure

    money, unit = _money(made.npv, made.case.problem.site.spec.currency)
    x, x_unit = _scaled(made.axis)
    others = [number for number in range(len(made.case.names)) if number != made.axis.number]
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, 3.4 + 1.5 * len(others)), layout="constrained")
        panels = figure.subplots(
            1 + len(others), 1, sharex=True, squeeze=False, height_ratios=[2.0, *([1.0] * len(others))]
        )
        axes: Axes = panels[0, 0]
        best = made.best.npv / money
        axes.axhspan(best - _FLAT * abs(best), best, color=_BEST, alpha=0.22, linewidth=0.0, label=drawn("flat"))
        axes.plot(x, made.npv / money, color=LINES[0], linewidth=1.8, marker="o", markersize=3.4, label=drawn("point"))
        _star(axes, made.axis.best * _factor(made.axis), best, f"{drawn('optimum')}: {best:,.4g} {unit}")
        axes.axhline(0.0, color=INK, linewidth=0.6)
        axes.set_ylabel(f"{drawn('npv')}\n[{unit}]")
        plain_axes(axes)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, frameon=False, borderpad=0.2)
        for place, number in enumerate(others):
            _sizes(panels[place + 1, 0], made, number, LINES[(place + 1) % len(LINES)])
        last = panels[-1, 0]
        last.set_xlabel(f"{axis_words(made.case, made.axis, chinese=bool(cjk_font()))} [{x_unit}]")
        last.xaxis.set_major_formatter(lambda value, _: _label(value))
        words = f"{drawn('frontier')}: {axis_words(made.case, made.axis, chinese=bool(cjk_font()))}"
        _title(figure, made.case.problem.site.spec.name, words)
    return figure


def _losses(
    axes: Axes, drawn_at: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], best: float
) -> None:
    """Where one percent of the optimum is lost as a strong line, where more is lost as thin ones."""
    x, y, worth = drawn_at
    for share, width in ((_FLAT, 2.0), *((more, 0.9) for more in _FURTHER)):
        level = best - share * abs(best)
        if worth.min() < level < worth.max():
            line = axes.contour(x, y, worth, levels=[level], colors=_BEST, linewidths=width)
            if share != _FLAT:
                axes.clabel(line, fmt={level: f"\N{MINUS SIGN}{share:.0%}"}, fontsize=8, colors="white")
    axes.plot([], [], color=_BEST, linewidth=2.0, label=drawn("flat"))


def _sizes(axes: Axes, made: Frontier, number: int, colour: str) -> None:
    size = made.case.problem.sizes[number]
    values = made.sizes(size.name)
    factor, unit = _unit(str(size.kind), values)
    x = made.axis.values * _factor(made.axis)
    axes.plot(x, values * factor, color=colour, linewidth=1.6, marker="o", markersize=2.8)
    axes.scatter(
        [made.axis.best * _factor(made.axis)],
        [made.best.sizes[number] * factor],
        60.0,
        color=_BEST,
        zorder=5,
        marker="*",
    )
    axes.set_ylabel(f"{size_words(made.case, number, chinese=bool(cjk_font()))}\n[{unit}]")
    axes.set_ylim(bottom=0.0)
    plain_axes(axes)


def _star(axes: Axes, x: float, y: float, words: str) -> None:
    axes.scatter([x], [y], 170.0, color=_BEST, marker="*", edgecolors="white", linewidths=1.0, zorder=6, label=words)


def _title(figure: Figure, site: str, words: str) -> None:
    figure.suptitle(f"{drawable(site, 'Site')}: {words}", x=0.01, ha="left", fontsize=11, fontweight="bold")


def _name(made: Landscape, axis: Axis) -> str:
    return axis_words(made.case, axis, chinese=bool(cjk_font()))


def _ticks(axes: Axes) -> None:
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(length=3)
    for one in (axes.xaxis, axes.yaxis):
        one.set_major_formatter(lambda value, _: _label(value))


def _label(value: float) -> str:
    return f"{value:z,.10g}".replace("-", "\N{MINUS SIGN}")


def _money(values: NDArray[np.float64], currency: str) -> tuple[float, str]:
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest >= 1e6:
        return 1e6, f"million {currency}"
    return (1e3, f"thousand {currency}") if largest >= _LARGE else (1.0, currency)


def _factor(axis: Axis) -> float:
    return _unit(axis.unit, axis.values)[0]


def _scaled(axis: Axis) -> tuple[NDArray[np.float64], str]:
    factor, unit = _unit(axis.unit, axis.values)
    return axis.values * factor, unit


def _unit(unit: str, values: NDArray[np.float64]) -> tuple[float, str]:
    """Factor from a unit to the one that is shown, and that one."""
    large = {"kW": "MW", "kWh": "MWh", "kVA": "MVA", "kWh/year": "MWh/year"}
    if unit in large and float(np.nanmax(np.abs(values), initial=0.0)) >= _LARGE:
        return 1e-3, large[unit]
    if unit in {"1", "1/year"}:
        return 100.0, "%" if unit == "1" else "%/year"
    return 1.0, "× assumed" if unit == "x" else unit
