"""Assumptions of the shipped sites: what they assume gives their optimum back, and prices move what they should."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

import storage_opt
from storage_opt.errors import InputError
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.sizing.assumptions import assumptions
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import flatness
from storage_opt.studies.sizing.landscape import landscape

SIZING = {
    "finance": {"years": 15, "cost": {"bess": {"capex_per_kwh": 300.0, "capex_per_kw": 100.0, "om_per_kwh_year": 4.0}}},
    "sizing": {"battery": {"bess": {"energy_kwh": {"most": 400_000.0}, "power_kw": {"most": 100_000.0}}}},
}
NAMES = {
    "ulanqab": {"plant_price", "export_price", "yield of wind", "yield of pv"},
    "yangtze": {"demand_price"},
    "industrial": {"load_level", "export_price", "yield of rooftop_pv", "demand_price"},
}


def sized(name):
    site = storage_opt.load_site(storage_opt.profile_folder(name))
    first = site.horizon.first_day
    spec = SiteSpec.model_validate(site.spec.model_dump(exclude_unset=True) | SIZING)
    return replace(site, spec=spec).between(first, first + timedelta(days=1))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_what_a_site_assumes_gives_its_optimum_back(name):
    case = Case.of(sized(name))
    known = {one.name: one for one in assumptions(case.problem.site)}
    assert NAMES[name] | {"price_spread", "energy_price", "efficiency of bess", "wear_cost of bess"} <= known.keys()
    best = case.find({})
    for one in known.values():
        if not one.is_financial:
            same = case.changed([(one, one.at_site)])
            assert same.before_weighted == pytest.approx(case.before_weighted, rel=1e-9), one.name
            assert same.find({}).npv == pytest.approx(best.npv, rel=1e-5), one.name


@pytest.mark.parametrize("name", sorted(NAMES))
def test_dearer_energy_raises_the_bill_and_a_wider_spread_the_worth(name):
    case = Case.of(sized(name))
    known = {one.name: one for one in assumptions(case.problem.site)}
    dearer = case.changed([(known["energy_price"], 1.2)])
    assert dearer.before_weighted > case.before_weighted
    wider = case.changed([(known["price_spread"], 1.2)]).find({})
    narrower = case.changed([(known["price_spread"], 0.8)]).find({})
    assert wider.npv > narrower.npv


def test_with_a_rebate_points_are_exact_and_nothing_is_said_between_them():
    case = Case.of(sized("yangtze"))
    assert not case.is_convex
    made = landscape(case, "bess.power_kw", "bess.energy_kwh", counts=(2, 2), workers=1)
    assert np.nanmax(made.npv) <= made.best.npv_most + 1e-6 * abs(made.best.npv)
    assert np.isnan(made.slopes[0]).all()
    for refused in (lambda: made.between(*(axis.values.mean() for axis in (made.x, made.y))), lambda: flatness(case)):
        with pytest.raises(InputError, match="rebate"):
            refused()
