from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from storage_opt.catalog.renewable_statistics import load_statistics
from storage_opt.catalog.synthetic import pv_profile, wind_profile
from storage_opt.catalog.synthetic_load import LoadShape, load_profile
from storage_opt.errors import InputError
from storage_opt.horizon import Horizon

WIND, SOLAR = load_statistics("InnerMongolia_onwind"), load_statistics("InnerMongolia_solar")
PLACE = {"latitude_deg": 41.0, "longitude_deg": 113.1}

DAY = 1.0 + 0.03 * np.cos(2.0 * np.pi * (np.arange(24) + 0.5 - 15.0) / 24.0)
MONTHS = 1.0 + 0.03 * np.cos(2.0 * np.pi * (np.arange(1, 13) - 7.0) / 12.0)
FLAT = LoadShape(100.0, tuple(DAY), tuple(DAY - 0.02), tuple(MONTHS), 0.012, 12.0, 0.004)
"""Busiest in mid-afternoon, on weekdays, in July."""


def year(number=2027, step_minutes=60, zone="Asia/Shanghai"):
    return Horizon(date(number, 1, 1), date(number + 1, 1, 1), step_minutes, zone)


def wind(horizon, seed=1):
    return wind_profile(WIND, horizon, seed, 3000.0)


def pv(horizon, seed=1):
    return pv_profile(SOLAR, horizon, seed, 1650.0, **PLACE)


def load(horizon, seed=1):
    return load_profile(FLAT, horizon, seed)


every_kind = pytest.mark.parametrize("make", [wind, pv, load])


@every_kind
def test_a_seed_decides_the_series(make):
    np.testing.assert_array_equal(make(year()), make(year()))
    assert np.abs(make(year(), seed=2) - make(year())).max() > 0.01


@every_kind
def test_years_have_their_own_weather(make):
    assert np.abs(make(year(2026)) - make(year(2027))).max() > 0.01


@every_kind
@pytest.mark.parametrize(("number", "hours"), [(2027, 8760), (2028, 8784)])
@pytest.mark.parametrize("step_minutes", [5, 15, 60])
def test_lengths(make, number, hours, step_minutes):
    assert make(year(number, step_minutes)).shape == (hours * 60 // step_minutes,)


@every_kind
def test_a_finer_step_keeps_the_energy_of_every_hour(make):
    fine = make(year(step_minutes=15)).reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(fine, make(year()), rtol=1e-9, atol=1e-12)


@every_kind
def test_part_of_a_year_is_that_part_of_the_year(make):
    part = Horizon(datetime(2027, 3, 4, 5), date(2027, 3, 20), 15)
    whole, where = year(step_minutes=15).between(part.start, part.end)
    assert whole.steps == part.steps
    np.testing.assert_array_equal(make(part), make(year(step_minutes=15))[where])


@every_kind
def test_a_horizon_may_span_years(make):
    across = make(Horizon(date(2027, 12, 20), date(2028, 1, 10), 60))
    np.testing.assert_array_equal(across, np.concatenate([make(year(2027))[-12 * 24 :], make(year(2028))[: 9 * 24]]))


@every_kind
def test_days_of_23_and_25_hours(make, monkeypatch):
    monkeypatch.setitem(PLACE, "longitude_deg", 13.4)
    values = make(year(zone="Europe/Berlin"))
    assert values.shape == (8760,)
    assert np.isfinite(values).all()


def test_a_place_in_another_zone_is_refused():
    with pytest.raises(InputError, match="place in the horizon's zone"):
        pv(year(zone="Europe/Berlin"))


@every_kind
def test_a_start_between_hours_is_refused(make):
    with pytest.raises(InputError, match="start a synthetic series on a full hour"):
        make(Horizon(datetime(2027, 1, 1, 0, 15), date(2027, 1, 3), 15))


@pytest.mark.parametrize(("make", "hours"), [(wind, 3000.0), (pv, 1650.0)])
@pytest.mark.parametrize("number", [2027, 2028])
def test_full_load_hours(make, hours, number):
    values = make(year(number))
    assert values.mean() * 8760.0 == pytest.approx(hours, rel=1e-9)
    assert values.min() >= 0.0
    assert values.max() <= 1.0


@pytest.mark.parametrize("hours", [0.0, -5.0, 8760.0, 8500.0])
def test_impossible_full_load_hours_are_refused(hours):
    with pytest.raises(InputError, match="full_load_hours"):
        wind_profile(WIND, year(), 1, hours)
    with pytest.raises(InputError, match="full_load_hours"):
        pv_profile(SOLAR, year(), 1, hours, **PLACE)


def test_wind_of_many_years_persists_as_stated():
    """Single years scatter; their mean shows what the generator does."""
    daily = [wind_profile(WIND, year(2001 + i), 7).reshape(-1, 24).mean(axis=1) for i in range(24)]
    found = np.mean([np.corrcoef(values[:-1], values[1:])[0, 1] for values in daily])
    assert found == pytest.approx(WIND.daily_lag_1d, abs=0.03)


def test_pv_of_many_years_persists_as_stated():
    daily = [pv_profile(SOLAR, year(2001 + i), 7, **PLACE).reshape(-1, 24).mean(axis=1) for i in range(8)]
    found = np.mean([np.corrcoef(values[:-1], values[1:])[0, 1] for values in daily])
    assert found == pytest.approx(SOLAR.daily_lag_1d, abs=0.05)


def test_a_load_follows_its_shape():
    horizon = year()
    values = load(horizon)
    assert values.mean() == pytest.approx(99.4, abs=0.5)  # days off take 2 % off two days in seven
    assert values.std() < 5.0
    by_hour = [values[horizon.hour == hour].mean() for hour in range(24)]
    assert by_hour.index(max(by_hour)) in {14, 15}
    by_month = [values[horizon.month == month].mean() for month in range(1, 13)]
    assert by_month.index(max(by_month)) == 6


def test_holidays_of_the_horizon_are_days_off():
    holiday = date(2027, 5, 3)
    plain = year()
    marked = Horizon(date(2027, 1, 1), date(2028, 1, 1), 60, holidays=frozenset({holiday}))
    fall = load(plain) - load(marked)
    on_it = plain.stamps.date == holiday
    assert (fall[on_it] > 1.0).all()
    np.testing.assert_array_equal(fall[~on_it], 0.0)
