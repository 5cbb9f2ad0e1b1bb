from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog.synthetic_jobs import synthetic_jobs
from storage_opt.catalog.synthetic_workload import arriving_units_frac, inference_units_frac, people_day
from storage_opt.catalog.workload_statistics import load_job_statistics, load_workload_statistics
from storage_opt.catalog.workload_statistics_from_data import week_statistics
from storage_opt.errors import InputError
from storage_opt.horizon import DayType, Horizon

TRAINING, BATCH, INFERENCE = (load_workload_statistics(name) for name in ("training", "batch", "inference"))
MONTH_STEPS = 31 * 96


def year(number=2027, step_minutes=60, zone="Asia/Shanghai"):
    return Horizon(date(number, 1, 1), date(number + 1, 1, 1), step_minutes, zone)


def inference(horizon, seed=1):
    return inference_units_frac(INFERENCE, horizon, seed)


def training(horizon, seed=1):
    return arriving_units_frac(TRAINING, horizon, seed, 0.7)


def batch(horizon, seed=1):
    return arriving_units_frac(BATCH, horizon, seed, 0.4)


every_kind = pytest.mark.parametrize("make", [inference, training, batch])
arriving = pytest.mark.parametrize(("make", "statistics"), [(training, TRAINING), (batch, BATCH)])


def seen(make, years=6):
    """Spread and correlation of generated months as the trace's month shows them, pooled over the months."""
    spread, variance, products = [], 0.0, np.zeros(3)
    for number in range(2021, 2021 + years):
        horizon = year(number, 15)
        work = make(horizon, number)[: 11 * MONTH_STEPS]
        stamps = horizon.stamps.tz_localize(None)[: work.size]
        months = [
            pd.DataFrame({"all": part}, index=when)
            for part, when in zip(np.split(work, 11), np.split(stamps, 11), strict=True)
        ]
        spread += [week_statistics(month, "batch", "synthetic").spread_frac for month in months]
        strayed = work.reshape(11, MONTH_STEPS) - work.reshape(11, MONTH_STEPS).mean(axis=1, keepdims=True)
        variance += (strayed**2).mean()
        products += [(strayed[:, :-lag] * strayed[:, lag:]).mean() for lag in (1, 4, 96)]
    return float(np.mean(spread)), products / variance


# ------------------------------------------------------------------------------------------- every kind of series


@every_kind
def test_a_seed_decides_the_series(make):
    np.testing.assert_array_equal(make(year()), make(year()))
    assert np.abs(make(year(), seed=2) - make(year())).max() > 0.01


@every_kind
def test_years_have_their_own_noise(make):
    assert np.abs(make(year(2026)) - make(year(2027))).max() > 0.01


