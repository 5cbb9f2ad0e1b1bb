"""The map is exact at its points, bounded between them, and the optimum is its top."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.finance.measures import npv
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import flatness, frontier
from storage_opt.studies.sizing.landscape import landscape
from storage_opt.studies.sizing.running import Question, Run, answers
from storage_opt.studies.sizing.study import size
from tests.support.landscape_sites import battery_site

POWER, ENERGY = "bess.power_kw", "bess.energy_kwh"


@pytest.fixture(scope="module")
def case():
    return Case.of(battery_site())


@pytest.fixture(scope="module")
def map_(case):
    return landscape(case, POWER, ENERGY, counts=(9, 9), workers=1)


def test_the_optimum_is_that_of_the_sizing_and_its_cash_flow(case, map_):
    result = size(battery_site())
    rate = case.problem.objective.finance.discount_rate_frac
    assert map_.best.sizes == pytest.approx([built.value for built in result.sizes], rel=1e-4)
    assert map_.best.cash_npv == pytest.approx(npv(rate, result.cash_flow.after_tax), rel=1e-6)
    assert all(0.0 < built.value < built.size.highest for built in result.sizes), "the site has an optimum inside"


def test_no_point_beats_the_optimum_and_the_best_one_equals_it(map_):
    assert np.nanmax(map_.npv) <= map_.best.npv_most + 1e-6 * abs(map_.best.npv)
    assert np.nanmax(map_.npv) == pytest.approx(map_.best.npv, rel=1e-6)


def test_a_fine_grid_finds_no_better_sizes(case, map_):
    fine = [
        case.find({0: energy, 1: power})
        for energy in map_.best.sizes[0] * np.array([0.97, 1.0, 1.03])
        for power in map_.best.sizes[1] * np.array([0.97, 1.0, 1.03])
    ]
    assert max(found.npv for found in fine) == pytest.approx(map_.best.npv, rel=1e-6)


def test_slopes_are_those_of_finite_differences(case, map_):
    values = (0.61 * map_.best.sizes[0], 0.77 * map_.best.sizes[1])
    here = case.find(dict(enumerate(values)))
    for number in range(2):
        step = 1e-4 * values[number]
        ends = [case.find({**dict(enumerate(values)), number: values[number] + side * step}) for side in (1, -1)]
        by_difference = (ends[0].npv - ends[1].npv) / (2.0 * step)
        assert here.slopes[number] == pytest.approx(by_difference, rel=1e-4)


def test_slopes_with_another_size_at_its_best_are_those_of_finite_differences(case, map_):
    value = 0.63 * map_.best.sizes[0]
    step = 1e-4 * value
    here, more, less = (case.find({0: value + side * step}) for side in (0, 1, -1))
    assert here.slopes[0] == pytest.approx((more.npv - less.npv) / (2.0 * step), rel=1e-4)
    assert here.slopes[1] == 0.0


def test_bounds_hold_between_the_points(case, map_):
    places = np.random.default_rng(7).uniform(0.02, 0.98, (25, 2))
    gaps = []
    for x, y in places * [map_.x.values[-1], map_.y.values[-1]]:
        bounds, exact = map_.between(x, y), case.find({0: y, 1: x}).npv
        slack = 1e-7 * abs(map_.best.npv)
        assert bounds.least - slack <= exact <= bounds.most + slack
        gaps.append(bounds.most - bounds.least)
    assert max(gaps) < 0.5 * map_.best.npv, "bounds say something"
    assert map_.widest >= 0.0


def test_bounds_of_a_frontier_hold_and_its_top_is_the_optimum(case):
    line = frontier(case, ENERGY, count=7, workers=1)
    assert np.nanmax(line.npv) == pytest.approx(line.best.npv, rel=1e-6)
    assert line.sizes(ENERGY) == pytest.approx(line.axis.values)
    for value in np.random.default_rng(3).uniform(line.axis.values[0], line.axis.values[-1], 8):
        bounds, exact = line.between(float(value)), case.find({0: float(value)}).npv
        assert bounds.least - 1e-3 <= exact <= bounds.most + 1e-3


def test_flat_ranges_end_where_one_percent_is_lost(case):
    for number, flat in enumerate(flatness(case)):
        assert flat.low < flat.best < flat.high
        best = case.find({}).npv
        for end in (flat.low, flat.high):
            assert case.find({number: end}).npv == pytest.approx(0.99 * best, rel=1e-4)


def test_a_budget_frontier_rises_and_ends_at_the_optimum():
    case = Case.of(battery_site(sizing={"budget": 2000.0}))
    line = frontier(case, "budget", count=4, span=(1000.0, 4000.0), workers=1)
    capex = case.problem.objective.capex_per_unit
    assert np.all(np.diff(line.npv) >= 0.0)
    for found, budget in zip(line.findings, line.axis.values, strict=True):
        assert capex @ np.array(found.sizes) <= budget * (1 + 1e-6)


def test_a_map_over_assumptions_is_exact_and_says_that_it_is_not_bounded(case):
    made = landscape(case, "discount_rate", "price_spread", counts=(3, 3), workers=1)
    assert made.npv[1, 1] == pytest.approx(made.best.npv, rel=1e-6)
    assert np.all(np.diff(made.npv, axis=0) < 0.0), "a higher rate is worth less"
    with pytest.raises(InputError, match="not known to be concave"):
        made.between(0.06, 1.0)


def test_a_run_that_goes_on_equals_one_that_was_not_interrupted(case, map_, tmp_path):
    file = tmp_path / "map.jsonl"
    landscape(case, POWER, ENERGY, counts=(9, 9), workers=1, resume=file)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:30]) + lines[30][:20], encoding="utf-8")  # ended while writing
    told: list[str] = []
    again = landscape(case, POWER, ENERGY, counts=(9, 9), workers=1, resume=file, progress=told.append)
    assert len(told) == 81 - 29
    np.testing.assert_array_equal(again.npv, map_.npv)
    assert sorted(file.read_text(encoding="utf-8").splitlines()) == sorted("".join(lines).splitlines())


def test_results_of_another_site_are_refused(case, tmp_path):
    file = tmp_path / "map.jsonl"
    frontier(case, ENERGY, count=3, workers=1, resume=file)
    dearer = Case.of(battery_site(finance={"discount_rate_frac": 0.07}))
    with pytest.raises(InputError, match=r"another problem.*delete this one to start anew"):
        frontier(dearer, ENERGY, count=3, workers=1, resume=file)


def test_worker_processes_find_the_same(case, monkeypatch):
    monkeypatch.setattr("storage_opt.studies.sizing.running._WORTH_PROCESSES_S", 0.0)
    questions = [Question(held=((ENERGY, value),)) for value in (1.0, 5.0, 9.0, 13.0, 17.0)]
    here = answers(case, questions, Run(workers=1), "test")
    side_by_side = answers(case, questions, Run(workers=2), "test")
    assert [found.npv for found in side_by_side] == pytest.approx([found.npv for found in here], rel=1e-9)


@pytest.mark.parametrize(
    ("names", "words"),
    [(("bess.size", ENERGY), "neither an open size"), ((ENERGY, ENERGY), "both axes")],
)
def test_unknown_axes_are_refused(case, names, words):
    with pytest.raises(InputError, match=words):
        landscape(case, *names, workers=1)


def test_an_axis_beyond_the_range_is_refused(case):
    with pytest.raises(InputError, match="does not lie within"):
        frontier(case, ENERGY, span=(0.0, 1e6), workers=1)
