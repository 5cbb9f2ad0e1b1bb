"""Draw maps and tornados of the pages about sites: ``python docs/images/landscapes.py``, with the package installed.

The year of Ulanqab has quarters of an hour and takes half a minute a solve: its map has five values along each side,
and a line of access capacities stands instead of a tornado. Names of sites after the command draw those alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import storage_opt
from storage_opt.report.landscape_chart import frontier_figure, landscape_figure
from storage_opt.report.style import styled
from storage_opt.report.tornado_chart import tornado_figure
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import frontier
from storage_opt.studies.sizing.landscape import landscape
from storage_opt.studies.sizing.tornado import tornado

ENERGY, POWER, ACCESS = "bess.energy_kwh", "bess.power_kw", "grid.access_capacity_kva"
Span = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The map of energy and power of a site: values along each side, and their ranges in kWh and kW."""

    count: int = 7
    spans: tuple[Span, Span] = (None, None)


MAPS = {
    "guian": Picture(spans=((45_000.0, 100_000.0), (12_500.0, 22_500.0))),
    "yangtze": Picture(count=5),
}


def draw(name: str, what: Picture) -> None:
    """What lies around the best sizes of a shipped site."""
    case = Case.of(storage_opt.load_site(storage_opt.profile_folder(name)))
    made = landscape(case, ENERGY, POWER, counts=(what.count, what.count), spans=what.spans, progress=_tell)
    _save(landscape_figure(made), f"{name}-map")
    _save(tornado_figure(tornado(case, progress=_tell)), f"{name}-tornado")


def draw_line(name: str) -> None:
    """What the best battery makes of each access capacity, and a map of both."""
    case = Case.of(storage_opt.load_site(storage_opt.profile_folder(name)))
    spans = ((57_000.0, 71_000.0), (0.0, 80_000.0))
    _save(landscape_figure(landscape(case, ACCESS, ENERGY, counts=(5, 5), spans=spans, progress=_tell)), f"{name}-map")
    made = frontier(case, ACCESS, count=5, span=(55_000.0, 71_000.0), progress=_tell)
    _save(frontier_figure(made), f"{name}-frontier")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _save(figure: Figure, name: str) -> Path:
    path = Path(__file__).with_name(f"{name}.png")
    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(path, dpi=110)
    return path


if __name__ == "__main__":
    for name in sys.argv[1:] or (*MAPS, "ulanqab"):
        if name in MAPS:
            draw(name, MAPS[name])
        else:
            draw_line(name)
