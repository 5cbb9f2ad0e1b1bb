"""Where a rebate is open, sizes are bounded as if it were granted, and every schedule pays what it pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from storage_opt.lowering.scenario import Scenario
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.sizing import BatterySizingSpec, RangeSpec, SizingSpec
from storage_opt.studies.sizing.scenarios import size_over
from tests.unit.studies.test_rebates import site as with_rebate


def _scenario(name: str, threshold: float, weight: float) -> Scenario:
    site = with_rebate(threshold)
    finance = FinanceSpec(years=10, cost={"bess": AssetCostSpec(capex_per_kwh=40.0)})
    sizing = SizingSpec(battery={"bess": BatterySizingSpec(energy_kwh=RangeSpec(most=3000.0))})
    changed = {"finance": finance, "sizing": sizing}
    return Scenario(name, replace(site, spec=site.spec.model_copy(update=changed)), weight)


@pytest.mark.parametrize("threshold", [1.0, 18.0, 1000.0])
def test_the_bound_holds_whatever_becomes_of_the_rebate(threshold):
    result = size_over([_scenario("a", threshold, 1.0), _scenario("b", threshold, 3.0)])
    certificate = result.certificate
    assert certificate.bound <= certificate.cost * (1 + 1e-9)
    assert certificate.dispatch_certified
    assert any("rebates count as granted" in note for note in result.notes)
    assert np.all([outcome.dispatch is not None for outcome in result.outcomes])
    if threshold == 1.0:
        # reached without effort, so nothing is left open
        assert certificate.certified
    if threshold == 1000.0:
        # never reached: the bound has a rebate that no schedule gets, and the gap says so
        assert certificate.relative_gap > 1e-4
        assert not certificate.certified
