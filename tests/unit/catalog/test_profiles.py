from __future__ import annotations

import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog import profiles
from storage_opt.catalog.make_profiles import PROFILES, main
from storage_opt.catalog.profiles import profile_folder, profile_names
from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant
from storage_opt.spec.supply import SupplySpec
from storage_opt.studies.checking import check
from tests.support.shipped import shipped, unshifted_load_kw

MOST_BYTES = 2_500_000


def test_names_are_sorted_and_each_has_a_maker():
    assert profile_names() == tuple(sorted(PROFILES))


@pytest.mark.parametrize(("wrong", "nearest"), [("ulanquab", "ulanqab"), ("Industry", "industrial")])
def test_an_unknown_profile_suggests_the_nearest(wrong, nearest):
    with pytest.raises(InputError, match=f"no profile named `{wrong}`; hint: did you mean `{nearest}`"):
        profile_folder(wrong)


@pytest.mark.parametrize("wrong", ["xyz", "../profiles/ulanqab", ""])
def test_what_is_like_nothing_lists_all(wrong):
    with pytest.raises(InputError, match="there are: guian, industrial, stacking, ulanqab, yangtze"):
        profile_folder(wrong)


def test_the_wheel_keeps_profiles_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "_profiles" / "only").mkdir(parents=True)
    (tmp_path / "_profiles" / "only" / "site.toml").touch()
    monkeypatch.setattr(profiles, "_PACKAGE", tmp_path)
    assert profile_names() == ("only",)
    assert profile_folder("only") == tmp_path / "_profiles" / "only"


STEPS = {"guian": 8_760, "industrial": 8_760, "stacking": 8_760, "ulanqab": 35_040, "yangtze": 8_760}
READ = {"ulanqab": ("synthetic_prices.csv: rows of 60 min repeated to 15 min",)}
"""What reading a profile tells; nothing where it is not listed."""


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_loads(name):
    site = load_site(profile_folder(name))
    assert site.notes == READ.get(name, ())
    assert site.horizon.steps == STEPS[name]
    assert "synthetic" in site.spec.description
    assert "scenario" in site.spec.name


@pytest.mark.parametrize("name", profile_names())
def test_series_are_small_and_say_in_their_name_what_they_are(name):
    tables = [path for path in profile_folder(name).iterdir() if path.suffix not in {".toml", ".md"}]
    assert tables
    for path in tables:
        assert path.name.startswith("synthetic_")
        assert path.stat().st_size < MOST_BYTES
    assert "synthetic" in (profile_folder(name) / "README.md").read_text(encoding="utf-8")


