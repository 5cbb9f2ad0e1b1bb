from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from storage_opt.catalog.climate import CLIMATES, find_climate, outdoor_temp_degc
from storage_opt.catalog.sun import sin_elevation
from storage_opt.errors import InputError
from storage_opt.horizon import Horizon

ULANQAB = find_climate("ulanqab")


def year(number=2027, step_minutes=60, zone="Asia/Shanghai"):
    return Horizon(date(number, 1, 1), date(number + 1, 1, 1), step_minutes, zone)


def calm(climate):
    return replace(climate, weather_k=(0.0, 0.0))


@pytest.mark.parametrize("name", CLIMATES)
@pytest.mark.parametrize("number", [2027, 2028])
def test_month_means_are_those_of_the_climate(name, number):
    horizon = year(number)
    temp = outdoor_temp_degc(CLIMATES[name], horizon, 1)
    found = [temp[horizon.month == month].mean() for month in range(1, 13)]
    np.testing.assert_allclose(found, CLIMATES[name].month_mean_degc, atol=0.1)


@pytest.mark.parametrize("name", CLIMATES)
def test_mean_daily_ranges_are_those_of_the_climate(name):
    horizon = year(step_minutes=15)
    days = outdoor_temp_degc(CLIMATES[name], horizon, 1).reshape(365, 96)
    ranges = days.max(axis=1) - days.min(axis=1)
    found = [ranges[horizon.days.months == month].mean() for month in range(1, 13)]
    np.testing.assert_allclose(found, CLIMATES[name].daily_range_k, atol=0.3)


@pytest.mark.parametrize("name", CLIMATES)
def test_numbers_of_a_climate_are_plausible_and_say_where_they_come_from(name):
    climate = CLIMATES[name]
    assert climate.name == name
    assert "background knowledge" in climate.source
    assert len(climate.month_mean_degc) == len(climate.daily_range_k) == 12
    temp = outdoor_temp_degc(climate, year(), 1)
    assert temp.min() > -40.0
    assert temp.max() < 42.0
    assert f"annual mean {np.mean(climate.month_mean_degc):.1f} degC" in climate.source


def test_without_weather_days_are_coldest_at_sunrise_and_warmest_in_the_afternoon():
    horizon = year(step_minutes=1)
    temp = outdoor_temp_degc(calm(ULANQAB), horizon, 1).reshape(365, 1440)
    height = sin_elevation(horizon.stamps, ULANQAB.latitude_deg, ULANQAB.longitude_deg).reshape(365, 1440)
    sunrise = (height > 0.0).argmax(axis=1)
    # the equation of time, up to 16 min, is left out; the season moves the turning points a little
    assert np.abs(temp[:, :720].argmin(axis=1) - sunrise).max() < 25
    assert np.abs(temp.argmax(axis=1) / 60.0 - 15.0).max() < 0.35


def test_weather_persists_from_day_to_day():
    found = []
    for number in range(2001, 2013):
        horizon = year(number)
        weather = outdoor_temp_degc(ULANQAB, horizon, 7) - outdoor_temp_degc(calm(ULANQAB), horizon, 7)
        # the course of the day is flattened for the weather's own ups and downs: means over the day are free of it
        daily = horizon.days.total(weather) / 24.0
        found.append((daily.std(), np.corrcoef(daily[:-1], daily[1:])[0, 1]))
    spread, correlation = np.mean(found, axis=0)
    assert 2.6 < spread < 4.0
    assert correlation == pytest.approx(0.63, abs=0.06)


def test_winters_are_more_changeable_than_summers():
    spreads = []
    for number in range(2001, 2009):
        horizon = year(number)
        weather = outdoor_temp_degc(ULANQAB, horizon, 1) - outdoor_temp_degc(calm(ULANQAB), horizon, 1)
        daily, months = horizon.days.total(weather) / 24.0, horizon.days.months
        spreads.append([daily[np.isin(months, season)].std() for season in ((12, 1, 2), (6, 7, 8))])
    winter, summer = np.mean(spreads, axis=0)
    assert winter / summer == pytest.approx(4.5 / 2.8, rel=0.15)


def test_a_seed_decides_the_weather():
    np.testing.assert_array_equal(outdoor_temp_degc(ULANQAB, year(), 1), outdoor_temp_degc(ULANQAB, year(), 1))
    assert np.abs(outdoor_temp_degc(ULANQAB, year(), 2) - outdoor_temp_degc(ULANQAB, year(), 1)).max() > 5.0


def test_finer_steps_keep_the_mean_of_every_hour():
    fine = outdoor_temp_degc(ULANQAB, year(step_minutes=15), 1).reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(fine, outdoor_temp_degc(ULANQAB, year(), 1), atol=1e-9)


def test_part_of_a_year_is_that_part_of_the_year():
    part = Horizon(datetime(2027, 12, 4, 5, 15), date(2028, 1, 20), 15)
    across = Horizon(date(2027, 1, 1), date(2029, 1, 1), 15)
    _, where = across.between(part.start, part.end)
    np.testing.assert_array_equal(outdoor_temp_degc(ULANQAB, part, 1), outdoor_temp_degc(ULANQAB, across, 1)[where])


def test_days_follow_the_sun_and_not_the_clock_when_it_changes():
    berlin = replace(calm(ULANQAB), latitude_deg=52.5, longitude_deg=13.4)
    horizon = year(zone="Europe/Berlin", step_minutes=15)
    temp = outdoor_temp_degc(berlin, horizon, 1)
    assert temp.shape == (35_040,)
    warmest = {
        month: horizon.minute_of_day[horizon.month == month][temp[horizon.month == month].argmax()] / 60.0
        for month in (1, 7)
    }
    # 14:30 solar time is 14:36 in winter and 15:36 in summer, the season moving it a little
    assert warmest[1] == pytest.approx(14.6, abs=0.3)
    assert warmest[7] == pytest.approx(15.6, abs=0.3)


def test_beyond_the_polar_circle_days_still_have_a_course():
    north = replace(calm(ULANQAB), latitude_deg=78.0)
    assert np.isfinite(outdoor_temp_degc(north, year(), 1)).all()


def test_an_unknown_place_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean `shanghai`"):
        find_climate("Shanghi")
