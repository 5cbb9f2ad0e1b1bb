from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog.renewable_statistics import FOLDER, load_statistics, statistics_names, write_statistics
from storage_opt.catalog.statistics_from_data import REGIONS, TECHNOLOGIES, compute_statistics, main
from storage_opt.errors import InputError


def test_every_province_and_technology_ships():
    assert set(statistics_names()) == {f"{region}_{technology}" for region in REGIONS for technology in TECHNOLOGIES}


@pytest.mark.parametrize("name", statistics_names())
def test_statistics_are_consistent_and_say_where_they_come_from(name):
    found = load_statistics(name)
    assert found.name == name
    assert found.mean_frac.shape == found.std_frac.shape == found.max_frac.shape == (12, 24)
    assert (found.mean_frac <= found.max_frac).all()
    assert (found.mean_frac >= 0.0).all()
    assert found.max_frac.max() <= 1.0
    assert found.annual_mean_frac == pytest.approx(found.mean_frac.mean(), rel=0.01)
    for words in (
        "not the series",
        "PyPSA-China",
        "CC0",
        "modified Copernicus Climate Change Service information 2020",
    ):
        assert words in found.source


def test_written_statistics_read_back_as_they_ship(tmp_path):
    for name in statistics_names():
        path = write_statistics(load_statistics(name), tmp_path)
        assert path.read_bytes() == (FOLDER / path.name).read_bytes()


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean `InnerMongolia_onwind`"):
        load_statistics("InnerMongolia_wind")


def test_statistics_of_a_series_known_by_heart():
    """Hour h of month m has the value m/100 + h/1000, alternating by -/+ 0.01 from day to day."""
    stamps = pd.date_range("2023-01-01", "2024-01-01", freq="h", inclusive="left")
    sign = np.where(stamps.day_of_year % 2, 0.01, -0.01)
    series = pd.Series(0.1 + stamps.month / 100 + stamps.hour / 1000 + sign, index=stamps)
    found = compute_statistics(series, "Nowhere", "onwind", "made up")
    # April has 30 days: as many above as below
    np.testing.assert_allclose(found.mean_frac[3], 0.14 + np.arange(24) / 1000, atol=1e-4)
    np.testing.assert_allclose(found.std_frac[3], 0.01 * np.sqrt(30 / 29), atol=1e-4)
    np.testing.assert_allclose(found.max_frac[3], 0.15 + np.arange(24) / 1000, atol=1e-4)
    daily = series.resample("D").mean()
    assert found.daily_lag_1d == pytest.approx(daily.autocorr(1), abs=1e-4)
    assert found.lag_24h == pytest.approx(series.autocorr(24), abs=1e-4)


def test_the_command_writes_one_file_each(tmp_path, capsys):
    stamps = pd.date_range("2020-01-01", "2021-01-01", freq="h", inclusive="left", name="time_cst")
    noise = np.random.default_rng(0).uniform(0.2, 0.4, (stamps.size, len(REGIONS)))
    folder = tmp_path / "renewables"
    folder.mkdir()
    for technology in TECHNOLOGIES:
        table = pd.DataFrame(noise, index=stamps, columns=list(REGIONS))
        table.to_csv(folder / f"cn_province_{technology}_cf_2020_1h.csv.gz")
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(REGIONS) * len(TECHNOLOGIES)
    found = load_statistics("Jiangsu_solar", tmp_path / "out")
    # moved one hour back: the value stamped 01:00 is the mean from 00:00 to 01:00
    assert found.mean_frac[0, 0] == pytest.approx(noise[1 : 31 * 24 : 24, 1].mean(), abs=1e-4)
