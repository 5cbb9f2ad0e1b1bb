"""A part of a site has the same values as the whole has there."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.support.small_sites import small_site


def test_arrays_in_memory_are_cut_with_the_horizon() -> None:
    load = np.arange(72.0)
    site = small_site(load, days=3)
    part = site.between(date(2025, 1, 2), date(2025, 1, 3))
    np.testing.assert_array_equal(part.values(site.spec.load["load"].power_kw), load[24:48])


def test_an_array_of_another_length_is_refused() -> None:
    site = small_site(np.arange(71.0), days=3)
    with pytest.raises(ValueError, match="72 intervals"):
        site.values(site.spec.load["load"].power_kw)
