"""`storage-opt size`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from storage_opt.cli.sites import (
    FormatOption,
    FromOption,
    OutputFormat,
    SiteArgument,
    ToOption,
    open_site,
    output_folder,
    site_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage_opt.report.view import View
    from storage_opt.spec.resolved import Site
    from storage_opt.studies.sizing.exploring import Wishes

__all__ = ["size"]


_Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Folder of the outputs; default <name of SITE>-out."),
]
_Solver = Annotated[
    str | None, typer.Option(metavar="NAME", help="Any solver that CVXPY finds; by default the fastest that fits.")
]
_Map = Annotated[
    str | None, typer.Option("--map", metavar="X,Y", help="Map of two open sizes or assumptions around the best.")
]
_Grid = Annotated[int, typer.Option("--grid", min=2, max=99, help="Values along each side of the map.")]
_Tornado = Annotated[bool, typer.Option("--tornado", help="Vary the assumptions one by one.")]
_BreakEven = Annotated[
    str | None,
    typer.Option("--break-even", metavar="LIST", help="Where it pays: assumptions, such as 'capex of bess'."),
]
_Worth = Annotated[bool, typer.Option("--worth", help="What one more of each number is worth, and how far.")]
_Scenarios = Annotated[bool, typer.Option("--scenarios", help="Sizes for all years of [sizing.scenario] together.")]
_Resume = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Keep results of what is explored; go on from there when interrupted."),
]
_Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw the charts as PNG and SVG.")]


def size(
    site: SiteArgument,
    out: _Out = None,
    start: FromOption = None,
    end: ToOption = None,
    solver: _Solver = None,
    axes: _Map = None,
    count: _Grid = 15,
    bars: _Tornado = False,
    crossings: _BreakEven = None,
    worth: _Worth = False,
    scenarios: _Scenarios = False,
    resume: _Resume = None,
    plots: _Plots = True,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """Find the sizes that pay and prove it.

    Sizes that `[sizing]` leaves open are chosen together with the schedule of the year, at the costs of `[finance]`.
    Writes the files of `optimize` at the best sizes, cash_flow.csv and .png/.svg, finance.xlsx with live formulas.
    CSV on stdout is the cash flow, JSON the summary.
    """
    from storage_opt.cli.output import notes, progress, show
    from storage_opt.io.atomic import refuse_unsafe_folder

    path = site_path(site)
    folder = output_folder(path) if out is None else out
    refuse_unsafe_folder(folder, (path,))
    with progress("starting") as tell:
        # these load the modelling language, a second in which a person should see that something happens
        from storage_opt.report.sizing_files import write_sizing
        from storage_opt.report.sizing_tables import sizing_view
        from storage_opt.studies.sizing.exploring import Wishes, axes_in, explored
        from storage_opt.studies.sizing.study import size as solve

        pair = None if axes is None else axes_in(axes)
        names = tuple(name.strip() for name in (crossings or "").split(",") if name.strip())
        wishes = Wishes(pair, count, bars, names, worth, resume)
        tell("reading")
        read = open_site(path, start, end)
        if scenarios:
            _refuse_both(wishes)
            view, told, written = _over_years(read, folder, solver, tell, plots=plots)
        else:
            result = solve(read, solver=solver, progress=tell, ahead=True)
            more = explored(result, wishes, progress=tell) if wishes.any else None
            written = write_sizing(result, folder, more, plots=plots, progress=tell)
            view, told = sizing_view(result, more), (*_left_out(read), *result.notes)
    show(view, form)
    notes(told)
    notes([f"wrote {', '.join(file.name for file in written)} to `{folder}`"])


def _over_years(
    site: Site, folder: Path, solver: str | None, tell: Callable[[str], None], *, plots: bool
) -> tuple[View, tuple[str, ...], tuple[Path, ...]]:
    from storage_opt.report.scenario_files import write_scenarios
    from storage_opt.report.scenario_tables import scenario_view
    from storage_opt.studies.sizing.scenarios import size_scenarios

    result = size_scenarios(site, solver=solver, progress=tell)
    return scenario_view(result), result.notes, write_scenarios(result, folder, plots=plots)


def _left_out(site: Site) -> tuple[str, ...]:
    count = len(site.spec.sizing.scenario) if site.spec.sizing is not None else 0
    return (
        (f"{count} scenarios are left out: sizes are those of the year in the file; add --scenarios",) if count else ()
    )


def _refuse_both(wishes: Wishes) -> None:
    from storage_opt.errors import Fault, InputError

    if wishes.any:
        what = "map, tornado, break-even and worth are those of one year, not of several scenarios"
        raise InputError([Fault(what, "run them without --scenarios", key="--scenarios")])
