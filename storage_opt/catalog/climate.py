"""Synthetic outdoor air temperature from the climate of a place: month means, daily ranges and weather, seeded."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.by_minute import between_hours, by_minute
from storage_opt.catalog.seasons import Seasons
from storage_opt.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["CLIMATES", "Climate", "find_climate", "outdoor_temp_degc"]

WARMEST_SOLAR_H = 14.5
"""When the day is warmest, by the sun: 15:00 by the clock at 112.5 degrees east. [h]"""
WEATHER_H = 36.0
"""Time constant of the weather [assumed]: daily means then correlate by some 0.65 from day to day. [h]"""
_LARGEST_DEVIATION = 3.0
_RANGE_PASSES = 4
_TABLES = (
    "background knowledge, not read in a table: climate normals 1991-2020 of the China Meteorological "
    "Administration as public summaries give them, rounded to half a degree; check before use"
)


@dataclass(frozen=True, slots=True)
class Climate:
    """Temperature of a place through year and day.

    Parameters
    ----------
    name : str
        Such as ``ulanqab``.
    latitude_deg, longitude_deg : float
        Place, north and east positive. [deg]
    month_mean_degc : tuple of 12 float
        Mean of each month. [degC]
    daily_range_k : tuple of 12 float
        Mean daily maximum less mean daily minimum, by month. [K]
    weather_k : tuple of 2 float
        Standard deviation of the weather in January and July [assumed]. [K]
    source : str
        Where the numbers come from.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    month_mean_degc: tuple[float, ...]
    daily_range_k: tuple[float, ...]
    weather_k: tuple[float, float]
    source: str


CLIMATES: dict[str, Climate] = {
    climate.name: climate
    for climate in (
        Climate(
            "ulanqab",
            41.0,
            113.1,
            (-13.0, -9.0, -1.5, 6.5, 13.5, 18.0, 20.0, 18.0, 12.5, 5.0, -4.0, -11.0),
            (11.5, 12.5, 13.0, 14.5, 15.0, 14.0, 12.0, 12.0, 13.0, 13.0, 12.0, 11.0),
            (4.5, 2.8),
            f"Jining (集宁), 1,420 m, annual mean 4.6 degC: {_TABLES}",
        ),
        Climate(
            "hohhot",
            40.8,
            111.7,
            (-11.0, -6.0, 1.5, 10.0, 17.0, 21.5, 23.5, 21.5, 16.0, 8.0, -1.5, -9.0),
            (12.0, 13.0, 13.5, 14.5, 15.0, 14.0, 12.5, 12.0, 13.0, 13.0, 12.0, 11.5),
            (4.0, 2.6),
            f"Hohhot (呼和浩特), 1,060 m, annual mean 7.6 degC: {_TABLES}",
        ),
        Climate(
            "shanghai",
            31.2,
            121.4,
            (5.0, 6.5, 10.5, 16.0, 21.0, 24.5, 29.0, 28.5, 25.0, 19.5, 13.5, 7.5),
            (6.5, 7.0, 8.0, 8.5, 8.5, 6.5, 7.0, 6.5, 6.5, 7.0, 7.0, 7.0),
            (3.2, 2.2),
            f"Shanghai (上海), 5 m, annual mean 17.2 degC: {_TABLES}",
        ),
        Climate(
            "guiyang",
            26.6,
            106.7,
            (5.0, 7.0, 11.0, 16.0, 19.5, 22.0, 24.0, 23.5, 20.5, 16.0, 12.0, 7.0),
            (6.0, 7.0, 8.0, 8.5, 8.0, 7.0, 7.5, 8.0, 7.5, 6.5, 7.0, 6.5),
            (3.2, 1.8),
            f"Guiyang (贵阳), 1,220 m, 30 km from Gui'an, annual mean 15.3 degC: {_TABLES}",
        ),
    )
}
"""Climates of the places of the profiles, and of Hohhot."""


def find_climate(name: str) -> Climate:
    """The climate of a place by name, such as ``ulanqab``.

    Raises
    ------
    InputError
        When there is none of that name; the nearest name is suggested.
    """
    if name not in CLIMATES:
        near = difflib.get_close_matches(name.lower(), CLIMATES, n=1, cutoff=0.0)[0]
        hint = f"did you mean `{near}`? There are: {', '.join(CLIMATES)}"
        raise InputError([Fault(f"there is no climate named `{name}`", hint)])
    return CLIMATES[name]


