"""The peak of a year is billed once, so a part of a year does not stand for the years of a project."""

from __future__ import annotations

import pytest

from storage_opt.errors import InputError
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import optimize
from storage_opt.studies.life import life
from storage_opt.studies.sizing.problem import SizingProblem
from tests.support.small_sites import small_site

WEAR = {"replacement_cost_per_kwh": 300.0, "cycle_life": {"coefficient": 1e-4, "exponent": 1.5}}
COSTS = {"cost": {"bess": {"capex_per_kwh": 600.0}}}


def site_of(start: str, end: str) -> Site:
    return small_site(
        100.0,
        horizon={"start": start, "end": end},
        tariff={"t": {"demand": [{"price_per_kw": 30.0}, {"name": "yearly", "price_per_kw": 120.0, "per": "year"}]}},
        battery={"bess": {"energy_kwh": 100.0, "power_kw": 50.0, "wear": WEAR}},
        finance=COSTS,
    )


@pytest.mark.parametrize("end", ["2025-01-02", "2025-02-01", "2026-07-01"])
def test_a_part_of_a_year_is_refused_where_it_is_scaled(end):
    site = site_of("2025-01-01", end)
    for ask in (SizingProblem.of, lambda site: life(site, LifeSpec(), years=10)):
        with pytest.raises(InputError, match="the peak of a year is billed in full") as refused:
            ask(site)
        assert [fault.key for fault in refused.value.faults] == ["tariff.t.demand[1].per"]


def test_a_part_of_a_year_has_a_schedule():
    assert optimize(site_of("2025-01-01", "2025-01-08")).certificate.certified


@pytest.mark.parametrize(("start", "end"), [("2025-07-01", "2026-07-01"), ("2024-01-01", "2024-12-30")])
def test_whole_years_are_taken(start, end):
    site = site_of(start, end)
    assert SizingProblem.of(site).site.horizon == site.horizon
