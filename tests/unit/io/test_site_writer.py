"""Site files that explain themselves."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site, parse_spec
from storage_opt.io.site_writer import site_text, write_site
from storage_opt.spec.load import LoadSpec
from tests.support.site_folders import SITE, good_site


def test_keys_carry_meaning_and_unit_once():
    text = site_text(parse_spec(SITE))
    assert "energy_kwh = 1000.0 # Rated energy capacity [kWh]\n" in text
    assert text.count("# Line on the bill") == 1
    assert '\n    {hours = ["23:00-07:00"], period = "valley", price_per_kwh = 0.3},\n' in text


def test_defaults_are_left_out():
    text = site_text(parse_spec(SITE))
    assert "charge_efficiency" not in text
    assert "zone" not in text


def test_the_written_site_loads_with_its_tables(tmp_path):
    folder = good_site().write(tmp_path)
    site = load_site(folder)
    write_site(site.spec, folder / "site.toml")
    again = load_site(folder)
    assert again.spec == site.spec
    assert again.columns.keys() == site.columns.keys()


def test_an_array_in_memory_is_refused_by_key(tmp_path):
    spec = parse_spec(SITE)
    load = LoadSpec.model_validate({"power_kw": np.ones(3)})
    with pytest.raises(InputError, match=r"load\.plant\.power_kw"):
        write_site(spec.model_copy(update={"load": {"plant": load}}), tmp_path / "site.toml")
    assert list(tmp_path.iterdir()) == []
