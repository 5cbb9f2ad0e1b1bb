"""The output folder of a dispatch: it appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from storage_opt.errors import Fault, InputError
from storage_opt.horizon import Horizon
from storage_opt.io.atomic import atomic_folder
from storage_opt.io.interval_table import write_intervals
from storage_opt.io.schedule_file import write_schedule
from storage_opt.report.backup_document import survival_rows
from storage_opt.report.bill_table import bill_rows
from storage_opt.report.job_rows import job_rows, run_rows
from storage_opt.report.statement_file import statement_csv
from storage_opt.report.statement_xlsx import statement_xlsx
from storage_opt.report.summary import summarise
from storage_opt.report.view import as_csv, as_json
from storage_opt.studies.compute_result import ComputeResult
from storage_opt.studies.result import DispatchResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["save_figure", "stage_dispatch", "write_result", "written_whole"]

_DOTS_PER_INCH = 160


def write_result(
    result: DispatchResult, folder: Path, *, plots: bool = True, progress: Callable[[str], None] | None = None
) -> tuple[Path, ...]:
    """Write every table of a result, `summary.json` and the charts.

    Tables are `schedule.csv`, `green_energy.csv` for sites with plants, `jobs.csv` and `job_runs.csv` for sites with
    job logs, `survival.csv` for sites with backup, `bill.csv`, and the statement as CSV and XLSX.

    Parameters
    ----------
    result : DispatchResult
        What :func:`~storage_opt.studies.dispatch.optimize` returned.
    folder : Path
        Where the files go; made when absent, earlier outputs are replaced.
    plots : bool
        Whether to draw `week`, `months` and `savings`, and `survival` for sites with backup, as PNG and SVG.
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
    source = (result.site.source,) if result.site.source else ()

    def stage(staged: Path) -> None:
        stage_dispatch(result, staged, plots=plots, progress=progress)
        (staged / "summary.json").write_text(as_json(summarise(result)) + "\n", encoding="utf-8", newline="")

    return written_whole(folder, source, stage)


def written_whole(folder: Path, sources: tuple[Path, ...], stage: Callable[[Path], None]) -> tuple[Path, ...]:
    """The files that `stage` writes, in a folder that appears whole or not at all.

    Raises
    ------
    InputError
        When the folder holds anything else, or can't be written to; nothing is left behind.
    """
    with atomic_folder(folder, sources) as staged:
        try:
            stage(staged)
        except OSError as error:
            what = f"cannot write outputs to `{folder}`: {error.strerror or error}"
            hint = "free space on the disk or choose another folder with `--out`"
            raise InputError([Fault(what, hint, str(folder))]) from error
        names = sorted(path.name for path in staged.iterdir())
    return tuple(folder / name for name in names)


def stage_dispatch(
    result: DispatchResult, staged: Path, *, plots: bool = True, progress: Callable[[str], None] | None = None
) -> None:
    """Write tables and charts of a dispatch, without the summary, into a folder that nobody reads yet."""
    tell = progress or _silent
    tell("writing tables")
    write_schedule(result.schedule, staged / "schedule.csv")
    if result.provenance is not None:
        write_intervals(result.provenance.horizon, result.provenance.columns, staged / "green_energy.csv")
    if result.compute is not None and result.compute.jobs:
        _write_jobs(result.compute, result.schedule.horizon, staged)
    if result.backup is not None:
        rows = as_csv(survival_rows(result.backup))
        (staged / "survival.csv").write_text(rows, encoding="utf-8", newline="")
    runs = {"plan": result.ledger, "baseline": result.baseline_ledger}
    bill = as_csv(bill_rows(runs, result.site.spec.currency))
    (staged / "bill.csv").write_text(bill, encoding="utf-8", newline="")
    (staged / "statement.csv").write_bytes(statement_csv(runs, result.site.spec.currency))
    (staged / "statement.xlsx").write_bytes(statement_xlsx(result.site, runs))
    if plots:
        tell("drawing charts")
        _draw(result, staged)


def _write_jobs(compute: ComputeResult, horizon: Horizon, folder: Path) -> None:
    for name, rows in (("jobs.csv", job_rows(compute, horizon)), ("job_runs.csv", run_rows(compute, horizon))):
        (folder / name).write_text(as_csv(rows), encoding="utf-8", newline="")


def _draw(result: DispatchResult, folder: Path) -> None:
    from storage_opt.report.charts import week_figure
    from storage_opt.report.month_chart import months_figure
    from storage_opt.report.survival_chart import survival_figure
    from storage_opt.report.waterfall import waterfall_figure
    from storage_opt.studies.checking import check

    save_figure(week_figure(result, check(result.site).import_price), folder / "week")
    save_figure(months_figure(result), folder / "months")
    save_figure(waterfall_figure(result), folder / "savings")
    if result.backup is not None:
        save_figure(survival_figure(result.backup, result.site.spec.name), folder / "survival")


def save_figure(figure: Figure, path: Path) -> None:
    """PNG for screens, SVG for print; without a date, so that the same result gives the same file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from storage_opt.report.style import styled

    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(path.with_suffix(".png"), dpi=_DOTS_PER_INCH)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})


def _silent(message: str) -> None:
    del message
