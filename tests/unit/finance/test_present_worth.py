"""The linear form of a net present value."""

import numpy as np
import pytest

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import annuity_factor, npv
from storage_opt.finance.present_worth import present_worth
from storage_opt.finance.project import AssetSize, Project, SizeUnit
from tests.support.projects import AT_ONCE, BESS, EMC, LEVEL, finance, project

GRID = {"capex_per_kva": 300.0, "om_per_kva_year": 3.0, "capex": 5_000.0}


def _linear(worth, one):
    total = sum(worth.fixed_of(name) for name in one.sizes)
    for name, size in one.sizes.items():
        total += worth.of_size(name, SizeUnit.KWH) * size.energy_kwh
        total += worth.of_size(name, SizeUnit.KW) * size.power_kw
        total += worth.of_size(name, "kva") * size.capacity_kva
    for stream, row in one.savings.items():
        total += worth.of_saving(stream, row)
    return total + worth.of_augmentation(one.augmentation)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tax": AT_ONCE},
        {"tax": AT_ONCE | {"exempt_years": 3, "half_years": 3}},
        {"tax": AT_ONCE, "debt": LEVEL},
        {"tax": AT_ONCE, "sharing": EMC},
        {"tax": {"vat_frac": 0, "losses": "offset"}},
    ],
)
def test_coefficients_make_the_net_present_value(changes):
    spec = finance(cost={"bess": BESS, "grid": GRID}, **changes)
    worth = present_worth(spec)
    one = project(spec, sizes={"bess": AssetSize(480.0, 1_170.0), "grid": AssetSize(capacity_kva=250.0)})
    value = npv(spec.discount_rate_frac, cash_flow(one).after_tax)
    assert worth.exact
    assert _linear(worth, one) == pytest.approx(value, rel=1e-9)
    assert worth.fixed == pytest.approx(worth.fixed_of("bess") + worth.fixed_of("grid"))


def test_a_plain_case_on_paper():
    """Without rises, a money saved every year is worth the annuity factor, and a kWh costs its price and upkeep."""
    spec = finance(inflation_frac=0, escalation_frac={}, cost={"bess": {"capex_per_kwh": 800, "om_per_kwh_year": 8}})
    worth, factor = present_worth(spec), annuity_factor(0.06, 15)
    assert worth.of_saving(Stream.DEMAND) == pytest.approx(factor)
    assert worth.of_size("bess", "kwh") == pytest.approx(-800 - 8 * factor)
    assert worth.of_size("bess", "kw") == worth.fixed == worth.of_saving(Stream.WEAR) == 0.0
    assert worth.annuity == pytest.approx(1 / factor)


def test_what_is_carried_is_said_and_costs():
    spec = finance(tax={})
    worth = present_worth(spec)
    assert not worth.exact
    assert "input tax is carried forward" in worth.reason
    assert "losses are carried forward" in worth.reason
    one = project(spec)
    assert npv(spec.discount_rate_frac, cash_flow(one).after_tax) < _linear(worth, one)


def test_unknown_units_and_assets_are_refused():
    worth = present_worth(finance())
    with pytest.raises(ValueError, match="mw"):
        worth.of_size("bess", "mw")
    with pytest.raises(ValueError, match="has no cost"):
        worth.of_size("other", "kw")


def test_a_fading_saving_is_worth_less():
    worth = present_worth(finance())
    fading = 0.97 ** np.arange(15)
    assert worth.of_saving(Stream.ENERGY, fading) < worth.of_saving(Stream.ENERGY)
    assert Project(finance(), {}, {}).cash_savings == {}
