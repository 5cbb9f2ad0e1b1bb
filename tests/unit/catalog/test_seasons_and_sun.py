from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog.seasons import Seasons
from storage_opt.catalog.sun import clear_sky_shape, sin_elevation
from storage_opt.horizon import Horizon


@pytest.mark.parametrize(
    ("year", "zone", "tolerance"),
    # with daylight saving, days of a month do not all have the same hours
    [(2027, "Asia/Shanghai", 1e-12), (2028, "Asia/Shanghai", 1e-12), (2027, "Europe/Berlin", 5e-3)],
)
def test_a_curve_keeps_the_means_of_the_table(year, zone, tolerance):
    table = np.random.default_rng(0).uniform(0.2, 0.6, (12, 24))
    seasons = Seasons(Horizon(date(year, 1, 1), date(year + 1, 1, 1), 60, zone))
    np.testing.assert_allclose(seasons.table(seasons.curve(table)), table, atol=tolerance)


def test_a_curve_does_not_jump_at_the_end_of_a_month():
    table = np.repeat(np.arange(12.0)[:, None], 24, axis=1)
    noon = Seasons(Horizon(date(2027, 1, 1), date(2028, 1, 1), 60)).curve(table)[12::24]
    # from December to January the table falls by 11 within a month, in between it rises by 1 a month of 30.4 days
    assert np.abs(np.diff(noon)).max() < 0.8
    np.testing.assert_allclose(np.diff(noon[120:240]), 1.0 / 30.4, rtol=0.1)


@pytest.mark.parametrize(
    ("stamp", "place", "elevation_deg"),
    [
        # at the equinox the sun is overhead at the equator at solar noon: 12:07 UTC on the prime meridian
        ("2027-03-21 12:07", (0.0, 0.0), 90.0),
        # 90 - 41 + 23.44 at the summer solstice; solar noon at 113.1 degrees east is 12:29 in China
        ("2027-06-21 04:29", (41.0, 113.1), 72.4),
        ("2027-12-21 04:26", (41.0, 113.1), 25.6),
    ],
)
def test_height_of_the_sun(stamp, place, elevation_deg):
    height = sin_elevation(pd.DatetimeIndex([stamp], tz="UTC"), *place)
    assert np.degrees(np.arcsin(height[0])) == pytest.approx(elevation_deg, abs=1.0)


def test_clear_sky_light_is_zero_exactly_at_night():
    stamps = pd.date_range("2027-01-01", "2028-01-01", freq="30min", tz="Asia/Shanghai", inclusive="left")
    light, height = clear_sky_shape(stamps, 41.0, 113.1), sin_elevation(stamps, 41.0, 113.1)
    assert not light[height <= 0.0].any()
    assert (light[height > 0.05] > 0.0).all()
    assert 0.6 < light.max() < 0.8
