"""Demand billed once a year, on a part of a horizon."""

from __future__ import annotations

from datetime import date

from storage_opt.charges.peak import PeakCharge
from storage_opt.lowering.site import lower_site
from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

YEARLY = {"price_per_kw": 120.0, "per": "year"}


def site_of(start: str, end: str, **parts) -> Site:
    battery = {"bess": {"energy_kwh": 100.0, "power_kw": 50.0}}
    tariff = {"t": {"demand": [YEARLY]}}
    return small_site(100.0, horizon={"start": start, "end": end}, tariff=tariff, battery=battery, **parts)


def test_a_part_is_counted_in_the_years_of_the_whole():
    """Years from July: the second starts on 1 July 2026, also seen from a horizon that begins in June."""
    whole = site_of("2025-07-01", "2027-07-01")
    part = whole.between(date(2026, 6, 1), date(2026, 8, 1))
    (charge,) = (charge for charge in lower_site(part) if isinstance(charge, PeakCharge))
    assert charge.demand.groups.labels == ("2025", "2026")
    assert list(charge.demand.groups.period) == [0, 1]
