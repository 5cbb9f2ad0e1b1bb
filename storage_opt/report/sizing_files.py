"""The output folder of a sizing: the files of the dispatch at the best sizes, and the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from storage_opt.report.cash_flow_chart import cash_flow_figure
from storage_opt.report.explored import stage_explored
from storage_opt.report.files import save_figure, stage_dispatch, written_whole
from storage_opt.report.finance_xlsx import finance_xlsx
from storage_opt.report.sizing_document import cash_flow_rows, sizing_document
from storage_opt.report.view import as_csv, as_json
from storage_opt.studies.sizing.exploring import Explored
from storage_opt.studies.sizing.result import SizingResult

__all__ = ["write_sizing"]


def write_sizing(
    result: SizingResult,
    folder: Path,
    more: Explored | None = None,
    *,
    plots: bool = True,
    progress: Callable[[str], None] | None = None,
) -> tuple[Path, ...]:
    """Write schedule, bill and statement of the first year, `cash_flow.csv`, `finance.xlsx`, `summary.json`, charts.

    Parameters
    ----------
    result : SizingResult
        What :func:`~storage_opt.studies.sizing.study.size` returned.
    folder : Path
        Where the files go; made when absent, earlier outputs are replaced.
    more : Explored or None
        What was asked beside it: `map.csv`, `tornado.csv`, `break_even.csv`, `worth.csv`.
    plots : bool
        Whether to draw charts as PNG and SVG: those of a dispatch, `cash_flow`, and `map` and `tornado` where asked.
    progress : callable or None
        Told what happens, a line a stage.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        When the folder holds anything else, or can't be written to; nothing is left behind.
    """
    name, currency = result.site.spec.name, result.site.spec.currency

    def stage(staged: Path) -> None:
        stage_dispatch(result.dispatch, staged, plots=plots, progress=progress)
        rows = as_csv(cash_flow_rows(result.cash_flow))
        (staged / "cash_flow.csv").write_text(rows, encoding="utf-8", newline="")
        (staged / "finance.xlsx").write_bytes(finance_xlsx(result.cash_flow, name, currency))
        (staged / "summary.json").write_text(
            as_json(sizing_document(result, more)) + "\n", encoding="utf-8", newline=""
        )
        stage_explored(more, staged, plots=plots)
        if plots:
            save_figure(cash_flow_figure(result.cash_flow, name, currency), staged / "cash_flow")

    source = (result.site.source,) if result.site.source else ()
    return written_whole(folder, source, stage)
