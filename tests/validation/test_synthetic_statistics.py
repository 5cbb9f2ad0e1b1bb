"""The shipped synthetic series against the shipped statistics, and against the real provincial series of 2020.

The synthetic year is scaled to local full-load hours, so means and standard deviations are compared after
rescaling to the same annual mean. Tolerances are one and a half to two times what the shipped series
show, so that a lost hour, a wrong month, a broken persistence or a changed spread fails.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from storage_opt.catalog.make_profiles import DONGGUAN_DEG, DONGGUAN_PV_H, ULANQAB_DEG, ULANQAB_PV_H, ULANQAB_WIND_H
from storage_opt.catalog.profiles import profile_folder
from storage_opt.catalog.renewable_statistics import RenewableStatistics, load_statistics
from storage_opt.catalog.statistics_from_data import compute_statistics, read_province
from storage_opt.catalog.sun import sin_elevation

DATA = os.environ.get("STORAGE_OPT_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="STORAGE_OPT_DATA does not point to the real series")


@dataclass(frozen=True)
class Case:
    profile: str
    file: str
    column: str
    statistics: str
    full_load_hours: float


CASES = [
    Case("ulanqab", "synthetic_renewables.csv", "wind_frac", "InnerMongolia_onwind", ULANQAB_WIND_H),
    Case("ulanqab", "synthetic_renewables.csv", "pv_frac", "InnerMongolia_solar", ULANQAB_PV_H),
    Case("industrial", "synthetic_series.csv", "pv_frac", "Guangdong_solar", DONGGUAN_PV_H),
]
IDS = [f"{case.profile}-{case.column}" for case in CASES]
every_series = pytest.mark.parametrize("case", CASES, ids=IDS)


@cache
def shipped(case: Case) -> pd.Series[float]:
    path = profile_folder(case.profile) / case.file
    return pd.read_csv(path, index_col="time", parse_dates=True)[case.column]


@cache
def hourly(case: Case) -> pd.Series[float]:
    """Hourly means, rescaled to the annual mean of the statistics."""
    series = shipped(case).resample("h").mean()
    return series * load_statistics(case.statistics).annual_mean_frac / series.mean()


@cache
def synthetic(case: Case) -> RenewableStatistics:
    region, technology = case.statistics.split("_")
    return compute_statistics(hourly(case), region, technology, "synthetic")


@cache
def real(case: Case) -> pd.Series[float]:
    region, technology = case.statistics.split("_")
    return read_province(Path(str(DATA)), technology, region)


def rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


@every_series
def test_full_load_hours_are_those_asked_for(case):
    # three decimals in the file leave 0.0005 x 8,760 h at worst, and far less on average
    assert shipped(case).mean() * 8760.0 == pytest.approx(case.full_load_hours, abs=0.5)


@every_series
def test_month_and_hour_means(case):
    miss = synthetic(case).mean_frac - load_statistics(case.statistics).mean_frac
    assert rms(miss) < 0.010
    assert np.abs(miss).max() < 0.045


@every_series
def test_months_have_their_share_of_energy(case):
    asked = load_statistics(case.statistics).mean_frac.mean(axis=1)
    np.testing.assert_allclose(synthetic(case).mean_frac.mean(axis=1), asked, rtol=0.06)


@every_series
def test_month_and_hour_spread(case):
    asked, found = load_statistics(case.statistics).std_frac, synthetic(case).std_frac
    assert rms(found - asked) < 0.25 * asked.mean()
    assert found.mean() == pytest.approx(asked.mean(), rel=0.08)


@every_series
def test_persistence_from_hour_to_hour(case):
    # steps go with 1 - r: compare those
    asked, found = load_statistics(case.statistics), synthetic(case)
    assert 1.0 - found.lag_1h == pytest.approx(1.0 - asked.lag_1h, rel=0.35)
    assert found.lag_24h == pytest.approx(asked.lag_24h, abs=0.07)


@every_series
def test_persistence_from_day_to_day(case):
    # one year of 365 days knows its correlation to about 0.04
    asked, found = load_statistics(case.statistics), synthetic(case)
    assert found.daily_lag_1d == pytest.approx(asked.daily_lag_1d, abs=0.08)
    assert found.daily_lag_2d == pytest.approx(asked.daily_lag_2d, abs=0.15)


@every_series
def test_output_is_a_share_of_capacity(case):
    values = shipped(case).to_numpy()
    assert values.min() >= 0.0
    assert values.max() <= 1.0


@pytest.mark.parametrize(
    ("case", "place"), [(CASES[1], ULANQAB_DEG), (CASES[2], DONGGUAN_DEG)], ids=["ulanqab", "industrial"]
)
def test_pv_is_dark_when_the_sun_is_down(case, place):
    series = shipped(case)
    stamps = pd.DatetimeIndex(series.index).tz_localize("Asia/Shanghai")
    step = stamps[1] - stamps[0]
    # an interval is night when the sun is down at both ends; the sun does not rise and set within an hour
    dark = (sin_elevation(stamps, *place) <= 0.0) & (sin_elevation(stamps + step, *place) <= 0.0)
    assert 0.4 < dark.mean() < 0.55
    assert series.to_numpy()[dark].max() == 0.0


def test_pv_is_weak_while_the_sun_is_low():
    """The province is lit for longer than the place; its evening must not pile up in the place's last minutes."""
    series = shipped(CASES[1])
    middle = pd.DatetimeIndex(series.index).tz_localize("Asia/Shanghai") + pd.Timedelta(minutes=7.5)
    height = sin_elevation(middle, *ULANQAB_DEG)
    low = (height > 0.0) & (height < 0.06)
    assert 0.02 < low.mean() < 0.06
    assert series.to_numpy()[low].max() < 0.15


