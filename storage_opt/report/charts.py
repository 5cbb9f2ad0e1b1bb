"""Pictures of a result: a typical week as stacked panels, and the bill month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.numbers import Scale, power_scale
from storage_opt.report.style import COLOURS, INK, LINES, RULE, drawable, label, plain_axes, styled
from storage_opt.report.week import typical_week
from storage_opt.schedule import Flow, FlowKind
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["week_figure"]

_WIDTH_INCH = 9.6
_MOST_DAYS = 14


def week_figure(result: DispatchResult, price_per_kwh: NDArray[np.float64]) -> Figure:
    """Price, power balance, battery power and state of charge over a typical week.

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
        batteries = bool(result.site.spec.battery)
        heights = [1.0, 2.4, 1.2, 1.0] if batteries else [1.0, 2.4]
        figure = Figure(figsize=(_WIDTH_INCH, 1.5 * sum(heights)), layout="constrained")
        panels: list[Axes] = list(
            figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        )
        part = _Part(result, week.where)
        _draw_price(panels[0], part, price_per_kwh[week.where])
        _draw_balance(panels[1], part)
        if batteries:
            _draw_battery(panels[2], part)
            _draw_soc(panels[3], part)
        _draw_days(panels[-1], part)
        name = drawable(result.site.spec.name, "Site")
        figure.suptitle(f"{name}: {week.words}", x=0.01, ha="left", fontsize=11, fontweight="bold")
        figure.align_ylabels(panels)
    return figure


class _Part:
    """The drawn intervals: their edges in hours, and the flows on them."""

    def __init__(self, result: DispatchResult, where: slice) -> None:
        self.result = result
        self.where = where
        horizon = result.schedule.horizon
        count = len(range(*where.indices(horizon.steps)))
        self.edges_h = np.arange(count + 1) * horizon.step_h
        self.stamps = horizon.stamps[where]
        self.power: Scale = power_scale([float(self.total(kind).max()) for kind in FlowKind if kind.endswith("_kw")])

    def total(self, kind: FlowKind) -> NDArray[np.float64]:
        """All flows of a kind, in the model's unit."""
        return self.result.schedule.total(kind)[self.where]

    def shown(self, kind: FlowKind) -> NDArray[np.float64]:
        """All flows of a kind, in the unit of the axis."""
        return self.total(kind) / self.power.divisor

    def stored_kwh(self, battery: str) -> NDArray[np.float64]:
        """Stored energy at the edges; the first edge is left out where it lies before the horizon."""
        energy = self.result.schedule[Flow(battery, FlowKind.ENERGY_KWH)]
        return energy[max(self.where.start - 1, 0) : self.where.stop]


def _draw_price(axes: Axes, part: _Part, price: NDArray[np.float64]) -> None:
    axes.stairs(price, part.edges_h, baseline=None, color=COLOURS["price"], linewidth=1.6)
    axes.set_ylabel(f"{label('price')}\n[{part.result.site.spec.currency}/kWh]")
    low, high = min(0.0, float(price.min())), max(0.0, float(price.max()))
    axes.set_ylim(1.1 * low, 1.1 * high or 1.0)
    plain_axes(axes)


def _draw_balance(axes: Axes, part: _Part) -> None:
    """Load as a line over what serves it; what is exported or lost stands below zero."""
    used, curtailed = part.shown(FlowKind.USED_KW), part.shown(FlowKind.CURTAILED_KW)
    handles = []
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
    handles.insert(
        0,
        axes.stairs(
            part.shown(FlowKind.LOAD_KW), part.edges_h, baseline=None, color=INK, linewidth=1.8, label=label("load")
        ),
    )
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylabel(f"Power\n[{part.power.unit}]")
    axes.margins(y=0.05)
    plain_axes(axes)
    _legend(axes, handles)


def _draw_battery(axes: Axes, part: _Part) -> None:
    charge, discharge = part.shown(FlowKind.CHARGE_KW), part.shown(FlowKind.DISCHARGE_KW)
    handles = [
        axes.stairs(discharge, part.edges_h, fill=True, color=COLOURS["discharge"], label=label("discharge")),
        axes.stairs(-charge, part.edges_h, fill=True, color=COLOURS["charge"], label=label("charge")),
    ]
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylabel(f"Battery\n[{part.power.unit}]")
    axes.margins(y=0.12)
    plain_axes(axes)
    _legend(axes, handles)


def _draw_soc(axes: Axes, part: _Part) -> None:
    specs = part.result.site.spec.battery
    handles = []
    for number, (name, spec) in enumerate(specs.items(), start=1):
        stored = part.stored_kwh(name)
        percent = 100.0 * stored / spec.energy_kwh if spec.energy_kwh else 0.0 * stored
        colour = COLOURS["soc"] if len(specs) == 1 else LINES[(number - 1) % len(LINES)]
        named = drawable(name, f"battery {number}")
        handles += axes.plot(part.edges_h[-percent.size :], percent, color=colour, linewidth=1.6, label=named)
    axes.set_ylim(0.0, 105.0)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel(f"{label('soc')}\n[%]")
    plain_axes(axes)
    if len(specs) > 1:
        _legend(axes, handles)


def _draw_days(axes: Axes, part: _Part) -> None:
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


def _legend(axes: Axes, handles: Sequence[Artist]) -> None:
    """Above the panel, at the right, where no curve can be hidden."""
    axes.legend(
        handles=list(handles),
        loc="lower right",
        bbox_to_anchor=(1.0, 0.98),
        ncols=len(handles),
        frameon=False,
        borderpad=0.1,
        handlelength=1.4,
        columnspacing=1.4,
    )
