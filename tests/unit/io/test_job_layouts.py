"""Job logs of every layout: which columns are read, in which unit, and what is missing."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from storage_opt.io.job_log import read_job_logs
from tests.support.job_logs import PLAIN, fault, horizon, read, table, unlost, workload

KALOS_START = "2023-05-17"


# ------------------------------------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    "text",
    [
        "id,submit,duration_h,units\na,2026-01-01 06:00,2,8\nb,2026-01-02 00:30,0.5,1\n",
        "job_id,submit_time,duration (min),gpu_num\na,2026-01-01T06:00,120,8\nb,2026-01-02T00:30,30,1\n",
        "Job-ID;Submit Time;Duration_s;GPUs\na;2026-01-01 06:00:00;7200;8\nb;2026-01-02 00:30:00;1800;1\n",
        "作业,提交时间,时长(小时),卡数\na,2026年1月1日 6:00,2,8\nb,2026年1月2日 0:30,0.5,1\n",
        "作业,提交时间,时长（秒）,卡数(张)\na,2026/1/1 6:00,7200,8\nb,2026/1/2 0:30,1800,1\n",
        "id,submit,duration_ms,gpus\na,2025-12-31T22:00:00Z,7200000,8\nb,2026-01-02 00:30:00+08:00,1800000,1\n",
        "id,submit_h,duration_h,gpus\na,6,2,8\nb,24.5,0.5,1\n",
        "id,submit_offset (min),duration_h,gpus\na,360,2,8\nb,1470,0.5,1\n",
        "id,submit_offset_s,duration_h,gpus\nb,88200,0.5,1\na,21600,2,8\n",
    ],
)
def test_plain_logs_in_many_forms(tmp_path, text):
    jobs = table(read(tmp_path, text))
    assert jobs.ids == ("a", "b")
    assert jobs.submit_h.tolist() == [6.0, 24.5]
    assert jobs.duration_h.tolist() == [2.0, 0.5]
    assert jobs.units.tolist() == [8.0, 1.0]
    assert np.isnan(jobs.deadline_h).all()


def test_jobs_are_in_the_order_of_submission_and_know_their_rows(tmp_path):
    text = PLAIN + "c,2026-01-03 00:00,1,1\na,2026-01-01 00:00,1,1\nb,2026-01-03 00:00,1,2\n"
    jobs = table(read(tmp_path, text))
    assert jobs.ids == ("a", "c", "b")
    assert jobs.rows.tolist() == [3, 2, 4]
    with pytest.raises(ValueError, match="read-only"):
        jobs.submit_h[0] = 1.0


def test_a_log_without_ids_is_named_by_its_rows(tmp_path):
    text = "submit,duration_h,gpus\n2026-01-01,1,1\n2026-01-01,1,1\n"
    assert table(read(tmp_path, text)).ids == ("2", "3")


def test_units_of_time_where_the_header_has_none(tmp_path):
    text = "id,submit,duration,gpus,deadline\na,360,120,8,600\n"
    jobs = table(read(tmp_path, text, duration_unit="min"))
    assert (jobs.submit_h[0], jobs.duration_h[0], jobs.deadline_h[0]) == (6.0, 2.0, 10.0)


@pytest.mark.parametrize("first", ["2026-01-02", "2026-01-02T00:00:00", "2026-01-01T16:00:00Z"])
def test_offsets_count_from_the_first_submission(tmp_path, first):
    text = "id,submit_h,duration_h,gpus\na,6,2,8\n"
    assert table(read(tmp_path, text, first_submit=first)).submit_h.tolist() == [30.0]


def test_seconds_since_1970_need_to_be_said(tmp_path):
    seconds = int(pd.Timestamp("2026-01-01 06:00", tz="Asia/Shanghai").timestamp())
    text = f"id,submit_s,duration_h,gpus\na,{seconds},2,8\n"
    assert fault(read(tmp_path, text)).hint == "set first_submit = 1970-01-01T00:00:00Z"
    assert table(read(tmp_path, text, first_submit="1970-01-01T00:00:00Z")).submit_h.tolist() == [6.0]


def test_deadlines_may_be_blank(tmp_path):
    text = "id,submit,duration_h,gpus,deadline\na,2026-01-01,1,1,2026-01-02\nb,2026-01-01,1,1,\n"
    np.testing.assert_array_equal(table(read(tmp_path, text)).deadline_h, [24.0, np.nan])


def test_columns_can_be_named(tmp_path):
    text = "name,when,ticks,cards,queue,by\na,2026-01-01 06:00,120,8,q,2026-01-02\n"
    columns = {
        "submit": "when", "duration": "ticks", "units": "cards", "class": "queue", "id": "name", "deadline": "by"
    }  # fmt: skip
    jobs = table(read(tmp_path, text, columns=columns, duration_unit="min", classes=["q"]))
    assert (jobs.ids, jobs.duration_h[0], jobs.units[0], jobs.deadline_h[0]) == (("a",), 2.0, 8.0, 24.0)


ACME = """\
job_id,user,node_num,gpu_num,cpu_num,type,submit_time,start_time,end_time,duration,queue,gpu_time,state
d1,u1,8,64,960,Train,2023-05-17 11:00:58+00:00,2023-05-17 11:02:00+00:00,2023-05-17 12:02:00+00:00,3600,62,230400,DONE
d2,u2,1,0,16,Debug,2023-05-17 11:05:00+00:00,2023-05-17 11:05:00+00:00,2023-05-17 11:06:00+00:00,60,0,0,FAILED
d3,u2,1,8,16,Debug,2023-05-17 11:06:00+00:00,,,0,0,0,CANCELLED
d4,u2,1,8,16,Debug,2023-05-17 12:00:00+00:00,2023-05-17 12:00:00+00:00,2023-05-17 12:30:00+00:00,1800,0,14400,FAILED
"""


def test_acme_as_published(tmp_path):
    logs = read(tmp_path, ACME, horizon(KALOS_START, "2023-06-01"))
    jobs = table(logs)
    assert jobs.ids == ("d1", "d4")
    assert jobs.submit_h.tolist() == [19 + 58 / 3600, 20.0]
    assert jobs.work_unit_h.tolist() == [64.0, 4.0]
    assert logs.notes == [
        "jobs.csv: read as a log of the layout acme",
        "jobs.csv: left out: 1 job without accelerators",
        "jobs.csv: left out: 1 job that never started",
    ]
    assert unlost(logs).kept == 2


def test_acme_with_offsets(tmp_path):
    head = "job_id,submit_offset_s,duration_s,node_num,gpu_num,cpu_num,job_type\n"
    text = head + "0,0,104,8,64,960,sft\n1,313,78,8,64,960,sft\n"
    jobs = table(read(tmp_path, text, classes=["sft"]))
    assert jobs.submit_h.tolist() == [0.0, 313 / 3600]
    assert jobs.work_unit_h.tolist() == [64 * 104 / 3600, 64 * 78 / 3600]


def test_helios(tmp_path):
    text = """\