def outdoor_temp_degc(climate: Climate, horizon: Horizon, seed: int) -> NDArray[np.float64]:
    """Outdoor air temperature (T,). [degC]

    Parameters
    ----------
    climate : Climate
        Month means, daily ranges and spread of the weather.
    horizon : Horizon
        Any step.
    seed : int
        With the calendar year it decides the weather; the same call gives the same series.

    Notes
    -----
    ``T = month(t) + range(t) / 2 * course(solar time) + spread(t) * z``: the course is half a cosine from -1 at
    sunrise to +1 at 14:30 solar time and another back to the next sunrise; z a process of first order in hours,
    cut at three. The mean of every month is that of the climate, and so is the mean daily range: weather adds to it,
    and the course is flattened by as much, so that one year has the climate and not its own luck. Clear and cloudy
    days have the same course.
    """

    def whole_year(hours: Horizon, rng: np.random.Generator) -> NDArray[np.float64]:
        seasons = Seasons(hours)
        mean = _curve(seasons, climate.month_mean_degc)
        january, july = climate.weather_k
        month = np.arange(12)
        spread = 0.5 * (january + july) + 0.5 * (january - july) * np.cos(2.0 * np.pi * month / 12.0)
        weather = _weather(hours.steps, rng) * _curve(seasons, tuple(spread))
        by_month = seasons.table(weather).mean(axis=1)
        calm = mean + weather - _curve(seasons, tuple(by_month))
        return _with_ranges(between_hours(calm), _course(climate, hours), seasons, np.array(climate.daily_range_k))

    return by_minute(horizon, seed, whole_year)


def _with_ranges(
    calm: NDArray[np.float64], course: NDArray[np.float64], seasons: Seasons, wanted_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Temperature without and with the course of the day (M,), its mean daily range in every month as wanted."""
    days = seasons.year.days
    starts = np.searchsorted(days.ids, np.arange(days.count)) * 60
    months = days.months - 1
    amplitude_k = wanted_k.copy()
    values = calm
    for _ in range(_RANGE_PASSES):
        values = calm + 0.5 * between_hours(_curve(seasons, tuple(amplitude_k))) * course
        daily_k = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
        found_k = np.bincount(months, weights=daily_k, minlength=12) / np.bincount(months, minlength=12)
        amplitude_k = np.maximum(amplitude_k + wanted_k - found_k, 0.0)
    return values


def _curve(seasons: Seasons, table: tuple[float, ...]) -> NDArray[np.float64]:
    """Month values as a smooth curve over the hours (H,)."""
    return seasons.curve(np.tile(np.array(table)[:, None], (1, 24)))


def _weather(hours: int, rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    memory = np.exp(-1.0 / WEATHER_H)
    shocks = np.sqrt(1.0 - memory**2) * rng.standard_normal(hours)
    shocks[0] /= np.sqrt(1.0 - memory**2)
    path: NDArray[np.float64] = lfilter([1.0], [1.0, -memory], shocks)
    return np.clip(path, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)


def _course(climate: Climate, hours: Horizon) -> NDArray[np.float64]:
    """Course of the day by the minute (60 H,), -1 at sunrise and +1 in the afternoon, by the sun and not by the clock.

    Notes
    -----
    Sunrise is at ``12 - arccos(-tan(latitude) tan(declination)) / 15`` in solar time, with Cooper's declination; the
    equation of time is left out. Both pieces average zero, whatever their length.
    """
    utc = hours.stamps.tz_convert("UTC")
    first = utc[0]
    start_h = (first.day_of_year - 1) * 24.0 + first.hour + first.minute / 60.0 + climate.longitude_deg / 15.0
    solar_h = start_h + (np.arange(hours.steps * 60) + 0.5) / 60.0
    day = np.floor(solar_h / 24.0) + 1.0
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284.0 + day) / 365.0)
    reach = np.clip(-np.tan(np.radians(climate.latitude_deg)) * np.tan(declination), -0.99, 0.99)
    sunrise_h = 12.0 - np.degrees(np.arccos(reach)) / 15.0
    hour = np.mod(solar_h, 24.0)
    warming = (hour >= sunrise_h) & (hour < WARMEST_SOLAR_H)
    warm_h = WARMEST_SOLAR_H - sunrise_h
    rise = (hour - sunrise_h) / warm_h
    fall = np.mod(hour - WARMEST_SOLAR_H, 24.0) / (24.0 - warm_h)
    course: NDArray[np.float64] = np.where(warming, -np.cos(np.pi * rise), np.cos(np.pi * fall))
    return course
