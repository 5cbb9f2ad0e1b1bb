"""Energy of a battery year by year: cells fade with use and time, end, are added to and are replaced."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage_opt.finance.cells import ROUNDING, Cells, YearlyUse
from storage_opt.spec.life import LifeSpec

__all__ = ["HealthPath", "health_path", "mean_health_frac"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HealthPath:
    """Energy of a battery in each year of a project (Y,), and the cells that come and go.

    Parameters
    ----------
    rated_kwh : float
        Energy when new. [kWh]
    start_kwh, end_kwh : (Y,) array
        Energy at the start of each year, after cells have been changed, and at its end. [kWh]
    installed_kwh : (Y,) array
        Rated energy of the cells in service. [kWh]
    efficiency_frac : (Y,) array
        Round-trip efficiency in the middle of the year over that when new; 1 where there are no cells.
    augmented_kwh, replaced_kwh, removed_kwh : (Y,) array
        New cells added at the start of the year, new cells in place of ended ones, and what cells taken out then still
        held. [kWh]
    renewed_at_years : (Y,) array
        Time from the start of the project at which cells in service in the year end next; beyond the project as its
        last year goes on, infinite where nothing ends them. [year]
    end_of_life_years : float
        Time at which the life of the first cells ends, in the same way. [year]
    """

    rated_kwh: float
    start_kwh: _Array
    end_kwh: _Array
    installed_kwh: _Array
    efficiency_frac: _Array
    augmented_kwh: _Array
    replaced_kwh: _Array
    removed_kwh: _Array
    renewed_at_years: _Array
    end_of_life_years: float

    @property
    def energy_kwh(self) -> _Array:
        """Mean energy of each year (Y,). [kWh]"""
        return (self.start_kwh + self.end_kwh) / 2.0

    @property
    def energy_frac(self) -> _Array:
        """Mean energy of each year over rated energy (Y,)."""
        return self.energy_kwh / self.rated_kwh

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Whether cells come or go at the start of each year (Y,)."""
        moved: NDArray[np.bool_] = (self.augmented_kwh + self.replaced_kwh + self.removed_kwh) > 0.0
        return moved

    @property
    def end_of_life_year(self) -> int | None:
        """Project year, counted from 1, in which the life of the first cells ends; None when it outlives the project.

        A life that ends with a year ends in that year.
        """
        if self.end_of_life_years > self.start_kwh.size + ROUNDING:
            return None
        return max(int(np.ceil(self.end_of_life_years - ROUNDING)), 1)


def health_path(rated_kwh: float, use: YearlyUse, spec: LifeSpec) -> HealthPath:
    """Energy of a battery from what each year takes of its life.

    Parameters
    ----------
    rated_kwh : float
        Energy when new, positive. [kWh]
    use : YearlyUse
        What each year takes.
    spec : LifeSpec
        When life ends, and what is done then.

    Notes
    -----
    Cells that held ``n`` kWh when new and have used the share ``u`` of their life hold ``n (1 - F u)``, with ``F`` the
    loss over a life, also beyond its end. Within a year ``u`` rises evenly, so the mean energy of a year is that of its
    start and its end, exactly as long as something is left. Cells end when the first of ``u``, age, cycles and
    throughput reaches its limit. What is done about it happens at the start of the next year:

    - ``replace`` takes ended cells out and puts in what lacks to rated energy;
    - ``augment`` leaves them in and fills up once;
    - ``retire`` takes out the whole battery for good.

    Cells are then added, up to ``augment_to_frac``, in the years of the plan and in a year that would end below the
    energy that is kept. Energy is conserved: ``start[y] = end[y-1] + augmented[y] + replaced[y] - removed[y]``.
    """
    fleet = _Fleet(rated_kwh, spec, [Cells(rated_kwh, 0)])
    first = fleet.cells[0]
    years = [fleet.live(year, use) for year in range(use.years)]
    start, end, installed, efficiency, augmented, replaced, removed = np.array(years).T
    for cells in fleet.all:
        if np.isinf(cells.ends_at_years):
            cells.ends_at_years = cells.end_at(cells.yearly(spec, use, use.years - 1), float(use.years))
    renewed = np.array([_next_end(served, float(year)) for year, served in enumerate(fleet.served)])
    return HealthPath(
        rated_kwh,
        start,
        end,
        installed,
        efficiency,
        augmented,
        replaced,
        removed,
        renewed,
        first.ends_at_years,
    )