@every_kind
@pytest.mark.parametrize(("number", "hours"), [(2027, 8760), (2028, 8784)])
@pytest.mark.parametrize("step_minutes", [4, 15, 60])
def test_lengths(make, number, hours, step_minutes):
    assert make(year(number, step_minutes)).shape == (hours * 60 // step_minutes,)


@every_kind
@pytest.mark.parametrize("step_minutes", [1, 12, 15])
def test_a_finer_step_keeps_the_work_of_every_hour(make, step_minutes):
    fine = make(year(step_minutes=step_minutes)).reshape(8760, -1).mean(axis=1)
    np.testing.assert_allclose(fine, make(year()), rtol=1e-12)


@every_kind
def test_part_of_a_year_is_that_part_of_the_year(make):
    part = Horizon(datetime(2027, 3, 4, 5, 15), date(2027, 3, 20), 15)
    whole, where = year(step_minutes=15).between(part.start, part.end)
    assert whole.steps == part.steps
    np.testing.assert_array_equal(make(part), make(year(step_minutes=15))[where])


@every_kind
def test_a_horizon_may_span_years(make):
    across = make(Horizon(date(2027, 12, 20), date(2028, 1, 10), 60))
    np.testing.assert_array_equal(across, np.concatenate([make(year(2027))[-12 * 24 :], make(year(2028))[: 9 * 24]]))


@every_kind
def test_days_of_23_and_25_hours(make):
    values = make(year(zone="Europe/Berlin"))
    assert values.shape == (8760,)
    assert np.isfinite(values).all()


@every_kind
def test_holidays_of_the_horizon_are_days_off(make):
    holiday = date(2027, 5, 5)
    marked = Horizon(date(2027, 1, 1), date(2028, 1, 1), 60, holidays=frozenset({holiday}))
    on_it = year().stamps.date == holiday
    assert make(marked)[on_it].mean() < make(year())[on_it].mean() - 0.005


# ------------------------------------------------------------------------------------------- services


def test_a_service_is_busiest_in_the_evening_and_quietest_before_dawn():
    horizon = year()
    use = inference(horizon)
    by_hour = np.array([use[horizon.hour == hour].mean() for hour in range(24)])
    assert by_hour.argmax() == 20
    assert by_hour.argmin() in {4, 5}
    # means over the hour flatten the corners a little
    assert by_hour.min() / by_hour.max() == pytest.approx(0.4, abs=0.03)


def test_a_service_uses_what_it_is_asked_to_on_working_days():
    horizon = year()
    use = inference(horizon)
    evening = (horizon.hour == 20) & (horizon.day_types == DayType.WEEKDAY)
    assert use[evening].mean() == pytest.approx(0.85, abs=0.015)
    assert use.max() <= 1.0
    assert use.min() > 0.2


def test_days_off_of_a_service_are_as_quiet_as_in_the_trace():
    horizon = year()
    use = inference(horizon)
    off = horizon.day_types != DayType.WEEKDAY
    asked = INFERENCE.day_off_frac.mean() / INFERENCE.working_day_frac.mean()
    assert 0.85 < asked < 0.95
    assert use[off].mean() / use[~off].mean() == pytest.approx(asked, abs=0.01)


def test_noise_of_a_service_is_that_of_the_trace():
    horizon = year()
    use = inference_units_frac(INFERENCE, horizon, 3, busiest_frac=0.6)
    cells = [horizon.day_types != DayType.WEEKDAY, horizon.hour]
    anomaly = use / pd.Series(use).groupby(cells).transform("mean").to_numpy() - 1.0
    # a month sees less than a year does
    assert INFERENCE.spread_frac < anomaly.std() < 1.35 * INFERENCE.spread_frac


def test_a_service_without_reserve_is_cut_at_its_units():
    use = inference_units_frac(INFERENCE, year(step_minutes=1), 1, busiest_frac=1.0)
    assert use.max() == 1.0
    assert 0.0 < (use == 1.0).mean() < 0.2


def test_the_hours_of_a_service_can_be_moved():
    horizon = year()
    use = inference_units_frac(INFERENCE, horizon, 1, peak_h=11.5, trough_h=2.5, trough_frac=0.1)
    by_hour = np.array([use[horizon.hour == hour].mean() for hour in range(24)])
    assert [by_hour.argmin(), by_hour.argmax()] == [2, 11]


def test_the_day_of_people_is_the_trace_at_other_hours():
    """From trough to peak in 8 h in the trace, in 16 h here: halfway at 12:30 stands what the trace has after 4 h."""
    day = INFERENCE.week_frac.mean(axis=0)
    trough, peak = int(day.argmin()), int(day.argmax())
    assert [trough, peak] == [8, 16]
    shape = people_day(INFERENCE, 20.5, 4.5)
    assert shape[[4, 20]].tolist() == [0.0, 1.0]
    assert shape[12] == pytest.approx((day[12] - day[8]) / (day[16] - day[8]))


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"trough_frac": 1.2}, "trough_frac"),
        ({"trough_frac": -0.1}, "trough_frac"),
        ({"busiest_frac": 0.0}, "busiest_frac"),
        ({"peak_h": 4.0, "trough_h": 28.0}, "peak_h"),
    ],
)
def test_impossible_services_are_refused(wrong, key):
    with pytest.raises(InputError, match=key):
        inference_units_frac(INFERENCE, year(), 1, **wrong)


