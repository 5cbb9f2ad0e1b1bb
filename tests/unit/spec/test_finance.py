"""The table `[finance]`: what it refuses, and in which words."""

import pytest
from pydantic import ValidationError

from storage_opt.charges.base import Stream
from storage_opt.errors import InputError
from storage_opt.io.site_file import parse_spec
from storage_opt.io.site_writer import site_text
from storage_opt.spec.finance import CASH_STREAMS, FinanceSpec
from tests.support.site_folders import SITE

COST = "[finance.cost.bess]\ncapex_per_kwh = 800\n"
FULL = """
[finance]
discount_rate_frac = 0.07
escalation_frac = {energy = 0.02, power_factor = -0.01}
[finance.cost.bess]
capex_per_kwh = 800
[finance.cost.grid]
capex_per_kva = 300
[finance.tax]
[finance.debt]
share_frac = 0.7
rate_frac = 0.04
years = 10
[finance.sharing]
years = 12
"""


def test_streams_are_those_of_the_bill_without_wear():
    assert set(CASH_STREAMS) == {stream.value for stream in Stream} - {"wear"}


def test_a_site_with_finance_survives_its_file():
    spec = parse_spec(SITE + FULL)
    assert spec.finance.tax.vat_frac == 0.13
    assert spec.finance.escalation_frac == {"energy": 0.02, "power_factor": -0.01}
    assert parse_spec(site_text(spec)) == spec


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("[finance]\ndiscount_rate_frac = 6", "percent (site.toml, `finance.discount_rate_frac`); hint: write 0.06"),
        ("[finance]\ninflation_frac = 2", "write 0.02"),
        ("[finance]\ndiscount_rate_frac = -0.1", "-0.1 is negative"),
        ("[finance]\nescalation_frac = {energie = 0.02}", "'energie' is no stream of the bill"),
        ("[finance]\nescalation_frac = {energy = 2}", "write 0.02"),
        ("[finance]\nescalation_frac = {wear = 0.02}", "wear is no cash"),
        ("[finance]\nyears = 0", "at least 1"),
        ("[finance.cost.bess]\nom_per_year = 5", "would be free"),
        ("[finance.cost.other]\ncapex = 5", "finance.cost names 'other', which the site does not have"),
        ("[finance.cost.bess]\ncapex_per_kva = 5", "finance.cost.bess.capex_per_kva does not fit a battery"),
        ("[finance.cost.grid]\ncapex = 5\nom_per_kw_year = 1", "finance.cost.grid.om_per_kw_year does not fit a grid"),
        (COST + "replacement_per_kwh = 400", "give life_years"),
        (COST + "subsidy_per_kwh = 900", "earn money by being built"),
        (COST + "replacement_price_frac_per_year = -0.9", "would halve the price"),
        (COST + "[finance.tax]\nvat_frac = 13", "write 0.13"),
        ("[finance]\nyears = 8\n[finance.tax]", "tax.depreciation_years 10 is longer than the project of 8 years"),
        ("[finance.debt]\nrate_frac = 4\nshare_frac = 0.7\nyears = 5", "write 0.04"),
        ("[finance.debt]\nrate_frac = 0.04\nshare_frac = 0.7\nyears = 20", "debt.years 20 is longer than the project"),
        ("[finance.debt]\nrate_frac = 0.04\nshare_frac = 0.7\nyears = 5\ngrace_years = 5", "leaves no year of 5"),
        ("[finance.debt]\nrate_frac = 0.04\nyears = 5", "give share_frac"),
        ('[finance.debt]\nrate_frac = 0.04\nyears = 5\nrepayment = "sculpted"', "give target_dscr"),
        ("[finance.sharing]\nyears = 16", "sharing.years 16 is longer"),
        ("[finance.sharing]\nyears = 5\ninvestor_frac = 90", "write 0.9"),
        (
            "[finance.sharing]\nyears = 5\n[finance.debt]\nrate_frac = 0.04\nshare_frac = 0.7\nyears = 6",
            "debt.years 6 is longer than sharing.years 5",
        ),
    ],
)
def test_what_is_wrong_is_said(text, tells):
    with pytest.raises(InputError) as refused:
        parse_spec(SITE + "\n" + text)
    assert tells in str(refused.value)


def test_a_facility_is_paid_for_its_tank():
    spec = FinanceSpec.model_validate({"cost": {"hall": {"capex_per_kwh": 90, "capex_per_kw": 100}}})
    assert not list(spec.misfits({"hall": "facility"}))
    assert "capex_per_kwh does not fit a generator" in str(list(spec.misfits({"hall": "generator"})))


def test_specs_are_frozen_and_strict():
    with pytest.raises(ValidationError):
        FinanceSpec.model_validate({"discount_rate": 0.06})
