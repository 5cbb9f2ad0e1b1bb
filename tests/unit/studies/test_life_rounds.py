"""Rounds between dispatch and life, with use that is a known function of health instead of a dispatch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from storage_opt import LifeSpec
from storage_opt.charges.base import Stream
from storage_opt.studies import life as study
from storage_opt.studies.aged import Health
from storage_opt.studies.life_year import YearFigures
from tests.support.life_sites import arbitrage_site


class Known:
    """In place of dispatches: share of life and savings by health."""

    def __init__(self, life_frac: Callable[[Health], float]) -> None:
        self.life_frac = life_frac
        self.known: list[tuple[dict[str, Health], YearFigures]] = []

    def of(self, year: int, health: dict[str, Health]) -> YearFigures:
        del year
        state = health["bess"]
        use = np.array([[self.life_frac(state), 300.0, 280.0, 2800.0, 3000.0]])
        savings = np.where([stream is Stream.ENERGY for stream in Stream], 1000.0 * state.energy_frac, 0.0)
        figures = YearFigures(savings, use, frozenset({Stream.ENERGY}), certified=True)
        self.known.append((health, figures))
        return figures


@pytest.fixture
def lived(monkeypatch):
    def run(life_frac, spec=None, **options):
        monkeypatch.setattr(study, "Dispatches", lambda *_: Known(life_frac))
        return study.life(arbitrage_site(), spec or LifeSpec(), **({"years": 10} | options))

    return run


def test_use_that_rises_with_fade_settles_where_both_agree(lived):
    """A year takes 0.05 + 0.1 (1 - H), H the mean of the year: u' = 0.05 + 0.02 (u + u'/2) step by step."""
    found = lived(lambda health: 0.05 + 0.1 * (1.0 - health.energy_frac))
    used, expected = 0.0, []
    for _ in range(10):
        share = (0.05 + 0.02 * used) / (1.0 - 0.01)
        expected.append(share)
        used += share
    assert found.converged
    assert found.rounds <= 4
    assert found.batteries["bess"].used_life_frac == pytest.approx(expected, rel=1e-3)


def test_a_year_that_flips_is_a_mean_of_both_and_says_so(lived):
    """Years of 0.05 leave 1 - 0.2 x 0.05 x 9.5 = 0.905 in the middle of year 10; if that takes 0.0496, with a line from
    year 1 in between, 0.90536. Where it takes 0.05 above 0.9052 and 0.0496 below, neither stays."""
    found = lived(lambda health: 0.05 if health.energy_frac > 0.9052 else 0.0496, LifeSpec(dispatched_years=(1,)))
    assert found.converged
    assert found.moved_frac <= 1e-4 < found.swing_frac
    assert 0.0496 < found.batteries["bess"].used_life_frac[-1] < 0.05
    assert any("flips between schedules" in note for note in found.notes)


def test_a_flip_too_wide_for_a_mean_is_not_called_converged(lived):
    found = lived(lambda health: 0.05 if health.energy_frac > 0.92 else 0.02, LifeSpec(dispatched_years=(1,)))
    assert not found.converged
    assert found.rounds == study.MAX_ROUNDS
    assert any("do not agree" in note for note in found.notes)


def test_a_price_that_overshoots_is_damped_until_it_settles(lived):
    """Cheap life is used twice as fast: the end comes nearer, life gets dearer. The price and what follows agree."""
    found = lived(lambda health: 0.14 - 0.1 * health.renewal_price_frac, discount_frac_per_year=0.1, years=12)
    bess = found.batteries["bess"]
    ends = np.array([min(end for end in bess.path.renewed_at_years[[0, -1]] if end > year) for year in range(12)])
    follows = 1.1 ** -np.maximum(ends - np.arange(12) - 0.5, 0.0)
    assert found.converged
    assert found.price_moved_frac <= 1e-3
    assert bess.renewal_price_frac == pytest.approx(follows, abs=2e-3)
