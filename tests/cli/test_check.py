import csv
import io
import json
import subprocess
import sys

import pytest


def test_table_shows_what_was_understood(run, site_folder):
    text = run("check", site_folder).stdout
    assert "teahouse: understood\n2027-06-28 00:00 to 2027-07-05 00:00 Asia/Shanghai, 168 steps of 60 min\n" in text
    assert "import limit 4,000 kW\n" in text
    for words in ("hall", "Generator 电源", "Battery 储能", "two_part.demand", "Demand charge 需量电费", "PeakCharge"):
        assert words in text


def test_json_has_horizon_assets_lines_and_prices(run, site_folder):
    found = json.loads(run("check", site_folder / "site.toml", "--format", "json").stdout)
    assert found["horizon"]["steps"] == 168
    assert found["horizon"]["billing_periods"] == ["2027-06", "2027-07"]
    assert [line["line"] for line in found["bill"]] == ["two_part.energy", "two_part.demand", "sale.energy"]
    assert found["prices"]["import_per_kwh"] == {
        "lowest": 0.25,
        "mean": pytest.approx((8 * 0.25 + 5 * 1.05 + 11 * 0.55) / 24),
        "highest": 1.05,
    }
    assert found["prices"]["export_per_kwh"]["mean"] == pytest.approx(-0.2)
    assets = {asset["name"]: asset for asset in found["assets"]}
    assert assets["hall"]["peak_kw"] == 2100.0
    assert assets["pv"]["energy_kwh"] == pytest.approx(7 * 2500 * 6.3)


def test_csv_is_a_table(run, site_folder):
    rows = list(csv.DictReader(io.StringIO(run("check", site_folder, "-f", "csv").stdout)))
    assert {len(row) for row in rows} == {7}
    assert [row["kind"] for row in rows[:5]] == ["load", "generator", "battery", "price", "price"]


@pytest.mark.parametrize("profile", ["guian", "industrial", "stacking", "ulanqab", "yangtze"])
def test_profiles_are_found_by_name(run, profile):
    assert json.loads(run("check", profile, "--format", "json").stdout)["assets"]


def test_no_solver_is_loaded(site_folder):
    code = (
        "import sys\nfrom storage_opt.cli import main\n"
        f"sys.argv = ['storage-opt', 'check', {str(site_folder)!r}]\n"
        "try:\n    main()\nexcept SystemExit as leave:\n    assert not leave.code\n"
        "sys.stderr.write(' '.join({'cvxpy', 'piqp', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_contract_is_told_in_both_languages_with_its_rules_and_what_was_filled_in(run):
    text = run("check", "ulanqab").stdout
    for words in (
        "connection: grid-connected 并网型",
        "supply: green direct supply, single capacity charge 绿电直连, 单一容量制",
        "take-or-pay 90% 照付不议; export is the site's 归用户",
        "Transmission and distribution 输配电费",
        "Contract rules, without storage 合同约束(无储能)",
        "contract.supply.transmission_per_kwh = 0.052 per kWh from 发改价格〔2026〕1077号",
    ):
        assert words in text
    found = json.loads(run("check", "ulanqab", "--format", "json").stdout)
    assert {rule["name"]: rule["ok"] for rule in found["baseline_rules"]}["contract.self_use_of_available"] is False
    assert "not applied: deep" in run("check", "yangtze").stdout
