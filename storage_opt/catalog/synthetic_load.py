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

__all__ = ["LoadShape", "data_centre", "inference_centre", "load_profile"]

_LARGEST_DEVIATION = 3.0

_REQUESTS = (
    *(0.62, 0.52, 0.45, 0.41, 0.40, 0.42, 0.48, 0.58, 0.72, 0.85, 0.90, 0.92),
    *(0.86, 0.88, 0.91, 0.92, 0.92, 0.90, 0.90, 0.95, 1.00, 0.99, 0.92, 0.78),
)
"""Requests of users by hour of a working day, as a share of the busiest: asleep at 4, at work by day, most at 20."""


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


def data_centre(
    level_kw: float, daily_frac: float = 0.03, weekly_frac: float = 0.01, seasonal_frac: float = 0.03
) -> LoadShape:
    """A nearly flat load: busiest in mid-afternoon, on weekdays, and in July when cooling works hardest.

    Notes
    -----
    ``1 + daily cos(2 pi (h - 15) / 24)`` by hour, less ``2 weekly`` on days off, times
    ``1 + seasonal cos(2 pi (m - 7) / 12)`` by month.
    """
    wave = 1.0 + daily_frac * np.cos(2.0 * np.pi * (np.arange(24) + 0.5 - 15.0) / 24.0)
    season = 1.0 + seasonal_frac * np.cos(2.0 * np.pi * (np.arange(1, 13) - 7.0) / 12.0)
    return LoadShape(
        level_kw,
        tuple(float(value) for value in wave),
        tuple(float(value) for value in wave - 2.0 * weekly_frac),
        tuple(float(value) for value in season),
        noise_frac=0.012,
        noise_h=12.0,
        variability_frac=0.004,
    )


def inference_centre(
    level_kw: float, idle_frac: float = 0.35, day_off_frac: float = 0.92, seasonal_frac: float = 0.05
) -> LoadShape:
    """A load that answers users: low before dawn, high all day, highest in the evening, more in July for cooling.

    Parameters
    ----------
    level_kw : float
        Power of the busiest hour in a mean month. [kW]
    idle_frac : float
        Share of that power drawn by servers that wait, with what keeps them.
    day_off_frac : float
        Requests on days off over those on working days.
    seasonal_frac : float
        Swing of the months around the mean of the year, by cooling.

    Notes
    -----
    ``idle + (1 - idle) u`` by hour, ``u`` the requests: the power of a server is linear in its use. Times
    ``1 + seasonal cos(2 pi (m - 7) / 12)`` by month.
    """
    requests = np.array(_REQUESTS)
    day, off = (idle_frac + (1.0 - idle_frac) * share * requests for share in (1.0, day_off_frac))
    season = 1.0 + seasonal_frac * np.cos(2.0 * np.pi * (np.arange(1, 13) - 7.0) / 12.0)
    return LoadShape(
        level_kw,
        tuple(float(value) for value in day),
        tuple(float(value) for value in off),
        tuple(float(value) for value in season),
        noise_frac=0.012,
        noise_h=6.0,
        variability_frac=0.004,
    )


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
