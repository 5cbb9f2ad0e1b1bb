import csv
import io
import json
import re
from datetime import date

import pytest
from rich.console import Console

from storage_opt.catalog.grids import grids
from storage_opt.catalog.products import products
from storage_opt.catalog.region_tariff import region_tariff
from storage_opt.catalog.tou_rows import Period
from storage_opt.report.tariff_map import LETTERS, map_lines, tariff_view

ON = ("--on", "2026-09-01")


@pytest.fixture(autouse=True)
def _wide(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("NO_COLOR", "1")


def test_list_in_all_forms(run):
    codes = {grid.grid for grid in grids()}
    rows = list(csv.DictReader(io.StringIO(run("tariff", "list", "-f", "csv").stdout)))
    assert {row["grid"] for row in rows} == codes
    assert json.loads(run("tariff", "list", "-f", "json").stdout)["tariffs"] == rows
    table = run("tariff", "list").stdout
    assert all(code in table for code in codes)
    assert "发改价格〔2026〕1077号" in table
    assert next(row for row in rows if row["grid"] == "SH")["variants"] == "rest_day"


def test_products_in_all_forms(run):
    rows = list(csv.DictReader(io.StringIO(run("tariff", "products", "-f", "csv").stdout)))
    assert [row["product"] for row in rows] == [row.product for row in products()]
    shave = next(row for row in rows if row["product"] == "guangdong_shave")
    told = {key: cell for key, cell in shave.items() if cell and key not in {"english", "chinese", "note", "document"}}
    assert told == {
        "product": "guangdong_shave",
        "section": "response",
        "direction": "shave",
        "price_per_kwh": "2.7",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "confidence": "S2",
    }
    document = json.loads(run("tariff", "products", "-f", "json").stdout)["products"]
    assert [{key: str(cell) for key, cell in row.items()} for row in document] == rows
    assert next(row for row in document if row["product"] == "guangdong_shave")["price_per_kwh"] == 2.7
    table = run("tariff", "products").stdout
    assert all(row.product in table for row in products())
    assert "0.3 / kW held and day" in table
    assert "330 / kW and year" in table
    assert "甘肃调峰容量(上限)" in table


def test_show_draws_twelve_months_of_letters(run):
    result = run("tariff", "show", "NM_W", *ON)
    lines = [line for line in result.stdout.splitlines() if line.strip()[:2].strip().isdigit() and " V V " in line]
    assert len(lines) == 12
    assert lines[0].split()[1:] == list("VVVVFFPPFFFVVVVVFFPPPPFF")
    assert lines[6].split()[1:] == list("FFFFFFPPFFFVVDDVFFPTTPFF")
    assert "0.6907 (1.848)" in result.stdout
    assert "\x1b[" not in result.stdout
    assert "note: the price sheet of NM_W at 10 kV of 2026-03" in result.stderr


def test_show_keeps_half_hours(run):
    lines = run("tariff", "show", "JS", "--month", "7", *ON).stdout.splitlines()
    drawn = next(line for line in lines if line.strip().startswith("7 "))
    assert drawn.split()[1] == "V" * 12 + "F" * 10 + "V" * 4 + "FF" + "TT" + "P" * 9 + "TTTT" + "P" + "FFFF"
    assert any("19:30-21:30  Tip 尖峰" in line for line in lines)


@pytest.mark.parametrize(("region", "month"), [("NM_W", 7), ("JS", 7), ("GZ", 1)])
def test_colour_changes_no_letter_and_marks_each_run_once(region, month):
    tariff = region_tariff(region, "110kV", date(2026, 9, 1))
    console = Console(force_terminal=True, color_system="standard", width=140, no_color=False, file=io.StringIO())
    with console.capture() as caught:
        for shown in tariff_view(tariff, month).tables():
            console.print(shown)
    coloured = next(line for line in caught.get().splitlines() if re.match(rf"\s+{month} ", line))
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert plain.split(maxsplit=1)[1].rstrip() == map_lines(tariff, [month])[0].rstrip()
    marked = sum(window.period != "flat" for window in tariff.windows(month))
    assert len(re.findall(r"\x1b\[[1-9]", coloured)) == marked


def test_show_as_data(run):
    document = json.loads(run("tariff", "show", "SH", "--month", "7", "--format", "json", *ON).stdout)
    assert document["network"]["demand_per_kw_month"] == 38.4
    assert document["base"] == "purchase_td"
    assert document["sources"][0]["document"] == "发改价格〔2026〕1077号 附件1"
    rows = list(csv.DictReader(io.StringIO(run("tariff", "show", "SH", "--month", "7", "-f", "csv", *ON).stdout)))
    tip = next(row for row in rows if row["period"] == "tip")
    assert tip == {
        "month": "7",
        "start": "12:00",
        "end": "14:00",
        "period": "tip",
        "multiplier": "2.25",
        "price_per_kwh": "1.259662",
    }
    assert len(list(csv.reader(io.StringIO(run("tariff", "show", "GZ", "-f", "csv", *ON).stdout)))) == 1 + 12 * 6


def test_show_says_when_there_are_multipliers_only(run):
    result = run("tariff", "show", "ZJ", *ON)
    assert "Multiplier 浮动比例" in result.stdout
    assert "note: no prices of ZJ in the catalog that fit this calendar, so multipliers are shown" in result.stderr
    market = run("tariff", "show", "NX", "--voltage", "10kV", *ON)
    assert "0.4663" in market.stdout


def test_a_variant_is_shown_only_when_asked_for(run):
    plain = run("tariff", "show", "SX", "--month", "3", *ON)
    asked = run("tariff", "show", "SX", "--month", "3", "--variant", "holiday", *ON)
    assert "13:00-15:00  Deep valley 深谷" in asked.stdout
    assert "13:00-15:00" not in plain.stdout
    assert "not applied: deep on public holidays (variant `holiday`" in plain.stderr
    assert "not applied" not in asked.stderr


@pytest.mark.parametrize("region", ["NM_W", "JS", "NX", "ZJ"])
def test_the_map_as_a_picture(run, tmp_path, region):
    run("tariff", "show", region, "--voltage", "10kV", "--picture", "map.png", *ON)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_a_picture_of_one_month_as_svg_is_the_same_each_time(run, tmp_path):
    for name in ("a.svg", "b.svg"):
        run("tariff", "show", "NM_W", "--month", "7", "--picture", name, *ON)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_export_is_toml_on_stdout_and_notes_on_stderr(run):
    result = run("tariff", "export", "NM_W", "--voltage", "110kV", "--name", "grid", *ON)
    assert "[tariff.grid]" in result.stdout
    assert "note:" in result.stderr
    assert "note:" not in result.stdout


def test_an_exported_tariff_checks(run, tmp_path):
    text = run("tariff", "export", "SH", "--voltage", "35kV", *ON).stdout
    head = 'name = "hall"\n[horizon]\nstart = 2027-01-01\nend = 2027-02-01\n[load.hall]\npower_kw = 1000\n'
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.toml").write_text(head + text, encoding="utf-8")
    run("check", "site")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("show", "Shangai"), "did you mean `SH`"),
        (("show", "NM_W", "--voltage", "100kV"), "did you mean 110kV"),
        (("show", "TJ"), "no time-of-use calendar of TJ"),
        (("show", "NM_W", "--variant", "holiday"), "no variant `holiday`"),
        (("show", "NM_W", "--month", "13"), "less than or equal to 12"),
        (("show", "NM_W", "--picture", "map.doc"), "end it in .png, .svg or .pdf"),
        (("export", "ZJ", "--voltage", "10kV", *ON), "no energy prices of ZJ"),
        (("export", "NX", "--voltage", "110kV", *ON), "does not tell whether the network's price floats"),
        (("export", "NM_W"), "Missing option '--voltage'"),
    ],
)
def test_wrong_input_is_told_with_a_way_out(run, words, what):
    assert what in run("tariff", *words, code=2).stderr


def test_every_period_has_its_letter():
    assert set(LETTERS) == set(Period)
    assert len(set(LETTERS.values())) == len(LETTERS)
