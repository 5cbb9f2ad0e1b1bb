"""Files as exchanges and research data sets deliver them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site
from tests.support.site_folders import one_series_site

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif("STORAGE_OPT_DATA" not in os.environ, reason="STORAGE_OPT_DATA names no folder of real series"),
]


def _site(tmp_path, source, text):
    file = Path(os.environ["STORAGE_OPT_DATA"]) / source
    (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    return load_site(tmp_path)


def _values(site):
    (values,) = site.columns.values()
    return values


def _aemo(name):
    column = f'{{file = "{name}", column = "rrp_aud_per_mwh"}}'
    zone, span = "Australia/Brisbane", {"start": "2024-01-01", "end": "2025-01-01"}
    return one_series_site(column, **span, zone=zone, currency="AUD", key="price")


@pytest.mark.parametrize("region", ["nsw1", "vic1"])
def test_aemo_leap_year(tmp_path, region):
    name = f"aemo_{region}_2024_1h.csv"
    values = _values(_site(tmp_path, f"prices/{name}", _aemo(name)))
    assert values.size == 8784
    assert values.min() < 0
    assert values.max() > 16


def test_aemo_as_fetched_is_refused_naming_its_duplicates(tmp_path):
    name = "aemo_nsw1_2024_1h_asfetched.csv"
    with pytest.raises(InputError) as caught:
        _site(tmp_path, f"prices/{name}", _aemo(name))
    (fault,) = caught.value.faults
    assert fault.what.startswith("11 duplicate stamps: 2024-02-01 00:00, 2024-03-01 00:00,")
    assert fault.what.endswith("2024-12-01 00:00")
    assert (fault.file, fault.row, fault.column) == (name, 747, "time_nem")


def _smard(zone):
    column = '{file = "smard_de_dayahead_2018_1h.csv", column = "price_eur_per_mwh"}'
    return one_series_site(column, start="2018-01-01", end="2019-01-01", zone=zone, currency="EUR", key="price")


def test_smard_has_both_days_of_the_clock_change(tmp_path):
    source = "prices/smard_de_dayahead_2018_1h.csv"
    site = _site(tmp_path, source, _smard("Europe/Berlin"))
    days = site.horizon.days
    hours = dict(zip(days.labels, np.bincount(days.ids), strict=True))
    assert (hours["2018-03-25"], hours["2018-10-28"], hours["2018-07-01"]) == (23, 25, 24)
    raw = pd.read_csv(Path(os.environ["STORAGE_OPT_DATA"]) / source)["price_eur_per_mwh"].to_numpy()
    np.testing.assert_allclose(_values(site), raw / 1000, rtol=1e-12)
    assert np.count_nonzero(_values(site) < 0) == 134


def test_smard_in_a_zone_without_summer_time_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        _site(tmp_path, "prices/smard_de_dayahead_2018_1h.csv", _smard("Etc/GMT-1"))
    assert {fault.what.split(":")[0] for fault in caught.value.faults} == {"1 duplicate stamp"}


def test_provincial_wind_of_a_leap_year(tmp_path):
    column = '{file = "cn_province_onwind_cf_2020_1h.csv.gz", column = "InnerMongolia"}'
    text = one_series_site(column, start="2020-01-01", end="2021-01-01", key="generator.wind.profile")
    values = _values(_site(tmp_path, "renewables/cn_province_onwind_cf_2020_1h.csv.gz", text))
    assert values.size == 8784
    assert values.mean() == pytest.approx(0.30, abs=0.01)
