"""A project year by year: batteries fade by what they do, and do what their fade allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.finance.between_years import between, left_out, spans, years_to_solve
from storage_opt.finance.cells import YearlyUse
from storage_opt.finance.fade import HealthPath, health_path
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.aged import Health
from storage_opt.studies.life_result import BatteryLife, LeftOutYear, LifeResult
from storage_opt.studies.life_year import CHARGED, CYCLES, DISCHARGED, LIFE, PER_KWH, Dispatches, YearFigures
from storage_opt.studies.used_life import ageing, require_one_life

__all__ = ["MAX_ROUNDS", "SETTLED_FRAC", "SETTLED_PRICE_FRAC", "life"]

_Array = NDArray[np.float64]

SETTLED_FRAC = 1e-4
"""Movement of the energy of any year, as a share of rated energy, below which dispatch and life agree."""

SETTLED_PRICE_FRAC = 1e-3
"""Difference between the price of life and the one dispatched with, below which they agree."""

MAX_ROUNDS = 12
"""Passes over a project after which no agreement is claimed."""

_STEP = 0.5
"""Share of the way to the new price of life that is taken from the third round on, so that it does not swing."""


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
        When a battery would never age, or two ends of life contradict each other.
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
    _require_years(spec, years)
    told = progress or _silent
    project = _Project(site, spec, years, discount_frac_per_year, Dispatches(site, spec, solver, told))
    state, rounds = project.first(), 0
    while rounds < MAX_ROUNDS and not state.settled:
        rounds += 1
        told(f"round {rounds}")
        state = project.next(state, 1.0 if rounds <= 2 else _STEP)
    return project.result(state, rounds, checks)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Where the rounds have come to; figures are those of the solved years."""

    paths: tuple[HealthPath, ...]
    price: _Array
    solved: tuple[int, ...]
    span: NDArray[np.intp]
    figures: tuple[YearFigures, ...]
    moved: float
    price_moved: float

    @property
    def settled(self) -> bool:
        return self.moved <= SETTLED_FRAC and self.price_moved <= SETTLED_PRICE_FRAC

    @property
    def use(self) -> _Array:
        """Use of all years (Y, B, 5)."""
        return between(self.solved, np.array([figures.use for figures in self.figures]), self.span)

    @property
    def savings(self) -> _Array:
        """Savings of all years by stream (Y, S). [money]"""
        return between(self.solved, np.array([figures.savings for figures in self.figures]), self.span)


@dataclass(frozen=True, slots=True, eq=False)
class _Project:
    site: Site
    spec: LifeSpec
    years: int
    discount: float | None
    dispatches: Dispatches

    @property
    def names(self) -> tuple[str, ...]:
        return ageing(self.site)

    def first(self) -> _State:
        """Every year as the first, with batteries that are new."""
        figures = self.dispatches.of(0, {name: Health() for name in self.names})
        paths = self._paths(np.broadcast_to(figures.use, (self.years, *figures.use.shape)))
        price = np.ones((self.years, len(self.names)))
        return _State(paths, price, (0,), np.zeros(self.years, dtype=np.intp), (figures,), np.inf, np.inf)

    def next(self, state: _State, step: float) -> _State:
        price = state.price + step * (self._price(state.paths) - state.price)
        changed = np.zeros(self.years, dtype=np.bool_)
        for path in state.paths:
            changed |= path.changed
        span = spans(changed)
        named = self.spec.dispatched_years
        chosen = range(self.years) if named == "all" else [year - 1 for year in named]
        solved = years_to_solve(chosen, span)
        figures = tuple(self.dispatches.of(year, self._health(year, state.paths, price)) for year in solved)
        found = _State(state.paths, price, solved, span, figures, np.inf, np.inf)
        paths = self._paths(found.use)
        moves = [
            np.abs(new - old).max() / path.rated_kwh
            for path, before in zip(paths, state.paths, strict=True)
            for new, old in ((path.start_kwh, before.start_kwh), (path.end_kwh, before.end_kwh))
        ]
        price_moved = float(np.abs(self._price(paths) - price).max(initial=0.0))
        return _State(paths, price, solved, span, figures, float(max(moves, default=0.0)), price_moved)

    def _paths(self, use: _Array) -> tuple[HealthPath, ...]:
        return tuple(
            health_path(
                self.site.spec.battery[name].energy_kwh,
                YearlyUse(use[:, number, LIFE], use[:, number, CYCLES], use[:, number, PER_KWH]),
                self.spec,
            )
            for number, name in enumerate(self.names)
        )

    def _price(self, paths: tuple[HealthPath, ...]) -> _Array:
        """What life is worth in each year over what is paid when it ends (Y, B)."""
        if self.discount is None or not paths:
            return np.ones((self.years, len(paths)))
        middle = np.arange(self.years) + 0.5
        wait = [np.maximum(path.renewed_at_years - middle, 0.0) for path in paths]
        price: _Array = (1.0 + self.discount) ** -np.column_stack(wait)
        return price

    def _health(self, year: int, paths: tuple[HealthPath, ...], price: _Array) -> dict[str, Health]:
        return {
            name: Health(
                float(path.energy_frac[year]),
                float(path.efficiency_frac[year]),
                float(path.installed_kwh[year]) / path.rated_kwh,
                float(price[year, number]),
            )
            for number, (name, path) in enumerate(zip(self.names, paths, strict=True))
        }

    def result(self, state: _State, rounds: int, checks: int | None) -> LifeResult:
        certified = all(figures.certified for figures in state.figures)
        total = sum((path.energy_frac for path in state.paths), np.zeros(self.years))
        gaps = left_out(state.solved, state.span, total)
        streams = frozenset().union(*(figures.streams for figures in state.figures))
        savings = state.savings
        return LifeResult(
            self.years,
            {stream: savings[:, number] for number, stream in enumerate(Stream) if stream in streams},
            {name: self._battery(number, name, state) for number, name in enumerate(self.names)},
            tuple(year + 1 for year in state.solved),
            self._left_out(state, gaps[:checks]),
            len(gaps),
            rounds,
            state.moved,
            state.price_moved,
            state.settled,
            tuple(self._notes(state, certified=certified)),
        )

    def _battery(self, number: int, name: str, state: _State) -> BatteryLife:
        battery, path, use = self.site.spec.battery[name], state.paths[number], state.use[:, number]
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

    def _left_out(self, state: _State, middles: tuple[int, ...]) -> tuple[LeftOutYear, ...]:
        cash = state.savings[:, [stream is not Stream.WEAR for stream in Stream]].sum(axis=1)
        yearly = float(np.abs(cash).mean())
        life = state.use[:, :, LIFE]
        found = []
        for year in middles:
            figures = self.dispatches.of(year, self._health(year, state.paths, state.price))
            off = float(np.abs(life[year] - figures.use[:, LIFE]).max(initial=0.0))
            found.append(LeftOutYear(year + 1, float(cash[year]), figures.cash, yearly, off))
        return tuple(found)

    def _notes(self, state: _State, *, certified: bool) -> list[str]:
        horizon, notes = self.site.horizon, list(self.site.notes)
        if abs(horizon.years - 1.0) > 0.01:
            notes.append(
                f"the horizon is {horizon.years:.3g} years long; savings, use and fade are those of the horizon over "
                "its length, as if every part of a year were like it"
            )
        if not state.settled:
            notes.append(
                f"dispatch and life do not agree: the last of {MAX_ROUNDS} rounds moved the energy of a year by "
                f"{state.moved:.1e} of rated energy, and left the price of life off by {state.price_moved:.1e}"
            )
        if not certified:
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
