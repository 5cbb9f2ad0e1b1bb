"""Life of a battery over the years of a project, worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt import InputError, optimize
from storage_opt.charges.base import Stream
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.aged import Health, aged
from storage_opt.studies.life import MAX_ROUNDS, life
from tests.support.life_sites import STEPPED_PRICE, arbitrage_site, wear

YEARS = np.arange(12)


def test_one_full_cycle_a_day_of_3650() -> None:
    """A tenth of a life a year, 20 % of 10 kWh over a life: 0.2 kWh a year, in the middle of year 1 9.9 kWh.

    Each kWh saves 0.40 a day: 365 x 9.9 x 0.40 = 1,445.40, and 365 x 0.2 x 0.40 = 29.20 less each year. After ten years
    the cells are replaced: 8 kWh go, 10 kWh come. Wear is a tenth of 10 x 10 a year.
    """
    found = life(arbitrage_site(), LifeSpec(), years=12)
    bess = found.batteries["bess"]
    energy = 9.9 - 0.2 * (YEARS % 10)
    assert found.converged
    assert bess.energy_kwh == pytest.approx(energy, rel=1e-6)
    assert found.savings[Stream.ENERGY] == pytest.approx(365 * 0.4 * energy, rel=1e-6)
    assert found.savings[Stream.WEAR] == pytest.approx(np.full(12, -10.0), rel=1e-5)
    assert found.cash_savings == pytest.approx(found.savings[Stream.ENERGY], rel=1e-12)
    assert bess.discharged_kwh == pytest.approx(365 * energy, rel=1e-6)
    assert bess.throughput_kwh == pytest.approx(bess.charged_kwh, rel=1e-6)
    assert bess.cycles == pytest.approx(np.full(12, 365.0), rel=1e-6)
    assert bess.used_life_frac == pytest.approx(np.full(12, 0.1), rel=1e-6)
    assert bess.end_of_life_year == 10
    assert np.flatnonzero(bess.replaced).tolist() == [10]
    assert found.new_cells_kwh[10] == pytest.approx(10.0)
    assert bess.path.removed_kwh[10] == pytest.approx(8.0, rel=1e-6)
    assert found.dispatched_years == tuple(range(1, 13))
    assert found.left_out == ()
    assert found.interpolation_error_relative == 0.0
    # ten lives, two of them short: (10 x 9 + 9.9 + 9.7) / 120
    assert found.mean_health_frac()["bess"] == pytest.approx((90.0 + 9.9 + 9.7) / 120, rel=1e-6)


def test_a_horizon_of_two_days_stands_for_a_year_and_says_so() -> None:
    assert any("0.00548 years" in note for note in life(arbitrage_site(), LifeSpec(), years=1).notes)


def test_calendar_alone() -> None:
    """2 % of rated energy a year whatever it does, 20 % over a life: 9.9, 9.7, ... and the end after ten years.

    A battery that is retired then has nothing in years 11 and 12, and saves nothing.
    """
    calendar = {"corners": [{"soc_frac": 1.0, "fade_frac_per_year": 0.02}]}
    site = arbitrage_site(wear=wear(cycle_life=None, calendar=calendar))
    found = life(site, LifeSpec(at_end_of_life="retire"), years=12)
    bess = found.batteries["bess"]
    assert bess.energy_kwh == pytest.approx([*(9.9 - 0.2 * YEARS[:10]), 0.0, 0.0], rel=1e-6)
    assert found.cash_savings == pytest.approx(365 * 0.4 * bess.energy_kwh, rel=1e-6)
    assert bess.end_of_life_year == 10
    assert bess.path.removed_kwh[10] == pytest.approx(8.0, rel=1e-6)


def test_fade_of_the_project_where_the_battery_describes_none() -> None:
    """365 cycles of 0.2 / 3,650 and 1 % a year: 2 % + 1 % of 10 kWh = 0.3 kWh a year. 20 % last 6.67 years: year 7."""
    spec = LifeSpec(fade_frac_per_cycle=0.2 / 3650, fade_frac_per_year=0.01)
    found = life(arbitrage_site(wear=None, wear_cost_per_kwh=0.01), spec, years=8).batteries["bess"]
    assert found.energy_kwh[:7] == pytest.approx(9.85 - 0.3 * np.arange(7), rel=1e-6)
    assert found.path.end_of_life_years == pytest.approx(20 / 3, rel=1e-6)
    assert found.end_of_life_year == 7
    assert np.flatnonzero(found.replaced).tolist() == [7]


def test_life_ends_with_the_warranty_where_that_is_earlier() -> None:
    """The threshold is reached after ten years. 4.5 years end in year 5; 730 cycles with year 2.

    A year delivers 365 x 0.99, 365 x 0.97, ... kWh for each kWh, n years 365 n (1 - n / 100): 2,686.4 with year 8,
    2,989.35 with year 9, 3,285 with year 10.
    """

    def end(**warranty: float) -> int | None:
        found = life(arbitrage_site(), LifeSpec(at_end_of_life="retire", **warranty), years=12)
        return found.batteries["bess"].end_of_life_year

    assert end() == 10
    assert end(warranty_years=4.5) == 5
    assert end(warranty_cycles=730) == 2
    assert end(warranty_throughput_kwh_per_kwh=2686.0) == 8
    assert end(warranty_throughput_kwh_per_kwh=3000.0) == 10
    assert end(warranty_years=30) == 10


def test_cells_are_added_before_the_battery_falls_below_what_is_kept() -> None:
    """0.2 kWh a year from 10, of which 8.95 are kept: year 5 ends at 9.0, and year 6 would end at 8.8.

    So 1 kWh is added at the start of year 6; 11 kWh of cells then lose 0.22 a year.
    """
    spec = LifeSpec(at_end_of_life="retire", augment_below_frac=0.895)
    bess = life(arbitrage_site(), spec, years=8).batteries["bess"]
    assert bess.augmented_kwh == pytest.approx([0, 0, 0, 0, 0, 1.0, 0, 0], abs=1e-5)
    assert bess.path.start_kwh == pytest.approx([10, 9.8, 9.6, 9.4, 9.2, 10, 9.78, 9.56], rel=1e-5)
    assert bess.path.installed_kwh[-1] == pytest.approx(11.0, rel=1e-5)


def test_efficiency_is_lost_by_age_and_comes_back_with_new_cells() -> None:
    """2 % of the round trip a year: 0.98^0.5 in the middle of year 1, both ways its root; half a kWh a side."""
    spec = LifeSpec(efficiency_fade_frac_per_year=0.02, warranty_years=2)
    bess = life(arbitrage_site(), spec, years=4).batteries["bess"]
    kept = 0.98 ** np.array([0.5, 1.5, 0.5, 1.5])
    assert bess.efficiency == pytest.approx(kept, rel=1e-12)
    assert bess.charge_efficiency == pytest.approx(np.sqrt(kept), rel=1e-12)
    assert bess.discharged_kwh == pytest.approx(365 * bess.energy_kwh * np.sqrt(kept), rel=1e-6)


def test_life_used_early_costs_less_where_money_is_discounted() -> None:
    """Cells end after ten years: in the middle of year y life is worth 1.08^-(10 - y + 1/2) of new cells."""
    found = life(arbitrage_site(), LifeSpec(), years=10, discount_frac_per_year=0.08)
    bess = found.batteries["bess"]
    worth = 1.08 ** -(9.5 - np.arange(10))
    assert found.converged
    assert bess.renewal_price_frac == pytest.approx(worth, rel=1e-3)
    assert found.savings[Stream.WEAR] == pytest.approx(-10.0 * worth, rel=1e-3)


def test_chosen_years_equal_all_years_where_everything_is_linear() -> None:
    """Replaced at the start of year 11, so years 10, 11 and 12 are solved beside 1 and 5."""
    every = life(arbitrage_site(), LifeSpec(), years=12)
    chosen = life(arbitrage_site(), LifeSpec(dispatched_years=(1, 5)), years=12)
    assert chosen.dispatched_years == (1, 5, 10, 11, 12)
    assert [middle.year for middle in chosen.left_out] == [7, 3]
    assert chosen.interpolation_error_relative == pytest.approx(0.0, abs=1e-6)
    for stream in (Stream.ENERGY, Stream.WEAR):
        assert chosen.savings[stream] == pytest.approx(every.savings[stream], rel=1e-5)
    assert chosen.energy_kwh == pytest.approx(every.energy_kwh, rel=1e-6)
    assert chosen.discharged_kwh == pytest.approx(every.discharged_kwh, rel=1e-6)


@pytest.mark.parametrize("chosen", [(1,), (1, 6), (4, 7)])
def test_the_measured_error_of_interpolation_covers_the_true_one(chosen: tuple[int, ...]) -> None:
    """Savings are concave in energy, so no year is off by more than twice what the middle of its gap is.

    What the years before have faded more or less than interpolated is not in it, here an eighth of the error at most.
    """
    site = arbitrage_site(price=STEPPED_PRICE, energy_kwh=100.0, power_kw=12.0, wear=wear(0.0))
    project = {"end_of_life_energy_frac": 0.4, "at_end_of_life": "retire"}
    every = life(site, LifeSpec(**project), years=10)
    few = life(site, LifeSpec(**project, dispatched_years=chosen), years=10)
    true = np.abs(few.cash_savings - every.cash_savings) / np.abs(few.cash_savings).mean()
    assert len(few.left_out) == few.gaps == np.count_nonzero(np.diff(few.dispatched_years) > 1)
    assert max(middle.error_relative for middle in few.left_out) == few.interpolation_error_relative
    for middle in few.left_out:
        assert true[middle.year - 1] == pytest.approx(middle.error_relative, rel=0.125)
        before = max(year for year in few.dispatched_years if year < middle.year)
        after = min(year for year in few.dispatched_years if year > middle.year)
        assert true[before - 1 : after].max() <= 2.0 * middle.error_relative + 1e-6


def test_an_error_that_was_not_measured_is_not_called_none() -> None:
    found = life(arbitrage_site(), LifeSpec(dispatched_years=(1,)), years=5, checks=0)
    assert found.gaps == 1
    assert found.interpolation_error_relative is None


def test_savings_never_rise_with_fade() -> None:
    site = arbitrage_site(price=STEPPED_PRICE, energy_kwh=100.0, power_kw=12.0, wear=wear(0.0))
    shares = np.linspace(1.0, 0.0, 9)
    saved = [optimize(aged(site, {"bess": Health(energy_frac=float(share))})).savings for share in shares]
    assert np.all(np.diff(saved) <= 1e-9)
    weaker = [optimize(aged(site, {"bess": Health(efficiency_frac=e)})).savings for e in (1.0, 0.9, 0.8)]
    assert np.all(np.diff(weaker) <= 1e-9)


def test_a_price_of_life_that_has_no_answer_is_not_called_converged() -> None:
    """Worn 0.48 for a kWh, saved 0.40. Without use nothing ends, life costs nothing, and every year cycles; then the
    years before the end cost too much, do not cycle, and the end moves away again."""
    site = arbitrage_site(wear=wear(0.48 * 3650))
    found = life(site, LifeSpec(), years=12, discount_frac_per_year=0.08)
    assert not found.converged
    assert found.rounds == MAX_ROUNDS
    assert any("dispatch and life do not agree" in note for note in found.notes)


def test_a_life_that_two_ends_would_bound_is_refused() -> None:
    calendar = {"corners": [{"soc_frac": 1.0, "fade_frac_per_year": 0.02}], "end_of_life_fade_frac": 0.3}
    with pytest.raises(InputError, match=r"ends at a loss of 0\.3 of rated energy, that of the project at 0\.2"):
        life(arbitrage_site(wear=wear(calendar=calendar)), LifeSpec(), years=2)


@pytest.mark.parametrize(
    ("battery", "spec", "said"),
    [
        ({"wear": None}, {}, "never age"),
        ({}, {"fade_frac_per_cycle": 1e-4}, "every battery has `wear.cycle_life`"),
        ({}, {"dispatched_years": (1, 30)}, "names year 30, the project has 2"),
        ({}, {"augment_years": (3,)}, "names year 3, the project has 2"),
    ],
)
def test_what_would_be_ignored_is_refused(battery, spec, said) -> None:
    with pytest.raises(InputError, match=said):
        life(arbitrage_site(**battery), LifeSpec(**spec), years=2)


def test_a_year_that_has_no_schedule_is_named() -> None:
    """9.4 kWh have to be held; time takes 0.2 a year, and in year 4 there are 9.3."""
    calendar = {"corners": [{"soc_frac": 1.0, "fade_frac_per_year": 0.02}]}
    site = arbitrage_site(wear=wear(cycle_life=None, calendar=calendar))
    described = site.spec.model_dump(exclude_unset=True) | {"backup": {"critical_kw": 9.4, "ride_through_h": 1.0}}
    held = Site(SiteSpec.model_validate(described), site.horizon)
    with pytest.raises(InputError, match=r"which holds 9\.3 kWh when full") as refused:
        life(held, LifeSpec(), years=6)
    assert refused.value.__notes__ == ["in year 4 of the project, with rated energy down to: bess 93.0 %"]
