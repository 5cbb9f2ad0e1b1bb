"""Sizings that cannot be done as they are written: exit code, place and hint, never a traceback."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app

INPUT, INFEASIBLE = 2, 3
FINANCE = "[finance]\n[finance.cost.bess]\ncapex_per_kwh = 700\ncapex_per_kw = 200\n"
ENERGY = "[sizing.battery.bess]\nenergy_kwh = { most = 9000 }\n"

CASES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "no sizing and no cost": ("", INPUT, ("neither [sizing] nor [finance.cost.NAME]", "sizing")),
    "no finance": (ENERGY, INPUT, ("is missing, which sizing needs", "finance")),
    "no cost": (ENERGY + "[finance]\n", INPUT, ("would be built for nothing", "finance.cost.bess")),
    "free asset": (ENERGY + "[finance]\n[finance.cost.bess]\nom_per_year = 3\n", INPUT, ("says nothing of capex",)),
    "no price of power": (
        "[sizing.battery.bess]\npower_kw = { most = 9000 }\n[finance]\n[finance.cost.bess]\ncapex_per_kwh = 700\n",
        INPUT,
        ("says no capex for the kW", "capex_per_kw"),
    ),
    "rate in percent": (
        ENERGY + FINANCE.replace("[finance]\n", "[finance]\ndiscount_rate_frac = 6\n"),
        INPUT,
        ("discount_rate_frac",),
    ),
    "least above most": (
        "[sizing.battery.bess]\nenergy_kwh = { least = 9, most = 3 }\n" + FINANCE,
        INPUT,
        ("least 9 is above most 3", "sizing.battery.bess.energy_kwh"),
    ),
    "step without most": ("[sizing.battery.bess]\nenergy_kwh = { step = 9 }\n" + FINANCE, INPUT, ("step needs most",)),
    "choices twice": (
        "[sizing.battery.bess]\nenergy_kwh = { choices = [{ size = 9 }, { size = 9 }] }\n" + FINANCE,
        INPUT,
        ("the size 9 twice",),
    ),
    "unknown battery": ("[sizing.battery.bass]\nenergy_kwh = { most = 9 }\n" + FINANCE, INPUT, ("'bass'", "`bess`")),
    "no contract": ("[sizing.grid]\ncontract_kw = { most = 9 }\n" + FINANCE, INPUT, ("contract_demand",)),
    "nothing open": ("[sizing]\nbudget = 3\n" + FINANCE, INPUT, ("leaves no size open",)),
    "too many units": (
        "[sizing.battery.bess]\nenergy_kwh = { most = 9000, step = 1e-4 }\n" + FINANCE,
        INPUT,
        ("combinations of whole sizes", "larger steps"),
    ),
    "misspelt": ("[sizing.battery.bess]\nenergy_kw = { most = 9 }\n" + FINANCE, INPUT, ("energy_kw",)),
    "budget too small": (
        "[sizing]\nbudget = 7000\n[sizing.battery.bess]\nenergy_kwh = { least = 500, most = 9000 }\n" + FINANCE,
        INFEASIBLE,
        ("sizing.budget",),
    ),
    "without end": (
        "[sizing.generator.pv]\ncapacity_kw = {}\n[finance]\n[finance.cost.pv]\ncapex_per_kw = 1\n",
        INFEASIBLE,
        ("pv.capacity_kw", "sizing.generator.pv.capacity_kw", "give most"),
    ),
    "taper": (
        "[sizing.battery.bess]\nenergy_kwh = { most = 9000 }\npower_kw = { most = 3000 }\n" + FINANCE,
        INPUT,
        ("bess.charge_taper", "does not grow in proportion"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_told(case, site_folder):
    addition, code, words = CASES[case]
    file = site_folder / "site.toml"
    text = file.read_text(encoding="utf-8")
    if case == "taper":
        taper = "charge_taper = [{ soc_frac = 0.8, power_frac = 1.0 }, { soc_frac = 1.0, power_frac = 0.2 }]"
        text = text.replace("energy_kwh = 4000\n", f"energy_kwh = 4000\n{taper}\n")
    if case == "without end":
        # each kW earns whatever is exported
        text = text.replace("export_limit_kw = 500", "export_limit_kw = 1e7")
    file.write_text(text + addition, encoding="utf-8")
    result = CliRunner().invoke(app, ["size", str(site_folder), "--no-plots"])
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "error: " in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr, result.stderr
    # nothing is left behind
    assert [path.name for path in site_folder.parent.iterdir()] == ["teahouse"]
