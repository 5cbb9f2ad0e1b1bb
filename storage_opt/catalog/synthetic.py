"""Synthetic wind and PV series from statistics only: seeded, at any step that divides an hour.

A year is made in four moves, each a function below or a module beside this one:

1. a standard normal weather path with two time scales (:class:`~.process.TwoScaleProcess`);
2. its sample mean in every month x hour set to 0 and its spread in every month to 1, so that one year
   has the statistics and not its own luck (:func:`_standardised`);
3. the path mapped to capacity factors: each hour has a beta marginal with the mean and standard
   deviation of its month and hour, between zero and an upper bound (:func:`_beta_marginal`);
4. the year scaled to its full-load hours and split into finer steps with the energy of every hour kept
   (:func:`~.refine.refine`).

Wind and PV are drawn independently: the daily anomalies of the provincial series correlate by 0.07 in
Inner Mongolia, 0.08 in Guizhou, -0.09 in Jiangsu and -0.18 in Guangdong.

Provincial series are averages over large areas; what is made from their statistics is as smooth as they
are, apart from the rescaling and the variability within the hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.refine import refine
from storage_opt.catalog.seasons import Seasons
from storage_opt.catalog.sun import clear_sky_shape
from storage_opt.errors import Fault, InputError
from storage_opt.horizon import Horizon, Periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.catalog.renewable_statistics import RenewableStatistics

__all__ = ["pv_profile", "wind_profile", "year_by_year"]

HOURS_A_YEAR = 8760.0
WIND_VARIABILITY_FRAC = 0.04
"""Spread of the steps within an hour, as a share of the output: a wind farm of some 100 MW."""
PV_VARIABILITY_FRAC = 0.03
"""The same for PV."""
_BOUND_MARGIN = 1.2
"""How far output may exceed the light's share of a day's clear-sky best: the shape is no exact model."""
_LARGEST_CORRECTION = 3.0
"""Factor on the output that mends the annual mean; beyond it the year no longer has the statistics' shape."""
_LEAST_FRAC = 1e-4
"""Mean below which a month x hour counts as dark or calm: half the last digit of the statistics."""


