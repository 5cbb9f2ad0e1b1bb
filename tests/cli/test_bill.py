import csv
import io
import json
import subprocess
import sys

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
