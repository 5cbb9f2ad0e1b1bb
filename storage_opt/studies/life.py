"""A project year by year: batteries fade by what they do, and do what their fade allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.finance.between_years import left_out
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.life_result import BatteryLife, LeftOutYear, LifeResult
from storage_opt.studies.life_rounds import SETTLED_FRAC, Project, Round
from storage_opt.studies.life_year import CHARGED, CYCLES, DISCHARGED, LIFE, Dispatches
from storage_opt.studies.used_life import require_one_life
from storage_opt.studies.whole_years import require_whole_years

__all__ = ["MAX_ROUNDS", "life"]

_Array = NDArray[np.float64]

MAX_ROUNDS = 12
"""Passes over a project after which no agreement is claimed."""

_YEAR_ROUNDING = 0.01
"""Difference of the length of a horizon from a year that is not worth a note. [year]"""


def life(
    site: Site,
    spec: LifeSpec,
    *,
    years: int,
    discount_frac_per_year: float | None = None,
    checks: int | None = None,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> LifeResult:
    """Dispatch a site through the years of a project with batteries that age by it.

    Parameters
    ----------
    site : Site
        With batteries as they are when new. A horizon other than a year is scaled to one.
    spec : LifeSpec
        When life ends, what is done then, which years are solved.
    years : int
        Length of the project. [year]
    discount_frac_per_year : float or None
        Discount rate with which wear is priced by when cells are renewed; left out, wear costs in every year what the
        site says. [1/year]
    checks : int or None
        Gaps between solved years in whose middle one more is solved to measure the error of interpolation, widest
        first; all of them when left out.
    solver, progress
        As for :func:`~storage_opt.studies.dispatch.optimize`.

    Returns
    -------
    LifeResult
        Savings, energy, efficiency and use by year, new cells, error of interpolation, and whether it converged.

    Raises
    ------
    InputError
        When a battery would never age, two ends of life contradict each other, or the bill can't stand for years.
    InfeasibleError, UnboundedError, SolverError
        When the site of a year has no optimum; a note says which.

    Notes
    -----
    A round dispatches the chosen years at the health they have so far, reads what that takes of life, interpolates
    between them, and lets the cells age by it. Rounds end when health moves no more. Those of a battery that does the
    same whatever its health are two. With a discount rate ``r``, a share of life used in the middle of year ``y`` costs
    that share of new cells at the time ``T`` at which the cells in service end: ``(1 + r)^-(T - y)`` of their price.
    """
    require_one_life(site, spec)
    require_whole_years(site)
    _require_years(spec, years)
    told = progress or _silent
    project = Project(site, spec, years, discount_frac_per_year, Dispatches(site, spec, solver, told))
    state, rounds = project.first(), 0
    while rounds < MAX_ROUNDS and not state.settled:
        rounds += 1
        told(f"round {rounds}")
        state = project.next(state)
    return _result(project, state, rounds, checks)


def _result(project: Project, state: Round, rounds: int, checks: int | None) -> LifeResult:
    total = sum((path.energy_frac for path in state.paths), np.zeros(project.years))
    gaps = left_out(state.solved, state.span, total)
    measured = _left_out(project, state, gaps[:checks])
    streams = frozenset().union(*(figures.streams for _, figures in project.dispatches.known))
    return LifeResult(
        project.years,
        {stream: state.savings[:, number] for number, stream in enumerate(Stream) if stream in streams},
        {name: _battery(project, number, name, state) for number, name in enumerate(project.names)},
        tuple(year + 1 for year in state.solved),
        measured,
        len(gaps),
        rounds,
        state.moved,
        state.swing,
        state.price_moved,
        state.settled,
        tuple(_notes(project, state)),
    )


def _battery(project: Project, number: int, name: str, state: Round) -> BatteryLife:
    battery, path, use = project.site.spec.battery[name], state.paths[number], state.use[:, number]
    one_way = np.sqrt(path.efficiency_frac)
    return BatteryLife(
        path,
        battery.charge_efficiency * one_way,
        battery.discharge_efficiency * one_way,
        use[:, LIFE],
        use[:, CYCLES],
        use[:, DISCHARGED],
        use[:, CHARGED],
        state.price[:, number],
    )


def _left_out(project: Project, state: Round, middles: tuple[int, ...]) -> tuple[LeftOutYear, ...]:
    cash = state.savings[:, [stream is not Stream.WEAR for stream in Stream]].sum(axis=1)
    yearly = float(np.abs(cash).mean())
    life_frac = state.use[:, :, LIFE]
    found = []
    for year in middles:
        figures = project.figures(year, state.paths, state.price)
        off = float(np.abs(life_frac[year] - figures.use[:, LIFE]).max(initial=0.0))
        found.append(LeftOutYear(year + 1, float(cash[year]), figures.cash, yearly, off))
    return tuple(found)


def _notes(project: Project, state: Round) -> list[str]:
    horizon, notes = project.site.horizon, list(project.site.notes)
    if abs(horizon.years - 1.0) > _YEAR_ROUNDING:
        notes.append(
            f"the horizon is {horizon.years:.3g} years long; savings, use and fade are those of the horizon over "
            "its length, as if every part of a year were like it"
        )
    if not state.settled:
        notes.append(
            f"dispatch and life do not agree: the last of {MAX_ROUNDS} rounds moved the energy of a year by "
            f"{state.moved:.1e} of rated energy, and left the price of life off by {state.price_moved:.1e}"
        )
    elif state.swing > SETTLED_FRAC:
        notes.append(
            f"a year flips between schedules that take different shares of life, {state.swing:.1e} of rated energy "
            "apart; its figures are a mean of both"
        )
    if not all(figures.certified for _, figures in project.dispatches.known):
        notes.append("not every year is certified; optimize the site of such a year to see why")
    return notes


def _require_years(spec: LifeSpec, years: int) -> None:
    if years < 1:
        refuse("finance.years", f"a project of {years} years has nothing to look at", "give 1 year or more")
    chosen = () if spec.dispatched_years == "all" else spec.dispatched_years
    for field, named in (("augment_years", spec.augment_years), ("dispatched_years", chosen)):
        beyond = [year for year in named if year > years]
        if beyond:
            what = f"names year {beyond[0]}, the project has {years}"
            refuse(f"finance.life.{field}", what, "leave that year out, or make the project longer")


def _silent(message: str) -> None:
    del message