def wind_profile(
    statistics: RenewableStatistics, horizon: Horizon, seed: int, full_load_hours: float | None = None
) -> NDArray[np.float64]:
    """Wind output as a share of capacity (T,).

    Parameters
    ----------
    statistics : RenewableStatistics
        Of an ``onwind`` series.
    horizon : Horizon
        Whole hours; every calendar year it touches is generated as a whole, so that a part of a year
        equals that part of the year.
    seed : int
        With the calendar year it decides the weather; the same call gives the same series.
    full_load_hours : float or None
        Annual energy over capacity, for 8,760 h [h]; mean and standard deviation are scaled together, as
        a better place or a taller tower would, and output stays at or below capacity. None keeps the
        statistics.
    """
    factor = _level_factor(statistics, full_load_hours)

    def whole_year(year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        seasons = Seasons(year)
        weather = _standardised(statistics.process.simulate(year.steps, rng), seasons)
        mean, std = _moments(statistics, seasons, factor)
        output = _beta_marginal(weather, mean, std, np.ones(year.steps))
        return _with_mean(output, factor * statistics.annual_mean_frac, np.ones(year.steps))

    def finer(hourly: NDArray[np.float64], year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        parts = 60 // year.step_minutes
        return refine(hourly, parts, rng, variability_frac=WIND_VARIABILITY_FRAC, upper=1.0)

    return year_by_year(horizon, seed, whole_year, finer)


def pv_profile(
    statistics: RenewableStatistics,
    horizon: Horizon,
    seed: int,
    full_load_hours: float | None = None,
    *,
    latitude_deg: float,
    longitude_deg: float,
) -> NDArray[np.float64]:
    """PV output as a share of capacity (T,), zero in every interval in which the sun stays below the horizon.

    Parameters
    ----------
    statistics : RenewableStatistics
        Of a ``solar`` series; the month x hour maxima serve as the output under a clear sky.
    horizon, seed, full_load_hours
        As in :func:`wind_profile`.
    latitude_deg, longitude_deg : float
        Place, north and east positive; the statistics count hours on its clock, the horizon's zone. [deg]

    Notes
    -----
    ``output = min(clear sky(month, hour), light at the place) * clearness`` with clearness between 0 and 1,
    its persistence from day to day and within the day that of the statistics' process, its mean and spread
    those of month and hour.
    """
    factor = _level_factor(statistics, full_load_hours)

    def light(year: Horizon) -> NDArray[np.float64]:
        by_minute = _light_by_minute(year.first_day.year, year.zone, latitude_deg, longitude_deg)
        by_step: NDArray[np.float64] = by_minute.reshape(-1, year.step_minutes).mean(axis=1)
        return by_step

    def whole_year(year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        seasons = Seasons(year)
        weather = _standardised(statistics.process.simulate(year.steps, rng), seasons)
        mean, std = _moments(statistics, seasons, factor)
        clear = np.maximum(seasons.curve(factor * statistics.max_frac), 0.0)
        bound = _bound_at_the_place(clear, light(year), year.days)
        output = _beta_marginal(weather, mean, std, np.minimum(clear, bound))
        return _with_mean(output, factor * statistics.annual_mean_frac, bound)

    def finer(hourly: NDArray[np.float64], year: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        parts = 60 // year.step_minutes
        return refine(hourly, parts, rng, variability_frac=PV_VARIABILITY_FRAC, shape=light(year), upper=1.0)

    return year_by_year(horizon, seed, whole_year, finer)


@lru_cache(maxsize=2)
def _light_by_minute(year: int, zone: str, latitude_deg: float, longitude_deg: float) -> NDArray[np.float64]:
    """Light under a clear sky in every minute of a year; one grid for all steps, so that dawn is the same for all."""
    minutes = Horizon(date(year, 1, 1), date(year + 1, 1, 1), 1, zone).stamps
    light = clear_sky_shape(minutes + np.timedelta64(30, "s"), latitude_deg, longitude_deg)
    light.flags.writeable = False
    return light


def _bound_at_the_place(clear: NDArray[np.float64], light: NDArray[np.float64], days: Periods) -> NDArray[np.float64]:
    """Most that hourly output can be where the plant stands.

    A province is lit for longer than any place in it: in Inner Mongolia the sun sets two hours later in the
    far west than in the far east. Around dawn and dusk the light at the place bounds the output, with the
    light of a day's best hour set to the clear-sky output of its best hour, plus a margin.
    """
    best_clear, best_light = np.zeros(days.count), np.zeros(days.count)
    np.maximum.at(best_clear, days.ids, clear)
    np.maximum.at(best_light, days.ids, light)
    ratio = np.divide(best_clear, best_light, out=np.zeros(days.count), where=best_light > 0.0)
    bound: NDArray[np.float64] = np.minimum(_BOUND_MARGIN * ratio[days.ids] * light, 1.0)
    return bound


def year_by_year(
    horizon: Horizon,
    seed: int,
    whole_year: Callable[[Horizon, np.random.Generator], NDArray[np.float64]],
    finer: Callable[[NDArray[np.float64], Horizon, np.random.Generator], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Generate every calendar year the horizon touches and cut the horizon out of it.

    Parameters
    ----------
    whole_year : callable
        Makes the hourly values of a year from the year in hourly steps.
    finer : callable
        Splits them, given the year in the horizon's steps.

    Raises
    ------
    InputError
        When the horizon does not start on a full hour.
    """
    start = horizon.start_instant
    if start.minute or start.second:
        raise InputError([Fault(f"horizon starts at {start}", "start a synthetic series on a full hour", key="start")])
    made = []
    for number in range(horizon.first_day.year, horizon.last_day.year + 1):
        first, last = date(number, 1, 1), date(number + 1, 1, 1)
        hours, steps = (
            Horizon(first, last, m, horizon.zone, (), horizon.holidays, horizon.workdays)
            for m in (60, horizon.step_minutes)
        )
        # separate streams, so that a finer step keeps the weather of the hourly series
        weather, detail = (np.random.Generator(np.random.PCG64([seed, number, stream])) for stream in (0, 1))
        made.append(finer(whole_year(hours, weather), steps, detail))
    first_year = Horizon(date(horizon.first_day.year, 1, 1), horizon.end, horizon.step_minutes, horizon.zone)
    offset = first_year.steps - horizon.steps
    return np.concatenate(made)[offset : offset + horizon.steps]


def _level_factor(statistics: RenewableStatistics, full_load_hours: float | None) -> float:
    if full_load_hours is None:
        return 1.0
    if not 0.0 < full_load_hours < HOURS_A_YEAR:
        what = f"full_load_hours is {full_load_hours} h"
        raise InputError([Fault(what, "give hours a year above 0 and below 8,760", key="full_load_hours")])
    return full_load_hours / HOURS_A_YEAR / statistics.annual_mean_frac


def _moments(
    statistics: RenewableStatistics, seasons: Seasons, factor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of every hour; what the season moves within a month is no weather."""
    mean = np.maximum(seasons.curve(factor * statistics.mean_frac), 0.0)
    trend = seasons.table(mean**2) - seasons.table(mean) ** 2
    variance = (factor * statistics.std_frac) ** 2
    std = np.sqrt(np.maximum(variance - trend, 0.25 * variance))
    return mean, np.maximum(seasons.curve(std), 0.0)


def _standardised(path: NDArray[np.float64], seasons: Seasons) -> NDArray[np.float64]:
    """The path with mean 0 in every month x hour and mean square 1 in every month, corrected along smooth curves."""
    centred = path - seasons.curve(seasons.table(path))
    # over all hours of a month together: hour by hour the correction would be as rough as 30 days make it
    by_month = seasons.table(centred**2).mean(axis=1, keepdims=True)
    spread = seasons.curve(np.repeat(by_month, 24, axis=1))
    # a curve through positive means may dip; a fifth of the variance is far below any dip seen
    scaled: NDArray[np.float64] = centred / np.sqrt(np.maximum(spread, 0.2))
    return scaled


def _beta_marginal(
    path: NDArray[np.float64], mean: NDArray[np.float64], std: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map a standard normal path to values in [0, upper] with the given mean and spread, by quantile.

    Notes
    -----
    ``x = upper * F^-1(Phi(z); a, b)``, F the beta distribution with ``m = mean / upper``, ``s = std / upper``,
    ``a = m n``, ``b = (1 - m) n``, ``n = m (1 - m) / s^2 - 1``.
    """
    from scipy.special import betaincinv, ndtr

    alive = (mean > _LEAST_FRAC) & (upper > _LEAST_FRAC)
    bound = np.where(alive, upper, 1.0)
    share = np.clip(np.where(alive, mean / bound, 0.5), 0.01, 0.99)
    # a spread of more than 0.95 of the largest possible would put all mass on the two ends
    spread = np.clip(np.where(alive, std / bound, 0.1), 1e-3, 0.95 * np.sqrt(share * (1.0 - share)))
    total = share * (1.0 - share) / spread**2 - 1.0
    values: NDArray[np.float64] = bound * betaincinv(share * total, (1.0 - share) * total, ndtr(path))
    return np.where(alive, values, 0.0)


def _with_mean(values: NDArray[np.float64], mean: float, upper: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to an annual mean, cut at `upper`; a root is looked for since the cut takes energy."""
    from scipy.optimize import brentq

    def miss(factor: float) -> float:
        return float(np.minimum(factor * values, upper).mean()) - mean

    if miss(_LARGEST_CORRECTION) < 0.0:
        most = (miss(_LARGEST_CORRECTION) + mean) * HOURS_A_YEAR
        what = f"{mean * HOURS_A_YEAR:,.0f} full-load hours cannot be reached with these statistics"
        raise InputError(
            [Fault(what, f"give less than {most:,.0f} h, at a place in the horizon's zone", key="full_load_hours")]
        )
    factor = brentq(miss, 0.0, _LARGEST_CORRECTION, xtol=1e-14)
    scaled: NDArray[np.float64] = np.minimum(factor * values, upper)
    return scaled
