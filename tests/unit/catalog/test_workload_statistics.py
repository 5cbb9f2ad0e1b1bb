from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog.job_statistics_from_data import log_std_of, truncated_mean
from storage_opt.catalog.two_scale_noise import TwoScaleNoise
from storage_opt.catalog.workload_statistics import (
    WORKLOAD_FOLDER,
    load_job_statistics,
    load_workload_statistics,
    write_workload_json,
)
from storage_opt.catalog.workload_statistics_from_data import days_off, main, read_gpus, week_statistics
from storage_opt.errors import InputError
from tests.support.real_data import data_file, needs_data

LOADS = ("training", "batch", "inference")
FILES = sorted((*LOADS, "jobs"))
JOBS = load_job_statistics()


def read(name, folder=WORKLOAD_FOLDER):
    special = {"jobs": load_job_statistics}
    return special[name](folder) if name in special else load_workload_statistics(name, folder)


# ------------------------------------------------------------------------------------------- as they ship


def test_four_files_ship():
    assert sorted(path.stem for path in WORKLOAD_FOLDER.glob("*.json")) == FILES


@pytest.mark.parametrize("name", FILES)
def test_statistics_say_where_they_come_from(name):
    source = read(name).source
    assert source.startswith("Computed statistics, not the")
    for words in ("CC BY 4.0", "at commit"):
        assert words in source


@pytest.mark.parametrize("name", FILES)
def test_written_statistics_read_back_as_they_ship(name, tmp_path):
    path = write_workload_json(read(name), tmp_path / f"{name}.json")
    assert path.read_bytes() == (WORKLOAD_FOLDER / path.name).read_bytes()


@pytest.mark.parametrize("name", LOADS)
def test_statistics_of_load_are_consistent(name):
    found = load_workload_statistics(name)
    assert found.name == name
    assert found.week_frac.shape == (7, 24)
    assert found.week_frac.mean() == pytest.approx(1.0, abs=1e-4)
    assert found.working_day_frac.mean() > found.day_off_frac.mean()
    assert 0.9 < found.lag_1h < found.lag_15min < 1.0
    assert 0.0 < found.noise.hidden_frac < 0.5


def test_groups_are_rougher_than_the_cluster():
    assert load_workload_statistics("batch").spread_frac > 3.0 * load_workload_statistics("training").spread_frac


def test_shares_of_jobs_sum_to_one():
    assert sum(job.share_frac for job in JOBS.classes) == pytest.approx(1.0, abs=1e-4)
    assert sum(job.unit_time_share_frac for job in JOBS.classes) == pytest.approx(1.0, abs=1e-4)
    for job in JOBS.classes:
        assert sum(band.share_frac for band in job.bands) == pytest.approx(1.0, abs=1e-4)
        for band in job.bands:
            assert sum(band.units_share_frac) == pytest.approx(1.0, abs=1e-9)
            assert sum(part.share_frac for part in band.durations) == pytest.approx(1.0, abs=1e-4)
            assert all(np.log2(units).is_integer() for units in band.units)


def test_the_classes_together_have_the_mean_duration_and_gpu_time_of_the_trace():
    cells = [(job, band, part) for job in JOBS.classes for band in job.bands for part in band.durations]
    shares = [job.share_frac * band.share_frac * part.share_frac for job, band, part in cells]
    means = [truncated_mean(part.median_s, part.log_std, JOBS.longest_s) for _, _, part in cells]
    assert np.dot(shares, means) == pytest.approx(JOBS.mean_s, rel=0.005)
    units = [np.dot(band.units, band.units_share_frac) for _, band, _ in cells]
    time = np.array(shares) * means * units
    pretraining = np.array([job.name == "pretrain" for job, _, _ in cells])
    assert time[pretraining].sum() / time.sum() == pytest.approx(JOBS.classes[0].unit_time_share_frac, abs=0.02)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean `training`"):
        load_workload_statistics("trainings")


# ------------------------------------------------------------------------------------------- how they are computed


def test_statistics_of_a_load_known_by_heart():
    """Weekday w and hour h have the value 1 + w/10 + h/100 for eight weeks: nothing strays but the weekdays."""
    stamps = pd.date_range("2023-01-02", periods=56 * 96, freq="15min")
    load = pd.DataFrame({"all": 1.0 + stamps.day_of_week / 10.0 + stamps.hour / 100.0}, index=stamps)
    found = week_statistics(load, "training", "made up")
    asked = 1.0 + np.arange(7)[:, None] / 10.0 + np.arange(24)[None, :] / 100.0
    np.testing.assert_allclose(found.week_frac, asked / asked.mean(), atol=1e-4)
    assert found.mean_frac == pytest.approx(asked.mean(), abs=1e-4)
    assert found.lag_24h == pytest.approx(load["all"].autocorr(96), abs=1e-4)


