"""The survival curve: share of the starts from which the critical load is served for a given time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage_opt.report.style import COLOURS, GREY, INK, drawable, label, plain_axes, styled
from storage_opt.studies.backup_result import BackupResult
from storage_opt.studies.islanding import Survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["survival_figure"]

_WIDTH_INCH, _HEIGHT_INCH = 9.6, 3.6
_POINTS = 400


def survival_figure(backup: BackupResult, site_name: str) -> Figure:
    """Survival without and with the generator set over duration; the longest ride-through that is asked for as a rule.

    Parameters
    ----------
    backup : BackupResult
        Backup of a dispatch.
    site_name : str
        For the title.
    """
    from matplotlib.figure import Figure

    found = backup.islanding
    with styled():
        figure = Figure(figsize=(_WIDTH_INCH, _HEIGHT_INCH), layout="constrained")
        axes: Axes = figure.subplots()
        end_h = float(found.durations_h[-1])
        _draw(axes, found.without_genset, end_h, COLOURS["discharge"], label("without_genset"))
        if found.with_genset is not None:
            _draw(axes, found.with_genset, end_h, COLOURS["import"], label("with_genset"))
        asked_h = float(backup.plan.ride_through_h.max())
        axes.axvline(asked_h, color=INK, linewidth=0.9, linestyle=(0.0, (4.0, 2.0)), label=label("ride_through"))
        axes.axhline(100.0, color=GREY, linewidth=0.6)
        axes.set_xlim(0.0, end_h)
        axes.set_ylim(0.0, 105.0)
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.set_xlabel(f"{label('outage_duration')} [h]")
        axes.set_ylabel(f"{label('starts_survived')}\n[%]")
        plain_axes(axes)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, frameon=False, borderpad=0.2)
        name = drawable(site_name, "Site")
        figure.suptitle(f"{name}: {label('survival')}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _draw(axes: Axes, survival: Survival, end_h: float, colour: str, words: str) -> None:
    durations = np.linspace(0.0, end_h, _POINTS)
    axes.plot(durations, 100.0 * survival.share(durations), color=colour, linewidth=1.8, label=words)
