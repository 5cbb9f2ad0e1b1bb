"""Pictures of a result: a typical week as stacked panels, and the bill month by month."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.compute_panel import draw_compute, draw_unshifted, is_shifted, tanks_kwh
from storage_opt.report.panel import Part, legend_above
from storage_opt.report.style import COLOURS, INK, LINES, RULE, drawable, label, plain_axes, styled
from storage_opt.report.week import typical_week
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["week_figure"]

_WIDTH_INCH = 9.6
_MOST_DAYS = 14

_Draw = Callable[["Axes", Part], None]


def week_figure(result: DispatchResult, price_per_kwh: NDArray[np.float64]) -> Figure:
    """Price, power balance, compute, battery power and what is stored over a typical week; a panel for what there is.

    Parameters
    ----------
    result : DispatchResult
        Plan and baseline.
    price_per_kwh : (T,) array
        Price of imported energy. [money/kWh]
    """
    from matplotlib.figure import Figure

    with styled():
        week = typical_week(result, price_per_kwh)
        part = Part(result, week.where)
        drawn = _panels(result.site.spec, price_per_kwh[week.where])
        heights = [height for height, _ in drawn]
        figure = Figure(figsize=(_WIDTH_INCH, 1.5 * sum(heights)), layout="constrained")
        panels: list[Axes] = list(
            figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        )
        for axes, (_, draw) in zip(panels, drawn, strict=True):
            draw(axes, part)
        _draw_days(panels[-1], part)
        name = drawable(result.site.spec.name, "Site")
        figure.suptitle(f"{name}: {week.words}", x=0.01, ha="left", fontsize=11, fontweight="bold")
        figure.align_ylabels(panels)
    return figure


def _panels(spec: SiteSpec, price: NDArray[np.float64]) -> list[tuple[float, _Draw]]:
    """Height of each panel and what draws it, from the top down."""
    panels: list[tuple[float, _Draw]] = [(1.0, partial(_draw_price, price=price)), (2.4, _draw_balance)]
    if spec.workload:
        panels.append((1.8, draw_compute))
    if spec.battery:
        panels.append((1.2, _draw_battery))
    if spec.battery or any(tanks_kwh(spec)):
        panels.append((1.0, _draw_stored))
    return panels


def _draw_price(axes: Axes, part: Part, price: NDArray[np.float64]) -> None:
    axes.stairs(price, part.edges_h, baseline=None, color=COLOURS["price"], linewidth=1.6)
    axes.set_ylabel(f"{label('price')}\n[{part.result.site.spec.currency}/kWh]")
    low, high = min(0.0, float(price.min())), max(0.0, float(price.max()))
    axes.set_ylim(1.1 * low, 1.1 * high or 1.0)
    plain_axes(axes)


def _draw_balance(axes: Axes, part: Part) -> None:
    """Load as a line over what serves it; what is exported or lost stands below zero."""
    used, curtailed = part.shown(FlowKind.USED_KW), part.shown(FlowKind.CURTAILED_KW)
    handles: list[Artist] = []
    if used.any() or curtailed.any():
        handles.append(
            axes.stairs(used, part.edges_h, fill=True, color=COLOURS["used"], label=label("used"), linewidth=0)
        )
    if curtailed.any():
        top = used + curtailed
        handles.append(
            axes.stairs(
                top, part.edges_h, baseline=used, fill=True, color=COLOURS["curtailed"], label=label("curtailed")
            )
        )
    imported, exported = part.shown(FlowKind.IMPORT_KW), part.shown(FlowKind.EXPORT_KW)
    if exported.any():
        handles.append(
            axes.stairs(
                -exported, part.edges_h, fill=True, color=COLOURS["export"], label=label("exported"), linewidth=0
            )
        )
    handles.append(
        axes.stairs(
            imported, part.edges_h, baseline=None, color=COLOURS["import"], linewidth=1.3, label=label("import")
        )
    )
    load, unshifted = part.shown(FlowKind.LOAD_KW), part.shown_before(FlowKind.LOAD_KW)
    if is_shifted(load, unshifted):
        handles.insert(0, draw_unshifted(axes, part, unshifted, label("unshifted_load")))
    handles.insert(0, axes.stairs(load, part.edges_h, baseline=None, color=INK, linewidth=1.8, label=label("load")))
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylabel(f"Power\n[{part.power.unit}]")
    axes.margins(y=0.05)
    plain_axes(axes)
    legend_above(axes, handles)


def _draw_battery(axes: Axes, part: Part) -> None:
    charge, discharge = part.shown(FlowKind.CHARGE_KW), part.shown(FlowKind.DISCHARGE_KW)
    handles = [
        axes.stairs(discharge, part.edges_h, fill=True, color=COLOURS["discharge"], label=label("discharge")),
        axes.stairs(-charge, part.edges_h, fill=True, color=COLOURS["charge"], label=label("charge")),
    ]
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylabel(f"Battery\n[{part.power.unit}]")
    axes.margins(y=0.12)
    plain_axes(axes)
    legend_above(axes, handles)


def _draw_stored(axes: Axes, part: Part) -> None:
    """Content of batteries and tanks of cold, in percent of what they hold."""
    spec = part.result.site.spec
    tanks = dict(tanks_kwh(spec))
    handles = []
    for number, (name, battery) in enumerate(spec.battery.items(), start=1):
        colour = COLOURS["soc"] if len(spec.battery) == 1 else LINES[(number - 1) % len(LINES)]
        named = drawable(name, f"battery {number}")
        flow = Flow(name, FlowKind.ENERGY_KWH)
        handles.append(_content(axes, part, flow, battery.energy_kwh, colour, named))
    for number, (name, size_kwh) in enumerate(tanks.items(), start=1):
        named = label("cold_storage") if len(tanks) == 1 else f"{label('cold_storage')}: {drawable(name, str(number))}"
        colour = COLOURS["cold"] if len(tanks) == 1 else LINES[-number % len(LINES)]
        flow = Flow(name, FlowKind.TANK_KWH)
        handles.append(_content(axes, part, flow, size_kwh, colour, named))
    axes.set_ylim(0.0, 105.0)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel(f"{label('stored' if tanks else 'soc')}\n[%]")
    plain_axes(axes)
    if len(handles) > 1 or tanks:
        legend_above(axes, handles)


def _content(axes: Axes, part: Part, flow: Flow, size_kwh: float, colour: str, words: str) -> Artist:
    stored = part.stored_kwh(flow)
    percent = 100.0 * stored / size_kwh if size_kwh else 0.0 * stored
    (line,) = axes.plot(part.edges_h[-percent.size :], percent, color=colour, linewidth=1.6, label=words)
    return line


def _draw_days(axes: Axes, part: Part) -> None:
    """A tick at each local midnight and the day's name between two; hours where there is one day only."""
    local = part.stamps.tz_localize(None)
    midnights = np.flatnonzero(local == local.normalize())
    axes.set_xlim(part.edges_h[0], part.edges_h[-1])
    if not 2 <= midnights.size <= _MOST_DAYS:
        chosen = np.linspace(0, len(local) - 1, 8).astype(int)
        style = "%H:%M" if midnights.size < 2 else "%Y-%m-%d"
        axes.set_xticks(part.edges_h[chosen], [f"{local[at]:{style}}" for at in chosen.tolist()])
        return
    bounds = np.append(part.edges_h[midnights], part.edges_h[-1])
    axes.set_xticks(part.edges_h[midnights], [""] * midnights.size)
    middles = (bounds[:-1] + bounds[1:]) / 2.0
    axes.set_xticks(middles, [f"{local[at]:%a %m-%d}" for at in midnights.tolist()], minor=True)
    axes.tick_params(axis="x", which="minor", pad=4)
    for panel in axes.figure.axes:
        panel.grid(visible=True, axis="x", which="major", color=RULE, linewidth=0.8)
        panel.tick_params(axis="x", which="minor", length=0)
