"""What the panels of a week share: the part of the horizon that is drawn, and legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.report.numbers import Scale, power_scale
from storage_opt.schedule import Flow, FlowKind
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["Part", "legend_above"]

_INSIDE_THE_LOAD = {FlowKind.IT_KW, FlowKind.COOLING_KW, FlowKind.TANK_CHARGE_KW, FlowKind.TANK_DISCHARGE_KW}
"""Powers that the load holds already, or that are cold: they don't choose the unit of the axes."""

_LEGEND_FRAC = 0.9
"""Share of the width of the figure that a legend may take."""


class Part:
    """The drawn intervals: their edges in hours, and the flows on them.

    Parameters
    ----------
    result : DispatchResult
        Plan and baseline.
    where : slice
        The intervals.
    """

    def __init__(self, result: DispatchResult, where: slice) -> None:
        self.result = result
        self.where = where
        horizon = result.schedule.horizon
        count = len(range(*where.indices(horizon.steps)))
        self.edges_h = np.arange(count + 1) * horizon.step_h
        self.stamps = horizon.stamps[where]
        powers = [kind for kind in FlowKind if kind.endswith("_kw") and kind not in _INSIDE_THE_LOAD]
        self.power: Scale = power_scale([float(self.total(kind).max()) for kind in powers])

    def total(self, kind: FlowKind) -> NDArray[np.float64]:
        """All flows of a kind, in the model's unit."""
        return self.result.schedule.total(kind)[self.where]

    def shown(self, kind: FlowKind) -> NDArray[np.float64]:
        """All flows of a kind, in the unit of the axis."""
        return self.total(kind) / self.power.divisor

    def shown_before(self, kind: FlowKind) -> NDArray[np.float64]:
        """All flows of a kind in the baseline, in the unit of the axis."""
        return self.result.baseline.total(kind)[self.where] / self.power.divisor

    def stored_kwh(self, flow: Flow) -> NDArray[np.float64]:
        """Stored energy at the edges; the first edge is left out where it lies before the horizon."""
        energy = self.result.schedule[flow]
        return energy[max(self.where.start - 1, 0) : self.where.stop]


def legend_above(axes: Axes, handles: Sequence[Artist]) -> None:
    """Above the panel, at the right, where no curve can be hidden; in more than one row where one would not fit."""
    room = _LEGEND_FRAC * axes.figure.bbox.width
    for rows in range(1, len(handles) + 1):
        legend = axes.legend(
            handles=list(handles),
            loc="lower right",
            bbox_to_anchor=(1.0, 0.98),
            ncols=-(-len(handles) // rows),
            frameon=False,
            borderpad=0.1,
            handlelength=1.4,
            columnspacing=1.4,
        )
        if legend.get_window_extent().width <= room:
            return
