"""What a study of life returns: a project year by year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.finance.fade import HealthPath, mean_health_frac

__all__ = ["BatteryLife", "LeftOutYear", "LifeResult"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BatteryLife:
    """A battery in each year of a project (Y,).

    Parameters
    ----------
    path : HealthPath
        Its energy, and the cells that come and go.
    charge_efficiency, discharge_efficiency : (Y,) array
        In the middle of each year.
    used_life_frac : (Y,) array
        Share of life that each year takes.
    cycles : (Y,) array
        Equivalent full cycles: energy from the cells over the energy they hold.
    discharged_kwh, charged_kwh : (Y,) array
        At the AC side. [kWh]
    renewal_price_frac : (Y,) array
        What the life of the cells is worth over what is paid when they are renewed; 1 without discounting.
    """

    path: HealthPath
    charge_efficiency: _Array
    discharge_efficiency: _Array
    used_life_frac: _Array
    cycles: _Array
    discharged_kwh: _Array
    charged_kwh: _Array
    renewal_price_frac: _Array

    @property
    def energy_kwh(self) -> _Array:
        """Mean energy of each year (Y,). [kWh]"""
        return self.path.energy_kwh

    @property
    def efficiency(self) -> _Array:
        """Round-trip efficiency in the middle of each year (Y,)."""
        return self.charge_efficiency * self.discharge_efficiency

    @property
    def augmented_kwh(self) -> _Array:
        """New cells added at the start of each year (Y,). [kWh]"""
        return self.path.augmented_kwh

    @property
    def replaced_kwh(self) -> _Array:
        """New cells in place of ended ones at the start of each year (Y,). [kWh]"""
        return self.path.replaced_kwh

    @property
    def replaced(self) -> NDArray[np.bool_]:
        """Whether cells are replaced at the start of each year (Y,)."""
        put_in: NDArray[np.bool_] = self.path.replaced_kwh > 0.0
        return put_in

    @property
    def throughput_kwh(self) -> _Array:
        """Energy delivered at the AC side in each year (Y,). [kWh]"""
        return self.discharged_kwh

    @property
    def end_of_life_year(self) -> int | None:
        """Project year, counted from 1, in which the life of the first cells ends; None when none does."""
        return self.path.end_of_life_year


@dataclass(frozen=True, slots=True)
class LeftOutYear:
    """A year that was interpolated, and solved afterwards to see how far off that is.

    Parameters
    ----------
    year : int
        Project year, counted from 1.
    interpolated, solved : float
        Savings of the year without the price of wear. [money]
    yearly : float
        Mean size of the savings of all years. [money]
    life_error_frac : float
        Largest difference, over the batteries, between the shares of life that the year takes.
    """

    year: int
    interpolated: float
    solved: float
    yearly: float
    life_error_frac: float

    @property
    def error_relative(self) -> float:
        """Size of the difference over the mean size of yearly savings."""
        error = abs(self.interpolated - self.solved)
        return error / self.yearly if self.yearly else (np.inf if error else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class LifeResult:
    """A project year by year: what it saves, and what becomes of its batteries.

    Parameters
    ----------
    years : int
        Length of the project, Y.
    savings : mapping of Stream to (Y,) array
        Baseline bill less plan bill of each year by stream; `Stream.WEAR` is the price of wear, which nobody is
        paid. [money]
    batteries : mapping of str to BatteryLife
        Batteries with energy to lose.
    dispatched_years : tuple of int
        Project years, counted from 1, that were solved; the others are interpolated.
    left_out : tuple of LeftOutYear
        Years in the middle of gaps that were solved to measure the error of interpolation, widest gap first.
    gaps : int
        Gaps there are between solved years.
    rounds : int
        Passes over the project.
    moved_frac : float
        How far the last one moved the energy of any year, as a share of rated energy.
    swing_frac : float
        How far the schedules of the last round alone would have moved it; more than `moved_frac` where a year flips
        between schedules that are worth the same, of which the mean is taken.
    price_moved_frac : float
        How far the price of life is from the one that was dispatched with.
    converged : bool
        Whether dispatch and life agree.
    notes : tuple of str
        What a reader should know.
    """

    years: int
    savings: Mapping[Stream, _Array]
    batteries: Mapping[str, BatteryLife]
    dispatched_years: tuple[int, ...]
    left_out: tuple[LeftOutYear, ...]
    gaps: int
    rounds: int
    moved_frac: float
    swing_frac: float
    price_moved_frac: float
    converged: bool
    notes: tuple[str, ...]

    @property
    def cash_savings(self) -> _Array:
        """Savings of each year without the price of wear (Y,). [money]"""
        return sum((by_year for stream, by_year in self.savings.items() if stream is not Stream.WEAR), self._none())

    @property
    def energy_kwh(self) -> _Array:
        """Mean energy of all batteries in each year (Y,). [kWh]"""
        return sum((battery.energy_kwh for battery in self.batteries.values()), self._none())

    @property
    def discharged_kwh(self) -> _Array:
        """Energy that all batteries deliver at the AC side in each year (Y,). [kWh]"""
        return sum((battery.discharged_kwh for battery in self.batteries.values()), self._none())

    @property
    def new_cells_kwh(self) -> _Array:
        """Cells that are bought at the start of each year (Y,), in place of others or beside them. [kWh]"""
        bought = (battery.augmented_kwh + battery.replaced_kwh for battery in self.batteries.values())
        return sum(bought, self._none())

    @property
    def interpolation_error_relative(self) -> float | None:
        """Largest measured error of the savings of a left-out year, over the mean of all years.

        0 when every year was solved; None when there are gaps and none was measured.
        """
        if self.gaps and not self.left_out:
            return None
        return max((year.error_relative for year in self.left_out), default=0.0)

    def mean_health_frac(self, weights: _Array | None = None) -> dict[str, float]:
        """Share of rated energy that each battery has on average over the project.

        Parameters
        ----------
        weights : (Y,) array or None
            Weight of each year, such as its discount factor; evenly when left out.
        """
        return {name: mean_health_frac(battery.path.energy_frac, weights) for name, battery in self.batteries.items()}

    def _none(self) -> _Array:
        return np.zeros(self.years)
