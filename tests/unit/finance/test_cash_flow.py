"""Cash flows worked out on paper, and what must hold between their rows."""

import numpy as np
import pytest

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import dscr, npv
from storage_opt.finance.operations import ITEMS
from storage_opt.finance.project import AssetSize, Project
from storage_opt.spec.finance import FinanceSpec
from tests.support.projects import BESS, KINDS, finance, project


def _spec(**parts):
    return FinanceSpec.model_validate({"years": 4, "discount_rate_frac": 0.1} | parts)


def _flow(spec, saved=(), **parts):
    savings = {Stream.ENERGY: np.array(saved, dtype=np.float64)} if len(saved) else {}
    return cash_flow(Project(spec, {name: AssetSize(10.0, 20.0, 30.0) for name in spec.cost}, savings, **parts))


def test_every_cost_line_on_paper():
    """20 kWh and 10 kW: capex 20*100 + 10*10 + 5 = 2105, subsidy 20*10 + 3 = 203. Upkeep 20*1 + 10*2 + 4 = 44 in year
    1, then * 1.1 each year; insurance 1 % of 2105; land 7. Replaced after 3 years at 20*50 = 1000 less 5 % a year:
    857.375.
    At the end it has run 1 of 3 years: worth 10 % and two thirds of the other 90 %: 0.7 * 857.375 = 600.1625."""
    cost = {
        "capex_per_kwh": 100,
        "capex_per_kw": 10,
        "capex": 5,
        "subsidy_per_kwh": 10,
        "subsidy": 3,
        "om_per_kwh_year": 1,
        "om_per_kw_year": 2,
        "om_per_year": 4,
        "insurance_frac": 0.01,
        "land_per_year": 7,
        "life_years": 3,
        "replacement_per_kwh": 50,
        "replacement_price_frac_per_year": -0.05,
        "salvage_frac": 0.1,
    }
    spec = _spec(inflation_frac=0.1, escalation_frac={"energy": 0.5}, cost={"bess": cost})
    flow = _flow(spec, [100, 100, 100, 0], augmentation=np.array([0.0, 30.0, 0.0, 0.0]))
    wanted = {
        "savings.energy": [0, 100, 150, 225, 0],
        "capex.bess": [-2105, 0, 0, 0, 0],
        "subsidy.bess": [203, 0, 0, 0, 0],
        "om.bess": [0, -44, -48.4, -53.24, -58.564],
        "insurance.bess": [0, -21.05, -23.155, -25.4705, -28.01755],
        "land.bess": [0, -7, -7.7, -8.47, -9.317],
        "replacement.bess": [0, 0, 0, -857.375, 0],
        "augmentation.cells": [0, 0, -36.3, 0, 0],
        "salvage.bess": [0, 0, 0, 0, 600.1625],
    }
    assert flow.details.keys() == wanted.keys()
    for name, row in wanted.items():
        np.testing.assert_allclose(flow.details[name], row, atol=1e-10, err_msg=name)
    np.testing.assert_allclose(flow.pre_tax, np.sum(list(wanted.values()), axis=0))


def test_units_of_the_grid_and_a_replacement_at_capex():
    """30 kVA at 200; no price of a replacement: it costs the capex, and year 4 is the end, not a replacement."""
    spec = _spec(cost={"grid": {"capex_per_kva": 200, "om_per_kva_year": 2, "life_years": 2}})
    flow = _flow(spec)
    np.testing.assert_allclose(flow.pre_tax, [-6_000, -60, -6_060, -60, -60])


def test_replacements_that_are_told_take_the_place_of_life():
    spec = _spec(cost={"bess": BESS | {"salvage_frac": 0.0, "life_years": 3}})
    told = {"bess": np.array([0.0, 500.0, 0.0, 0.0])}
    flow = _flow(spec, replacements=told)
    np.testing.assert_allclose(flow.details["replacement.bess"], [0, 0, -500 * 0.97**2, 0, 0])
    assert flow.details["salvage.bess"][-1] == pytest.approx(500 * 0.97**2 / 3)


def test_wear_is_no_cash():
    spec = finance()
    without = project(spec)
    savings = {stream: row for stream, row in without.savings.items() if stream != Stream.WEAR}
    np.testing.assert_array_equal(cash_flow(without).after_tax, cash_flow(project(spec, savings=savings)).after_tax)


