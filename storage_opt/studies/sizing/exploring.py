"""What lies around the best sizes: map, tornado, break-even and marginal values, in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storage_opt.errors import Fault, InputError
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.break_even import BreakEven, break_evens
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import FlatRange, flatness
from storage_opt.studies.sizing.landscape import Landscape, landscape
from storage_opt.studies.sizing.marginal import MarginalWorth, marginal_values
from storage_opt.studies.sizing.result import SizingResult
from storage_opt.studies.sizing.running import Run
from storage_opt.studies.sizing.tornado import Tornado, tornado

__all__ = ["Explored", "Wishes", "axes_in", "explored"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked beside the best sizes.

    Parameters
    ----------
    axes : tuple of str or None
        The two parameters of a map: open sizes or assumptions.
    count : int
        Values along each side of the map.
    tornado : bool
        Whether assumptions are varied one by one.
    break_even : tuple of str
        Assumptions whose break-even is looked for.
    worth : bool
        Whether marginal values are worked out.
    resume : Path or None
        File in which results are kept, so that an interrupted run goes on.
    """

    axes: tuple[str, str] | None = None
    count: int = 15
    tornado: bool = False
    break_even: tuple[str, ...] = ()
    worth: bool = False
    resume: Path | None = None

    @property
    def any(self) -> bool:
        """Whether anything is asked."""
        return bool(self.axes or self.tornado or self.break_even or self.worth)


@dataclass(frozen=True, slots=True, eq=False)
class Explored:
    """The answers; None or empty for what was not asked."""

    landscape: Landscape | None = None
    flat: tuple[FlatRange, ...] = ()
    tornado: Tornado | None = None
    break_even: tuple[BreakEven, ...] = ()
    worth: tuple[MarginalWorth, ...] = ()


def explored(sized: SizingResult | Site, wishes: Wishes, *, progress: Callable[[str], None] | None = None) -> Explored:
    """Answer what is asked about the sizes of a site.

    Parameters
    ----------
    sized : SizingResult or Site
        What :func:`~storage_opt.studies.sizing.study.size` returns; or a site with ``[sizing]`` and ``[finance]``.
    wishes : Wishes
        What is asked.
    progress : callable or None
        Told what happens, a line a stage.

    Raises
    ------
    InputError
        When a parameter is not known.
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.
    """
    case, run = Case.of(sized), Run(progress=progress, resume=wishes.resume)
    made: Landscape | None = None
    flat: tuple[FlatRange, ...] = ()
    bars: Tornado | None = None
    if wishes.axes is not None:
        counts = (wishes.count, wishes.count)
        made = landscape(case, *wishes.axes, counts=counts, progress=progress, resume=wishes.resume)
        flat = flatness(case, run=run) if case.is_convex else ()
    if wishes.tornado:
        bars = tornado(case, progress=progress, resume=wishes.resume)
    crossings = break_evens(case, wishes.break_even, run)
    worths = marginal_values(case, solver=case.problem.solver, run=run) if wishes.worth else ()
    return Explored(made, flat, bars, crossings, worths)


def axes_in(text: str) -> tuple[str, str]:
    """Two parameters that a user wrote with a comma between them.

    Raises
    ------
    InputError
        When it is not two.
    """
    names = tuple(part.strip() for part in text.split(","))
    if len(names) != 2 or not all(names):
        what = f"`{text}` is not two parameters"
        raise InputError(
            [Fault(what, "write two with a comma between, such as bess.power_kw,bess.energy_kwh", key="--map")]
        )
    return names[0], names[1]
