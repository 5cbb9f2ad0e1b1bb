"""Rows of job logs: what is refused, what is set aside, and whose they are."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from storage_opt.io.job_log import read_job_logs
from storage_opt.io.tables import read_table
from tests.support.job_logs import PLAIN, fault, horizon, read, table, unlost, workload, write

# ------------------------------------------------------------------------------------------- broken rows

GOOD = [f"g{row},2026-01-0{1 + row % 5} 0{row}:00,1,4,\n" for row in range(5)]
HEAD = "id,submit,duration_h,gpus,deadline\n"
UNLIKE = "unlike most in having an offset or none"
BROKEN = [
    ("x,,1,4,", "1 blank cell: row 7 (blank)", "submit"),
    ("x,soon,1,4,", "1 unreadable stamp: row 7 (soon)", "submit"),
    ("x,2026-01-01 24:00,1,4,", "1 unreadable stamp: row 7 (2026-01-01 24:00)", "submit"),
    ("x,2026-01-01 05Z,1,4,", "1 unreadable stamp: row 7 (2026-01-01 05Z)", "submit"),
    ("x,2026-01-01 05:00Z,1,4,", f"1 stamp {UNLIKE}: row 7 (2026-01-01 05:00Z)", "submit"),
    ("x,2026-01-01,,4,", "1 blank cell: row 7 (blank)", "duration_h"),
    ("x,2026-01-01,abc,4,", "1 non-numeric cell: row 7 (abc)", "duration_h"),
    ("x,2026-01-01,nan,4,", "1 infinite or NaN cell: row 7 (nan)", "duration_h"),
    ("x,2026-01-01,inf,4,", "1 infinite or NaN cell: row 7 (inf)", "duration_h"),
    ("x,2026-01-01,-2,4,", "1 duration not above 0: row 7 (-2 h)", "duration_h"),
    ("x,2026-01-01,0,4,", "1 duration not above 0: row 7 (0 h)", "duration_h"),
    ("x,2026-01-01,9000,4,", "1 duration longer than a year: row 7 (9000 h)", "duration_h"),
    ("x,2026-01-01,1,,", "1 blank cell: row 7 (blank)", "gpus"),
    ("x,2026-01-01,1,four,", "1 non-numeric cell: row 7 (four)", "gpus"),
    ("x,2026-01-01,1,-4,", "1 job with a negative number of units: row 7 (-4 units)", "gpus"),
    ("x,2026-01-01,1,-0.5,", "1 job with a negative number of units: row 7 (-0.5 units)", "gpus"),
    ("x,2026-01-01,1,65,", "1 job larger than the 64 units installed in cluster `gpu`: row 7 (65 units)", "gpus"),
    ("x,2026-01-01,1,40,", "1 job larger than the max_units = 32 of workload `train`: row 7 (40 units)", "gpus"),
    ("x,2026-01-01,1,4,never", "1 unreadable stamp: row 7 (never)", "deadline"),
    (
        "x,2026-01-02,1,4,2026-01-01",
        "1 deadline before the submission: row 7 (2026-01-01 00:00:00, submitted 2026-01-02 00:00:00)",
        "deadline",
    ),
    (
        "x,2026-01-02,2,4,2026-01-02 01:00",
        "1 deadline that cannot be met: row 7 (2026-01-02 01:00:00, ready at 2026-01-02 02:00:00 when run on arrival)",
        "deadline",
    ),
    (",2026-01-01,1,4,", "1 blank cell: row 7 (blank)", "id"),
    ("g1,2026-01-01,1,4,", "1 job whose id another row has: row 7 (`g1`, also in row 3)", "id"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "what", "column"), BROKEN, ids=[line for line, _, _ in BROKEN])
def test_broken_rows_are_refused_or_set_aside(tmp_path, line, what, column):
    text = HEAD + "".join(GOOD) + line + "\n"
    logs = read(tmp_path, text, max_units=32)
    found = fault(logs)
    assert (found.what, found.file, found.row, found.column) == (what, "jobs.csv", 7, column)
    assert found.hint
    assert (unlost(logs).kept, unlost(logs).broken) == (5, 1)
    logs = read(tmp_path, text, max_units=32, quarantine=True)
    assert table(logs).count == 5
    (note,) = [note for note in logs.notes if "quarantine" in note]
    assert note.startswith(f"jobs.csv: set aside by quarantine: {what.split(':', 1)[0]} (column `{column}`, row 7; ")
    assert (unlost(logs).kept, unlost(logs).broken) == (5, 1)


def test_all_kinds_of_broken_rows_are_told_at_once(tmp_path):
    lines = [line.replace("x,", f"x{row},", 1) for row, (line, _, _) in enumerate(BROKEN)]
    logs = read(tmp_path, HEAD + "".join(GOOD) + "\n".join(lines) + "\n", max_units=32)
    told = " ".join(found.what for found in logs.faults)
    for words in {what.split(":")[0].split(" ", 1)[1].split(" ")[-1] for _, what, _ in BROKEN}:
        assert words in told
    assert unlost(logs).broken == len(BROKEN)


def test_of_many_rows_the_first_three_are_named(tmp_path):
    lines = "".join(f"x{row},2026-01-01,0,4,\n" for row in range(15))
    text = HEAD + "".join(GOOD) + lines
    found = fault(read(tmp_path, text))
    assert found.what == "15 durations not above 0: row 7 (0 h), row 8 (0 h), row 9 (0 h) and 12 more"
    notes = read(tmp_path, text, quarantine=True).notes
    rows = ", ".join(str(row) for row in range(7, 17))
    assert f"by quarantine: 15 durations not above 0 (column `duration_h`, rows {rows} and 5 more; " in notes[-1]


def test_quarantine_says_how_much_work_it_sets_aside(tmp_path):
    text = HEAD + "".join(GOOD) + "x,2026-01-01,3,65,\ny,2026-01-01,x,8,\n"
    notes = [note for note in read(tmp_path, text, quarantine=True).notes if "quarantine" in note]
    assert notes[0].endswith("row 8; 0 unit-hours; of 1 it cannot be told)")
    assert notes[1].endswith("row 7; 195 unit-hours)")


def test_of_a_repeated_id_the_sound_row_stays(tmp_path):
    text = HEAD + "a,2026-01-01,-1,4,\na,2026-01-01,1,4,\na,2026-01-01,2,4,\n"
    assert [found.row for found in read(tmp_path, text).faults] == [2, 2]
    logs = read(tmp_path, text, quarantine=True)
    assert table(logs).rows.tolist() == [3]
    assert unlost(logs).broken == 2


def test_rows_without_accelerators_are_not_judged(tmp_path):
    logs = read(tmp_path, HEAD + GOOD[0] + "x,,-1,0,never\n")
    assert table(logs).count == 1
    assert "jobs.csv: left out: 1 job without accelerators" in logs.notes


# ------------------------------------------------------------------------------------------- the log as a whole


def _log(hours, durations="1", unit="h"):
    stamps = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.asarray(hours, dtype=float), unit="h")
    durations = [durations] * len(hours) if isinstance(durations, str) else durations
    rows = zip(stamps.strftime("%Y-%m-%d %H:%M:%S"), durations, strict=True)
    return f"id,submit,duration_{unit},gpus\n" + "".join(f"{n},{s},{d},1\n" for n, (s, d) in enumerate(rows))


def test_a_clock_that_jumps_back(tmp_path):
    hours = np.arange(150) * 0.5
    hours[80:] -= 3.0
    found = fault(read(tmp_path, _log(hours)))
    first = "row 79 (2026-01-02 14:30:00 beside 2026-01-02 13:00:00)"
    assert found.what.startswith(f"3 submissions more than 1 h out of order: {first}, ")
    assert "check the clock" in found.hint
    logs = read(tmp_path, _log(hours), quarantine=True)
    assert (table(logs).count, unlost(logs).broken) == (147, 3)


@pytest.mark.parametrize(("place", "wrong"), [(60, 150.0), (60, -300.0), (60, 4000.0), (0, 70.0), (149, 1.0)])
def test_a_single_wrong_stamp_is_the_one_that_is_named(tmp_path, place, wrong):
    hours = np.arange(150) * 0.5
    hours[place] = wrong
    logs = read(tmp_path, _log(hours))
    assert fault(logs).row == place + 2
    assert "beside 2026-01-0" in fault(logs).what
    assert table(read(tmp_path, _log(hours), quarantine=True)).count == 149


@pytest.mark.parametrize("seed", [1, 2])
def test_a_log_in_no_order_has_no_clock_to_check(tmp_path, seed):
    hours = np.random.default_rng(seed).permutation(150) * 0.5
    assert table(read(tmp_path, _log(hours))).count == 150


def test_small_disorder_is_no_jump(tmp_path):
    hours = np.arange(150) * 0.5
    hours[60] -= 1.2
    assert table(read(tmp_path, _log(hours))).count == 150


@pytest.mark.parametrize(
    ("unit", "durations", "jobs", "looks", "hint"),
    [
        ("s", 3.6e6 * np.arange(1, 21), {}, "s look like ms", "rename the header, such as `duration_ms`"),
        ("h", 3600.0 * np.arange(1, 21), {}, "h look like s", "rename the header, such as `duration_s`"),
        ("min", 3600.0 * 60 * np.arange(1, 21), {}, "min look like s", "rename the header, such as `duration_s`"),
        ("s", 0.25 * np.arange(1, 21), {}, "s look like h", "rename the header, such as `duration_h`"),
        ("ms", 30.0 * np.arange(1, 21), {}, "ms look like s", "rename the header, such as `duration_s`"),
        ("", 3.6e6 * np.arange(1, 21), {"duration_unit": "s"}, "s look like ms", 'set duration_unit = "ms"'),
    ],
)
@pytest.mark.parametrize("quarantine", [False, True])
def test_slips_of_the_unit(tmp_path, unit, durations, jobs, looks, hint, quarantine):
    text = _log(np.arange(20), durations, unit).replace("duration_,", "duration,")
    (slip, *rows) = read(tmp_path, text, quarantine=quarantine, **jobs).faults
    assert slip.what.startswith(f"durations read in {looks}: half of the jobs would last ")
    assert f"largest {durations[-1]:,.6g} {looks.split()[0]})" in slip.what
    assert slip.hint.startswith(hint)
    assert all("longer than a year" in found.what for found in rows)
    assert not (quarantine and rows)


def test_short_jobs_are_believed_when_their_unit_is_declared(tmp_path):
    text = _log(np.arange(20), 0.25 * np.arange(1, 21), "").replace("duration_,", "duration,")
    assert table(read(tmp_path, text, duration_unit="s")).count == 20


# ------------------------------------------------------------------------------------------- the horizon


def test_jobs_outside_the_horizon_are_set_aside_with_their_work(tmp_path):
    text = (
        PLAIN
        + "a,2025-12-31 23:59,2,8\nb,2026-01-01 00:00,1,1\nc,2026-01-07 23:00,1,1\n"
        + "d,2026-01-07 23:00,1.5,4\ne,2026-01-08 00:00,1,2\nf,2026-02-01 00:00,-3,2\n"
    )
    logs = read(tmp_path, text)
    assert table(logs).ids == ("b", "c")
    assert logs.notes[2:] == [
        "jobs.csv: set aside: 1 job submitted before the horizon starts (16 unit-hours)",
        "jobs.csv: set aside: 2 jobs submitted when the horizon has ended (2 unit-hours; of 1 it cannot be told)",
        "jobs.csv: set aside: 1 job that could not end within the horizon even if run on arrival (6 unit-hours)",
    ]
    assert unlost(logs).kept == 2


def test_a_log_that_leaves_no_job_is_refused(tmp_path):
    found = fault(read(tmp_path, PLAIN + "a,2025-12-31 23:59,2,8\nb,2026-01-07 23:59,1,1\n"))
    assert found.what == (
        "no job is left for workload `train` of 2 rows: 1 submitted before the horizon starts, "
        "1 that could not end within the horizon even if run on arrival"
    )
    assert "horizon.start" in found.hint


def test_quarantine_that_leaves_no_job_is_refused(tmp_path):
    found = fault(read(tmp_path, PLAIN + "a,2026-01-01,-1,8\n", quarantine=True))
    assert found.what == "no job is left for workload `train` of 1 row: 1 set aside by quarantine"


BERLIN = horizon("2026-03-28", "2026-03-31", "Europe/Berlin")


def test_hours_are_true_hours_across_the_change_of_the_clock(tmp_path):
    text = PLAIN + "a,2026-03-29 01:30,1,1\nb,2026-03-29 03:30,1,1\nc,2026-03-29T03:30+02:00,1,1\n"
    odd = read(tmp_path, text, BERLIN, quarantine=True)
    assert table(odd).submit_h.tolist() == [25.5, 26.5]
    text = PLAIN + "b,2026-03-29T03:30+02:00,1,1\nc,2026-03-29T01:30Z,1,1\n"
    assert table(read(tmp_path, text, BERLIN)).submit_h.tolist() == [26.5, 26.5]


def test_an_hour_that_the_clock_jumps_over(tmp_path):
    found = fault(read(tmp_path, PLAIN + "a,2026-03-29 02:30,1,1\nb,2026-03-29 03:30,1,1\n", BERLIN))
    assert found.what == "1 stamp that the clock of Europe/Berlin jumps over: row 2 (2026-03-29 02:30)"


def test_an_hour_that_the_clock_shows_twice_is_not_guessed(tmp_path):
    autumn = horizon("2026-10-24", "2026-10-27", "Europe/Berlin")
    text = PLAIN + "a,2026-10-25 02:30,1,1\nb,2026-10-25 03:30,1,1\n"
    found = fault(read(tmp_path, text, autumn))
    assert found.what == "1 stamp that the clock of Europe/Berlin shows twice: row 2 (2026-10-25 02:30)"
    text = text.replace("02:30", "02:30+02:00").replace("03:30", "03:30+01:00")
    assert table(read(tmp_path, text, autumn)).submit_h.tolist() == [26.5, 28.5]


# ------------------------------------------------------------------------------------------- classes

CLASSED = """\
id,submit,duration_h,gpus,class
a,2026-01-01,1,1,pretrain
b,2026-01-02,1,1,sft
c,2026-01-03,1,2,eval
d,2026-01-04,1,1,eval
"""


def _share(folder, text, **classes):
    write(folder, text)
    workloads = {name: workload({"classes": taken}) for name, taken in classes.items()}
    return read_job_logs(folder, horizon(), workloads, {"gpu": 64.0})


def test_workloads_share_a_file_by_class_and_it_is_read_once(tmp_path, monkeypatch):
    reader = Mock(wraps=read_table)
    monkeypatch.setattr("storage_opt.io.job_log.read_table", reader)
    logs = _share(tmp_path, CLASSED, train=["pretrain", "sft"], check=["eval"])
    assert {name: jobs.ids for name, jobs in logs.tables.items()} == {"train": ("a", "b"), "check": ("c", "d")}
    assert reader.call_count == len(logs.accounts) == 1


def test_classes_that_nobody_takes(tmp_path):
    logs = _share(tmp_path, CLASSED, train=["pretrain"], check=["evla"])
    found = fault(logs)
    assert found.what == "2 classes that no workload takes: `sft` (1 job, first row 3), `eval` (2 jobs, first row 4)"
    assert (found.column, found.row) == ("class", 3)
    assert "add them to `classes`" in found.hint
    close = fault(_share(tmp_path, CLASSED, train=["pretrain", "sft"], check=["evla"]))
    assert close.hint.startswith("does `evla` of a workload mean `eval`?")


def test_quarantine_sets_classes_aside_that_nobody_takes(tmp_path):
    logs = read(tmp_path, CLASSED, classes=["pretrain", "none"], quarantine=True)
    assert table(logs).ids == ("a",)
    assert logs.notes[-3:] == [
        "jobs.csv: set aside by quarantine: 1 job of class `sft`, which no workload takes "
        "(column `class`, row 3; 1 unit-hour)",
        "jobs.csv: set aside by quarantine: 2 jobs of class `eval`, which no workload takes "
        "(column `class`, rows 4, 5; 3 unit-hours)",
        "jobs.csv: class `none` does not occur",
    ]
    assert unlost(logs).broken == 3


def test_of_many_unknown_classes_the_first_ten_are_named(tmp_path):
    text = CLASSED + "".join(f"n{number},2026-01-04,1,1,c{number}\n" for number in range(12))
    logs = read(tmp_path, text, classes=["pretrain", "sft", "eval"], quarantine=True)
    notes = [note for note in logs.notes if "quarantine" in note]
    assert len(notes) == 11
    assert notes[-1].startswith("jobs.csv: set aside by quarantine: 2 jobs of 2 more such classes (column `class`, ")
    found = fault(read(tmp_path, text, classes=["pretrain", "sft", "eval"]))
    assert found.what.endswith("`c9` (1 job, first row 15) and 2 more")


def test_a_workload_without_classes_takes_all(tmp_path):
    assert table(read(tmp_path, CLASSED)).count == 4


@pytest.mark.parametrize(
    ("classes", "shared"),
    [
        ({"one": ["pretrain", "sft"], "two": ["sft", "eval"]}, "class `sft`"),
        ({"one": [], "two": []}, "all classes"),
        ({"one": [], "two": ["sft"]}, "class `sft`"),
    ],
)
def test_a_class_cannot_belong_to_two_workloads(tmp_path, classes, shared):
    found = fault(_share(tmp_path, CLASSED, **classes))
    assert found.what == f"workloads `one` and `two` both take {shared} of jobs.csv"
    assert (found.file, found.key) == ("site.toml", "workload.two.jobs.classes")


def test_a_file_is_described_in_one_way(tmp_path):
    write(tmp_path, CLASSED)
    workloads = {
        "one": workload({"classes": ["pretrain"], "quarantine": True}),
        "two": workload({"classes": ["sft", "eval"], "file": "./jobs.csv"}),
    }
    found = fault(read_job_logs(tmp_path, horizon(), workloads, {}))
    assert found.what == "`quarantine` of jobs.csv is not the same in workloads `one` and `two`"