def test_value_added_tax_on_paper():
    """Tax of 13 in 113. Bought: 565 hold 65. Savings of 226 hold 26 each: 65 is used up by 26 + 26 + 13, then 13 and
    all are paid, with 12 % on top. At once: the whole 65 comes back in year 0, with the surcharges on it."""
    tax = {"income_tax_frac": 0, "depreciation_years": 4}
    spec = _spec(cost={"bess": {"capex": 565}}, tax=tax)
    flow = _flow(spec, [226, 226, 226, 226])
    np.testing.assert_allclose(flow.whole["vat_carried"], [65, 39, 13, 0, 0], atol=1e-12)
    np.testing.assert_allclose(flow.whole["vat"], [0, 0, 0, -13, -26], atol=1e-12)
    np.testing.assert_allclose(flow.whole["surcharge"], [0, 0, 0, -1.56, -3.12], atol=1e-12)
    at_once = _flow(_spec(cost={"bess": {"capex": 565}}, tax=tax | {"vat_credit": "at_once"}), [226] * 4)
    np.testing.assert_allclose(at_once.whole["vat"], [65, -26, -26, -26, -26], atol=1e-12)


def test_income_tax_with_holiday_on_paper():
    """1000 without VAT over 2 years to 10 %: 450 a year, 100 written off in year 4. Profits 50, 150, 700, 700 - 100;
    free in years 1 and 2, half of 25 % in year 3."""
    tax = {
        "vat_frac": 0,
        "depreciation_years": 2,
        "depreciation_residual_frac": 0.1,
        "exempt_years": 2,
        "half_years": 1,
    }
    flow = _flow(_spec(cost={"bess": {"capex": 1_000}}, tax=tax), [500, 600, 700, 700])
    np.testing.assert_allclose(flow.whole["depreciation"], [0, -450, -450, 0, 0])
    np.testing.assert_allclose(flow.whole["write_off"], [0, 0, 0, 0, -100])
    np.testing.assert_allclose(flow.whole["profit"], [0, 50, 150, 700, 600])
    np.testing.assert_allclose(flow.whole["income_tax"], [0, 0, 0, -87.5, -150])


def test_losses_are_carried_oldest_first_and_expire_on_paper():
    """Losses of 100 in years 1 and 2 that last 2 years: 60 in year 3 takes from the first, whose other 40 fall away;
    70 in year 4 takes from the second. Offset at once, losses give tax back."""
    tax = {"vat_frac": 0, "depreciation_years": 4, "depreciation_residual_frac": 0, "carry_forward_years": 2}
    cost = {"bess": {"capex": 400}}
    flow = _flow(_spec(cost=cost, tax=tax), [0, 0, 160, 170])
    np.testing.assert_allclose(flow.whole["profit"], [0, -100, -100, 60, 70])
    np.testing.assert_allclose(flow.whole["loss_available"], [0, 0, 100, 200, 100])
    np.testing.assert_allclose(flow.whole["loss_used"], [0, 0, 0, 60, 70])
    np.testing.assert_allclose(flow.whole["income_tax"], 0, atol=1e-12)
    offset = _flow(_spec(cost=cost, tax=tax | {"losses": "offset"}), [0, 0, 160, 170])
    np.testing.assert_allclose(offset.whole["income_tax"], [0, 25, 25, -15, -17.5])


@pytest.mark.parametrize("kind", ["level", "equal principal", "sculpted"])
def test_loans_are_repaid(kind):
    flow = cash_flow(project(finance(kind)))
    debt, terms = flow.debt, flow.project.spec.debt
    assert debt["balance"][terms.years :] == pytest.approx(0, abs=1e-6)
    assert -debt["principal"].sum() == pytest.approx(debt["draw"][0])
    assert npv(terms.rate_frac, debt["draw"] + debt["interest"] + debt["principal"]) == pytest.approx(0, abs=1e-6)


def test_a_level_loan_on_paper():
    """Park: 5,000 at 12 % in five years: payments of 1,387.05; 600 of the first is interest."""
    spec = _spec(years=5, cost={"bess": {"capex": 5_000}}, debt={"share_frac": 1, "rate_frac": 0.12, "years": 5})
    debt = _flow(spec, [2_000] * 5).debt
    np.testing.assert_allclose(debt["service"][1:], 1_387.05, atol=0.005)
    assert debt["interest"][1] == pytest.approx(-600)
    assert debt["principal"][1] == pytest.approx(-787.05, abs=0.005)


def test_equal_principal_after_grace_on_paper():
    """1,000 at 10 % over 3 years, the first of interest only: 100, then 500 + 100 and 500 + 50."""
    debt = {"share_frac": 0.5, "rate_frac": 0.1, "years": 3, "grace_years": 1, "repayment": "equal_principal"}
    flow = _flow(_spec(cost={"bess": {"capex": 2_000}}, debt=debt), [900] * 4)
    np.testing.assert_allclose(flow.debt["service"], [0, 100, 600, 550, 0])
    np.testing.assert_allclose(flow.equity_cash, [-1_000, 800, 300, 350, 900])
    assert dscr(flow).least == pytest.approx(1.5)


