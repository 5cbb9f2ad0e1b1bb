"""Rows onto the intervals of a horizon."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from storage_opt.horizon import Horizon
from storage_opt.io.table import Table
from storage_opt.io.timeaxis import fit_rows, read_axis

DAY = Horizon(date(2026, 1, 1), date(2026, 1, 2))


def _table(stamps, header="time"):
    values = [str(n) for n in range(len(stamps))]
    return Table("t.csv", (header, "x"), (pa.chunked_array([stamps]), pa.chunked_array([values])))


def _stamps(start, periods, step):
    return list(pd.date_range(start, periods=periods, freq=f"{step}min").strftime("%Y-%m-%d %H:%M"))


def _fit(stamps, horizon=DAY, resample=None):
    axis, faults, notes = read_axis(_table(stamps), None, horizon)
    if axis is None:
        return None, faults, notes
    fit = fit_rows(axis, horizon, resample)
    return fit.rows, list(fit.faults), (*notes, *fit.notes)


def test_rows_outside_the_horizon_are_left_out():
    rows, faults, _ = _fit(_stamps("2025-12-31", 72, 60))
    assert faults == []
    assert rows.index.tolist() == list(range(24, 48))


def test_finer_rows_are_averaged_and_energy_is_kept():
    rows, _, notes = _fit(_stamps("2026-01-01", 96, 15), resample="mean")
    values = np.arange(96.0)
    assert rows.onto(values).tolist() == values.reshape(24, 4).mean(axis=1).tolist()
    assert rows.onto(values).sum() * 1.0 == pytest.approx(values.sum() * 0.25)
    assert notes == ("t.csv: rows of 15 min averaged to 60 min",)


def test_coarser_rows_are_repeated_and_energy_is_kept():
    quarter_hours = Horizon(date(2026, 1, 1), date(2026, 1, 2), 15)
    rows, _, notes = _fit(_stamps("2026-01-01", 24, 60), quarter_hours, "hold")
    values = np.arange(24.0)
    assert rows.onto(values).tolist() == np.repeat(values, 4).tolist()
    assert rows.onto(values).sum() * 0.25 == pytest.approx(values.sum())
    assert "repeated" in notes[0]


def test_a_horizon_may_begin_inside_a_coarse_row():
    part = Horizon(datetime.fromisoformat("2026-01-01 01:30"), datetime.fromisoformat("2026-01-01 03:00"), 30)
    rows, faults, _ = _fit(_stamps("2026-01-01", 24, 60), part, "hold")
    assert faults == []
    assert rows.index.tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("step", "resample", "hint"),
    [
        (15, None, 'resample = "mean"'),
        (15, "hold", 'resample = "mean" instead of "hold"'),
        (120, None, 'resample = "hold"'),
        (120, "mean", 'resample = "hold" instead of "mean"'),
        (25, "mean", "cannot be changed"),
        (90, "hold", "cannot be changed"),
    ],
)
def test_another_step_is_refused_unless_asked_for(step, resample, hint):
    _, faults, _ = _fit(_stamps("2026-01-01", 1440 // step + 1, step), resample=resample)
    assert [hint in fault.hint for fault in faults] == [True]


def test_the_same_step_needs_no_resampling():
    rows, faults, notes = _fit(_stamps("2026-01-01", 24, 60), resample="mean")
    assert (rows.mean_of, faults, notes) == (1, [], ())


def test_gaps_are_named_from_and_to():
    stamps = _stamps("2026-01-01", 24, 60)
    _, faults, _ = _fit(stamps[:5] + stamps[7:20] + stamps[21:])
    assert faults[0].what == (
        "3 missing intervals: 2026-01-01 05:00 to 2026-01-01 07:00, 2026-01-01 20:00 to 2026-01-01 21:00"
    )
    assert faults[0].row == 7


def test_gaps_outside_the_horizon_do_not_matter():
    stamps = _stamps("2025-12-30", 96, 60)
    _, faults, _ = _fit(stamps[:3] + stamps[9:])
    assert faults == []


def test_missing_quarter_hours_matter_when_averaging():
    stamps = _stamps("2026-01-01", 96, 15)
    _, faults, _ = _fit(stamps[:50] + stamps[51:], resample="mean")
    assert faults[0].what == "1 missing interval: 2026-01-01 12:30 to 2026-01-01 12:45"


def test_a_gap_and_a_short_file_are_both_told():
    stamps = _stamps("2026-01-01", 20, 60)
    _, faults, _ = _fit(stamps[:5] + stamps[6:])
    assert sorted(fault.what.split(":")[0] for fault in faults) == ["1 missing interval", "4 intervals not covered"]


def test_duplicates_and_jumps_are_told_together():
    stamps = _stamps("2026-01-01", 24, 60)
    _, faults, _ = _fit([stamps[3], *stamps])
    assert faults[0].what == "1 duplicate stamp: 2026-01-01 03:00"
    assert faults[0].row == 6
    assert "row 3 (2026-01-01 00:00 after 2026-01-01 03:00)" in faults[1].what


def test_end_stamps_are_recognised():
    _, faults, _ = _fit(_stamps("2026-01-01 01:00", 24, 60))
    assert "ends of intervals" in faults[0].hint


def test_a_table_without_time_must_have_the_right_number_of_rows():
    columns = (pa.chunked_array([[str(n) for n in range(24)]]),)
    axis, faults, notes = read_axis(Table("t.csv", ("x",), columns), None, DAY)
    assert faults == []
    assert "no time column" in notes[0]
    assert fit_rows(axis, DAY, None).rows.index.tolist() == list(range(24))
    axis, faults, _ = read_axis(Table("t.csv", ("x",), (columns[0].slice(1),)), None, DAY)
    assert axis is None
    assert "23 rows" in faults[0].what


def test_a_time_column_that_cannot_be_read_is_not_taken_for_none():
    stamps = [f"hour {n}" for n in range(24)]
    axis, faults, _ = read_axis(_table(stamps, "时间"), None, DAY)
    assert axis is None
    assert faults[0].column == "时间"


def test_the_time_column_can_be_named():
    table = _table(_stamps("2020-01-01", 24, 60))
    named = Table(
        "t.csv", (*table.headers, "When"), (*table.columns, pa.chunked_array([_stamps("2026-01-01", 24, 60)]))
    )
    axis, faults, _ = read_axis(named, "when", DAY)
    assert faults == []
    assert fit_rows(axis, DAY, None).rows is not None


@pytest.mark.parametrize("day", [date(2018, 3, 25), date(2018, 10, 28)])
def test_berlin_days_of_23_and_25_hours(day):
    horizon = Horizon(day, date(day.year, day.month, day.day + 1), 60, "Europe/Berlin")
    rows, faults, _ = _fit(list(horizon.stamps.strftime("%Y-%m-%d %H:%M")), horizon)
    assert faults == []
    assert rows.index.tolist() == list(range(horizon.steps))
