"""Measures against textbooks, to the cent, and against another library.

BMA: Brealey, Myers, Allen, Principles of Corporate Finance, chapters 2 and 5. Park: Contemporary Engineering Economics,
chapter 3.
"""

import numpy as np
import numpy_financial
import pytest

from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import (
    annuity_factor,
    cumulative,
    discounted_payback,
    dscr,
    irr,
    lcos,
    mirr,
    npv,
    profitability_index,
    roi,
    simple_payback,
)
from storage_opt.finance.project import AssetSize, Project
from storage_opt.finance.roots import positive_roots
from tests.support.projects import finance, project


def _cash(*amounts):
    return np.array(amounts, dtype=np.float64)


def test_net_present_value_of_the_office_building():
    """BMA chapter 2: 370,000 now for 420,000 in a year. 420,000/1.05 - 370,000 = 30,000; at 12 %: 375,000 - 370,000."""
    office = _cash(-370_000, 420_000)
    assert round(npv(0.05, office), 2) == 30_000.00
    assert round(npv(0.12, office), 2) == 5_000.00
    assert irr(office).rate == pytest.approx(420 / 370 - 1, abs=1e-14)


def test_internal_rate_of_return_of_two_years():
    """BMA chapter 5: -4,000, 2,000, 4,000 has 28.08 %. In x = 1/(1+i): 4x^2 + 2x - 4 = 0, x = (-1 + sqrt 17)/4."""
    found = irr(_cash(-4_000, 2_000, 4_000))
    assert str(found) == "28.08%"
    assert found.rate == pytest.approx(4 / (np.sqrt(17) - 1) - 1, abs=1e-14)


def test_several_rates_are_said():
    """-1000, 2500, -1540: 1.54 x^2 - 2.5 x + 1 = (1.1 x - 1)(1.4 x - 1), so 10 % and 40 %."""
    found = irr(_cash(-1_000, 2_500, -1_540))
    assert (found.rate, found.reason) == (None, "several")
    assert found.roots == pytest.approx((0.10, 0.40), abs=1e-12)
    assert str(found) == "several: 10.00%, 40.00%"


def test_the_strip_mine_has_two_rates():
    """BMA chapter 5: -60, nine times 12, -15 has -44.0 % and 11.6 %."""
    found = irr(_cash(-60, *[12] * 9, -15))
    assert [round(100 * root, 1) for root in found.roots] == [-44.0, 11.6]


def test_no_rate_is_said():
    """BMA chapter 5: 1,000, -3,000, 2,500 has none: 2.5 x^2 - 3 x + 1 has discriminant 9 - 10. Worth 339 at 10 %."""
    cash = _cash(1_000, -3_000, 2_500)
    found = irr(cash)
    assert (found.rate, found.reason, found.roots) == (None, "none", ())
    assert round(npv(0.10, cash)) == 339
    assert irr(_cash(0, 0, 0)).reason == irr(_cash(1, 2, 3)).reason == "none"


def test_a_rate_that_is_met_and_not_crossed_is_one():
    """-(1 - 1.25 x)^2: worth zero at 25 % only, below at every other rate."""
    found = irr(_cash(-1, 2.5, -1.5625))
    assert found.roots == pytest.approx((0.25,), abs=1e-6)


def test_what_rounding_leaves_is_no_change_of_sign():
    found = irr(_cash(-1_000, 600, 600, -1e-13))
    assert found.roots == pytest.approx(irr(_cash(-1_000, 600, 600)).roots)


def test_modified_internal_rate_of_return_of_the_spreadsheet_manual():
    """The example of Excel's MIRR: 12.61 %, by hand ((39000*1.12^4 + ... + 46000)/120000)^(1/5) - 1."""
    received = sum(amount * 1.12 ** (4 - year) for year, amount in enumerate((39e3, 30e3, 21e3, 37e3, 46e3)))
    found = mirr(_cash(-120e3, 39e3, 30e3, 21e3, 37e3, 46e3), 0.10, 0.12)
    assert found == pytest.approx((received / 120e3) ** 0.2 - 1, abs=1e-14)
    assert found == pytest.approx(0.1261, abs=5e-5)
    assert mirr(_cash(1, 2), 0.1, 0.1) is None