def test_a_sculpted_loan_has_one_cover_ratio():
    flow = cash_flow(project(finance("sculpted", debt={
        "rate_frac": 0.045, "years": 3, "repayment": "sculpted", "target_dscr": 1.3,
    })))  # fmt: skip
    np.testing.assert_allclose(flow.debt["dscr"][1:4], 1.3, rtol=1e-12)
    expected = sum(flow.debt["cfads"][year] / 1.3 / 1.045**year for year in (1, 2, 3))
    assert flow.debt["draw"][0] == pytest.approx(expected)


def test_a_sculpted_loan_rests_in_a_year_without_cash_flow():
    flow = cash_flow(project(finance("sculpted over a replacement")))
    assert flow.debt["cfads"][8] < 0
    assert flow.debt["service"][8] == pytest.approx(0)
    served = flow.debt["service"] > 1e-9
    np.testing.assert_allclose(flow.debt["dscr"][served], 1.3, rtol=1e-9)
    assert flow.debt["balance"][10] == pytest.approx(0, abs=1e-6)


def test_interest_lowers_tax_of_the_equity_only():
    flow = cash_flow(project(finance("sculpted")))
    saved = flow.equity["income_tax"] - flow.whole["income_tax"]
    np.testing.assert_allclose(saved, -0.25 * flow.debt["interest"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("shared")])
def test_investor_and_host_are_the_project(kind):
    flow = cash_flow(project(finance(kind)))
    alone = cash_flow(project(finance(kind, sharing=None)))
    for name, row in flow.whole.items():
        np.testing.assert_array_equal(flow.parties["investor"][name] + flow.parties["host"][name], row, err_msg=name)
    for item in (*ITEMS, "pre_tax"):
        np.testing.assert_allclose(flow.whole[item], alone.whole[item], rtol=1e-14, err_msg=item)


def test_an_energy_management_contract_on_paper():
    """80 % for 2 years; the investor pays 1,000 and upkeep of 50, then the host has everything."""
    sharing = {"investor_frac": 0.8, "years": 2}
    spec = _spec(cost={"bess": {"capex": 1_000, "om_per_year": 50, "salvage_frac": 0.1}}, sharing=sharing)
    flow = _flow(spec, [500] * 4)
    np.testing.assert_allclose(flow.parties["investor"]["pre_tax"], [-1_000, 350, 350, 0, 0])
    np.testing.assert_allclose(flow.parties["host"]["pre_tax"], [0, 100, 100, 450, 550])
    host_pays = _flow(_spec(cost=dict(spec.cost), sharing=sharing | {"om_payer": "host"}), [500] * 4)
    np.testing.assert_allclose(host_pays.parties["investor"]["pre_tax"], [-1_000, 400, 400, 0, 0])


def test_shared_taxes_without_carrying_are_those_of_one_owner():
    """Every rate is the same, so with tax at once it does not matter who pays, but for when assets are written off."""
    at_once = {"losses": "offset", "vat_credit": "at_once", "depreciation_years": 5}
    shared = cash_flow(project(finance("shared", tax=at_once), augmentation=None))
    alone = cash_flow(project(finance(tax=at_once), augmentation=None))
    np.testing.assert_allclose(shared.whole["vat"], alone.whole["vat"], rtol=1e-12)
    assert shared.whole["income_tax"].sum() == pytest.approx(alone.whole["income_tax"].sum())


@pytest.mark.parametrize("kind", KINDS)
def test_money_scales_alone(kind):
    times = 7.0
    spec = finance(kind)
    priced = [key for key in BESS if key.startswith(("capex", "subsidy", "om_", "land", "replacement_per"))]
    dear = finance(kind, cost={"bess": BESS | {key: BESS[key] * times for key in priced}})
    one, other = cash_flow(project(spec)), cash_flow(project(dear, scale=times))
    np.testing.assert_allclose(other.equity_cash, times * one.equity_cash, rtol=1e-9, atol=1e-6)
    for name, row in one.whole.items():
        np.testing.assert_allclose(other.whole[name], times * row, rtol=1e-9, atol=1e-6, err_msg=name)
    assert dscr(other).average == pytest.approx(dscr(one).average) or not one.debt


def test_what_does_not_fit_is_refused():
    spec = finance()
    with pytest.raises(ValueError, match="savings of energy must be 15 finite numbers"):
        Project(spec, {}, {Stream.ENERGY: np.ones(14)})
    with pytest.raises(ValueError, match="throughput_kwh"):
        Project(spec, {}, {}, throughput_kwh=np.full(15, np.nan))
    with pytest.raises(ValueError, match=r"\[finance.cost.other\]"):
        Project(spec, {"other": AssetSize()}, {})
