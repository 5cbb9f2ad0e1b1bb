"""Compiled models with products: names, short rows, and whole decisions made by branching."""

from __future__ import annotations

import re

import pytest

import storage_opt
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model import whole
from storage_opt.model.compile import compile_program
from storage_opt.model.standard_form import longest_line
from storage_opt.schedule import Flow, FlowKind
from storage_opt.studies.equations import EQUATIONS
from tests.support.product_sites import FULL_SITE, battery, described, site_of, with_products

PRODUCT_CONSTRAINTS = {
    *("bid", "month_bid", "symmetric", "max_kw", "taken", "least_block", "least_delivered", "promise", "joined"),
    *("events", "room_up", "room_down", "taper_up", "taper_down", "taper_up_begun", "taper_down_begun"),
    *("plant_up", "plant_down", "units_down", "energy_up", "energy_down", "energy_up_begun", "energy_down_begun"),
    *("sliding", "kept", "delayed_work", "stopped", "delayed", "deadline_room", "catching_up", "response"),
    *("left_out", "sold_once_up", "sold_once_down"),
}


def _compiled(site):
    return compile_program(site, lower_site(site), lower_rules(site))


def test_every_constraint_of_products_is_stated_and_has_its_equation():
    names = {re.sub(r"_\d+$", "", block.name.rsplit(".", 1)[-1]) for block in _compiled(site_of(FULL_SITE)).rows}
    assert sorted(names - EQUATIONS.keys()) == []
    assert sorted(PRODUCT_CONSTRAINTS - names) == []


@pytest.mark.parametrize("step_minutes", [60, 15, 5])
def test_rows_and_columns_stay_short(step_minutes):
    horizon = FULL_SITE["horizon"] | {"step_minutes": step_minutes}
    assert longest_line(_compiled(site_of(FULL_SITE | {"horizon": horizon})).form) <= 400


def test_branching_decides_as_the_mixed_integer_solver_does(monkeypatch):
    window = [{"hours": ["18:00-20:00"]}]
    terms = {"window": window, "price_per_kwh": 1.0, "max_events_per_month": 2, "min_block_kw": 120.0}
    site = described(days=5, battery={"bess": battery(500.0, 200.0, charge_efficiency=0.9)})
    sold_site = site_of(with_products(site, response={"dr": terms | {"baseline": {"fixed_kw": 980.0}}}))
    searched = storage_opt.optimize(sold_site)
    monkeypatch.setattr(whole, "_LARGE_NONZEROS", 0)
    branched = storage_opt.optimize(sold_site)
    assert branched.certificate.certified
    assert branched.savings == pytest.approx(searched.savings, rel=1e-6)
    sold = branched.schedule[Flow("dr", FlowKind.DELIVERED_KW)]
    assert sold[sold > 1e-3].min() >= 120.0 * (1 - 1e-6)


def test_a_search_that_runs_out_of_time_tells_its_gap(monkeypatch):
    window = [{"hours": ["18:00-20:00"]}]
    terms = {"window": window, "price_per_kwh": 0.6, "max_events_per_month": 2, "min_block_kw": 120.0}
    site = described(days=5, battery={"bess": battery(300.0, 200.0, charge_efficiency=0.9)})
    sold_site = site_of(with_products(site, response={"dr": terms}))
    best = storage_opt.optimize(sold_site)
    monkeypatch.setattr(whole, "_LARGE_NONZEROS", 0)
    monkeypatch.setattr(whole, "_BRANCHING_S", -1.0)
    hurried = storage_opt.optimize(sold_site)
    assert hurried.savings <= best.savings * (1 + 1e-6)
    assert hurried.certificate.certified == (hurried.certificate.relative_gap <= 1e-6)
