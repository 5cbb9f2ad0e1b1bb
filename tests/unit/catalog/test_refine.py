from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from storage_opt.catalog.refine import refine

FRACTIONS = arrays(np.float64, st.integers(1, 60), elements=st.floats(0.0, 1.0))


def by_hour(values, parts):
    return values.reshape(-1, parts).mean(axis=1)


@given(hourly=FRACTIONS, parts=st.sampled_from([2, 4, 12]), variability=st.floats(0.0, 0.5), seed=st.integers(0, 99))
def test_every_hour_keeps_its_energy_and_stays_in_bounds(hourly, parts, variability, seed):
    fine = refine(hourly, parts, np.random.default_rng(seed), variability_frac=variability, upper=1.0)
    assert fine.shape == (hourly.size * parts,)
    np.testing.assert_allclose(by_hour(fine, parts), hourly, rtol=1e-9, atol=1e-12)
    assert fine.min() >= 0.0
    assert fine.max() <= 1.0


@given(hourly=FRACTIONS, seed=st.integers(0, 99), data=st.data())
def test_nothing_is_put_where_the_shape_is_zero(hourly, seed, data):
    parts = 4
    lit = data.draw(arrays(np.bool_, hourly.size * parts, elements=st.booleans()))
    shape = np.where(lit, 0.3, 0.0)
    possible = np.minimum(hourly, by_hour(lit.astype(float), parts))
    fine = refine(possible, parts, np.random.default_rng(seed), variability_frac=0.1, shape=shape, upper=1.0)
    assert not fine[~lit].any()
    assert fine.max() <= 1.0
    np.testing.assert_allclose(by_hour(fine, parts), possible, rtol=1e-9, atol=1e-12)


def test_one_part_is_the_hourly_series_itself():
    hourly = np.array([0.1, 0.5, 0.2])
    np.testing.assert_array_equal(refine(hourly, 1, np.random.default_rng(0), variability_frac=0.1), hourly)


def test_without_variability_the_course_is_smooth():
    """Hours 1, 2, 3: linear between the centres, so the middle hour rises by 1/4 a quarter hour."""
    fine = refine(np.array([1.0, 2.0, 3.0]), 4, np.random.default_rng(0), variability_frac=0.0)
    np.testing.assert_allclose(fine[4:8], [1.625, 1.875, 2.125, 2.375])


def test_variability_has_the_stated_size():
    fine = refine(np.full(20_000, 0.5), 4, np.random.default_rng(0), variability_frac=0.04)
    within = fine.reshape(-1, 4).std(axis=1, ddof=0).mean()
    assert 0.01 < within < 0.02
    assert fine.std() == pytest.approx(within, rel=0.3)
