"""Draw the cash flows of the pages about sites: ``python docs/images/cash_flows.py``, with the package installed."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg

import storage_opt
from storage_opt.report.cash_flow_chart import cash_flow_figure
from storage_opt.report.style import styled
from storage_opt.studies.sizing.study import size

SITES = ("guian", "ulanqab", "yangtze")


def draw(name: str) -> Path:
    """The project of a shipped site at its best sizes, year by year."""
    site = storage_opt.load_site(storage_opt.profile_folder(name))
    figure = cash_flow_figure(size(site).cash_flow, site.spec.name, site.spec.currency)
    path = Path(__file__).with_name(f"{name}-cash-flow.png")
    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(path, dpi=110)
    return path


if __name__ == "__main__":
    for name in SITES:
        draw(name)
