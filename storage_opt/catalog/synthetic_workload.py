"""Synthetic work of clusters from statistics only: seeded, at any step, and the same year at every step.

What arrives is counted in units that it would keep busy if it ran at once, as a share of the units: services in
:func:`inference_units_frac`, training and batch work in :func:`arriving_units_frac`. Single jobs are made by
:func:`~.synthetic_jobs.synthetic_jobs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.by_minute import between_hours, by_day_type, by_minute
from storage_opt.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.catalog.workload_statistics import WorkloadStatistics
    from storage_opt.horizon import Horizon

__all__ = ["arriving_units_frac", "inference_units_frac", "people_day"]

PEAK_H, TROUGH_H = 20.5, 4.5
"""When a service for people in China is busiest and quietest [assumed]. [h]"""
TROUGH_FRAC = 0.4
"""Use in the quietest hour over that in the busiest [assumed]."""
BUSIEST_FRAC = 0.85
"""Use in the busiest hour of a mean working day; what is left is reserve [assumed]."""
LARGEST_ARRIVAL_FRAC = 1.5
"""Where arriving work is cut: half as much again as all units [assumed]."""
_LARGEST_CORRECTION = 3.0
_MINUTE_H = 1.0 / 60.0


def people_day(
    statistics: WorkloadStatistics, peak_h: float = PEAK_H, trough_h: float = TROUGH_H
) -> NDArray[np.float64]:
    """Day of a service for people (24,): the rise and the fall of the statistics, at other hours; 0 to 1.

    Parameters
    ----------
    statistics : WorkloadStatistics
        Of ``inference``.
    peak_h, trough_h : float
        Wall-clock time of the busiest and of the quietest moment. [h]

    Notes
    -----
    The way from trough to peak in the statistics is stretched to the way from `trough_h` to `peak_h`, and so
    is the way back, both linearly in time. The statistics come from office hours and have no clock.
    """
    day = statistics.week_frac.mean(axis=0)
    trough, peak = int(day.argmin()), int(day.argmax())
    hours = np.arange(24) + 0.5
    since_trough = np.mod(hours - trough_h, 24.0)
    rise_h, found_rise_h = (peak_h - trough_h) % 24.0, float((peak - trough) % 24)
    rising = since_trough <= rise_h
    place = np.where(
        rising,
        since_trough / rise_h * found_rise_h,
        found_rise_h + (since_trough - rise_h) / (24.0 - rise_h) * (24.0 - found_rise_h),
    )
    values = np.interp(trough + place, np.arange(24), day, period=24.0)
    shape: NDArray[np.float64] = (values - day.min()) / (day.max() - day.min())
    return shape


def inference_units_frac(
    statistics: WorkloadStatistics,
    horizon: Horizon,
    seed: int,
    *,
    trough_frac: float = TROUGH_FRAC,
    busiest_frac: float = BUSIEST_FRAC,
    peak_h: float = PEAK_H,
    trough_h: float = TROUGH_H,
) -> NDArray[np.float64]:
    """Units that a service keeps busy, as a share of the units it has at its peak (T,). [0-1]

    Parameters
    ----------
    statistics : WorkloadStatistics
        Of ``inference``: the form of the day, days off against working days, and the noise.
    horizon : Horizon
        Any step; its holidays count as days off.
    seed : int
        With the calendar year it decides the noise; the same call gives the same series.
    trough_frac : float
        Use in the quietest hour over that in the busiest. [0-1]
    busiest_frac : float
        Use in the busiest hour of a mean working day, as a share of the units. [0-1]
    peak_h, trough_h : float
        When the service is busiest and quietest, by wall clock. [h]

    Notes
    -----
    ``u = min(1, busiest * day(hour) * off * (1 + s z))`` with ``day = trough + (1 - trough) x``, x from
    :func:`people_day`, ``off`` the load of days off over that of working days, and z the statistics' noise
    with spread s.

    Raises
    ------
    InputError
        When a share lies outside 0 to 1, or peak and trough fall together.
    """
    _require_share("trough_frac", trough_frac, least=0.0)
    _require_share("busiest_frac", busiest_frac)
    if (peak_h - trough_h) % 24.0 == 0.0:
        what = f"peak_h and trough_h are both {peak_h} h"
        raise InputError([Fault(what, "give different times of the day", key="peak_h")])
    day = trough_frac + (1.0 - trough_frac) * people_day(statistics, peak_h, trough_h)
    off = float(statistics.day_off_frac.mean() / statistics.working_day_frac.mean())
    spread = _whole_spread(statistics)

    def whole_year(hours: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        shape = between_hours(busiest_frac * by_day_type(hours, day, off * day))
        use: NDArray[np.float64] = np.clip(shape * (1.0 + spread * _noise(statistics, shape.size, rng)), 0.0, 1.0)
        return use

    return by_minute(horizon, seed, whole_year)


def arriving_units_frac(
    statistics: WorkloadStatistics,
    horizon: Horizon,
    seed: int,
    mean_frac: float,
    largest_frac: float = LARGEST_ARRIVAL_FRAC,
) -> NDArray[np.float64]:
    """Work that arrives, as the share of the units it would keep busy at once (T,); what exceeds one must wait.

    Parameters
    ----------
    statistics : WorkloadStatistics
        Of ``training``, the work of a whole cluster, or ``batch``, the rougher work of single groups.
    horizon : Horizon
        Any step; its holidays count as days off.
    seed : int
        With the calendar year it decides the noise; the same call gives the same series.
    mean_frac : float
        Mean of every calendar year, as a share of the units. [0-1]
    largest_frac : float
        Where arrivals are cut, as a share of the units.

    Notes
    -----
    ``a = min(largest, c * week(day type, hour) * exp(g z))`` with ``g = sqrt(log(1 + s^2))`` for the spread s
    of the statistics and z their noise, standardised in every year; c makes the mean.

    Raises
    ------
    InputError
        When the mean lies outside 0 to 1 or can't be reached below `largest_frac`.
    """
    _require_share("mean_frac", mean_frac)
    if largest_frac <= mean_frac:
        what = f"largest_frac is {largest_frac}, not above mean_frac {mean_frac}"
        raise InputError([Fault(what, "raise it: work comes in bursts", key="largest_frac")])
    gain = np.sqrt(np.log1p(_whole_spread(statistics) ** 2))

    def whole_year(hours: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        week = between_hours(by_day_type(hours, statistics.working_day_frac, statistics.day_off_frac))
        work = week * np.exp(gain * _noise(statistics, week.size, rng))
        return _with_mean(work / work.mean(), mean_frac, largest_frac)

    return by_minute(horizon, seed, whole_year)


def _whole_spread(statistics: WorkloadStatistics) -> float:
    """Spread over a whole year: months differ, which the statistics of one month can't show."""
    return statistics.spread_frac / float(np.sqrt(1.0 - statistics.noise.hidden_frac))


def _noise(statistics: WorkloadStatistics, minutes: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise of a year by the minute, its sample mean 0 and its sample spread 1."""
    path = statistics.noise.simulate(minutes, _MINUTE_H, rng)
    standardised: NDArray[np.float64] = (path - path.mean()) / path.std()
    return standardised


def _with_mean(values: NDArray[np.float64], mean: float, largest: float) -> NDArray[np.float64]:
    """Values of mean one, scaled to a mean and cut; a root is looked for, since the cut takes work."""
    from scipy.optimize import brentq

    def miss(factor: float) -> float:
        return float(np.minimum(factor * values, largest).mean()) - mean

    most = _LARGEST_CORRECTION * mean
    if miss(most) < 0.0:
        what = f"a mean of {mean} can't be reached with arrivals cut at {largest}"
        raise InputError([Fault(what, "raise largest_frac", key="largest_frac")])
    scaled: NDArray[np.float64] = np.minimum(brentq(miss, 0.0, most, xtol=1e-14) * values, largest)
    return scaled


def _require_share(key: str, value: float, least: float = 1e-6) -> None:
    if not least <= value <= 1.0:
        raise InputError([Fault(f"{key} is {value}", "give a share above 0 and up to 1", key=key)])
