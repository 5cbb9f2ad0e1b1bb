"""Cells that fade, end, are added and replaced: the bookkeeping, by hand and as laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.finance.between_years import between, left_out, spans, years_to_solve
from storage_opt.finance.cells import YearlyUse
from storage_opt.finance.fade import health_path, mean_health_frac
from storage_opt.spec.life import LifeSpec

RATED = 100.0


def even(years: int, life: float, cycles: float = 0.0, delivered: float = 0.0) -> YearlyUse:
    return YearlyUse(np.full(years, life), np.full(years, cycles), np.full(years, delivered))


@st.composite
def uses(draw: st.DrawFn) -> YearlyUse:
    years = draw(st.integers(1, 25))
    shares = st.lists(st.floats(0.0, 0.6), min_size=years, max_size=years)
    life = np.array(draw(shares))
    return YearlyUse(life, 1000.0 * np.array(draw(shares)), 900.0 * np.array(draw(shares)))


@st.composite
def specs(draw: st.DrawFn, **fixed: object) -> LifeSpec:
    options: dict[str, object] = {
        "end_of_life_energy_frac": draw(st.sampled_from([0.6, 0.7, 0.8])),
        "at_end_of_life": draw(st.sampled_from(["replace", "augment", "retire"])),
        "warranty_years": draw(st.sampled_from([None, 3.0, 7.5])),
        "warranty_cycles": draw(st.sampled_from([None, 2500.0])),
        "warranty_throughput_kwh_per_kwh": draw(st.sampled_from([None, 2000.0])),
        "efficiency_fade_frac_per_year": draw(st.sampled_from([0.0, 0.01])),
        "augment_years": draw(st.sampled_from([(), (2,), (3, 8)])),
        "augment_below_frac": draw(st.sampled_from([None, 0.65, 0.9])),
    }
    return LifeSpec.model_validate(options | fixed)


# ------------------------------------------------------------------------------------------- by hand


def test_an_added_cell_has_an_age_of_its_own():
    """10 % of life and 2 kWh a year. At the start of year 3 it holds 96, 4 kWh are new: 104 kWh of cells lose 2.08.

    The first cells end with year 10: 80 kWh go. Those of year 3 have used 8 tenths: 4 x (1 - 0.16) = 3.36 stay, 96.64
    come.
    """
    path = health_path(RATED, even(12, 0.1), LifeSpec(augment_years=(3,)))
    assert path.augmented_kwh.tolist() == pytest.approx([0, 0, 4, *[0] * 9])
    assert path.start_kwh[2:4].tolist() == pytest.approx([100, 97.92])
    assert path.removed_kwh[10] == pytest.approx(80.0)
    assert path.replaced_kwh[10] == pytest.approx(96.64)
    assert path.start_kwh[10] == pytest.approx(RATED)
    assert path.end_of_life_year == 10
    # in years 11 and 12 it is the cells of year 3 that end next
    assert path.renewed_at_years.tolist() == pytest.approx([*[10.0] * 10, 12.0, 12.0])


def test_ended_cells_stay_beside_those_that_augment_them():
    """25 % of life a year: 80 after four years, 20 are added. Next year 120 kWh of cells lose 6."""
    path = health_path(RATED, even(6, 0.25), LifeSpec(at_end_of_life="augment"))
    assert path.augmented_kwh.tolist() == pytest.approx([0, 0, 0, 0, 20, 0])
    assert path.end_kwh.tolist() == pytest.approx([95, 90, 85, 80, 94, 88])
    assert path.removed_kwh.sum() == 0.0


def test_a_retired_battery_is_not_added_to():
    spec = LifeSpec(at_end_of_life="retire", warranty_years=2, augment_years=(4,), augment_below_frac=0.9)
    path = health_path(RATED, even(5, 0.01), spec)
    assert path.start_kwh[2:].tolist() == [0.0, 0.0, 0.0]
    assert path.augmented_kwh.sum() == 0.0
    assert path.efficiency_frac[3] == 1.0


def test_efficiency_of_old_and_new_cells_is_weighted_by_what_they_hold():
    spec = LifeSpec(efficiency_fade_frac_per_year=0.1, augment_years=(2,))
    path = health_path(RATED, even(2, 0.5), spec)
    old, new = 85.0, 9.5
    assert path.efficiency_frac[1] == pytest.approx((old * 0.9**1.5 + new * 0.9**0.5) / (old + new))


def test_a_life_goes_on_beyond_the_project_as_its_last_year():
    path = health_path(RATED, even(3, 0.1), LifeSpec())
    assert path.end_of_life_years == pytest.approx(10.0)
    assert path.end_of_life_year is None


def test_mean_health_is_weighted():
    assert mean_health_frac(np.array([1.0, 0.8])) == pytest.approx(0.9)
    assert mean_health_frac(np.array([1.0, 0.8]), np.array([3.0, 1.0])) == pytest.approx(0.95)


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [2.0, -1.0]])
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="one for each year"):
        mean_health_frac(np.array([1.0, 0.8]), np.array(weights))


def test_lines_do_not_cross_a_change_of_cells():
    span = spans(np.array([False, False, False, True, False, False]))
    solved = years_to_solve([0], span)
    assert solved == (0, 2, 3, 5)
    values = np.array([10.0, 8.0, 20.0, 16.0])
    assert between(solved, values, span).tolist() == [10.0, 9.0, 8.0, 20.0, 18.0, 16.0]
    assert left_out(solved, span, np.array([1.0, 0.9, 0.8, 1.0, 0.8, 0.6])) == (4, 1)
    assert left_out((0, 3, 9, 12), spans(np.zeros(13, dtype=bool)), np.linspace(1.0, 0.8, 13)) == (6, 1, 10)
    assert left_out((0, 1, 2, 3, 4, 5), span, np.ones(6)) == ()


# ------------------------------------------------------------------------------------------- laws


@settings(max_examples=300, deadline=None)
@given(use=uses(), spec=specs())
def test_energy_is_conserved(use, spec):
    path = health_path(RATED, use, spec)
    before = np.concatenate([[RATED], path.end_kwh[:-1]])
    after = before + path.augmented_kwh + path.replaced_kwh - path.removed_kwh
    assert path.start_kwh == pytest.approx(after, abs=1e-9 * RATED)
    assert np.all(path.start_kwh <= RATED * (1 + 1e-9))
    assert np.all(path.end_kwh <= path.start_kwh + 1e-9)
    assert np.all(path.end_kwh >= 0.0)
    assert np.all(path.installed_kwh >= path.start_kwh - 1e-9)
    assert np.all(path.renewed_at_years >= np.arange(use.years))


@settings(max_examples=200, deadline=None)
@given(use=uses(), spec=specs(at_end_of_life="augment", augment_below_frac=0.85))
def test_no_year_ends_below_what_is_kept_unless_it_began_full(use, spec):
    path = health_path(RATED, use, spec)
    kept = path.end_kwh >= 0.85 * RATED - 1e-6
    full = path.start_kwh >= RATED - 1e-6
    assert np.all(kept | full)


@settings(max_examples=200, deadline=None)
@given(use=uses(), more=st.floats(1.0, 3.0), spec=specs(warranty_throughput_kwh_per_kwh=None))
def test_more_wear_never_lives_longer(use, more, spec):
    # not under a throughput warranty, which a battery that fades faster uses up more slowly
    harder = YearlyUse(more * use.life_frac, more * use.cycles, use.delivered_kwh_per_kwh)
    assert (
        health_path(RATED, harder, spec).end_of_life_years
        <= health_path(RATED, use, spec).end_of_life_years * (1 + 1e-9) + 1e-9
    )


@settings(max_examples=100, deadline=None)
@given(use=uses(), more=st.floats(1.0, 3.0), spec=specs(augment_years=(), augment_below_frac=None))
def test_more_wear_never_holds_more_until_cells_change(use, more, spec):
    harder = YearlyUse(more * use.life_frac, more * use.cycles, more * use.delivered_kwh_per_kwh)
    one, other = health_path(RATED, harder, spec), health_path(RATED, use, spec)
    same = np.cumsum(one.changed | other.changed) == 0
    assert np.all(one.energy_kwh[same] <= other.energy_kwh[same] + 1e-9)


@settings(max_examples=50, deadline=None)
@given(years=st.integers(1, 40), spec=specs(warranty_years=None))
def test_without_wear_nothing_changes(years, spec):
    path = health_path(RATED, even(years, 0.0), spec)
    assert np.all(path.energy_kwh == RATED)
    assert not path.changed.any()
    assert path.end_of_life_year is None


@settings(max_examples=100, deadline=None)
@given(use=uses(), spec=specs(at_end_of_life="replace", augment_years=(), augment_below_frac=None))
def test_replaced_batteries_begin_as_new(use, spec):
    path = health_path(RATED, use, spec)
    assert path.start_kwh[path.replaced_kwh > 0] == pytest.approx(RATED)
    assert np.all(path.installed_kwh == pytest.approx(RATED))
