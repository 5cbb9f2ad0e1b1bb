"""Laws of sizes for several years: what must not change them, and what they can never be worse than."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from storage_opt.errors import FormulationError, InputError
from storage_opt.finance.risk import cvar
from storage_opt.lowering.scenario import Scenario
from storage_opt.model.joint_scenarios import Risk
from storage_opt.studies.sizing.scenario_problem import ScenarioProblem
from storage_opt.studies.sizing.scenario_result import AVERAGE, COMMON
from storage_opt.studies.sizing.scenarios import size_over
from storage_opt.studies.sizing.study import size
from tests.support.two_years import day, day_cost, years

BESS = "bess.energy_kwh"


def _random(seed: int, count: int = 4) -> list[Scenario]:
    rng = np.random.default_rng(seed)
    drawn = {f"y{n}": float(rng.integers(1, 60)) for n in range(count)}
    return years(drawn, {name: float(rng.integers(1, 9)) for name in drawn})


def _drawn(scenario: Scenario) -> float:
    return float(scenario.site.values(scenario.site.spec.load["load"].power_kw).max())


def test_equal_years_are_one_year():
    alone = size(day(25.0))
    twins = size_over(years({"a": 25.0, "b": 25.0, "c": 25.0}), risk=Risk(0.5, 0.4))
    assert twins.value(BESS) == pytest.approx(alone.value(BESS), rel=1e-6)
    assert twins.certificate.cost == pytest.approx(alone.certificate.cost, rel=1e-6)
    assert twins.evpi_per_year == pytest.approx(0.0, abs=1e-3)
    assert twins.vss_per_year == pytest.approx(0.0, abs=1e-3)


def test_one_year_alone_is_its_own_sizing():
    alone, one = size(day(25.0)), size_over(years({"a": 25.0}))
    assert one.value(BESS) == pytest.approx(alone.value(BESS), rel=1e-6)
    assert one.sizes[0].worth_per_unit_year == pytest.approx(alone.sizes[0].worth_per_unit_year, rel=1e-4)
    flow = alone.cash_flow
    assert one.expected_npv == pytest.approx(float(flow.after_tax.sum()), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_weights_count_only_against_each_other(seed):
    given = _random(seed)
    scaled = [replace(scenario, weight=scenario.weight * 1000.0) for scenario in given]
    first, second = (size_over(some, compare=False) for some in (given, scaled))
    assert first.certificate.cost == pytest.approx(second.certificate.cost, rel=1e-9)


def test_a_year_that_is_nearly_certain_gives_its_size():
    result = size_over(years({"sure": 20.0, "rare": 50.0}, {"sure": 1.0, "rare": 1e-6}), compare=False)
    assert result.value(BESS) == pytest.approx(20.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_information_and_a_joint_choice_are_worth_something(seed):
    result = size_over(_random(seed), risk=Risk(0.6, 0.3 * (seed % 2)))
    near = 1e-6 * abs(result.expected_cost_per_year)
    assert result.certificate.certified
    for worth in (result.evpi_per_year, result.vss_per_year, result.over_best_single_per_year):
        assert worth is not None
        assert worth >= -near
    assert result.candidate(COMMON).objective_per_year == pytest.approx(result.certificate.cost * 365, rel=1e-6)
    for candidate in result.candidates:
        assert np.all(result.regret_per_year(candidate) >= -near)


@pytest.mark.parametrize("seed", range(3))
def test_the_choice_is_the_best_of_a_fine_grid(seed):
    """Loads are whole numbers, so the best size is one; costs of the grid are those of the formula, not of a solver."""
    given, risk = _random(seed, 5), Risk(0.55, 0.35)
    result = size_over(given, risk=risk, compare=False)
    weights = np.array([scenario.weight for scenario in given])
    best = np.inf
    for size_kwh in np.arange(0.0, 61.0, 0.5):
        costs = np.array([day_cost(_drawn(scenario), size_kwh) for scenario in given])
        mean = costs @ weights / weights.sum()
        best = min(best, 0.65 * mean + 0.35 * _by_threshold(costs, weights, 0.55))
    assert result.certificate.cost == pytest.approx(best, rel=1e-6)
    assert result.certificate.bound <= best * (1 + 1e-9)


def _by_threshold(costs: np.ndarray, weights: np.ndarray, level: float) -> float:
    """The conditional value at risk as a minimum over thresholds, which stands at one of the costs."""
    share = weights / weights.sum()
    return min(v + float(share @ np.maximum(costs - v, 0.0)) / (1.0 - level) for v in costs)


@pytest.mark.parametrize("seed", range(4))
def test_the_tail_by_sorting_is_the_one_of_the_model(seed):
    given, level = _random(seed, 6), 0.5 + 0.1 * seed
    result = size_over(given, risk=Risk(level, 1.0), compare=False)
    assert result.cvar_per_year == pytest.approx(result.certificate.bound * 365, rel=1e-6)
    costs = np.array([outcome.cost_per_year for outcome in result.outcomes])
    weights = np.array([scenario.weight for scenario in given])
    assert cvar(costs, weights, level) == pytest.approx(_by_threshold(costs, weights, level), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_who_weighs_bad_years_only_is_never_worse_in_them(seed):
    given = _random(seed)
    mean, tail = (size_over(given, risk=Risk(0.7, weight), compare=False) for weight in (0.0, 1.0))
    assert tail.cvar_per_year <= mean.cvar_per_year * (1 + 1e-7)
    assert mean.expected_cost_per_year <= tail.expected_cost_per_year * (1 + 1e-7)


def test_without_weight_the_level_says_nothing():
    given = _random(7)
    costs = [size_over(given, risk=Risk(level, 0.0), compare=False).certificate.cost for level in (0.0, 0.9)]
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)
    by_tail = size_over(given, risk=Risk(0.0, 1.0), compare=False).certificate.cost
    assert by_tail == pytest.approx(costs[0], rel=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_a_year_in_two_halves_is_the_same_year(weight):
    given = _random(3)
    first = given[0]
    halves = [replace(first, name=f"half{n}", weight=first.weight / 2) for n in (1, 2)]
    whole, split = (size_over(some, risk=Risk(0.65, weight), compare=False) for some in (given, [*halves, *given[1:]]))
    assert whole.certificate.cost == pytest.approx(split.certificate.cost, rel=1e-6)
    assert whole.cvar_per_year == pytest.approx(split.cvar_per_year, rel=1e-5)


def test_years_that_are_only_tried_change_nothing():
    given = _random(5)
    other = Scenario("tried", day(55.0), 4.0, out_of_sample=True)
    alone, beside = size_over(given), size_over([*given, other])
    assert beside.value(BESS) == pytest.approx(alone.value(BESS), rel=1e-9)
    assert beside.expected_npv_outside is not None
    assert alone.expected_npv_outside is None
    assert beside.outcomes[-1].cost_per_year / 365 == pytest.approx(day_cost(55.0, alone.value(BESS)), rel=1e-6)
    assert beside.vss_per_year == pytest.approx(alone.vss_per_year, abs=1e-3)


def test_years_of_another_length_count_by_the_year():
    """Two like days are as good as one of them; there is no average year of both."""
    result = size_over([Scenario("one", day(10.0)), Scenario("two", day(30.0, days=2))])
    assert result.certificate.certified
    assert result.expected_cost_per_year == pytest.approx(16.0 * 365, rel=1e-6)
    assert result.candidate(AVERAGE) is None
    assert result.vss_per_year is None
    assert result.evpi_per_year == pytest.approx(4.0 * 365, rel=1e-6)


def test_what_does_not_fit_together_is_refused_at_once():
    given = [*years({"a": 10.0, "b": 20.0}, {"a": 0.0, "b": -1.0}), Scenario("b", day(5.0, existing=2.0))]
    with pytest.raises(InputError) as refused:
        size_over(given, risk=Risk(80.0, 20.0))
    told = str(refused.value)
    for words in ("weight 0", "weight -1", "two scenarios are called 'b'", "write 0.8", "write 0.2", "open sizes"):
        assert words in told
    with pytest.raises(InputError, match="no scenario to size on"):
        size_over([Scenario("a", day(5.0), out_of_sample=True)])


def test_a_tail_of_costs_that_are_not_linear_is_refused():
    problem = ScenarioProblem.of(years({"a": 10.0}), Risk(0.5, 0.5))
    part, form = problem.parts[0], problem.parts[0].sized.largest.form
    bent = replace(form, quadratic=form.with_quadratic(np.ones(form.size)).quadratic)
    sized = replace(part.sized, largest=replace(part.sized.largest, form=bent))
    problem.__dict__["parts"] = (replace(part, sized=sized),)
    with pytest.raises(FormulationError, match="not linear"):
        problem.best()
