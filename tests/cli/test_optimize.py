import csv
import io
import json
import signal
import subprocess
import sys

import openpyxl
import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app
from storage_opt.io.schedule_file import read_schedule
from storage_opt.io.site_file import load_site
from storage_opt.report import files
from tests.support.teahouse import SITE

TABLES = ["bill.csv", "green_energy.csv", "schedule.csv", "statement.csv", "statement.xlsx", "summary.json"]
OUTPUTS = sorted([*TABLES, *(f"{name}.{end}" for name in ("months", "savings", "week") for end in ("png", "svg"))])


def _left_behind(folder):
    """Everything beside the site folder, hidden files included."""
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """One run with charts that several tests read."""
    site = tmp_path_factory.mktemp("solved") / "teahouse"
    site.mkdir()
    (site / "site.toml").write_text(SITE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(site.parent)
        result = CliRunner().invoke(app, ["optimize", "teahouse"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return site, result


def test_outputs_stand_beside_the_site_under_its_name(solved):
    site, result = solved
    out = site.parent / "teahouse-out"
    assert sorted(path.name for path in out.iterdir()) == OUTPUTS
    assert _left_behind(site) == ["teahouse-out"]
    assert result.stderr.splitlines()[-1] == f"note: wrote {', '.join(OUTPUTS)} to `teahouse-out`"
    assert result.stdout.startswith("teahouse: certified optimum\n")
    assert (out / "week.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "months.svg").read_text(encoding="utf-8")


def test_summary_is_certified_and_agrees_with_the_bill(solved):
    site, _ = solved
    out = site.parent / "teahouse-out"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "optimal"
    assert summary["certificate"]["certified"] is True
    assert summary["cost"]["savings"] > 0.0
    rows = list(csv.DictReader(io.StringIO((out / "bill.csv").read_text(encoding="utf-8"))))
    for run_name, key in (("plan", "optimized"), ("baseline", "baseline")):
        total = sum(float(row["amount"]) for row in rows if row["run"] == run_name)
        assert total == pytest.approx(summary["cost"][key], rel=1e-9)


def test_the_statement_agrees_with_the_summary(solved):
    site, result = solved
    out = site.parent / "teahouse-out"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader(io.StringIO((out / "statement.csv").read_text(encoding="utf-8"))))
    totals = {row["run"]: float(row["amount"]) for row in rows if row["kind"] == "grand_total"}
    for run_name, key in (("plan", "optimized"), ("baseline", "baseline")):
        assert totals[run_name] == pytest.approx(summary["cost"][key], abs=0.02)
        assert sum(party[key] for party in summary["parties"]) == pytest.approx(0.0, abs=1e-6)
    assert "Grid company 电网企业" in result.stdout
    assert openpyxl.load_workbook(out / "statement.xlsx").sheetnames[1:3] == ["2027-06", "2027-07"]


def test_schedule_reads_back_for_the_bill(solved, run):
    site, _ = solved
    out = site.parent / "teahouse-out"
    schedule = read_schedule(load_site(site), out / "schedule.csv")
    assert schedule.horizon.steps == 168
    billed = json.loads(run("bill", site, "--schedule", out / "schedule.csv", "-f", "json").stdout)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert billed["cost"]["metered"] == pytest.approx(summary["cost"]["optimized"], rel=1e-6)
    assert billed["cost"]["baseline"] == pytest.approx(summary["cost"]["baseline"], rel=1e-9)


def test_stdout_is_data_alone(run, site_folder):
    result = run("optimize", site_folder, "--no-plots", "-f", "json", "--out", "here")
    assert json.loads(result.stdout) == json.loads((site_folder.parent / "here" / "summary.json").read_text("utf-8"))
    assert sorted(path.name for path in (site_folder.parent / "here").iterdir()) == TABLES
    bill = run("optimize", site_folder, "--no-plots", "-f", "csv", "--out", "here").stdout
    assert bill == (site_folder.parent / "here" / "bill.csv").read_text("utf-8")


def test_a_part_of_the_horizon(run, site_folder):
    part = ("--from", "2027-06-29", "--to", "2027-06-30T12:00")
    summary = json.loads(run("optimize", site_folder, "--no-plots", "-f", "json", *part).stdout)
    assert summary["horizon"]["start"] == "2027-06-29T00:00:00+08:00"
    assert summary["horizon"]["steps"] == 36


def test_a_named_solver_is_used(run, site_folder):
    summary = json.loads(run("optimize", site_folder, "--no-plots", "-f", "json", "--solver", "HIGHS").stdout)
    assert summary["certificate"]["solver"] == "HIGHS"


def test_infeasible_is_three_and_names_the_rule(run, site_folder, change):
    change("import_limit_kw = 4000", "import_limit_kw = 800")
    result = run("optimize", "teahouse", code=3)
    assert result.stdout == ""
    assert result.stderr.startswith("error: no schedule keeps all rules; these contradict each other:\n")
    assert "`grid.import_limit_kw`" in result.stderr
    assert "\n\nhint: " in result.stderr
    assert _left_behind(site_folder) == []


@pytest.mark.parametrize("out", ["teahouse", "taken", "file.txt"])
def test_an_output_folder_that_is_somebody_elses_is_refused_before_solving(run, site_folder, out):
    (site_folder.parent / "taken").mkdir()
    (site_folder.parent / "taken" / "thesis.txt").write_text("mine")
    (site_folder.parent / "file.txt").write_text("mine")
    stderr = run("optimize", site_folder, "--out", out, code=2).stderr
    assert stderr.startswith("error: ")
    assert "hint: choose a new folder for the outputs" in stderr
    assert _left_behind(site_folder) == ["file.txt", "taken"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["^C", "full"])
def test_nothing_is_left_half_written(run, site_folder, monkeypatch, failure):
    def fail(document):
        raise failure

    monkeypatch.setattr(files, "as_json", fail)
    interrupted = isinstance(failure, KeyboardInterrupt)
    result = run("optimize", site_folder, "--no-plots", code=130 if interrupted else 2)
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last == (
        "interrupted" if interrupted else "hint: free space on the disk or choose another folder with `--out`"
    )
    assert _left_behind(site_folder) == []


def test_a_real_interrupt_while_writing_ends_in_one_line(site_folder):
    code = (
        "import time, storage_opt.report.files as files\n"
        "from storage_opt.cli import main\n"
        "def stuck(*arguments):\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
        "files.write_schedule = stuck\n"
        f"import sys; sys.argv = ['storage-opt', 'optimize', {str(site_folder)!r}]\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=site_folder.parent
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == "interrupted\n"
    assert _left_behind(site_folder) == []