job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
1,u,vcA,8,32,1,COMPLETED,2026-01-01 06:00:00,2026-01-01 06:00:10,2026-01-01 08:00:10,7200,10
2,u,vcB,0,4,1,COMPLETED,2026-01-01 06:00:00,2026-01-01 06:00:10,2026-01-01 08:00:10,7200,10
3,u,vcB,2,4,1,FAILED,2026-01-01 07:00:00,2026-01-01 07:00:10,2026-01-01 07:30:10,1800,10
"""
    logs = read(tmp_path, text, classes=["vcA", "vcB"])
    assert table(logs).work_unit_h.tolist() == [16.0, 1.0]
    assert "jobs.csv: stamps without offset in `submit_time` are read as wall clock of Asia/Shanghai" in logs.notes


PHILLY = """\
jobid,vc,user,status,submitted_time,start_time,end_time,gpus
application_1,a,u,Pass,2026-01-01 06:00:00,2026-01-01 07:00:00,2026-01-01 09:00:00,8
application_2,a,u,Killed,2026-01-01 06:00:00,None,None,8
application_3,b,u,Failed,2026-01-01 07:00:00,2026-01-01 07:00:00,2026-01-01 07:30:00,2
"""


def test_philly_runs_from_start_to_end(tmp_path):
    logs = read(tmp_path, PHILLY)
    assert table(logs).duration_h.tolist() == [2.0, 0.5]
    assert "jobs.csv: left out: 1 job that never started" in logs.notes
    assert unlost(logs).rows == 3


def test_philly_without_an_end(tmp_path):
    text = PHILLY.replace("2026-01-01 07:30:00", "")
    found = fault(read(tmp_path, text))
    assert (found.what, found.row, found.column) == ("1 blank cell: row 4 (blank)", 4, "end_time")


HELD = "billing=64,cpu=64,gres/gpu:a100=8,gres/gpu=8,mem=1T,node=1"
SACCT = f"""\
JobID|JobName|Partition|Submit|Start|End|Elapsed|ElapsedRaw|AllocTRES|ReqTRES|State
101|a, "b|train|2026-01-01T06:00:00|2026-01-01T06:10:00|2026-01-02T08:10:00|1-02:00:00|93600|{HELD}|gres/gpu=8|COMPLETED
101.batch|batch|||2026-01-01T06:10:00|2026-01-02T08:10:00|1-02:00:00|93600|cpu=64,gres/gpu=8||COMPLETED
101.extern|extern|||2026-01-01T06:10:00|2026-01-02T08:10:00|1-02:00:00|93600|cpu=64||COMPLETED
102|cpu|cpu|2026-01-01T06:00:00|2026-01-01T06:00:00|2026-01-01T07:00:00|01:00:00|3600|cpu=4,mem=8G|cpu=4,mem=8G|COMPLETED
103|gone|train|2026-01-01T07:00:00|None|2026-01-01T07:30:00|00:00:00|0||cpu=4,gres/gpu=8|CANCELLED by 1000
104_1|more|debug|2026-01-01T08:00:00|2026-01-01T08:00:00|Unknown|00:30:00|1800|cpu=4,gres/gpu:a100=2,gres/gpu:v100=2|cpu=4|RUNNING
"""


@pytest.mark.parametrize("name", ["jobs.csv", "jobs.csv.gz"])
def test_slurm_as_sacct_prints_it(tmp_path, name):
    logs = read(tmp_path, SACCT, name=name, classes=["train", "debug"])
    jobs = table(logs)
    assert jobs.ids == ("101", "104_1")
    assert jobs.units.tolist() == [8.0, 4.0]
    assert jobs.duration_h.tolist() == [26.0, 0.5]
    assert jobs.submit_h.tolist() == [6.0, 8.0]
    assert logs.notes[2:] == [
        f"{name}: left out: 2 rows of steps within jobs",
        f"{name}: left out: 1 job without accelerators",
        f"{name}: left out: 1 job that never started",
        f"{name}: counted up to then: 1 job that had not ended when the log was written",
    ]
    assert unlost(logs).rows == 6


@pytest.mark.parametrize("drop", [["ElapsedRaw"], ["ElapsedRaw", "Elapsed"]])
def test_slurm_with_less_said(tmp_path, drop):
    frame = pd.read_csv(io.StringIO(SACCT), sep="|", quoting=3, dtype=str).drop(columns=drop)
    text = frame.iloc[:5].to_csv(sep="|", index=False)
    assert table(read(tmp_path, text)).duration_h.tolist() == [26.0]


def test_slurm_with_generic_resources_and_commas(tmp_path):
    text = (
        "JobID,Submit,ElapsedRaw,AllocGRES,Partition\n"
        '1,2026-01-01T06:00:00,3600,"gpu:a100:4(S:0-1),gpu:v100:4",p\n2,2026-01-01T06:00:00,60,,p\n'
    )
    logs = read(tmp_path, text)
    assert table(logs).units.tolist() == [8.0]
    assert "jobs.csv: left out: 1 job without accelerators" in logs.notes


@pytest.mark.parametrize(
    ("old", "new", "what", "column"),
    [
        ("gres/gpu:a100=8,gres/gpu=8", "gres/gpu", "1 cell without a count of GPUs: row 2 (", "AllocTRES"),
        ("|93600|billing", "|x|billing", "1 non-numeric cell: row 2 (x)", "ElapsedRaw"),
        ("101|a", "101", "1 row with another number of cells than the header, which has 11: row 2 has 10", ""),
    ],
)
def test_damaged_slurm(tmp_path, old, new, what, column):
    found = fault(read(tmp_path, SACCT.replace(old, new, 1)))
    assert found.what.startswith(what)
    assert (found.file, found.row, found.column) == ("jobs.csv", 2, column)


def test_memory_of_accelerators_is_none_of_them(tmp_path):
    logs = read(tmp_path, SACCT.replace("cpu=4,mem=8G|cpu=4", "cpu=4,gres/gpumem=0|cpu=4"))
    assert "jobs.csv: left out: 1 job without accelerators" in logs.notes
    assert table(logs).count == 2


def test_pipes_at_the_ends_of_lines(tmp_path):
    text = "".join(f"{line}|\n" for line in SACCT.splitlines())
    assert table(read(tmp_path, text)).ids == ("101", "104_1")


def test_slurm_ids_that_a_typed_table_holds_as_numbers(tmp_path):
    frame = pd.DataFrame(
        {"JobID": [101.0, np.nan], "Submit": "2026-01-01T06:00:00", "ElapsedRaw": 3600.0, "AllocTRES": "gres/gpu=8"}
    )
    frame.to_parquet(tmp_path / "made.parquet")
    logs = read(tmp_path, (tmp_path / "made.parquet").read_bytes(), name="jobs.parquet", quarantine=True)
    assert table(logs).ids == ("101",)
    assert unlost(logs).broken == 1


def test_unreadable_elapsed_time(tmp_path):
    frame = pd.read_csv(io.StringIO(SACCT), sep="|", quoting=3, dtype=str).drop(columns="ElapsedRaw")
    frame.loc[0, "Elapsed"] = "26h"
    found = fault(read(tmp_path, frame.to_csv(sep="|", index=False)))
    assert (found.what, found.column) == ("1 unreadable elapsed time: row 2 (26h)", "Elapsed")


def test_slurm_without_ids_is_refused_because_of_its_steps(tmp_path):
    text = SACCT.replace("JobID|", "Number|", 1)
    assert "no column of the layout slurm for the id" in fault(read(tmp_path, text, layout="slurm")).what


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_encodings(tmp_path, encoding):
    text = "作业,提交时间,时长(小时),卡数,类型\n甲,2026-01-01 06:00,2,8,训练\n"
    assert table(read(tmp_path, text.encode(encoding), classes=["训练"])).ids == ("甲",)


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_typed_tables(tmp_path, kind):
    frame = pd.DataFrame(
        {
            "id": [7, 8],
            "submit": pd.to_datetime(["2026-01-01 06:00", "2026-01-01 07:00"]),
            "duration_h": [2.0, 1.0],
            "gpus": [8, 2],
        }
    )
    getattr(frame, "to_parquet" if kind == "parquet" else "to_excel")(tmp_path / f"made.{kind}", index=False)
    data = (tmp_path / f"made.{kind}").read_bytes()
    jobs = table(read(tmp_path, data, name=f"jobs.{kind}"))
    assert (jobs.ids, jobs.submit_h.tolist()) == (("7", "8"), [6.0, 7.0])


# ------------------------------------------------------------------------------------------- columns


def test_every_missing_column_is_told(tmp_path):
    faults = read(tmp_path, "id,begin,length\na,2026-01-01,1\n", classes=["x"]).faults
    assert [found.what.split(";")[0] for found in faults] == [
        f"there is no column for the {role} of jobs" for role in ("submit", "units", "duration", "class")
    ]
    assert faults[0].hint == 'name it with columns = { submit = "HEADER" }'
    assert {(found.file, found.row, found.key) for found in faults} == {("jobs.csv", 1, "workload.train.jobs")}


def test_what_could_be_two_columns_is_refused(tmp_path):
    text = "id,submit,duration_h,gpus,units\na,2026-01-01,1,1,1\n"
    found = fault(read(tmp_path, text))
    assert found.what == "both `units` and `gpus` could hold the units of jobs"
    assert table(read(tmp_path, text, columns={"units": "gpus"})).count == 1


def test_wrong_columns_in_the_site_file(tmp_path):
    faults = read(tmp_path, PLAIN + "a,2026-01-01,1,1\n", columns={"unit": "gpus", "duration": "duratoin_h"}).faults
    assert [(found.key, found.hint) for found in faults] == [
        ("workload.train.jobs.columns.unit", "did you mean `units`?"),
        ("workload.train.jobs.columns.duration", "did you mean `duration_h`?"),
    ]
    assert faults[0].file == "site.toml"


@pytest.mark.parametrize(
    ("text", "jobs", "what"),
    [
        ("id,submit,duration_h,gpus\na,6,2,8\n", {}, "the times are plain numbers without a unit"),
        ("id,submit,duration,gpus\na,2026-01-01,2,8\n", {}, "the times are plain numbers without a unit"),
        ("id,submit,duration (d),gpus\na,2026-01-01,2,8\n", {}, "unit `d` is not a unit of time that is known here"),
        (PLAIN + "a,2026-01-01,2,8\n", {"duration_unit": "s"}, 'duration_unit = "s" contradicts the header'),
        (PLAIN + "a,2026-01-01,2,8\n", {"first_submit": "2026-01-01"}, "first_submit is given, yet the log says"),
        ("id,submit_h,duration_h,gpus\na,6,2,8\n", {"first_submit": "0001-01-01"}, "year 1 is beyond all bounds"),
        (PHILLY, {"duration_unit": "h"}, "duration_unit is given, yet no column of the log needs it"),
    ],
)  # fmt: skip
def test_units_and_origins_are_told_once(tmp_path, text, jobs, what):
    assert fault(read(tmp_path, text, **jobs)).what.startswith(what)


def test_both_columns_without_unit_are_told_at_once(tmp_path):
    faults = read(tmp_path, "id,submit,duration,gpus\na,6,2,8\n").faults
    assert [found.column for found in faults] == ["duration", "submit"]


def test_a_unit_other_than_that_of_the_layout_is_noted(tmp_path):
    text = ACME.replace(",3600,", ",3600000,").replace(",1800,", ",1800000,")
    logs = read(tmp_path, text, horizon(KALOS_START, "2023-06-01"), duration_unit="ms")
    assert table(logs).work_unit_h.tolist() == [64.0, 4.0]
    assert "jobs.csv: `duration` is read in ms, not in s as its layout has it" in logs.notes


def test_a_file_that_does_not_exist_is_told_once(tmp_path):
    workloads = {name: workload({"file": "none.csv", "classes": [name]}) for name in ("a", "b")}
    (found,) = read_job_logs(tmp_path, horizon(), workloads, {}).faults
    assert found.what == "file `none.csv` does not exist"


def test_a_log_without_rows(tmp_path):
    assert fault(read(tmp_path, PLAIN)).hint == "write one row a job"
    assert fault(read(tmp_path, SACCT.splitlines()[0] + "\n")).hint == "write one row a job"


def test_pipes_in_another_encoding_are_refused(tmp_path):
    found = fault(read(tmp_path, SACCT.replace('a, "b', "训练").encode("gbk")))
    assert (found.what, found.row) == ("the file is not UTF-8 text", 2)