def test_gaps_and_special_days_stay_out_of_the_week():
    stamps = pd.date_range("2023-01-02", periods=28 * 96, freq="15min")
    rng = np.random.default_rng(0)
    load = pd.DataFrame({"all": 1.0 + 0.001 * rng.standard_normal(stamps.size)}, index=stamps)
    load.iloc[200:300] = np.nan
    load.loc["2023-01-10"] = 3.0
    found = week_statistics(load, "batch", "made up", holidays=[stamps[8 * 96].date()])
    np.testing.assert_allclose(found.week_frac, 1.0, atol=0.002)
    assert found.mean_frac is None


def test_days_off_know_holidays_and_days_worked_in_exchange():
    stamps = pd.date_range("2020-05-04", periods=7, freq="D")
    off = days_off(stamps, [stamps[0].date(), stamps[1].date()], [stamps[5].date()])
    assert off.tolist() == [True, True, False, False, False, False, True]


def test_noise_is_found_again():
    """Forty months of the process, as months show it, give its parameters back."""
    asked = TwoScaleNoise(0.7, 80.0, 5.0)
    path = asked.simulate(40 * 2880, 0.25, np.random.default_rng(3)).reshape(40, 2880)
    path = path - path.mean(axis=1, keepdims=True)
    lags_h = np.array([0.25, 0.5, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0])
    steps = np.round(4.0 * lags_h).astype(int)
    variance = (path**2).mean()
    observed = np.array([(path[:, :-k] * path[:, k:]).mean() for k in steps]) / variance
    assert variance == pytest.approx(1.0 - asked.hidden_frac, abs=0.05)
    found = TwoScaleNoise.fit(lags_h, observed)
    assert found.slow_share_frac == pytest.approx(0.7, abs=0.1)
    assert found.slow_h == pytest.approx(80.0, rel=0.3)
    assert found.fast_h == pytest.approx(5.0, rel=0.3)


def test_a_lognormal_is_found_by_its_mean():
    assert truncated_mean(100.0, 1.0, 1e9) == pytest.approx(100.0 * np.exp(0.5))
    assert log_std_of(100.0, truncated_mean(100.0, 1.7, 5e4), 5e4) == pytest.approx(1.7, abs=1e-6)
    assert log_std_of(100.0, 100.0, 5e4) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="no lognormal"):
        log_std_of(100.0, 4.9e4, 5e4)


# ------------------------------------------------------------------------------------------- the real traces


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    folder = tmp_path_factory.mktemp("statistics")
    assert main([str(data_file("")), "--out", str(folder)]) == 0
    return folder


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("name", LOADS)
def test_shipped_load_statistics_are_those_of_the_traces(name, again):
    asked, found = load_workload_statistics(name, again), load_workload_statistics(name)
    assert found.source == asked.source
    assert found.mean_frac == asked.mean_frac
    np.testing.assert_allclose(found.week_frac, asked.week_frac, atol=1.01e-4)
    for key in ("spread_frac", "lag_15min", "lag_1h", "lag_24h"):
        assert getattr(found, key) == pytest.approx(getattr(asked, key), abs=1.01e-4)
    lags_h = np.array([0.25, 1.0, 6.0, 24.0, 72.0])
    np.testing.assert_allclose(found.noise.autocorrelation(lags_h), asked.noise.autocorrelation(lags_h), atol=2e-3)


@needs_data
@pytest.mark.data
def test_shipped_job_statistics_are_those_of_the_traces(again):
    asked = load_job_statistics(again)
    assert (JOBS.source, JOBS.median_s, JOBS.mean_s, JOBS.longest_s) == (
        asked.source,
        asked.median_s,
        asked.mean_s,
        asked.longest_s,
    )
    np.testing.assert_allclose(JOBS.submissions_frac, asked.submissions_frac, atol=1.01e-3)
    assert [job.name for job in JOBS.classes] == [job.name for job in asked.classes]
    for mine, theirs in zip(JOBS.classes, asked.classes, strict=True):
        assert mine.share_frac == pytest.approx(theirs.share_frac, abs=1.01e-5)
        assert mine.unit_time_share_frac == pytest.approx(theirs.unit_time_share_frac, abs=1.01e-5)
        assert [band.units for band in mine.bands] == [band.units for band in theirs.bands]
        pairs = zip(mine.bands, theirs.bands, strict=True)
        parts = [pair for a, b in pairs for pair in zip(a.durations, b.durations, strict=True)]
        assert all(a.mean_s == pytest.approx(b.mean_s) for a, b in parts)
        assert all(a.log_std == pytest.approx(b.log_std, abs=1.01e-4) for a, b in parts)


@needs_data
@pytest.mark.data
def test_gaps_of_the_real_log_are_left_out():
    gpus = read_gpus(Path(data_file("")))
    assert gpus["all"].isna().sum() == 107
    assert gpus["all"].min() > 0.25
    assert gpus.loc["2020-05-10", "all"].isna().all()


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("name", LOADS)
def test_noise_fits_what_the_traces_show(name, again):
    """The fit is no better than one month allows; the correlation after a day is met within a tenth."""
    found = load_workload_statistics(name, again)
    assert found.noise.seen_autocorrelation(np.array([24.0]))[0] == pytest.approx(
        {"training": 0.67, "batch": 0.39, "inference": 0.43}[name], abs=0.1
    )
