"""Clusters and job logs that are broken in one way each: told with place and hint, exit code 2, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app

GOOD = """
name = "good"

[horizon]
start = 2027-01-01
end = 2027-01-03

[facility.hall]
pue = [{ outdoor_temp_c = 10, pue = 1.1 }, { outdoor_temp_c = 35, pue = 1.35 }]
outdoor_temp_c = 12

[cluster.gpu]
facility = "hall"
installed_units = 100
idle_kw_per_unit = 0.3
full_kw_per_unit = 1.0

[workload.chat]
cluster = "gpu"
kind = "inference"
units = 20

[workload.train]
cluster = "gpu"
kind = "training"
max_delay_h = 12
jobs = { file = "jobs.csv", classes = ["pretrain"] }

[workload.batch]
cluster = "gpu"
kind = "batch"
max_delay_h = 12
jobs = { file = "jobs.csv", classes = ["batch"] }

[tariff.t]
energy = [{ price_per_kwh = [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8] }]
"""  # noqa: E501

JOBS = """job_id,submit,duration_s,gpus,class,deadline
a,2027-01-01 03:00,7200,16,pretrain,
b,2027-01-01 05:00,600,8,batch,
c,2027-01-01 09:30,3600,64,pretrain,2027-01-02 09:30
d,2027-01-02 01:00,120,1,batch,
"""

SITE_CASES = {
    "no such facility": ('facility = "hall"', 'facility = "hal"', "cluster 'gpu' stands in facility 'hal'"),
    "no such cluster": ('cluster = "gpu"\nkind = "inference"', 'cluster = "cpu"\nkind = "inference"', "'cpu'"),
    "cooling told twice": ("outdoor_temp_c = 12", "outdoor_temp_c = 12\ncooling = { cop = 4 }", "count cooling twice"),
    "ups told twice": ("outdoor_temp_c = 12", "outdoor_temp_c = 12\nups_loss_frac = 0.05", "holds UPS losses already"),
    "pue below one": ("pue = 1.1 }", "pue = 0.9 }", "pue"),
    "pue corners out of order": ("outdoor_temp_c = 10, pue", "outdoor_temp_c = 40, pue", "rising order"),
    "outdoor temperature in kelvin": ("outdoor_temp_c = 12", "outdoor_temp_c = 285", "285"),
    "idle above full": ("idle_kw_per_unit = 0.3", "idle_kw_per_unit = 1.3", "above full_kw_per_unit"),
    "no power": ("idle_kw_per_unit = 0.3\n", "", "measured_power"),
    "no units": ("installed_units = 100", "installed_units = 0", "installed_units"),
    "inference that waits": ('kind = "inference"', 'kind = "inference"\nmax_delay_h = 1', "inference never moves"),
    "inference without room": ("units = 20", "units = 120", "120 of 100 units"),
    "nothing arrives": ("units = 20", "priority = 1", "none of `units`, `tokens_per_s` and `jobs` is given"),
    "two things arrive": (
        "units = 20",
        "units = 20\ntokens_per_s = 5\ntokens_per_s_per_unit = 5",
        "`units` and `tokens_per_s`",
    ),
    "tokens without a rate": ("units = 20", "tokens_per_s = 500", "tokens_per_s_per_unit"),
    "power curve that is concave": (
        "full_kw_per_unit = 1.0",
        "full_kw_per_unit = 1.0\npower_curve = [{busy_frac=0,power_frac=0}, {busy_frac=0.5,power_frac=0.8}, "
        "{busy_frac=1,power_frac=1}]",
        "not convex",
    ),
    "speed for nothing": (
        'kind = "batch"',
        'kind = "batch"\nspeed_curve = [{speed_frac=0.5,power_frac=0.5}, {speed_frac=0.8,power_frac=0.9}, '
        "{speed_frac=1,power_frac=1}]",
        "speed_curve",
    ),
    "hours inside an interval": (
        'kind = "batch"',
        'kind = "batch"\nallowed = { hours = ["22:30-06:00"] }',
        "inside an interval",
    ),
    "unknown class": ('classes = ["batch"]', 'classes = ["bach"]', "batch"),
    "class taken twice": ('classes = ["batch"]', 'classes = ["batch", "pretrain"]', "pretrain"),
    "no such log": ('jobs = { file = "jobs.csv", classes = ["batch"] }', 'jobs = { file = "job.csv" }', "job.csv"),
    "quantiles that fall": (
        "idle_kw_per_unit = 0.3\nfull_kw_per_unit = 1.0",
        "measured_power = { busy_frac = 0.4, quantiles = [{percentile=0,power_kw=1},{percentile=100,power_kw=0.5}] }",
        "no quantile function does",
    ),
}

LOG_CASES = {
    "negative duration": ("7200", "-7200", ("row 2", "duration_s", "-7200")),
    "no duration": ("7200", "", ("row 2", "duration_s")),
    "more units than installed": (",64,", ",640,", ("row 4", "640", "100")),
    "deadline before arrival": ("2027-01-02 09:30", "2026-12-31 09:30", ("row 4", "deadline")),
    "job twice": ("b,2027", "a,2027", ("row 3", "`a`")),
    "no such time": ("2027-01-01 05:00", "2027-13-01 05:00", ("row 3", "2027-13-01")),
    "milliseconds": (
        JOBS.partition("\n")[2],
        "".join(f"x{n},2027-01-01 0{n}:00,7200000,8,{'pretrain' if n % 2 else 'batch'},\n" for n in range(9)),
        ("duration_s", "ms"),
    ),
}


def _site(folder: Path, text: str = GOOD, jobs: str = JOBS) -> Path:
    folder.mkdir()
    (folder / "site.toml").write_text(text, encoding="utf-8")
    (folder / "jobs.csv").write_text(jobs, encoding="utf-8")
    return folder


def _refused(folder: Path, *pieces: str) -> None:
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 2, result.stdout + result.stderr
    assert "error: " in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    said = " ".join(result.stderr.split())
    for piece in pieces:
        assert piece in said, said


def test_the_good_site_is_good(tmp_path):
    result = CliRunner().invoke(app, ["check", str(_site(tmp_path / "site"))])
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("case", SITE_CASES)
def test_broken_clusters_are_told(case, tmp_path):
    old, new, piece = SITE_CASES[case]
    assert GOOD.count(old) >= 1
    _refused(_site(tmp_path / "site", GOOD.replace(old, new, 1)), piece)


@pytest.mark.parametrize("case", LOG_CASES)
def test_broken_logs_are_told(case, tmp_path):
    old, new, pieces = LOG_CASES[case]
    assert JOBS.count(old) >= 1
    _refused(_site(tmp_path / "site", jobs=JOBS.replace(old, new, 1)), *pieces)


def test_quarantine_sets_rows_aside_and_says_so(tmp_path):
    text = GOOD.replace('classes = ["pretrain"] }', 'classes = ["pretrain"], quarantine = true }')
    text = text.replace('classes = ["batch"] }', 'classes = ["batch"], quarantine = true }')
    folder = _site(tmp_path / "site", text, JOBS.replace("7200", "-7200"))
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["optimize", str(folder), "--out", str(out), "--no-plots"])
    assert result.exit_code == 0, result.stderr
    assert "row" in result.stderr
    assert "set aside" in result.stderr
    lines = (out / "jobs.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3


def test_all_faults_are_told_at_once(tmp_path):
    text = GOOD.replace("installed_units = 100", "installed_units = -1").replace("outdoor_temp_c = 12", "outdoor = 12")
    _refused(_site(tmp_path / "site", text, JOBS.replace("7200", "-7200")), "installed_units", "outdoor", "-7200")