def mean_health_frac(energy_frac: _Array, weights: _Array | None = None) -> float:
    """Share of rated energy that a battery has on average over a project.

    Parameters
    ----------
    energy_frac : (Y,) array
        Mean energy of each year over rated energy.
    weights : (Y,) array or None
        Weight of each year, such as its discount factor; evenly when left out.

    Raises
    ------
    ValueError
        When weights are negative, all nothing, or not one a year.
    """
    share = np.ones(energy_frac.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if share.shape != energy_frac.shape or np.any(share < 0.0) or not share.sum() > 0.0:
        message = f"weights must be {energy_frac.size} numbers of at least 0, not all 0; give one for each year"
        raise ValueError(message)
    return float(energy_frac @ share / share.sum())


def _next_end(served: tuple[Cells, ...], year: float) -> float:
    ahead = [cells.ends_at_years for cells in served if cells.ends_at_years >= year]
    return min(ahead, default=year if served else np.inf)


@dataclass(slots=True, eq=False)
class _Fleet:
    """The cells of a battery, which change as the years go by."""

    rated_kwh: float
    spec: LifeSpec
    cells: list[Cells]
    all: list[Cells] = field(init=False)
    served: list[tuple[Cells, ...]] = field(default_factory=list)
    retired: bool = False

    def __post_init__(self) -> None:
        self.all = list(self.cells)

    def held_kwh(self, later_life_frac: float = 0.0) -> float:
        return sum(cells.held_kwh(self.spec, later_life_frac) for cells in self.cells)

    def live(self, year: int, use: YearlyUse) -> tuple[float, ...]:
        """Change cells and let a year go by; the figures of the year, in the order of :class:`HealthPath`."""
        ended = [cells for cells in self.cells if cells.ended and not cells.answered]
        replaced, removed = self._after_the_end(ended, year) if ended else (0.0, 0.0)
        filled = bool(ended) and self.spec.at_end_of_life == "augment"
        augmented = self._add(year, float(use.life_frac[year]), fill=filled)
        self.served.append(tuple(self.cells))
        start, installed = self.held_kwh(), sum(cells.rated_kwh for cells in self.cells)
        middle = np.array([cells.held_kwh(self.spec, float(use.life_frac[year]) / 2.0) for cells in self.cells])
        age = np.array([year + 0.5 - cells.born for cells in self.cells])
        kept = (1.0 - self.spec.efficiency_fade_frac_per_year) ** age
        efficiency = float(middle @ kept / middle.sum()) if middle.sum() > 0.0 else 1.0
        for cells in self.cells:
            cells.grow_older(cells.yearly(self.spec, use, year), year)
        return start, self.held_kwh(), installed, efficiency, augmented, replaced, removed

    def _after_the_end(self, ended: list[Cells], year: int) -> tuple[float, float]:
        """What new cells replace, and what the cells taken out still held. [kWh]"""
        for cells in ended:
            cells.answered = True
        if self.spec.at_end_of_life == "augment":
            return 0.0, 0.0
        before = self.held_kwh()
        if self.spec.at_end_of_life == "retire":
            for cells in self.cells:
                cells.ends_at_years = min(cells.ends_at_years, float(year))
            self.cells, self.retired = [], True
            return 0.0, before
        self.cells = [cells for cells in self.cells if not cells.answered]
        kept = self.held_kwh()
        return self._put_in(self.rated_kwh - kept, year), before - kept

    def _add(self, year: int, life_frac: float, *, fill: bool) -> float:
        """What new cells the plan adds. [kWh]"""
        kept = self.spec.kept_frac
        low = kept is not None and self.held_kwh(life_frac) < (kept - ROUNDING) * self.rated_kwh
        if self.retired or not (fill or low or year + 1 in self.spec.augment_years):
            return 0.0
        return self._put_in(self.spec.filled_frac * self.rated_kwh - self.held_kwh(), year)

    def _put_in(self, new_kwh: float, year: int) -> float:
        if new_kwh <= ROUNDING * self.rated_kwh:
            return 0.0
        new = Cells(new_kwh, year)
        self.cells.append(new)
        self.all.append(new)
        return new_kwh
