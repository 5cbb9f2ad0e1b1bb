"""Rounds between dispatch and life: health decides the schedules, schedules the use, use the health."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.finance.between_years import between, spans, years_to_solve
from storage_opt.finance.cells import YearlyUse
from storage_opt.finance.fade import HealthPath, health_path
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.aged import Health
from storage_opt.studies.life_year import CYCLES, LIFE, PER_KWH, Dispatches, YearFigures
from storage_opt.studies.used_life import ageing

__all__ = ["SETTLED_FRAC", "SETTLED_PRICE_FRAC", "Project", "Round"]

_Array = NDArray[np.float64]

SETTLED_FRAC = 1e-4
"""Movement of the energy of any year, as a share of rated energy, below which dispatch and life agree."""

SETTLED_PRICE_FRAC = 1e-3
"""Difference between the price of life and the one dispatched with, below which they agree."""

_FALLS = 0.5
"""A round that is not off by less than this share of the round before swings, and is averaged with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Where the rounds have come to.

    Parameters
    ----------
    paths : tuple of HealthPath
        Each battery, as its cells age by `use`.
    price : (Y, B) array
        Price of life that was dispatched with, over what is paid when it ends.
    solved : tuple of int
        Years that were solved, from 0.
    span : (Y,) int array
        Span of each year between changes of cells.
    use : (Y, B, 5) array
        Columns of :attr:`~storage_opt.studies.life_year.YearFigures.use` in all years.
    savings : (Y, S) array
        Savings by stream. [money]
    moved : float
        How far this round moved the energy of any year, as a share of rated energy.
    swing : float
        How far its schedules alone would have moved it, not averaged with those of the rounds before.
    off : (Y, B) array
        Price of life that follows, less `price`.
    averaged : int
        Rounds of which the next use and savings are the mean.
    step : (Y, B) array
        Share of `off` that the price moves by next: halved where that changes sign, doubled again where it does not.
    """

    paths: tuple[HealthPath, ...]
    price: _Array
    solved: tuple[int, ...]
    span: NDArray[np.intp]
    use: _Array
    savings: _Array
    moved: float
    swing: float
    off: _Array
    averaged: int
    step: _Array

    @property
    def price_moved(self) -> float:
        """How far the price of any year is from the one that follows."""
        return float(np.abs(self.off).max(initial=0.0))

    @property
    def settled(self) -> bool:
        """Whether dispatch and life agree."""
        return self.moved <= SETTLED_FRAC and self.price_moved <= SETTLED_PRICE_FRAC


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A site through the years.

    Parameters
    ----------
    site : Site
        With batteries as they were when new.
    spec : LifeSpec
        When life ends, what is done then, which years are solved.
    years : int
        Length. [year]
    discount : float or None
        Discount rate of the price of life; None where it does not depend on time. [1/year]
    dispatches : Dispatches
        What has been solved.
    """

    site: Site
    spec: LifeSpec
    years: int
    discount: float | None
    dispatches: Dispatches

    @property
    def names(self) -> tuple[str, ...]:
        """Batteries that age."""
        return ageing(self.site)

    def first(self) -> Round:
        """Every year as the first, with batteries that are new."""
        figures = self.dispatches.of(0, {name: Health() for name in self.names})
        use, savings = (np.repeat(values[None], self.years, axis=0) for values in (figures.use, figures.savings))
        paths, price = self._paths(use), np.ones((self.years, len(self.names)))
        span, off = np.zeros(self.years, dtype=np.intp), self._price(paths) - price
        return Round(paths, price, (0,), span, use, savings, np.inf, np.inf, off, 1, np.ones_like(price))

    def next(self, last: Round) -> Round:
        """One more round.

        Notes
        -----
        Where a battery flips between two schedules that are worth the same at the health in between, whole steps swing
        for ever. Then use is averaged over rounds with weights ``1/k``, which a year that is spent partly in one and
        partly in the other has. New years to change cells in begin a new mean.
        """
        price = last.price + last.step * last.off
        changed = np.any([path.changed for path in last.paths], axis=0) if last.paths else last.span > 0
        span = spans(changed)
        named = self.spec.dispatched_years
        solved = years_to_solve(range(self.years) if named == "all" else [year - 1 for year in named], span)
        figures = [self.figures(year, last.paths, price) for year in solved]
        use = between(solved, np.array([year.use for year in figures]), span)
        savings = between(solved, np.array([year.savings for year in figures]), span)
        swing = _distance(self._paths(use), last.paths)
        alike = np.array_equal(span, last.span)
        averaged = last.averaged if alike else 1
        use, savings = ((old + (new - old) / averaged) for new, old in ((use, last.use), (savings, last.savings)))
        paths = self._paths(use)
        off = self._price(paths) - price
        swings = alike and swing > _FALLS * last.swing
        step = np.where(off * last.off < 0.0, last.step / 2.0, np.minimum(2.0 * last.step, 1.0))
        return Round(
            paths,
            price,
            solved,
            span,
            use,
            savings,
            _distance(paths, last.paths),
            swing,
            off,
            averaged + int(swings),
            step,
        )

    def figures(self, year: int, paths: tuple[HealthPath, ...], price: _Array) -> YearFigures:
        """What a year brings with the health and the price that it has there."""
        health = {
            name: Health(
                float(path.energy_frac[year]),
                float(path.efficiency_frac[year]),
                float(path.installed_kwh[year]) / path.rated_kwh,
                float(price[year, number]),
            )
            for number, (name, path) in enumerate(zip(self.names, paths, strict=True))
        }
        return self.dispatches.of(year, health)

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


def _distance(paths: tuple[HealthPath, ...], others: tuple[HealthPath, ...]) -> float:
    """Largest difference of the energy of any year, as a share of rated energy."""
    pairs = [
        np.abs(a - b).max() / path.rated_kwh
        for path, other in zip(paths, others, strict=True)
        for a, b in ((path.start_kwh, other.start_kwh), (path.end_kwh, other.end_kwh))
    ]
    return float(max(pairs, default=0.0))
