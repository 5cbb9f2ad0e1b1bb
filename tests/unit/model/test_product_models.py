"""Compiled models with products: names and short rows."""

from __future__ import annotations

import re

import pytest

from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.standard_form import longest_line
from storage_opt.studies.equations import EQUATIONS
from tests.support.product_sites import FULL_SITE, site_of

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
