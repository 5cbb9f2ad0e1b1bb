"""`optimize` on a site with clusters, as a person at a terminal and a program see it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

from typer.testing import CliRunner

from storage_opt.cli.app import app
from tests.cli.test_broken_compute import GOOD, JOBS


def _site(tmp_path):
    folder = tmp_path / "hall"
    folder.mkdir()
    (folder / "site.toml").write_text(GOOD, encoding="utf-8")
    (folder / "jobs.csv").write_text(JOBS, encoding="utf-8")
    return folder


def test_the_terminal_tells_work_jobs_and_flexibility(tmp_path):
    out = tmp_path / "out"
    command = ["optimize", str(_site(tmp_path)), "--out", str(out), "--flexibility", "--no-plots"]
    result = CliRunner().invoke(app, command, env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.stderr
    for piece in ("certified optimum", "Compute 算力", "gpu (idle)", "Jobs 作业", "What flexibility earns 灵活性收益"):
        assert piece in result.stdout
    assert "one more hour of delay for train" in result.stdout
    assert "BROKEN" not in result.stdout
    names = {path.name for path in out.iterdir()}
    assert {"jobs.csv", "job_runs.csv", "schedule.csv", "summary.json"} <= names

    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert {one["workload"] for one in summary["compute"]} == {"chat", "train", "batch", "gpu (idle)"}
    assert all(one["optimized"]["cost"] >= 0 for one in summary["compute"])
    assert summary["flexibility"]["by_work"] > 0
    with (out / "schedule.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert {"train.work_units", "train.backlog_unit_h", "gpu.it_kw", "hall.load_kw"} <= set(header)
    with (out / "jobs.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["job"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"a", "b", "c", "d"}
    # submitted at 09:30 for one hour, the price falls at midnight, the deadline is a day later
    assert rows["c"]["start"] == "2027-01-02T00:00:00+08:00"
    assert rows["c"]["end"] == "2027-01-02T01:00:00+08:00"


def test_a_planned_schedule_is_billed_again(tmp_path):
    site, out = _site(tmp_path), tmp_path / "out"
    planned = CliRunner().invoke(app, ["optimize", str(site), "--out", str(out), "--no-plots", "--format", "json"])
    assert planned.exit_code == 0, planned.stderr
    billed = CliRunner().invoke(app, ["bill", str(site), "--schedule", str(out / "schedule.csv"), "--format", "json"])
    assert billed.exit_code == 0, billed.stderr
    cost = json.loads(planned.stdout)["cost"]
    again = json.loads(billed.stdout)["cost"]
    assert abs(again["metered"] - cost["optimized"]) < 1e-6 * cost["optimized"]
    assert abs(again["baseline"] - cost["baseline"]) < 1e-9 * cost["baseline"]


def test_standard_output_is_pure_json(tmp_path):
    # a solver that greets on standard output would spoil it
    command = [sys.executable, "-m", "storage_opt", "optimize", str(_site(tmp_path)), "--format", "json", "--no-plots"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "optimal"


def test_check_and_explain_know_clusters(tmp_path):
    site = _site(tmp_path)
    checked = CliRunner().invoke(app, ["check", str(site)], env={"COLUMNS": "160"})
    assert checked.exit_code == 0, checked.stderr
    assert "Building 机房" in checked.stdout
    assert "Cluster 算力集群" in checked.stdout
    explained = CliRunner().invoke(app, ["explain", str(site)], env={"COLUMNS": "200"})
    assert explained.exit_code == 0, explained.stderr
    for name in ("gpu.units", "train.jobs", "hall.power"):
        assert name in explained.stdout
