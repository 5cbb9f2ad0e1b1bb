"""Compute over a week: power of the servers by class of work, beside what it would be unshifted; cold in tanks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.panel import Part, legend_above
from storage_opt.report.style import COLOURS, GREY, INK, KINDS_OF_WORK, drawable, label, plain_axes, shades
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.site import SiteSpec

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["draw_compute", "draw_unshifted", "is_shifted", "tanks_kwh", "work_colours"]

_Array = NDArray[np.float64]

_DASHES = (0.0, (4.0, 2.0))
_HEADROOM = 1.06
_SEEN_FRAC = 1e-3
"""Share of the largest power below which a difference is thinner than a line."""


def draw_compute(axes: Axes, part: Part) -> None:
    """Power of the servers, one area a class and one for units that wait; a dashed line for unshifted work."""
    spec = part.result.site.spec
    whole = _servers(part, unshifted=False)
    handles: list[Artist] = []
    below = np.zeros_like(whole)
    for name, colour in work_colours(spec).items():
        top = below + part.result.schedule[Flow(name, FlowKind.IT_KW)][part.where] / part.power.divisor
        named = drawable(name, f"work {len(handles) + 1}")
        handles.append(_area(axes, part, below, top, colour, named))
        below = top
    if (whole - below).max() > _SEEN_FRAC * whole.max():
        handles.append(_area(axes, part, below, np.maximum(whole, below), COLOURS["idle"], label("idle")))
    axes.stairs(whole, part.edges_h, baseline=None, color=GREY, linewidth=0.6)
    unshifted = _servers(part, unshifted=True)
    handles.append(draw_unshifted(axes, part, unshifted, label("unshifted")))
    axes.set_ylabel(f"Compute\n[{part.power.unit}]")
    axes.set_ylim(0.0, _HEADROOM * max(whole.max(), unshifted.max()) or 1.0)
    plain_axes(axes)
    legend_above(axes, handles)


def draw_unshifted(axes: Axes, part: Part, values: _Array, words: str) -> Artist:
    """A thin dashed line for what would be if nothing was shifted."""
    return axes.stairs(values, part.edges_h, baseline=None, color=INK, linewidth=0.9, linestyle=_DASHES, label=words)


def is_shifted(planned: _Array, unshifted: _Array) -> bool:
    """Whether a reader could tell the two apart."""
    return bool(np.abs(planned - unshifted).max() > _SEEN_FRAC * np.abs(unshifted).max())


def work_colours(spec: SiteSpec) -> dict[str, str]:
    """Classes of work from the bottom of the stack up: the hue says the kind, the shade tells its classes apart."""
    colours: dict[str, str] = {}
    for kind, colour in KINDS_OF_WORK.items():
        names = [name for name, work in spec.workload.items() if work.kind == kind]
        colours |= dict(zip(names, shades(colour, len(names)), strict=True))
    return colours


def tanks_kwh(spec: SiteSpec) -> Iterator[tuple[str, float]]:
    """Building and size of every tank. [kWh]"""
    for name, facility in spec.facility.items():
        if facility.cooling is not None and facility.cooling.tank is not None:
            yield name, facility.cooling.tank.energy_kwh


def _servers(part: Part, *, unshifted: bool) -> _Array:
    """Power of all clusters, in the unit of the axis."""
    schedule = part.result.baseline if unshifted else part.result.schedule
    clusters = (schedule[Flow(name, FlowKind.IT_KW)] for name in part.result.site.spec.cluster)
    total: _Array = np.sum(list(clusters), axis=0)[part.where] / part.power.divisor
    return total


def _area(axes: Axes, part: Part, below: _Array, top: _Array, colour: str, words: str) -> Artist:
    return axes.stairs(top, part.edges_h, baseline=below, fill=True, color=colour, linewidth=0, label=words)
