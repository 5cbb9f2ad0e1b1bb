"""Draw the weeks of the pages about sites: ``python docs/images/weeks.py``, with the package installed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

import storage_opt
from storage_opt.report.charts import week_figure
from storage_opt.report.style import styled
from storage_opt.schedule import FlowKind, Schedule
from storage_opt.studies.checking import check

MONDAYS = {"ulanqab": date(2027, 4, 5), "yangtze": date(2027, 12, 13), "guian": date(2027, 3, 8)}


def draw(name: str, monday: date) -> Path:
    """A week of a shipped site, cut out of the optimum of its year."""
    result = storage_opt.optimize(storage_opt.load_site(storage_opt.profile_folder(name)))
    week = monday, monday + timedelta(days=7)
    part, where = result.site.horizon.between(*week)

    def cut(schedule: Schedule) -> Schedule:
        return Schedule(part, {flow: values[where] for flow, values in schedule.flows.items()})

    shown = replace(
        result, site=result.site.between(*week), schedule=cut(result.schedule), baseline=cut(result.baseline)
    )
    figure = week_figure(shown, check(result.site).import_price[where])
    if not result.site.spec.generator:
        # two lines far above zero, and nothing to fill below them
        powers = [cut(result.schedule).total(kind) for kind in (FlowKind.LOAD_KW, FlowKind.IMPORT_KW)]
        figure.axes[1].set_ylim(bottom=0.95 * float(np.min(powers)) / 1000.0)
    path = Path(__file__).with_name(f"{name}-week.png")
    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(path, dpi=160)
    return path


if __name__ == "__main__":
    for name, monday in MONDAYS.items():
        draw(name, monday)