def test_pv_follows_the_sun_smoothly_within_the_day():
    """On the clearest day there is one hump: no step between hours."""
    days = shipped(CASES[1]).to_numpy().reshape(365, 96)
    values = days[days.sum(axis=1).argmax()]
    assert np.abs(np.diff(values)).max() < 0.15
    peak = int(values.argmax())
    smooth = np.convolve(values, np.ones(4) / 4.0, mode="same")
    assert (np.diff(smooth[: peak - 6]) > -0.02).all()
    assert (np.diff(smooth[peak + 6 :]) < 0.02).all()


@needs_data
@every_series
def test_distribution_is_that_of_the_real_series(case):
    levels = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    np.testing.assert_allclose(hourly(case).quantile(levels), real(case).quantile(levels), atol=0.06)


@needs_data
@every_series
def test_daily_energy_spreads_as_in_the_real_series(case):
    found, asked = (series.resample("D").mean().std() for series in (hourly(case), real(case)))
    assert found == pytest.approx(asked, rel=0.12)


@needs_data
@every_series
def test_ramps_are_those_of_the_real_series(case):
    found, asked = (series.diff().std() for series in (hourly(case), real(case)))
    assert found == pytest.approx(asked, rel=0.25)


@needs_data
@every_series
def test_month_and_hour_means_of_the_real_series(case):
    region, technology = case.statistics.split("_")
    asked = compute_statistics(real(case), region, technology, "real")
    assert rms(synthetic(case).mean_frac - asked.mean_frac) < 0.010


@needs_data
@every_series
def test_day_to_day_correlation_of_the_real_series(case):
    found, asked = (series.resample("D").mean().autocorr(1) for series in (hourly(case), real(case)))
    assert found == pytest.approx(asked, abs=0.08)


@needs_data
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_shipped_statistics_are_those_of_the_real_series(case):
    shipped_statistics = load_statistics(case.statistics)
    region, technology = case.statistics.split("_")
    again = compute_statistics(real(case), region, technology, shipped_statistics.source)
    for name in ("mean_frac", "std_frac", "max_frac"):
        np.testing.assert_allclose(getattr(again, name), getattr(shipped_statistics, name), atol=1.01e-4)
    for name in ("annual_mean_frac", "lag_1h", "lag_24h", "daily_lag_1d", "daily_lag_2d"):
        assert getattr(again, name) == pytest.approx(getattr(shipped_statistics, name), abs=1.01e-4)
    lags = np.array([1.0, 6.0, 24.0, 48.0])
    np.testing.assert_allclose(
        again.process.autocorrelation(lags), shipped_statistics.process.autocorrelation(lags), atol=2e-3
    )


@pytest.mark.parametrize(
    ("region", "longitude_deg"),
    [("Guangdong", 113.3), ("Jiangsu", 119.5), ("Guizhou", 106.7), ("InnerMongolia", 112.0)],
)
def test_the_real_sun_stands_where_the_province_is(region, longitude_deg):
    """The hour shift of solar values in `read_province`: the centre of the day's light gives the longitude.

    Solar noon in China Standard Time is 12 h + (120 - longitude) / 15; without the shift every province would
    lie 15 degrees too far west.
    """
    by_hour = load_statistics(f"{region}_solar").max_frac.mean(axis=0)
    noon_h = float((by_hour * (np.arange(24) + 0.5)).sum() / by_hour.sum())
    assert 120.0 - 15.0 * (noon_h - 12.0) == pytest.approx(longitude_deg, abs=3.0)
