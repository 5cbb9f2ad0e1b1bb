"""Laws of the worth of sizes: concave, bounded between the points of a grid, with slopes that are tangents."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.landscape import landscape
from tests.support.landscape_sites import battery_site

PRICES = st.lists(st.integers(0, 60), min_size=24, max_size=24)
SHARES = st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0))


def _case(cents):
    site = battery_site(tariff={"supply": {"energy": [{"price_per_kwh": [cent / 100.0 for cent in cents]}]}})
    return Case.of(site)


def _at(case, shares):
    return {number: share * case.problem.highest[number] for number, share in enumerate(shares)}


@settings(max_examples=12)
@given(PRICES, SHARES, SHARES, st.floats(0.0, 1.0))
def test_worth_is_concave_and_below_its_tangents(cents, one, two, weight):
    case = _case(cents)
    first, second = _at(case, one), _at(case, two)
    between = {n: weight * first[n] + (1.0 - weight) * second[n] for n in first}
    here, there, middle = (case.find(held) for held in (first, second, between))
    slack = 1e-6 * (1.0 + abs(here.npv) + abs(there.npv))
    assert middle.npv >= weight * here.npv + (1.0 - weight) * there.npv - slack
    tangent = here.npv_most + sum(here.slopes[n] * (second[n] - first[n]) for n in first)
    assert there.npv <= tangent + slack


@settings(max_examples=6)
@given(PRICES, st.lists(SHARES, min_size=4, max_size=4))
def test_bounds_between_the_points_hold_and_no_point_beats_the_optimum(cents, places):
    case = _case(cents)
    spans = ((0.0, case.problem.highest[1]), (0.0, case.problem.highest[0]))
    made = landscape(case, "bess.power_kw", "bess.energy_kwh", counts=(4, 4), spans=spans, workers=1)
    slack = 1e-6 * (1.0 + np.nanmax(np.abs(made.npv)))
    assert np.nanmax(made.npv) <= made.best.npv_most + slack
    for share in places:
        held = _at(case, share)
        bounds, exact = made.between(held[1], held[0]), case.find(held).npv
        assert bounds.least - slack <= exact <= bounds.most + slack
