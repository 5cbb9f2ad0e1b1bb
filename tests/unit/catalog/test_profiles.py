from __future__ import annotations

import tomllib

import numpy as np
import pytest

from storage_opt.catalog import profiles
from storage_opt.catalog.make_profiles import PROFILES, main
from storage_opt.catalog.profiles import profile_folder, profile_names
from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site

MOST_BYTES = 1_000_000


def test_names_are_sorted_and_each_has_a_maker():
    assert profile_names() == tuple(sorted(PROFILES))


@pytest.mark.parametrize(("wrong", "nearest"), [("ulanquab", "ulanqab"), ("Industry", "industrial")])
def test_an_unknown_profile_suggests_the_nearest(wrong, nearest):
    with pytest.raises(InputError, match=f"no profile named `{wrong}`; hint: did you mean `{nearest}`"):
        profile_folder(wrong)


@pytest.mark.parametrize("wrong", ["xyz", "../profiles/ulanqab", ""])
def test_what_is_like_nothing_lists_all(wrong):
    with pytest.raises(InputError, match="there are: industrial, ulanqab"):
        profile_folder(wrong)


def test_the_wheel_keeps_profiles_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "_profiles" / "only").mkdir(parents=True)
    (tmp_path / "_profiles" / "only" / "site.toml").touch()
    monkeypatch.setattr(profiles, "_PACKAGE", tmp_path)
    assert profile_names() == ("only",)
    assert profile_folder("only") == tmp_path / "_profiles" / "only"


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_loads(name):
    site = load_site(profile_folder(name))
    assert site.notes == ()
    assert site.horizon.steps == {"ulanqab": 35_040, "industrial": 8_760}[name]
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
    assert [path.name for path in made] == ["synthetic_series.csv", "synthetic_load.csv", "synthetic_renewables.csv"]
    for path in made:
        assert path.read_bytes() == (profile_folder(path.parent.name) / path.name).read_bytes(), path.name


# ------------------------------------------------------------------------- the arithmetic of the prices


def supply(name):
    with (profile_folder(name) / "site.toml").open("rb") as file:
        return tomllib.load(file)["tariff"]


def prices(name):
    """Price of each period, by (period, month)."""
    found: dict[tuple[str, int], float] = {}
    for rule in supply(name)["supply"]["energy"][0]["tou"]:
        for month in rule.get("months", range(1, 13)):
            assert found.setdefault((rule["period"], month), rule["price_per_kwh"]) == rule["price_per_kwh"]
    return found


def test_prices_of_ulanqab():
    """Flat at 110 kV = flat at 10 kV (March 2026) less the T&D step of the fourth period; base 0.3125."""
    flat = 0.4524 - (0.0787 - 0.0520)
    cold = {"peak": 1.68, "valley": 0.48}
    summer = {"tip": 1.848, "peak": 1.54, "valley": 0.44, "deep_valley": 0.352}
    expected = {("flat", month): flat for month in range(1, 13)}
    for month in range(1, 13):
        for period, multiplier in (summer if month in {6, 7, 8} else cold).items():
            expected[period, month] = flat + 0.3125 * (multiplier - 1.0)
    assert prices("ulanqab") == pytest.approx(expected, abs=1e-9)


def test_the_floating_base_of_mengxi_explains_the_published_prices():
    """March 2026 at 10 kV: peak 0.6651, flat 0.4524, valley 0.2900."""
    for multiplier, published in ((1.68, 0.6651), (0.48, 0.2900)):
        assert published == pytest.approx(0.4524 + 0.3125 * (multiplier - 1.0), abs=1e-3)


def test_prices_of_the_industrial_profile():
    """Everything but government funds floats."""
    funds, flat = 0.02766875, 0.6906
    found = prices("industrial")
    published = {"tip": 1.4365, "peak": 1.1547, "valley": 0.2797}
    for period, multiplier in {"tip": 2.125, "peak": 1.70, "valley": 0.38}.items():
        assert found[period, 8] == pytest.approx(funds + (flat - funds) * multiplier, abs=1e-5)
        assert found[period, 8] == pytest.approx(published[period], abs=2e-4)
    assert found["flat", 8] == flat
    assert ("tip", 6) not in found
    assert found["peak", 6] == found["peak", 8]


def hours_of(name, month):
    """Period of each hour of a day, from the rules: each hour is claimed at most once."""
    periods = ["flat"] * 24
    for rule in supply(name)["supply"]["energy"][0]["tou"]:
        if month not in rule.get("months", range(1, 13)):
            continue
        for window in rule.get("hours", []):
            start, end = (int(clock[:2]) for clock in window.split("-"))
            for hour in range(start, end):
                assert periods[hour] == "flat", (month, hour)
                periods[hour] = rule["period"]
    return "".join(period[0] for period in periods)


def test_hours_of_ulanqab():
    for month in (1, 5, 9, 12):
        assert hours_of("ulanqab", month) == "vvvv" + "ff" + "pp" + "fff" + "vvvvv" + "ff" + "pppp" + "ff"
    for month in (6, 7, 8):
        assert hours_of("ulanqab", month) == "ffffff" + "pp" + "fff" + "vvddv" + "ff" + "pttp" + "ff"


def test_hours_of_the_industrial_profile():
    for month in (1, 6, 10):
        assert hours_of("industrial", month) == "v" * 8 + "ff" + "pp" + "ff" + "ppppp" + "fffff"
    for month in (7, 8, 9):
        assert hours_of("industrial", month) == "v" * 8 + "ff" + "pt" + "ff" + "pttpp" + "fffff"


def test_export_prices_of_ulanqab():
    """low + (high - low) x shape, with the ranges of the Mengxi spot market in the site file."""
    morning = (0.42, 0.38, 0.36, 0.35, 0.40, 0.55, 0.68, 0.70, 0.50, 0.30, 0.15, 0.05)
    evening = (0.00, 0.00, 0.05, 0.20, 0.40, 0.65, 0.90, 1.00, 1.00, 0.90, 0.75, 0.62)
    shape = np.array([*morning, *evening])
    spring, summer, autumn, winter = (-0.02, 0.214), (0.1, 0.3), (0.05, 0.25), (0.2, 0.347)
    ranges = [winter] * 2 + [spring] * 3 + [summer] * 3 + [autumn] * 3 + [winter]
    expected = [low + (high - low) * shape for low, high in ranges]
    found = supply("ulanqab")["feed_in"]["energy"][0]["price_per_kwh"]
    np.testing.assert_allclose(found, expected, atol=0.00051)


@pytest.mark.parametrize("name", profile_names())
def test_nothing_is_bought_in_order_to_be_sold(name):
    """An import price below the export price of the same hour would make the meter a money pump."""
    sold = supply(name)["feed_in"]["energy"][0]["price_per_kwh"]
    sold = np.broadcast_to(np.array(sold), (12, 24))
    initials = {period[0]: period for period, _ in prices(name)}
    bought = np.array(
        [[prices(name)[initials[initial], month] for initial in hours_of(name, month)] for month in range(1, 13)]
    )
    assert (bought > sold).all()


def test_the_chosen_demand_mode_is_the_cheaper_one():
    """Demand price x highest load stays below capacity price x transformers (110 kV and 10 kV)."""
    for name, capacity_price in (("ulanqab", 19.5), ("industrial", 22.6)):
        site = load_site(profile_folder(name))
        load = next(iter(site.spec.load.values()))
        price = site.spec.tariff["supply"].demand[0].price_per_kw
        assert isinstance(price, float)
        assert site.spec.grid.transformer_kva is not None
        assert price * site.values(load.power_kw).max() < capacity_price * site.spec.grid.transformer_kva
