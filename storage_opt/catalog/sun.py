"""Height of the sun, to tell day from night and to shape PV output within the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["clear_sky_shape", "sin_elevation"]


_DIFFUSE_FRAC = 0.1
"""Diffuse light under a clear sky on the horizontal, as a share of the direct beam."""


def sin_elevation(stamps: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float) -> NDArray[np.float64]:
    """Sine of the sun's elevation at zone-aware `stamps` (T,), negative at night.

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        Place, north and east positive. [deg]

    Notes
    -----
    ``sin(elevation) = sin(lat) sin(dec) + cos(lat) cos(dec) cos(hour angle)`` with Cooper's declination and
    Spencer's equation of time, good to about half a degree; refraction is left out.

    References
    ----------
    Duffie, Beckman, Solar Engineering of Thermal Processes, 4th ed., equations 1.5.3, 1.6.1a and 1.6.5.
    """
    declination, hour_angle = _sun(stamps, longitude_deg)
    latitude = np.radians(latitude_deg)
    height: NDArray[np.float64] = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(
        declination
    ) * np.cos(hour_angle)
    return height


def clear_sky_shape(stamps: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float) -> NDArray[np.float64]:
    """Light on panels tilted by the latitude towards the equator, without clouds (T,); zero at night.

    Only its course within the day matters; it peaks near 0.75.

    Notes
    -----
    ``beam * (max(0, cos(dec) cos(hour angle)) + 0.1 sin(elevation))`` with ``beam = 0.7^(AM^0.678)`` (Meinel)
    and the air mass AM after Kasten and Young.

    References
    ----------
    Kasten, Young, Applied Optics 28 (1989) 4735. Meinel, Meinel, Applied Solar Energy, 1976.
    """
    declination, hour_angle = _sun(stamps, longitude_deg)
    height = sin_elevation(stamps, latitude_deg, longitude_deg)
    above = np.maximum(height, 0.0)
    elevation_deg = np.degrees(np.arcsin(above))
    air_mass = 1.0 / (above + 0.50572 * (elevation_deg + 6.07995) ** -1.6364)
    beam = 0.7 ** (air_mass**0.678)
    on_panel = np.maximum(np.cos(declination) * np.cos(hour_angle), 0.0)
    shape: NDArray[np.float64] = np.where(height > 0.0, beam * (on_panel + _DIFFUSE_FRAC * above), 0.0)
    return shape


def _sun(stamps: pd.DatetimeIndex, longitude_deg: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Declination and hour angle. [rad]"""
    utc = stamps.tz_convert("UTC")
    day = utc.day_of_year.to_numpy()
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284.0 + day) / 365.0)
    angle = 2.0 * np.pi * (day - 1.0) / 365.0
    equation_of_time_min = 229.2 * (
        0.000075
        + 0.001868 * np.cos(angle)
        - 0.032077 * np.sin(angle)
        - 0.014615 * np.cos(2.0 * angle)
        - 0.04089 * np.sin(2.0 * angle)
    )
    clock_h = (utc.hour + utc.minute / 60.0 + utc.second / 3600.0).to_numpy()
    solar_h = clock_h + longitude_deg / 15.0 + equation_of_time_min / 60.0
    return declination, np.radians(15.0 * (solar_h - 12.0))
