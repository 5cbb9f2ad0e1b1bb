"""The map of a region's tariff as a picture: months down, hours across, a colour and a price for each period."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from storage_opt.catalog.region_tariff import RegionTariff
from storage_opt.catalog.tou_calendar import runs
from storage_opt.catalog.tou_rows import Period
from storage_opt.errors import Fault, InputError
from storage_opt.io.atomic import atomic_file
from storage_opt.report.style import COLOURS, INK, RULE, drawable, label, styled
from storage_opt.report.tariff_map import LETTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["save_tariff_picture", "tariff_figure"]

_WIDTH_INCH, _ROW_INCH, _FRAME_INCH = 9.6, 0.3, 1.1
_DOTS_PER_INCH = 160
_COLOURS = {
    Period.TIP: "#d55e00",
    Period.PEAK: COLOURS["discharge"],
    Period.FLAT: "#f1f2f4",
    Period.VALLEY: COLOURS["charge"],
    Period.DEEP: COLOURS["import"],
}
_ON_DARK = {Period.TIP, Period.DEEP}
_ROOM_FOR_PRICE = 3
"""Half hours of a run in which letter and price fit side by side."""


def tariff_figure(tariff: RegionTariff, month: int | None = None) -> Figure:
    """The map of all months, or of one; runs of a period carry their letter and, where there is room, the price."""
    from matplotlib.figure import Figure

    months = range(1, 13) if month is None else range(month, month + 1)
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _FRAME_INCH + _ROW_INCH * len(months)), layout="constrained")
        axes = figure.subplots()
        for number in months:
            _draw_day(axes, tariff, number)
        axes.set_xlim(0, 24)
        axes.set_ylim(months[-1] + 0.5, months[0] - 0.5)
        axes.set_xticks(range(0, 25, 2))
        axes.set_yticks(list(months))
        axes.set_xlabel(label("hour"))
        axes.set_ylabel(label("month"))
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _legend(axes, tariff)
        figure.suptitle(_title(tariff), x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def save_tariff_picture(tariff: RegionTariff, path: Path, month: int | None = None) -> None:
    """Draw the map into a PNG, SVG or PDF file.

    Raises
    ------
    InputError
        When the file has another ending or can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    kind = path.suffix.lower().removeprefix(".")
    if kind not in {"png", "svg", "pdf"}:
        what = f"`{path}` is no name of a picture"
        raise InputError([Fault(what, "end it in .png, .svg or .pdf", key="--picture")])
    figure = tariff_figure(tariff, month)
    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with atomic_file(path) as staged, styled():
        FigureCanvasAgg(figure)
        figure.savefig(staged, format=kind, dpi=_DOTS_PER_INCH, metadata=dates[kind])


def _draw_day(axes: Axes, tariff: RegionTariff, month: int) -> None:
    for begin, end, period in runs(tariff.calendar.days[month - 1]):
        start, width = begin / 2, (end - begin) / 2
        axes.barh(month, width, 1.0, left=start, color=_COLOURS[period], edgecolor="white", linewidth=0.8)
        price, multiplier = tariff.price_per_kwh(month, period), tariff.calendar.multipliers(month).get(period)
        text = LETTERS[period]
        if end - begin >= _ROOM_FOR_PRICE:
            text += f" {price:.3f}" if price is not None else f" ×{multiplier:g}" if multiplier is not None else ""
        colour = "white" if period in _ON_DARK else INK
        axes.text(start + width / 2, month, text, ha="center", va="center", fontsize=7, color=colour)


def _legend(axes: Axes, tariff: RegionTariff) -> None:
    from matplotlib.patches import Patch

    occurring = {period for day in tariff.calendar.days for period in day}
    handles = [
        Patch(facecolor=_COLOURS[period], edgecolor=RULE, label=f"{letter}  {label(period)}")
        for period, letter in LETTERS.items()
        if period in occurring
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(handles), frameon=False)


def _title(tariff: RegionTariff) -> str:
    grid = tariff.grid
    name = drawable(f"{grid.english} {grid.chinese}", grid.english)
    of_what = "energy price [CNY/kWh]" if tariff.sheet is not None else "time-of-use periods, no prices in the catalog"
    kind = f", days of {tariff.calendar.variant}" if tariff.calendar.variant else ""
    return f"{name}, {tariff.network.voltage_kv} kV: {of_what}{kind}"
