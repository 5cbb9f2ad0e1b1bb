"""Common sizes of two days, worked out on paper: the newsvendor of a battery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage_opt.model.joint_scenarios import Risk
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from storage_opt.studies.sizing.scenario_result import AVERAGE
from storage_opt.studies.sizing.scenarios import size_over
from tests.support.two_years import years


def test_even_chances_build_for_the_large_day():
    """10 kWh are drawn at 1.2 on one day, 30 kWh on the other; stored they cost 0.2, a kWh of battery 0.4 a day.

    A kWh up to 10 saves 1.0 on both days, one from 10 to 30 on the large day only: 0.5 on average, above 0.4. So 30
    kWh: days cost 0.2 * 10 = 2 and 0.2 * 30 = 6, the battery 12: mean 16. Each day with its own battery costs 2 + 4 = 6
    and 6 + 12 = 18, mean 12: perfect information is worth 4. The average day draws 20 kWh and would get 20 kWh: 2 + 8
    and 1.2 * 10 + 0.2 * 20 + 8 = 24, mean 17: the stochastic solution is worth 1. The battery of the small day would
    cost 6 and 1.2 * 20 + 0.2 * 10 + 4 = 30, mean 18; that of the large day is the common one.
    """
    result = size_over(years({"small": 10.0, "large": 30.0}))
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") == pytest.approx(30.0, abs=1e-4)
    assert result.expected_cost_per_year == pytest.approx(16.0 * 365, rel=1e-6)
    assert [o.cost_per_year / 365 for o in result.outcomes] == pytest.approx([14.0, 18.0], rel=1e-6)
    assert result.evpi_per_year == pytest.approx(4.0 * 365, rel=1e-6)
    assert result.candidate(AVERAGE).values == pytest.approx([20.0], abs=1e-4)
    assert result.vss_per_year == pytest.approx(1.0 * 365, rel=1e-5)
    assert result.candidate("small").costs_per_year / 365 == pytest.approx([6.0, 30.0], rel=1e-5)
    assert result.over_best_single_per_year == pytest.approx(0.0, abs=0.01)
    # as it stands the days cost 12 and 36: ten years of (24 - 4) 365 less 30 kWh at 1460
    assert result.expected_npv == pytest.approx(10 * 20.0 * 365 - 30 * 1460, rel=1e-6)


def test_a_rare_large_day_is_not_built_for_unless_bad_days_weigh():
    """With 3 in 10 large days a kWh beyond 10 saves 0.3, below its 0.4: 10 kWh, days at 6 and 30, mean 13.2.

    The worst 30 % are the large day. Counted alone it asks for 30 kWh (18 instead of 30); counted by half a kWh beyond
    10 is worth 0.5 * 0.3 + 0.5 * 1.0 = 0.65, above 0.4: 30 kWh too; counted by a tenth 0.9 * 0.3 + 0.1 = 0.37: 10 kWh.
    """
    large = years({"small": 10.0, "large": 30.0}, {"small": 7.0, "large": 3.0})
    mean = size_over(large)
    assert mean.value("bess.energy_kwh") == pytest.approx(10.0, abs=1e-4)
    assert mean.expected_cost_per_year == pytest.approx(13.2 * 365, rel=1e-6)
    for weight, size in ((0.1, 10.0), (0.5, 30.0), (1.0, 30.0)):
        result = size_over(large, risk=Risk(0.7, weight), compare=False)
        assert result.certificate.certified
        assert result.value("bess.energy_kwh") == pytest.approx(size, abs=1e-3)
    assert result.cvar_per_year == pytest.approx(18.0 * 365, rel=1e-6)
    assert result.certificate.bound * 365 == pytest.approx(18.0 * 365, rel=1e-6)


def test_what_stands_already_costs_nothing_in_objective_and_bound():
    """10 of the 30 kWh stand already: 12 a day of battery less 4; and what they save anyway, 10 a day, is no saving."""
    result = size_over(years({"small": 10.0, "large": 30.0}, existing=10.0), compare=False)
    assert result.certificate.certified
    assert result.certificate.cost == pytest.approx(12.0, rel=1e-6)
    assert result.expected_npv == pytest.approx(10 * 10.0 * 365 - 20 * 1460, rel=1e-6)


def test_whole_units_are_chosen_for_all_days_together():
    """Units of 8 kWh: 24 kWh cost 2 and 1.2 * 6 + 0.2 * 24 = 12 with 9.6 of battery, mean 16.6; 32 kWh 2 and 6 with
    12.8, mean 16.8. Each day alone takes 8 kWh (0.2 * 8 + 1.2 * 2 + 3.2 = 7.2) and 32 kWh (6 + 12.8 = 18.8), mean 13.
    """
    units = {"bess": BatterySizingSpec(energy_kwh=RangeSpec(step=8.0, most=100.0))}
    given = [
        replace(
            one, site=replace(one.site, spec=one.site.spec.model_copy(update={"sizing": SizingSpec(battery=units)}))
        )
        for one in years({"small": 10.0, "large": 30.0})
    ]
    result = size_over(given)
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") == pytest.approx(24.0)
    assert result.expected_cost_per_year == pytest.approx(16.6 * 365, rel=1e-6)
    assert result.evpi_per_year == pytest.approx((16.6 - 13.0) * 365, rel=1e-6)
