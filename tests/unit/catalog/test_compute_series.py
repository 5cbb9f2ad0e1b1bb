from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from storage_opt.catalog.compute_series import COMPUTE_FILE, RECIPES, compute_series, write_compute_series
from storage_opt.errors import InputError
from storage_opt.horizon import Horizon
from storage_opt.units import Dimension, factor, unit_in_header

UNITS = {"serving_gpus": 8_000, "training_gpus": 24_000}
every_profile = pytest.mark.parametrize("profile", RECIPES)


@every_profile
def test_headers_carry_units_that_the_reader_knows(profile):
    headers = list(compute_series(profile, UNITS))
    assert headers[0] == "time"
    assert headers[-1] == "outdoor (degC)"
    assert {"inference (GPU)", "batch (GPU)"} <= set(headers)
    assert factor(unit_in_header(headers[-1]), Dimension.TEMPERATURE) == 1.0
    assert all(factor(unit_in_header(header), Dimension.UNITS) == 1.0 for header in headers[1:-1])


@every_profile
def test_stamps_are_those_of_the_profile(profile):
    table = compute_series(profile, UNITS)
    step = RECIPES[profile].step_minutes
    expected = Horizon(date(2027, 1, 1), date(2028, 1, 1), step).stamps.tz_localize(None)
    np.testing.assert_array_equal(pd.to_datetime(table["time"]), expected)


@every_profile
def test_levels_are_those_of_the_recipe(profile):
    table = compute_series(profile, UNITS)
    for column in RECIPES[profile].columns:
        values, units = table[f"{column.name} (GPU)"], UNITS[column.cluster]
        assert values.min() > 0
        if column.name == "inference":
            assert values.max() <= units
            assert 0.6 * column.level_frac < values.mean() / units < 0.8 * column.level_frac
        else:
            assert values.mean() / units == pytest.approx(column.level_frac, rel=1e-3)


@every_profile
def test_what_arrives_on_a_cluster_rarely_needs_more_than_all_units(profile):
    """Training of Ulanqab fills its cluster."""
    table = compute_series(profile, UNITS)
    for cluster in {column.cluster for column in RECIPES[profile].columns}:
        needed = sum(table[f"{c.name} (GPU)"] for c in RECIPES[profile].columns if c.cluster == cluster)
        most = 0.10 if (profile, cluster) == ("ulanqab", "training_gpus") else 0.06
        assert (needed > UNITS[cluster]).mean() < most


@every_profile
def test_files_are_small_and_the_same_byte_for_byte(profile, tmp_path):
    first, second = (write_compute_series(profile, UNITS, tmp_path / name) for name in ("a", "b"))
    assert first.name == COMPUTE_FILE
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 2.5e6
    assert b"\r" not in first.read_bytes()
    assert b"-0.0," not in first.read_bytes()


def test_units_scale_the_series_and_keep_four_digits():
    few, many = (compute_series("guian", dict.fromkeys(UNITS, n)) for n in (64.0, 6400.0))
    np.testing.assert_allclose(100.0 * few["training (GPU)"], many["training (GPU)"], atol=1.0)
    assert str(many["training (GPU)"].dtype) == "int64"


def test_an_unknown_profile_is_refused():
    with pytest.raises(InputError, match="ulanqab, yangtze, guian"):
        compute_series("industrial", UNITS)


def test_missing_units_are_all_named():
    with pytest.raises(InputError, match=r"(?s)serving_gpus.*training_gpus"):
        compute_series("guian", {"serving_gpus": 0.0})
