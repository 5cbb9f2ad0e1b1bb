import csv
import io
import json
import subprocess
import sys

import openpyxl
import pytest

from storage_opt.io.schedule_file import write_schedule
from storage_opt.io.site_file import load_site
from tests.support.results import fake_result


@pytest.fixture
def metered(site_folder):
    """A week in which the battery ran by the clock, in a file."""
    result = fake_result(load_site(site_folder))
    path = site_folder.parent / "metered.csv"
    write_schedule(result.schedule, path)
    return path, result


def test_the_bill_of_a_metered_week(run, site_folder, metered):
    path, result = metered
    found = json.loads(run("bill", site_folder, "--schedule", path, "--format", "json").stdout)
    assert found["cost"]["metered"] == pytest.approx(result.ledger.total, rel=1e-6)
    assert sum(line["metered"] for line in found["bill"]) == pytest.approx(found["cost"]["metered"])
    assert sum(found["value_streams"].values()) == pytest.approx(found["cost"]["savings"])
    assert set(found["periods"]["metered"]) == {"2027-06", "2027-07"}


def test_table_compares_with_the_baseline(run, site_folder, metered):
    text = run("bill", site_folder, "-s", metered[0]).stdout
    assert text.startswith("teahouse: settled bill\n")
    for words in ("Baseline 基准 [CNY]", "Metered 实测 [CNY]", "Change 变化 [CNY]", "two_part.energy", "2027-07"):
        assert words in text


def test_csv_holds_every_entry_of_both(run, site_folder, metered):
    rows = list(csv.DictReader(io.StringIO(run("bill", site_folder, "-s", metered[0], "-f", "csv").stdout)))
    assert {row["run"] for row in rows} == {"metered", "baseline"}
    entries = [row for row in rows if row["run"] == "metered"]
    assert len(entries) == len(metered[1].ledger.entries)
    for row in rows:
        assert float(row["quantity"]) * float(row["rate"]) == pytest.approx(float(row["amount"]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["july.csv", "new/july.XLSX"])
def test_the_statement_of_a_metered_week(run, site_folder, metered, name):
    target = site_folder.parent / name
    result = run("bill", site_folder, "-s", metered[0], "-f", "json", "--statement", name)
    cost = json.loads(result.stdout)["cost"]["metered"]
    assert result.stderr.splitlines()[-1] == f"note: wrote `{name}`"
    if target.suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
        assert [row["run"] for row in rows][:1] == ["metered"]
        (total,) = [row["amount"] for row in rows if row["kind"] == "grand_total" and row["run"] == "metered"]
        assert float(total) == pytest.approx(cost, abs=0.01)
    else:
        book = openpyxl.load_workbook(target, data_only=True)
        assert book.sheetnames == ["Summary 汇总", "2027-06", "2027-07", "Baseline 基准"]
        assert book["2027-07"]["A5"].value == "Schedule 方案: Metered 实测"
    again = target.read_bytes()
    run("bill", site_folder, "-s", metered[0], "--statement", name)
    assert target.read_bytes() == again


@pytest.mark.parametrize("name", ["july.pdf", "july", ".xlsx.bak"])
def test_a_statement_of_another_form_is_refused_before_anything_is_read(run, site_folder, name):
    result = run("bill", site_folder, "-s", "nowhere.csv", "--statement", name, code=2)
    assert result.stderr.startswith(f"error: `{name}` is no name of a statement (`--statement`)")
    assert result.stderr.endswith("hint: end it in .csv or .xlsx\n")
    assert result.stdout == ""


def test_a_statement_never_replaces_an_input(run, site_folder, change, metered):
    table = site_folder / "pv.csv"
    table.write_text("hour,pv\n", encoding="utf-8")
    stamps = [f"2027-{6 if day < 3 else 7:02}-{28 + day if day < 3 else day - 2:02}" for day in range(7)]
    rows = [f"{stamp} {hour:02}:00,0.5" for stamp in stamps for hour in range(24)]
    table.write_text("time,pv\n" + "\n".join(rows) + "\n", encoding="utf-8")
    change(
        "profile = [0, 0, 0, 0, 0, 0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0, 0, 0, 0, 0, 0]",
        'profile = { file = "pv.csv", column = "pv" }',
    )
    link = site_folder.parent / "link.csv"
    link.hardlink_to(table)
    for target in (metered[0], table, link, "teahouse/../metered.csv"):
        before = (metered[0].read_bytes(), table.read_bytes())
        result = run("bill", site_folder, "-s", metered[0], "--statement", target, code=2)
        assert "is an input and would be written over" in result.stderr
        assert result.stdout == ""
        assert (metered[0].read_bytes(), table.read_bytes()) == before


def test_a_folder_in_the_place_of_the_statement_is_refused(run, site_folder, metered):
    (site_folder.parent / "taken.csv").mkdir()
    assert "is a folder" in run("bill", site_folder, "-s", metered[0], "--statement", "taken.csv", code=2).stderr


def test_a_missing_or_broken_schedule_is_wrong_input(run, site_folder):
    assert "error: " in run("bill", site_folder, "-s", "nowhere.csv", code=2).stderr
    (site_folder.parent / "broken.csv").write_text("time,grid.import_kw\n2027-06-28,nonsense\n", encoding="utf-8")
    result = run("bill", site_folder, "-s", "broken.csv", code=2)
    assert result.stdout == ""
    assert "\n\nhint: " in result.stderr


def test_no_solver_is_loaded(site_folder, metered):
    code = (
        "import sys\nfrom storage_opt.cli import main\n"
        f"sys.argv = ['storage-opt', 'bill', {str(site_folder)!r}, '-s', {str(metered[0])!r}]\n"
        "try:\n    main()\nexcept SystemExit as leave:\n    assert not leave.code\n"
        "assert not {'cvxpy', 'piqp', 'matplotlib'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