# ------------------------------------------------------------------------------------------- work that may wait


@arriving
@pytest.mark.parametrize("number", [2027, 2028])
@pytest.mark.parametrize("mean", [0.05, 0.4, 0.9])
def test_the_mean_of_a_year_is_what_is_asked_for(make, statistics, number, mean):
    work = arriving_units_frac(statistics, year(number), 1, mean)
    assert work.mean() == pytest.approx(mean, rel=1e-9)
    assert work.min() > 0.0
    assert work.max() <= 1.5


def test_training_rarely_needs_more_than_all_units_and_batch_work_does_so_at_times():
    assert (training(year()) > 1.0).mean() < 0.05
    assert 0.002 < (arriving_units_frac(BATCH, year(), 1, 0.5) > 1.0).mean() < 0.08


@arriving
def test_spread_and_persistence_are_those_of_the_trace(make, statistics):
    spread, (lag_15min, lag_1h, lag_24h) = seen(make)
    assert spread == pytest.approx(statistics.spread_frac, rel=0.07)
    # steps go with 1 - r: compare those; the trace is one month, and months differ
    assert 1.0 - lag_15min == pytest.approx(1.0 - statistics.lag_15min, rel=0.3)
    assert 1.0 - lag_1h == pytest.approx(1.0 - statistics.lag_1h, rel=0.25)
    assert lag_24h == pytest.approx(statistics.lag_24h, abs=0.10)


@arriving
def test_work_comes_when_researchers_are_awake(make, statistics):
    horizon = year()
    by_hour = np.mean(
        [[work[horizon.hour == hour].mean() for hour in range(24)] for work in (make(horizon, n) for n in range(4))],
        axis=0,
    )
    asked = (5.0 * statistics.working_day_frac + 2.0 * statistics.day_off_frac) / 7.0
    np.testing.assert_allclose(by_hour / by_hour.mean(), asked / asked.mean(), atol=0.03)
    assert by_hour[15:22].mean() > by_hour[5:10].mean()


@pytest.mark.parametrize(
    ("mean", "largest", "hint"),
    [(0.0, 1.5, "share above 0"), (1.5, 2.0, "share above 0"), (0.8, 0.8, "raise it"), (0.8, 0.8001, "raise largest")],
)
def test_impossible_arrivals_are_refused(mean, largest, hint):
    with pytest.raises(InputError, match=hint):
        arriving_units_frac(BATCH, year(), 1, mean, largest)


# ------------------------------------------------------------------------------------------- jobs

JOBS = load_job_statistics()


@pytest.fixture(scope="module")
def log():
    return synthetic_jobs(20_000, 720.0, 2048, 1)


def work_h(jobs):
    return jobs.gpu_num * jobs.duration_s / 3600.0


def test_a_log_has_the_plain_layout(log):
    assert list(log) == ["job_id", "submit_offset_s", "duration_s", "gpu_num", "job_type"]
    assert len(log) == 20_000
    assert log.job_id.is_unique
    assert log.submit_offset_s.is_monotonic_increasing
    assert {str(log[name].dtype) for name in ("submit_offset_s", "duration_s", "gpu_num")} == {"int64"}


def test_durations_are_heavy_tailed_as_in_the_trace(log):
    assert log.duration_s.median() == pytest.approx(JOBS.median_s, rel=0.05)
    assert log.duration_s.mean() == pytest.approx(JOBS.mean_s, rel=0.05)
    assert 5.0 < log.duration_s.max() / 86_400.0 < 7.25
    assert log.duration_s.min() == JOBS.shortest_s


def test_pretraining_is_rare_and_takes_nearly_all_the_time(log):
    pretraining = log.job_type == "pretrain"
    asked = {job.name: job for job in JOBS.classes}["pretrain"]
    assert pretraining.mean() == pytest.approx(asked.share_frac, abs=1e-4)
    share = work_h(log)[pretraining].sum() / work_h(log).sum()
    assert share == pytest.approx(asked.unit_time_share_frac, abs=0.03)