def test_payback_by_hand():
    """-1000, 300, 400, 500: 300 is missing after year 2, 300/500 of year 3 brings it. Discounted at 10 %: 272.73,
    330.58, 375.66 leave it at -21.04, so never."""
    cash = _cash(-1_000, 300, 400, 500)
    assert simple_payback(cash) == pytest.approx(2.6)
    assert discounted_payback(cash, 0.10) is None
    assert discounted_payback(_cash(-1_000, 550, 665.5), 0.10) == pytest.approx(1 + 500 / 550)


def test_payback_is_when_it_stays_paid_back():
    """-100, 120 is up in year 1; a replacement of 50 in year 2 takes it to -30, and 60 in year 3 brings it in half."""
    assert simple_payback(_cash(-100, 120, -50, 60)) == pytest.approx(2.5)
    assert simple_payback(_cash(-100, 120, -50)) is None
    assert simple_payback(_cash(0, 5)) == 0.0
    assert simple_payback(_cash(-0.3, 0.1, 0.1, 0.1)) == pytest.approx(3.0)
    assert cumulative(_cash(-0.3, 0.1, 0.1, 0.1))[-1] == 0.0


def test_annuity_and_level_payment_of_the_textbook():
    """Park, example of a loan of 5,000 at 12 % in 5 equal payments: 5,000 x 0.27741 = 1,387.05."""
    assert round(5_000 / annuity_factor(0.12, 5), 2) == 1_387.05
    assert annuity_factor(0.0, 7) == 7.0
    assert annuity_factor(1e-9, 7) == pytest.approx(7.0, abs=1e-7)
    assert annuity_factor(0.12, 5) == pytest.approx(-numpy_financial.pv(0.12, 5, 1))
    assert 5_000 / annuity_factor(0.12, 5) == pytest.approx(-numpy_financial.pmt(0.12, 5, 5_000))


def test_levelised_cost_by_hand():
    """1,000 for 100 kWh in each of two years, charging 10 a year, at 10 %: (1000 + 17.355)/173.554 = 5.8619 a kWh."""
    spec = finance(years=2, discount_rate_frac=0.10, escalation_frac={}, cost={"bess": {"capex": 1_000}})
    row = np.ones(2)
    one = Project(spec, {"bess": AssetSize()}, {}, throughput_kwh=100 * row, charging_cost=10 * row)
    assert lcos(cash_flow(one)) == pytest.approx((1_000 + 10 / 1.1 + 10 / 1.21) / (100 / 1.1 + 100 / 1.21), abs=1e-12)
    assert round(lcos(cash_flow(one)), 4) == 5.8619
    assert lcos(cash_flow(Project(spec, {"bess": AssetSize()}, {}))) is None


def test_index_and_return():
    """-1000, 600, 600 at 10 %: 1041.32/1000 and 200/1000."""
    cash = _cash(-1_000, 600, 600)
    assert round(profitability_index(cash, 0.10), 4) == 1.0413
    assert roi(cash) == pytest.approx(0.2)
    assert profitability_index(_cash(0, 1), 0.1) is roi(_cash(0, 1)) is None


def test_cover_without_a_loan_is_none():
    found = dscr(cash_flow(project(finance())))
    assert (found.least, found.average) == (None, None)


@pytest.mark.parametrize("seed", range(20))
def test_another_library_agrees(seed):
    random = np.random.default_rng(seed)
    cash = np.concatenate([[-random.uniform(100, 1000)], random.uniform(1, 200, size=random.integers(2, 40))])
    found = irr(cash)
    assert found.rate == pytest.approx(numpy_financial.irr(cash), abs=1e-9)
    assert npv(0.07, cash) == pytest.approx(numpy_financial.npv(0.07, cash))


@pytest.mark.parametrize("roots", [(0.5, 0.9, 1.2), (0.7,), (0.3, 0.8, 0.85, 2.0), ()])
def test_roots_of_polynomials_made_from_roots(roots):
    made = np.polynomial.Polynomial.fromroots([*roots, -1.5]) * np.polynomial.Polynomial([1.0, 0.2, 1.0])
    assert positive_roots(made.coef) == pytest.approx(roots, abs=1e-9)
