"""Scenarios of a site file: other tables and years are read, and every fault is told at once."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import storage_opt
from storage_opt.errors import InputError
from storage_opt.lowering.scenario import site_scenarios
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.scenario import horizon_of_year
from tests.support.site_folders import SiteDraft, good_site, stamps

SIZING = """
[finance.cost.bess]
capex_per_kwh = 900

[sizing.battery.bess]
energy_kwh = { most = 5000 }
"""


def _draft(scenarios: str) -> SiteDraft:
    draft = good_site()
    draft.text += SIZING + scenarios
    return draft


def _with_year(draft: SiteDraft, year: int, name: str = "") -> None:
    """Tables of another year beside those of the site, under other names."""
    for old in ("load", "pv", "price"):
        frame = draft.frame(f"{old}.csv")
        time = stamps(f"{year}-01-01", f"{year}-03-01")
        again = pd.concat([frame, frame.tail(24)], ignore_index=True).head(len(time))
        again.iloc[:, 0] = time
        again.iloc[:, 1] = again.iloc[:, 1] * 0.5
        draft.tables[f"{name or old}_{year}.csv"] = again


def test_a_leap_year_stands_beside_the_site(tmp_path):
    draft = _draft(
        "[sizing.scenario.now]\n[sizing.scenario.leap]\nyear = 2024\nweight = 3\n"
        'replace = {"load.csv" = "load_2024.csv", "pv.csv" = "pv_2024.csv", "price.csv" = "price_2024.csv"}\n'
    )
    _with_year(draft, 2024)
    site = storage_opt.load_site(draft.write(tmp_path / "site"))
    now, leap = site_scenarios(site)
    assert (now.site.horizon.steps, leap.site.horizon.steps) == (59 * 24, 60 * 24)
    assert (now.weight, leap.weight) == (1.0, 3.0)
    load = site.spec.load["plant"].power_kw
    np.testing.assert_allclose(leap.site.values(load)[:24], site.values(load)[:24] * 0.5)
    part = site.between(date(2026, 1, 3), date(2026, 1, 5))
    later = site_scenarios(part)[1].site
    assert later.horizon.first_day == date(2024, 1, 3)
    np.testing.assert_array_equal(later.values(load), leap.site.values(load)[48:96])


def test_one_table_is_replaced_and_the_others_stay(tmp_path):
    draft = _draft('[sizing.scenario.other]\nreplace = {"price.csv" = "price_b.csv"}\n')
    changed = draft.frame("price.csv").copy()
    changed.iloc[:, 1] = changed.iloc[:, 1] + 100.0
    draft.tables["price_b.csv"] = changed
    site = storage_opt.load_site(draft.write(tmp_path / "site"))
    (other,) = site_scenarios(site)
    price, load = site.spec.tariff["sale"].energy[0].price_per_kwh, site.spec.load["plant"].power_kw
    np.testing.assert_allclose(other.site.values(price), site.values(price) + 0.1)
    np.testing.assert_array_equal(other.site.values(load), site.values(load))


def test_scales_act_where_they_say(tmp_path):
    draft = _draft(
        "[sizing.scenario.s]\nload_scale = 1.1\ngeneration_scale = {pv = 2}\nenergy_price_scale = 1.5\n"
        "spread_scale = 0.5\nexport_price_scale = 0.8\n"
    )
    site = storage_opt.load_site(draft.write(tmp_path / "site"))
    other = site_scenarios(site)[0].site
    load, pv = site.spec.load["plant"].power_kw, site.spec.generator["pv"].profile
    np.testing.assert_allclose(other.values(other.spec.load["plant"].power_kw), site.values(load) * 1.1)
    np.testing.assert_allclose(other.values(other.spec.generator["pv"].profile), np.minimum(site.values(pv) * 2.0, 1.0))
    assert any("held at its capacity" in note for note in other.notes)
    # 8 h at 1.2, 8 h at 0.3 and 8 h at 0.7 have the mean 11/15
    mean = (1.2 + 0.3 + 0.7) / 3
    prices = {rule.period: rule.price_per_kwh for rule in other.spec.tariff["grid"].energy[0].tou}
    expected = {"peak": 1.2, "valley": 0.3, "flat": 0.7}
    assert prices == pytest.approx({p: 1.5 * (mean + 0.5 * (v - mean)) for p, v in expected.items()})
    sale = site.spec.tariff["sale"].energy[0].price_per_kwh
    np.testing.assert_allclose(other.values(other.spec.tariff["sale"].energy[0].price_per_kwh), site.values(sale) * 0.8)
    assert other.spec.tariff["grid"].demand == site.spec.tariff["grid"].demand


def test_every_fault_is_told_at_once(tmp_path):
    draft = _draft(
        "[sizing.scenario.a]\nweight = 0\n[sizing.scenario.b]\nweight = -2\nload_scale = 110\n"
        '[sizing.scenario.c]\nreplace = {"loads.csv" = "x.csv", "pv.csv" = "missing.csv", "price.csv" = "short.csv"}\n'
        "[sizing.scenario.d]\nyear = 2023\n"
        "[sizing.risk]\ncvar_level_frac = 80\ncvar_weight_frac = 20\n"
    )
    draft.tables["short.csv"] = draft.frame("price.csv").head(100)
    with pytest.raises(InputError) as refused:
        storage_opt.load_site(draft.write(tmp_path / "site"))
    told = str(refused.value)
    for words in (
        "`sizing.scenario.a.weight`",
        "`sizing.scenario.b.weight`",
        "write 1.1 if it is percent",
        "reads no table `loads.csv`",
        "did you mean `load.csv`?",
        "`missing.csv` does not exist",
        "short.csv, `sizing.scenario.c.replace`",
        "`sizing.scenario.d.year`",
        "write 0.8",
        "write 0.2",
    ):
        assert words in told, words


def test_scales_that_act_on_nothing_are_refused_at_once(tmp_path):
    draft = _draft("[sizing.scenario.a]\ngeneration_scale = {wind = 1.1}\n[sizing.scenario.b]\nspread_scale = 2\n")
    draft.replace('{period = "peak", hours = ["08:00-12:00", "18:00-22:00"], price_per_kwh = 1.2},', "")
    draft.replace("price_per_kwh = 0.3", "price_per_kwh = 0.7")
    with pytest.raises(InputError) as refused:
        storage_opt.load_site(draft.write(tmp_path / "site"))
    assert "names 'wind', which is no plant" in str(refused.value)
    assert "no import price varies in time" in str(refused.value)


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        ("[sizing.scenario.a]\nout_of_sample = true\n", "leaves no year to size on"),
        ("[sizing.risk]\ncvar_weight_frac = 0.5\n", "there is one only"),
        ("[sizing.scenario.a]\n[sizing.risk]\ncvar_level_frac = 0.9\n", "`cvar_weight_frac` is missing"),
        ('[sizing.scenario.a]\nreplace = {"pv.csv" = "pv.csv"}\n', "in place of itself"),
    ],
)
def test_what_says_nothing_is_refused(tmp_path, scenarios, words):
    with pytest.raises(InputError, match=words):
        storage_opt.load_site(_draft(scenarios).write(tmp_path / "site"))


def test_a_calendar_has_to_know_the_year(tmp_path):
    draft = _draft("[sizing.scenario.now]\n")
    site = storage_opt.load_site(draft.write(tmp_path / "site"))
    horizon = site.spec.horizon.model_copy(update={"holidays": (date(2026, 1, 1),)})
    with pytest.raises(ValueError, match="name no day of 2024"):
        horizon_of_year(horizon, 2024)
    both = horizon.model_copy(update={"holidays": (date(2026, 1, 1), date(2024, 1, 1))})
    assert horizon_of_year(both, 2024).start.year == 2024


def test_series_that_were_not_read_are_asked_for(tmp_path):
    draft = _draft("[sizing.scenario.now]\n")
    site = storage_opt.load_site(draft.write(tmp_path / "site"))
    sizing = site.spec.sizing.model_copy(
        update={"scenario": {"x": site.spec.sizing.scenario["now"].model_copy(update={"year": 2024})}}
    )
    spec = site.spec.model_copy(update={"sizing": sizing, "finance": FinanceSpec()})
    with pytest.raises(InputError, match="have not been read"):
        site_scenarios(storage_opt.Site(spec, site.horizon, site.columns))


def test_scenarios_are_written_as_they_are_read(tmp_path):
    draft = _draft(
        '[sizing.scenario.a]\nweight = 2\nreplace = {"price.csv" = "price_b.csv"}\ngeneration_scale = {pv = 1.1}\n'
        "[sizing.scenario.b]\ngeneration_scale = 0.9\nout_of_sample = true\n[sizing.risk]\ncvar_weight_frac = 0.5\n"
    )
    draft.tables["price_b.csv"] = draft.frame("price.csv").copy()
    folder = draft.write(tmp_path / "site")
    site = storage_opt.load_site(folder)
    storage_opt.write_site(site.spec, folder / "site.toml")
    assert storage_opt.load_site(folder).spec == site.spec