@pytest.mark.parametrize("mean", [0.3, 0.7, 0.9])
@pytest.mark.parametrize("installed", [512, 2048])
def test_the_jobs_make_the_work_that_is_asked_for(installed, mean):
    jobs = synthetic_jobs(20_000, 720.0, installed, 5, mean)
    assert work_h(jobs).sum() / 720.0 / installed == pytest.approx(mean, rel=0.02)
    assert jobs.gpu_num.max() <= installed
    assert jobs.gpu_num.min() == 1
    wide = jobs.gpu_num > 8
    assert ((jobs.gpu_num[wide] % 8 == 0) | (jobs.gpu_num[wide] == installed)).all()


def test_all_jobs_end_within_the_span_if_they_run_on_arrival(log):
    assert (log.submit_offset_s + log.duration_s).max() <= 720 * 3600
    week = synthetic_jobs(5_000, 168.0, 2048, 1)
    assert (week.submit_offset_s + week.duration_s).max() <= 168 * 3600
    assert week.duration_s.max() <= 84 * 3600


def test_a_seed_decides_the_log(log):
    pd.testing.assert_frame_equal(synthetic_jobs(20_000, 720.0, 2048, 1), log)
    assert (synthetic_jobs(20_000, 720.0, 2048, 2).duration_s != log.duration_s).any()


def test_submissions_follow_the_hours_of_the_trace(log):
    """Of 20,000 jobs an hour of the day gets some 830, give or take 30."""
    hour = log.submit_offset_s // 3600
    off = hour // 24 % 7 >= 5
    found = [[((off == kind) & (hour % 24 == h)).sum() for h in range(24)] for kind in (False, True)]
    days = np.array([[22.0], [8.0]])
    rate = np.array(found) / days / (len(log) / 720.0)
    np.testing.assert_allclose(rate, JOBS.submissions_frac, atol=0.25)


def test_the_week_may_begin_on_another_day():
    friday = synthetic_jobs(5_000, 168.0, 2048, 1, first_weekday=4)
    hour = friday.submit_offset_s // 3600
    mondays = (hour // 24 == 3) & (hour % 24 == 10)
    sundays = (hour // 24 == 2) & (hour % 24 == 10)
    assert mondays.sum() > 1.3 * sundays.sum()


def test_only_some_classes_may_be_taken():
    jobs = synthetic_jobs(319, 2160.0, 2416, 1, 0.5, classes=("pretrain", "other_or_sft"))
    assert jobs.job_type.value_counts().to_dict() == {"pretrain": 183, "other_or_sft": 136}
    assert work_h(jobs).sum() / 2160.0 / 2416 == pytest.approx(0.5, rel=0.02)


def test_a_cluster_of_three_servers():
    jobs = synthetic_jobs(5_000, 720.0, 24, 1, 0.5)
    assert jobs.gpu_num.max() == 24
    assert work_h(jobs).sum() / 720.0 / 24 == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ((0, 720.0, 2048, 1), "one job"),
        ((100, 0.0, 2048, 1), "an hour"),
        ((100, 720.0, 0, 1), "one unit"),
        ((100, 720.0, 2048, 1, 0.95), "up to 0.9"),
        ((100, 720.0, 2048, 1), "give more jobs"),
        ((20_000, 24.0, 16, 1, 0.1), "give fewer jobs"),
    ],
)
def test_impossible_logs_are_refused(arguments, hint):
    with pytest.raises(InputError, match=hint):
        synthetic_jobs(*arguments)


def test_an_unknown_class_is_refused():
    with pytest.raises(InputError, match="there are: pretrain"):
        synthetic_jobs(100, 720.0, 2048, 1, classes=("pretraining",))


def test_statistics_of_ones_own_may_be_given():
    small = tuple(job for job in JOBS.classes if job.name == "small")
    jobs = synthetic_jobs(20_000, 720.0, 32, 1, 0.5, statistics=replace(JOBS, classes=small))
    assert set(jobs.job_type) == {"small"}