def test_the_command_makes_the_shipped_series_byte_for_byte(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(PROFILES)
    made = sorted(tmp_path.rglob("*.csv"))
    assert [path.relative_to(tmp_path).as_posix() for path in made] == [
        "guian/synthetic_compute.csv",
        "industrial/synthetic_series.csv",
        "stacking/synthetic_series.csv",
        "ulanqab/synthetic_compute.csv",
        "ulanqab/synthetic_prices.csv",
        "ulanqab/synthetic_renewables.csv",
        "yangtze/synthetic_compute.csv",
    ]
    for path in made:
        assert path.read_bytes() == (profile_folder(path.parent.name) / path.name).read_bytes(), path.name


# ------------------------------------------------------------------------- prices of the factory


def factory_supply():
    with (profile_folder("industrial") / "site.toml").open("rb") as file:
        return tomllib.load(file)["tariff"]


def factory_prices():
    """Price of each period, by (period, month)."""
    found: dict[tuple[str, int], float] = {}
    for rule in factory_supply()["supply"]["energy"][0]["tou"]:
        for month in rule.get("months", range(1, 13)):
            assert found.setdefault((rule["period"], month), rule["price_per_kwh"]) == rule["price_per_kwh"]
    return found


def test_prices_of_the_industrial_profile():
    """Everything but government funds floats."""
    funds, flat = 0.02766875, 0.6906
    found = factory_prices()
    published = {"tip": 1.4365, "peak": 1.1547, "valley": 0.2797}
    for period, multiplier in {"tip": 2.125, "peak": 1.70, "valley": 0.38}.items():
        assert found[period, 8] == pytest.approx(funds + (flat - funds) * multiplier, abs=1e-5)
        assert found[period, 8] == pytest.approx(published[period], abs=2e-4)
    assert found["flat", 8] == flat
    assert ("tip", 6) not in found
    assert found["peak", 6] == found["peak", 8]


def factory_hours(month):
    """Period of each hour of a day, from the rules: each hour is claimed at most once."""
    periods = ["flat"] * 24
    for rule in factory_supply()["supply"]["energy"][0]["tou"]:
        if month not in rule.get("months", range(1, 13)):
            continue
        for window in rule.get("hours", []):
            start, end = (int(clock[:2]) for clock in window.split("-"))
            for hour in range(start, end):
                assert periods[hour] == "flat", (month, hour)
                periods[hour] = rule["period"]
    return "".join(period[0] for period in periods)


def test_hours_of_the_industrial_profile():
    for month in (1, 6, 10):
        assert factory_hours(month) == "v" * 8 + "ff" + "pp" + "ff" + "ppppp" + "fffff"
    for month in (7, 8, 9):
        assert factory_hours(month) == "v" * 8 + "ff" + "pt" + "ff" + "pttpp" + "fffff"


# ------------------------------------------------------------------------- the arithmetic of the contracts
#
# Numbers in comments of the site files, computed again from the documents' own.

LOSS = {"NM_W": 0.0281, "GZ": 0.045}


def text_of(name):
    return (profile_folder(name) / "site.toml").read_text(encoding="utf-8")


def supply_of(name) -> SupplySpec:
    contract = load_site(profile_folder(name)).spec.contract
    assert contract is not None
    assert contract.supply is not None
    return contract.supply


def system_fee(flat, purchase, network, funds, loss):
    """What is left of a flat price when all known components are taken off."""
    return flat - purchase - network - funds - purchase * loss / (1.0 - loss)


def test_the_floating_base_of_mengxi_explains_the_published_prices():
    """March 2026 at 10 kV: peak 0.6651, flat 0.4524, valley 0.2900."""
    for multiplier, published in ((1.68, 0.6651), (0.48, 0.2900)):
        assert published == pytest.approx(0.4524 + 0.3125 * (multiplier - 1.0), abs=1e-3)


def test_system_operation_fee_of_ulanqab():
    fee = system_fee(0.4524, 0.3125, 0.0787, 0.022425, LOSS["NM_W"])
    assert supply_of("ulanqab").system_operation_per_kwh == Constant(0.0297)
    assert fee == pytest.approx(0.0297, abs=5e-5)
    assert "0.4524 flat - 0.3125 purchase - 0.0787 T&D - 0.022425 funds" in text_of("ulanqab")


def test_network_and_basic_charge_of_ulanqab():
    supply = supply_of("ulanqab")
    assert supply.load_factor_frac == 0.60
    assert supply.access_capacity_kva == 100_000.0
    assert pytest.approx(2_277_600) == 0.0520 * 0.60 * 730 * 100_000
    assert 19.5 * 100_000 == pytest.approx(31.2 * 62_500) == pytest.approx(1_950_000)
    for shown in ("2,277,600 CNY a month", "1,950,000 CNY a month", "62.5 MW"):
        assert shown in text_of("ulanqab")


def test_unshifted_every_month_of_ulanqab_has_a_night_that_makes_capacity_the_cheaper_basis():
    """More than 62.5 MW is missing in some interval of each month, as the site file says; never more than 90 MW."""
    site = shipped("ulanqab")
    missing = unshifted_load_kw("ulanqab") - available_kw(site)
    by_month = [missing[site.horizon.month == month].max() for month in range(1, 13)]
    assert min(by_month) > 62_500
    assert max(by_month) == pytest.approx(89_000, abs=500)
    assert "above the 89 MW" in text_of("ulanqab")


def available_kw(site: Site) -> np.ndarray:
    plants = (plant.capacity_kw * site.values(plant.profile) for plant in site.spec.generator.values())
    return sum(plants, np.zeros(site.horizon.steps))


def test_the_plants_of_ulanqab_against_its_load():
    site, load = shipped("ulanqab"), unshifted_load_kw("ulanqab")
    wind, pv = (site.spec.generator[name].capacity_kw for name in ("wind", "pv"))
    assert wind * 3.0 + pv * 1.65 == pytest.approx(811_500)
    assert available_kw(site).sum() * 0.25 == pytest.approx(811_500_000, rel=1e-4)
    assert load.sum() * 0.25 == pytest.approx(679_000_000, rel=1e-3)
    assert (load.mean(), load.min(), load.max()) == pytest.approx((77_500, 55_000, 98_000), rel=5e-3)
    assert "811 GWh, 1.20 times the load of 679 GWh" in text_of("ulanqab")
    assert pytest.approx(1.20, abs=5e-3) == 811.5 / 679


def test_day_ahead_prices_of_ulanqab():
    """The formula of the site file, typed again; the ranges are those of the file's comment."""
    folder = profile_folder("ulanqab")
    shape = re.findall(r"(?<=[ |])(?:\.\d\d|1\.0)(?= |$)", text_of("ulanqab").split("shape [X]")[1].split("\n")[1])
    assert len(shape) == 24
    wind = pd.read_csv(folder / "synthetic_renewables.csv")["wind_frac"].to_numpy().reshape(-1, 4).mean(axis=1)
    table = pd.read_csv(folder / "synthetic_prices.csv", parse_dates=["time"])
    spring, summer, autumn, winter = (-0.020, 0.214), (0.10, 0.30), (0.05, 0.25), (0.200, 0.347)
    by_month = np.array([winter] * 2 + [spring] * 3 + [summer] * 3 + [autumn] * 3 + [winter])
    low, high = by_month[table["time"].dt.month - 1].T
    calm = low + (high - low) * np.array(shape, dtype=float)[table["time"].dt.hour]
    expected = np.maximum(calm + 0.15 * (wind.mean() - wind), -0.02)
    # three decimals in the file, and wind was rounded to three before
    np.testing.assert_allclose(table["day_ahead_cny_per_kwh"], expected, atol=6.6e-4)
    assert table["day_ahead_cny_per_kwh"].mean() == pytest.approx(0.175, abs=5e-4)
    assert table["day_ahead_cny_per_kwh"].agg(["min", "max"]).tolist() == pytest.approx([-0.02, 0.40], abs=5e-3)


def test_nothing_is_bought_in_order_to_be_sold():
    """An import price below the export price of the same interval would make the meter a money pump."""
    for name in profile_names():
        found = check(load_site(profile_folder(name)))
        assert (found.import_price > -found.export_price).all(), name


SHANGHAI = {"purchase": 0.428899, "loss": 0.013266, "network": 0.0953, "system": 0.037833, "funds": 0.029115}


def test_prices_of_yangtze():
    """Purchase and network price float; all sums are those of the comment and of the program."""
    flat = sum(SHANGHAI.values())
    floating = SHANGHAI["purchase"] + SHANGHAI["network"]
    assert (flat, floating) == pytest.approx((0.604413, 0.524199), abs=1e-9)
    bonus = 1.0 - 0.0075
    hours = check(load_site(profile_folder("yangtze"))).import_price.reshape(365, 24)
    day = {"july": hours[181], "january": hours[0], "april": hours[90], "september": hours[243]}
    for multiplier, shown, where in (
        (1.80, "1.02377", day["july"][8]),
        (0.40, "0.28989", day["july"][0]),
        (2.25, "1.25966", day["july"][12]),
        (1.80, "1.02377", day["january"][18]),
        (2.25, "1.25966", day["january"][19]),
        (1.80, "1.02377", day["september"][12]),
        (1.60, "0.91893", day["april"][18]),
        (0.50, "0.34231", day["april"][23]),
        (1.00, "0.604413", day["april"][12]),
    ):
        price = flat + floating * (multiplier - 1.0)
        assert price == pytest.approx(float(shown), abs=5e-6)
        assert shown in text_of("yangtze")
        assert where == pytest.approx(SHANGHAI["funds"] + bonus * (price - SHANGHAI["funds"]), abs=1e-9)


def test_demand_of_yangtze():
    site, load = shipped("yangtze"), unshifted_load_kw("yangtze")
    assert (load.mean(), load.min(), load.max()) == pytest.approx((31_200, 21_800, 44_900), rel=5e-3)
    assert 24 * 80_000 == pytest.approx(38.4 * 50_000) == pytest.approx(1_920_000)
    assert load.max() < 50_000
    assert pytest.approx(20.8e6) == 260 * 80_000
    use = [load[site.horizon.month == month].sum() for month in range(1, 13)]
    assert [month for month, energy in enumerate(use, start=1) if energy < 20.8e6] == [2]


def test_prices_of_guian():
    """The retail price is what floats in the agency table of March 2026: peak 0.8342, flat 0.5918, valley 0.3495."""
    purchase, network, funds, system = 0.404, 0.0720, 0.025325, 0.0196
    loss = purchase * LOSS["GZ"] / (1.0 - LOSS["GZ"])
    assert pytest.approx(purchase) == (0.8342 - 0.5918) / 0.6
    assert pytest.approx(purchase, abs=5e-4) == (0.3495 - 0.5918) / -0.6
    assert loss == pytest.approx(0.01904, abs=5e-6)
    assert system_fee(0.5918, purchase, 0.1238, funds, LOSS["GZ"]) == pytest.approx(system, abs=5e-5)
    hours = check(load_site(profile_folder("guian"))).import_price[:24]
    for multiplier, shown, hour in (
        (0.40, "0.29756", 0),
        (1.0, "0.53996", 8),
        (1.60, "0.78236", 10),
        (1.60, "0.78236", 21),
    ):
        price = purchase * multiplier + loss + network + system + funds
        assert price == pytest.approx(float(shown), abs=6e-6)
        assert shown in text_of("guian")
        # bonus of 0.45 % on all but funds; half of it bought at the green premium
        expected = funds + (1.0 - 0.0045) * (price - funds) + 0.50 * 0.012
        assert hours[hour] == pytest.approx(expected, abs=1e-9)


def test_basic_charge_of_guian():
    site, load = shipped("guian"), unshifted_load_kw("guian")
    assert (load.mean(), load.min(), load.max()) == pytest.approx((56_100, 42_500, 74_200), rel=5e-3)
    assert load.max() < 76_000, "the transformers carry what arrives"
    assert pytest.approx(1_552_000) == 19.4 * 80_000
    assert pytest.approx(50_100, rel=1e-3) == 1_552_000 / 31
    assert pytest.approx(55_600, rel=1e-3) == 1_552_000 / (0.9 * 31)
    assert all(load[site.horizon.month == month].max() > 55_700 for month in range(1, 13))


@pytest.mark.parametrize("name", profile_names())
def test_wear_is_replacement_over_lifetime_throughput(name):
    (battery,) = load_site(profile_folder(name)).spec.battery.values()
    assert battery.wear_cost_per_kwh == pytest.approx(400 / (6_000 * 0.8), abs=5e-4)


def test_the_chosen_demand_mode_of_the_factory_is_the_cheaper_one():
    """Demand price x highest load stays below capacity price x transformers."""
    site = load_site(profile_folder("industrial"))
    price = site.spec.tariff["supply"].demand[0].price_per_kw
    assert isinstance(price, float)
    assert site.spec.grid.transformer_kva is not None
    load = site.values(site.spec.load["factory"].power_kw)
    assert price * load.max() < 22.6 * site.spec.grid.transformer_kva


# ------------------------------------------------------------------------- what the catalog fills in

FILLED = {
    "ulanqab": {
        "contract.self_use_of_available_min_frac = 0.6",
        "contract.self_use_of_consumption_min_frac = 0.3",
        "contract.export_of_available_max_frac = 0.2",
        "contract.supply.transmission_per_kwh = 0.052 per kWh",
        "contract.supply.funds_per_kwh = 0.022425 per kWh",
        "contract.supply.line_loss_per_kwh = energy price x loss / (1 - loss)",
        "contract.supply.basic.price_per_kva = 19.5",
    },
    "yangtze": {
        "contract.supply.tou = calendar of SH",
        "contract.supply.energy_price_per_kwh = 0.428899 per kWh",
        "contract.supply.line_loss_per_kwh = 0.013266 per kWh",
        "contract.supply.system_operation_per_kwh = 0.037833 per kWh",
        "contract.supply.funds_per_kwh = 0.029115 per kWh",
        "contract.supply.transmission_per_kwh = 0.0953 per kWh",
        "contract.supply.basic.price_per_kw = 38.4",
    },
    "guian": {
        "contract.supply.transmission_per_kwh = 0.072 per kWh",
        "contract.supply.funds_per_kwh = 0.025325 per kWh",
        "contract.supply.line_loss_per_kwh = energy price x loss / (1 - loss)",
        "contract.supply.basic.price_per_kva = 19.4",
    },
}


@pytest.mark.parametrize("name", FILLED)
def test_notes_list_what_the_catalog_filled_in(name):
    notes = contract_notes(load_site(profile_folder(name)))
    told = {note.partition(" from ")[0] for note in notes if note.startswith("contract.")}
    assert told == FILLED[name]
    assert all("号" in note or "价格表" in note for note in notes if note.startswith("contract."))


@pytest.mark.parametrize("name", FILLED)
def test_only_the_price_sheet_of_a_month_is_stale(name):
    """Prices of the fourth period hold in 2027; Shanghai's agency table is that of August 2026."""
    notes = contract_notes(load_site(profile_folder(name)))
    others = [note for note in notes if not note.startswith("contract.")]
    stale = [note for note in others if "but is used for" in note]
    assert len(stale) == (1 if name == "yangtze" else 0)
    assert all("2026-08-01 to 2026-08-31" in note for note in stale)
    assert all("rest_day" in note for note in others if note not in stale)
