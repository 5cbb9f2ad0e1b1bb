"""Time columns: forms, offsets, daylight saving."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from storage_opt.io.stamps import looks_like_time, read_instants
from storage_opt.io.table import Table, object_column

HOUR_US = 3_600_000_000


def _read(cells, zone="Asia/Shanghai"):
    column = pa.chunked_array([cells]) if isinstance(cells, list) else cells
    return read_instants(Table("t.csv", ("time",), (column,)), 0, zone)


def _utc(stamp):
    return pd.Timestamp(stamp).value // 1000


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-01-31 13:00",
        "2026-01-31 13:00:00",
        "2026-01-31T13:00:00",
        "2026-01-31T13:00:00.000",
        "2026/1/31 13:00",
        "2026/01/31 13:00:00",
        "2026-1-31 13:00",
        "2026.01.31 13:00",
        "2026年1月31日 13:00",
        "31.01.2026 13:00",
        "31/01/2026 13:00",
        "01/31/2026 13:00",
        "2026-01-31T13:00:00+08:00",
        "2026-01-31T13:00:00+0800",
        "2026-01-31 05:00:00Z",
        "2026-01-31 06:00+01",
    ],
)
def test_forms_of_one_instant(stamp):
    instants, faults = _read([stamp])
    assert faults == []
    assert instants.utc_us.tolist() == [_utc("2026-01-31 05:00Z")]


def test_dates_alone_are_midnights():
    instants, _ = _read(["2026-01-01", "2026-01-02"])
    assert np.diff(instants.utc_us).tolist() == [24 * HOUR_US]


def test_the_only_order_of_day_and_month_that_fits_is_noted():
    instants, _ = _read(["31/01/2026 13:00", "01/02/2026 13:00"])
    assert np.diff(instants.utc_us).tolist() == [24 * HOUR_US]
    assert "%d/%m/%Y" in instants.notes[0]


def test_day_or_month_first_is_refused_when_both_fit():
    instants, faults = _read(["01/02/2026 00:00", "01/03/2026 00:00"])
    assert instants is None
    assert "day first or month first" in faults[0].what


@pytest.mark.parametrize("cell", ["2026-02-30 00:00", "", "soon", "2026-01-01 25:00"])
def test_a_cell_that_is_no_stamp_is_named_with_its_row(cell):
    _, faults = _read(["2026-01-01 00:00", cell])
    assert faults[0].row == 3
    assert repr(cell) in faults[0].what
    assert "1 unreadable stamp:" in faults[0].what


def test_at_most_twenty_places_are_listed_and_all_are_counted():
    _, faults = _read(["2026-01-01 00:00", *["x"] * 30])
    assert faults[0].what.startswith("30 unreadable stamps")
    assert faults[0].what.count("row ") == 20
    assert faults[0].what.endswith("and 10 more")


def test_typed_columns_of_parquet_and_workbooks():
    naive = pa.chunked_array([pa.array([pd.Timestamp("2026-01-01 08:00")], pa.timestamp("ms"))])
    aware = pa.chunked_array([pa.array([pd.Timestamp("2026-01-01", tz="UTC")], pa.timestamp("us", "UTC"))])
    cells = object_column([pd.Timestamp("2026-01-01 07:59:59.999999").to_pydatetime()])
    for column in (naive, aware, cells):
        instants, faults = _read(column)
        assert faults == []
        assert instants.utc_us.tolist() == [_utc("2026-01-01 00:00Z")]


def test_a_number_in_a_time_column_of_a_workbook_is_named():
    _, faults = _read(object_column([pd.Timestamp("2026-01-01").to_pydatetime(), 45000.5]))
    assert "45000.5" in faults[0].what


def _berlin(day, step):
    local = pd.date_range(day, periods=25 * 60 // step, freq=f"{step}min", tz="Europe/Berlin")
    return [text for text in local.strftime("%Y-%m-%d %H:%M") if text.startswith(day)]


@pytest.mark.parametrize(("day", "hours"), [("2018-03-25", 23), ("2018-10-28", 25), ("2018-06-01", 24)])
@pytest.mark.parametrize("step", [15, 60])
def test_days_of_berlin_have_their_true_length(day, hours, step):
    cells = _berlin(day, step)
    instants, faults = _read(cells, "Europe/Berlin")
    assert faults == []
    assert len(cells) == hours * 60 // step
    assert set(np.diff(instants.utc_us)) == {step * HOUR_US // 60}


def test_the_hour_that_the_clock_jumps_over_is_refused():
    _, faults = _read(["2018-03-25 01:00", "2018-03-25 02:00", "2018-03-25 03:00"], "Europe/Berlin")
    assert "1 stamp that the clock of Europe/Berlin jumps over: row 3 (2018-03-25 02:00:00)" in faults[0].what
    assert "offset" in faults[0].hint


def test_the_hour_that_the_clock_shows_twice_must_occur_twice():
    _, faults = _read(["2018-10-28 01:00", "2018-10-28 02:00", "2018-10-28 03:00"], "Europe/Berlin")
    assert "1 stamp given once that the clock of Europe/Berlin shows twice" in faults[0].what


def test_explicit_offsets_need_no_second_guess():
    instants, faults = _read(["2018-10-28T02:00+02:00", "2018-10-28T02:00+01:00"], "Europe/Berlin")
    assert faults == []
    assert np.diff(instants.utc_us).tolist() == [HOUR_US]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("2026-01-01", True), ("1/2/2026", True), ("4523", False), ("4523.7", False), ("20260101", False)],
)
def test_plain_numbers_are_never_taken_for_time(cell, expected):
    assert looks_like_time(pa.chunked_array([[cell]])) is expected
