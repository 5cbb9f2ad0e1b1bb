"""The output folder of a sizing for several years."""

from __future__ import annotations

from pathlib import Path

from storage_opt.report.files import save_figure, written_whole
from storage_opt.report.scenario_chart import scenario_figure
from storage_opt.report.scenario_document import scenario_document, scenario_rows
from storage_opt.report.view import as_csv, as_json
from storage_opt.studies.sizing.scenario_result import ScenarioSizing

__all__ = ["write_scenarios"]


def write_scenarios(result: ScenarioSizing, folder: Path, *, plots: bool = True) -> tuple[Path, ...]:
    """Write `scenarios.csv`, `summary.json`, and the chart of all years.

    Parameters
    ----------
    result : ScenarioSizing
        What :func:`~storage_opt.studies.sizing.scenarios.size_scenarios` returned.
    folder : Path
        Where the files go; made when absent, earlier outputs are replaced.
    plots : bool
        Whether to draw `scenarios` as PNG and SVG.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        When the folder holds anything else, or can't be written to; nothing is left behind.
    """

    def stage(staged: Path) -> None:
        rows = as_csv(scenario_rows(result))
        (staged / "scenarios.csv").write_text(rows, encoding="utf-8", newline="")
        (staged / "summary.json").write_text(as_json(scenario_document(result)) + "\n", encoding="utf-8", newline="")
        if plots:
            save_figure(scenario_figure(result), staged / "scenarios")

    source = (result.site.source,) if result.site.source else ()
    return written_whole(folder, source, stage)
