"""`[backup]` at the command line: what `check` and `optimize` tell and write, and how mistakes in it are refused."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app

SITE = """
name = "hall"

[horizon]
start = 2026-01-01
end = 2026-01-04
zone = "Asia/Shanghai"

[load.hall]
power_kw = 100

[generator.pv]
capacity_kw = 80
profile = [0,0,0,0,0,0,0,0.1,0.2,0.4,0.6,0.7,0.8,0.7,0.6,0.4,0.2,0.1,0,0,0,0,0,0]

[battery.bess]
energy_kwh = 400
power_kw = 80

[battery.spare]
energy_kwh = 100
power_kw = 20

[tariff.supply]
energy = [{ price_per_kwh = [0.3,0.3,0.3,0.3,0.3,0.3,0.3,0.3,0.9,0.9,0.9,0.9,0.6,0.6,0.6,0.6,0.6,1,1,1,1,0.6,0.6,0.3] }]

[backup]
critical_frac = 0.6
ride_through_h = 1.5
batteries = ["bess"]
plants = true

[backup.genset]
power_kw = 50
fuel_kwh = 300
start_delay_h = 0.25
"""


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})


def written(tmp_path, text=SITE):
    folder = tmp_path / "hall"
    folder.mkdir()
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return folder


def test_check_tells_what_is_held(tmp_path):
    result = run("check", str(written(tmp_path)))
    assert result.exit_code == 0, result.stderr
    # 1.5 h x 60 kW / 0.95 = 94.7 kWh
    assert "Backup 备电" in result.stdout
    assert "critical load up to 60.0 kW, ride-through 1.5 h; holds up to 94.7 kWh in bess" in result.stdout


def test_optimize_writes_and_tells_survival(tmp_path):
    out = tmp_path / "out"
    result = run("optimize", str(written(tmp_path)), "--out", str(out))
    assert result.exit_code == 0, result.stderr
    for words in (
        "Survival without the grid 离网支撑能力",
        "With generator set 含发电机组",
        "ride-through is survived from 72 of 72 starts",
        "of arbitrage",
    ):
        assert words in result.stdout
    assert (out / "survival.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "survival.svg").exists()

    with (out / "survival.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert list(rows[0]) == ["duration_h", "without_genset_frac", "with_genset_frac"]
    shares = {row["duration_h"]: row for row in rows}
    assert shares[1.5]["without_genset_frac"] == 1.0
    assert all(row["with_genset_frac"] >= row["without_genset_frac"] for row in rows)
    assert all(a["without_genset_frac"] >= b["without_genset_frac"] for a, b in zip(rows, rows[1:], strict=False))
    assert rows[-1]["with_genset_frac"] < 1.0

    backup = json.loads((out / "summary.json").read_text(encoding="utf-8"))["backup"]
    assert backup["ride_through_kept_frac"] == 1.0
    assert backup["reserve_cost"] > 0
    assert backup["without_genset"]["shortest_h"] == pytest.approx(1.5, abs=1e-3)
    assert backup["with_genset"]["shortest_h"] > 4.0
    assert backup["reserve_kwh"]["bess"]["max"] == pytest.approx(90 / 0.95)
    assert len(backup["survival"]) == len(rows)


def test_without_a_generator_set_its_column_is_left_out(tmp_path):
    out = tmp_path / "out"
    text = SITE.partition("[backup.genset]")[0]
    result = run("optimize", str(written(tmp_path, text)), "--out", str(out), "--no-plots", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["backup"]["with_genset"] is None
    assert (out / "survival.csv").read_text(encoding="utf-8").startswith("duration_h,without_genset_frac\n")


def test_a_site_without_backup_has_no_survival(tmp_path):
    out = tmp_path / "out"
    text = SITE.partition("[backup]")[0]
    result = run("optimize", str(written(tmp_path, text)), "--out", str(out), "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["backup"] is None
    assert not [path.name for path in out.iterdir() if path.name.startswith("survival")]


def test_explain_names_the_reserve(tmp_path):
    result = run("explain", str(written(tmp_path)))
    assert result.exit_code == 0, result.stderr
    assert "bess.backup" in result.stdout
    assert "spare.backup" not in result.stdout


CASES = {
    "both": ("critical_frac = 0.6", "critical_frac = 0.6\ncritical_kw = 60", "both `critical_kw` and `critical_frac`"),
    "neither": ("critical_frac = 0.6\n", "", "neither `critical_kw` nor `critical_frac`"),
    "no time": ("ride_through_h = 1.5\n", "", "`ride_through_h` is missing"),
    "a share in percent": ("critical_frac = 0.6", "critical_frac = 60", "write 0.6"),
    "negative time": ("ride_through_h = 1.5", "ride_through_h = -1.5", "backup.ride_through_h"),
    "minutes for hours": ("ride_through_h = 1.5", "ride_through_h = 900", "at most 168 h"),
    "seven values": ("ride_through_h = 1.5", "ride_through_h = [1,2,3,4,5,6,7]", "12 values (months) or 24 (hours)"),
    "unknown battery": ('batteries = ["bess"]', 'batteries = ["bes"]', "backup names battery 'bes'"),
    "battery twice": ('batteries = ["bess"]', 'batteries = ["bess", "bess"]', "named twice"),
    "longer than full": (
        "ride_through_h = 1.5",
        "ride_through_h = [1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5,8,8,8,8,8,8,1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5]",
        # 8 x 60 / 0.95, and 0.95 x 400
        "8 h of ride-through need 505.263 kWh in `bess`, which holds 380 kWh when full, at 21 starts of "
        "intervals, first at 2026-01-01 09:00",
    ),
    "above the power": (
        "critical_frac = 0.6",
        "critical_frac = 0.9",
        "critical load 90 kW is above the 80 kW that `bess` can discharge in 72 intervals, first at 2026-01-01 00:00",
    ),
    "above the load": (
        "critical_frac = 0.6",
        "critical_kw = 120",
        "critical load 120 kW is above the load of 100 kW in 72 intervals, first at 2026-01-01 00:00",
    ),
    "a battery that holds nothing": ("energy_kwh = 400", "energy_kwh = 0", "which holds 0 kWh when full"),
    "a generator set without fuel": ("fuel_kwh = 300\n", "", "`fuel_kwh` is missing"),
    "a start a day late": ("start_delay_h = 0.25", "start_delay_h = 250", "at most 24 h"),
    "unknown key": ("plants = true", "plant = true", "did you mean `plants`"),
}


@pytest.mark.parametrize(("old", "new", "words"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("command", ["check", "optimize"])
def test_mistakes_are_refused_by_name(command, old, new, words, tmp_path):
    assert old in SITE
    site = written(tmp_path, SITE.replace(old, new, 1))
    options = ["--out", str(tmp_path / "out")] if command == "optimize" else []
    result = run(command, str(site), *options)
    assert result.exit_code == 2, result.stdout + result.stderr
    assert "Traceback" not in result.output
    assert "hint: " in result.stderr
    assert words in " ".join(result.stderr.split()), result.stderr
    assert "site.toml" in result.stderr
    assert not (tmp_path / "out").exists()


def test_no_battery_to_hold_it(tmp_path):
    head, _, rest = SITE.partition("[battery.bess]")
    text = head + "[tariff.supply]" + rest.partition("[tariff.supply]")[2].replace('batteries = ["bess"]\n', "")
    result = run("check", str(written(tmp_path, text)))
    assert result.exit_code == 2
    assert "backup has no battery to hold it" in result.stderr


def test_all_faults_of_the_reserve_are_told_at_once(tmp_path):
    text = SITE.replace("critical_frac = 0.6", "critical_kw = 130").replace(
        "ride_through_h = 1.5", "ride_through_h = 4"
    )
    result = run("check", str(written(tmp_path, text)))
    assert result.exit_code == 2
    for words in ("above the load", "can discharge", "when full"):
        assert words in " ".join(result.stderr.split())
