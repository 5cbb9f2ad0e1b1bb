"""Synthetic loads: level x day shape x season, with slow noise; seeded, at any step that divides an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.refine import refine
from storage_opt.catalog.synthetic import year_by_year
from storage_opt.horizon import DayType, Horizon

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LoadShape", "load_profile"]

_LARGEST_DEVIATION = 3.0


@dataclass(frozen=True, slots=True)
class LoadShape:
    """How a load runs through day, week and year.

    Parameters
    ----------
    level_kw : float
        Power at which all factors are one. [kW]
    working_day, day_off : tuple of 24 float
        Factor of each wall-clock hour on weekdays, and on weekends and holidays.
    month : tuple of 12 float
        Factor of each calendar month, followed as a smooth curve.
    noise_frac : float
        Standard deviation of the slow noise, as a share of the level.
    noise_h : float
        Time constant of the slow noise. [h]
    variability_frac : float
        Standard deviation of the steps within an hour, as a share of the load.
    """

    level_kw: float
    working_day: tuple[float, ...]
    day_off: tuple[float, ...]
    month: tuple[float, ...]
    noise_frac: float
    noise_h: float
    variability_frac: float


def load_profile(shape: LoadShape, horizon: Horizon, seed: int) -> NDArray[np.float64]:
    """Load of a shape (T,). [kW]

    Parameters
    ----------
    horizon : Horizon
        Whole hours; its holidays count as days off.
    seed : int
        With the calendar year it decides the noise.

    Notes
    -----
    ``P[t] = level * month(t) * day(hour) * (1 + noise n[t])`` with ``n`` an AR(1),
    ``n[t] = r n[t-1] + sqrt(1 - r^2) e[t]``, ``r = exp(-1/noise_h)``, cut at three standard deviations.
    """

    def whole_year(year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        from scipy.signal import lfilter

        from storage_opt.catalog.seasons import Seasons

        off = year.day_types != DayType.WEEKDAY
        day = np.where(off, np.array(shape.day_off)[year.hour], np.array(shape.working_day)[year.hour])
        season = Seasons(year).curve(np.tile(np.array(shape.month)[:, None], (1, 24)))
        memory = np.exp(-1.0 / shape.noise_h)
        shocks = rng.standard_normal(year.steps)
        noise = lfilter([np.sqrt(1.0 - memory**2)], [1.0, -memory], shocks)
        noise = np.clip(noise, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)
        load: NDArray[np.float64] = shape.level_kw * season * day * (1.0 + shape.noise_frac * noise)
        return load

    def finer(hourly: NDArray[np.float64], year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        return refine(hourly, 60 // year.step_minutes, rng, variability_frac=shape.variability_frac)

    return year_by_year(horizon, seed, whole_year, finer)
