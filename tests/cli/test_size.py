"""`storage-opt size`: files, keys, sums, the same bytes twice."""

from __future__ import annotations

import csv
import io
import json

import pytest

SIZING = """
[sizing]
budget = 4_000_000
[sizing.battery.bess]
energy_kwh = { most = 20000 }
power_kw = { most = 6000 }
[finance]
years = 15
discount_rate_frac = 0.07
[finance.cost.bess]
capex_per_kwh = 700
capex_per_kw = 200
om_per_kwh_year = 5
"""
TABLES = {"schedule.csv", "schedule.parquet", "bill.csv", "summary.json", "cash_flow.csv", "finance.xlsx"}


@pytest.fixture
def sized_folder(site_folder):
    with (site_folder / "site.toml").open("a", encoding="utf-8") as file:
        file.write(SIZING)
    return site_folder


def test_files_and_keys(run, sized_folder):
    done = run("size", sized_folder, "--no-plots", "--out", "here", "-f", "json")
    folder = sized_folder.parent / "here"
    names = {path.name for path in folder.iterdir()}
    assert {"schedule.csv", "bill.csv", "summary.json", "cash_flow.csv", "finance.xlsx"} <= names
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary == json.loads(done.stdout)
    assert summary["status"] == "optimal"
    assert set(summary) == {
        "site",
        "status",
        "currency",
        "sizes",
        "limits",
        "bill_before_per_year",
        "saving_per_year",
        "cash_saving_per_year",
        "finance",
        "certificate",
        "timing",
        "notes",
        "explored",
        "life",
        "dispatch",
    }
    assert [size["name"] for size in summary["sizes"]] == ["bess.energy_kwh", "bess.power_kw"]
    assert set(summary["sizes"][0]) == {
        "name",
        "value",
        "unit",
        "existing",
        "least",
        "most",
        "at_end",
        "capex",
        "cost_per_year",
        "worth_per_unit_year",
    }
    energy, power = (size["value"] for size in summary["sizes"])
    assert sum(size["capex"] for size in summary["sizes"]) == pytest.approx(700 * energy + 200 * power)
    assert sum(size["capex"] for size in summary["sizes"]) <= 4_000_000 * (1 + 1e-6)
    assert summary["cash_saving_per_year"] == pytest.approx(
        sum(amount for stream, amount in summary["saving_per_year"].items() if stream != "wear")
    )


def test_the_cash_flow_is_a_row_a_year_and_adds_up(run, sized_folder):
    text = run("size", sized_folder, "--no-plots", "--out", "here", "-f", "csv").stdout
    assert text == (sized_folder.parent / "here" / "cash_flow.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["year"]) for row in rows] == list(range(16))
    summary = json.loads((sized_folder.parent / "here" / "summary.json").read_text("utf-8"))
    worth = sum(float(row["after_tax"]) / 1.07 ** int(row["year"]) for row in rows)
    assert summary["finance"]["after_tax"]["npv"] == pytest.approx(worth, rel=1e-6)
    rate = summary["finance"]["after_tax"]["irr"]
    assert sum(float(row["after_tax"]) / (1 + rate) ** int(row["year"]) for row in rows) == pytest.approx(0.0, abs=1.0)


def test_charts_are_drawn(run, sized_folder):
    run("size", sized_folder, "--out", "here")
    assert {"cash_flow.png", "cash_flow.svg"} <= {path.name for path in (sized_folder.parent / "here").iterdir()}


def test_the_same_site_gives_the_same_bytes(run, sized_folder):
    contents = []
    for name in ("one", "two"):
        run("size", sized_folder, "--no-plots", "--out", name)
        folder = sized_folder.parent / name
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".csv"}
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        # wall time is all that may differ
        summary.pop("timing")
        summary["dispatch"].pop("timing", None)
        summary["dispatch"].get("certificate", {}).pop("attempts", None)
        contents.append((files, json.dumps(summary)))
    assert contents[0] == contents[1]


def test_the_table_says_what_to_build_and_that_it_is_proven(run, sized_folder):
    shown = run("size", sized_folder, "--no-plots", "--out", "here").stdout
    assert "sizes certified optimal" in shown
    assert "bess.energy_kwh" in shown
    assert "no other sizes are better" in shown
