"""Demand billed once a year: what it refuses to stand for, and what of a horizon it takes."""

from __future__ import annotations

from datetime import date

import pytest

from storage_opt.charges.peak import PeakCharge
from storage_opt.errors import InputError
from storage_opt.lowering.site import lower_site
from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

YEARLY = {"price_per_kw": 120.0, "per": "year"}
COSTS = {"cost": {"bess": {"capex_per_kwh": 600.0}}}


def site_of(start: str, end: str, **parts) -> Site:
    battery = {"bess": {"energy_kwh": 100.0, "power_kw": 50.0}}
    tariff = {"t": {"demand": [YEARLY]}}
    return small_site(100.0, horizon={"start": start, "end": end}, tariff=tariff, battery=battery, **parts)


@pytest.mark.parametrize("end", ["2025-01-02", "2025-02-01", "2026-07-01"])
def test_a_part_of_a_year_cannot_stand_for_years_of_a_project(end):
    with pytest.raises(InputError, match="the peak of a year is billed in full") as refused:
        lower_site(site_of("2025-01-01", end, finance=COSTS))
    (fault,) = refused.value.faults
    assert fault.key == "tariff.t.demand[0].per"


@pytest.mark.parametrize(("start", "end"), [("2025-07-01", "2026-07-01"), ("2024-01-01", "2024-12-30")])
def test_whole_years_can(start, end):
    assert lower_site(site_of(start, end, finance=COSTS))


def test_a_part_is_counted_in_the_years_of_the_whole():
    """Years from July: the second starts on 1 July 2026, also seen from a horizon that begins in June."""
    whole = site_of("2025-07-01", "2027-07-01")
    part = whole.between(date(2026, 6, 1), date(2026, 8, 1))
    (charge,) = (charge for charge in lower_site(part) if isinstance(charge, PeakCharge))
    assert charge.demand.groups.labels == ("2025", "2026")
    assert list(charge.demand.groups.period) == [0, 1]
