"""What must hold under every contract: tightening never pays, grid energy is never green, every kWh is counted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storage_opt import DispatchResult, optimize
from storage_opt.errors import InfeasibleError
from storage_opt.ledger.provenance import trace
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.rules.share import ShareRule
from storage_opt.schedule import GRID, Flow, FlowKind
from tests.support.contracts import contract_sites
from tests.support.random_sites import Description, built

law = settings(max_examples=15)
RATIOS = {
    "self_use_of_available_min_frac": 1,
    "self_use_of_consumption_min_frac": 1,
    "export_of_available_max_frac": -1,
}
"""Which way each ratio is tightened."""


def changed(site: Description, **contract: Any) -> Description:
    return site | {"contract": site["contract"] | contract}


def solved(site: Description) -> DispatchResult:
    try:
        return optimize(built(site))
    except InfeasibleError:
        assume(condition=False)
        raise


def moved(result: DispatchResult) -> float:
    return 1.0 + sum(abs(entry.amount) for entry in result.ledger.entries)


@law
@given(site=contract_sites(), ratio=st.sampled_from(sorted(RATIOS)), looser=st.floats(0, 1), tighter=st.floats(0, 1))
def test_tightening_a_rule_never_lowers_cost(site: Description, ratio: str, looser: float, tighter: float) -> None:
    if (tighter - looser) * RATIOS[ratio] < 0:
        looser, tighter = tighter, looser
    loose, tight = solved(changed(site, **{ratio: looser})), solved(changed(site, **{ratio: tighter}))
    assert loose.ledger.total <= tight.ledger.total + 2e-6 * max(moved(loose), moved(tight))
    assert all(check.ok for check in tight.certificate.rules)


@law
@given(site=contract_sites())
def test_without_rules_the_optimum_is_the_unconstrained_one(site: Description) -> None:
    """Dropping all ratios gives what a contract that never had them gives, and the price of compliance is exact."""
    with_rules = solved(changed(site, self_use_of_consumption_min_frac=0.2, export_of_available_max_frac=0.1))
    without = solved(site)
    told = with_rules.compliance
    assert told is not None
    assert told.cost_without_rules == pytest.approx(without.ledger.total, abs=2e-6 * moved(without))
    assert told.cost == pytest.approx(with_rules.ledger.total - without.ledger.total, abs=4e-6 * moved(without))


@law
@given(
    site=contract_sites(),
    deduct=st.booleans(),
    basis=st.sampled_from(["load", "metered"]),
    storage=st.sampled_from(["not_green", "forbidden"]),
    on_self_use=st.booleans(),
)
def test_energy_that_storage_takes_from_the_grid_never_counts_as_green(
    site: Description, *, deduct: bool, basis: str, storage: str, on_self_use: bool
) -> None:
    """Self-use of any switches is at most the green energy that reached load or storage, traced kWh by kWh.

    With storage losses taken off, it is at most what reached the load, also where a battery is full of grid energy.
    """
    supply = site["contract"]["supply"] | {"funds_on_self_use": on_self_use}
    asked = {"deduct_storage_losses": deduct, "consumption_basis": basis, "storage_from_grid": storage}
    ratios = {"self_use_of_available_min_frac": 0.1, "self_use_of_consumption_min_frac": 0.05}
    result = solved(changed(site, supply=supply, **asked, **ratios))
    energy = trace(result.site, result.schedule).energy_kwh
    taken = energy["green_to_load"] + energy["green_to_storage"]
    reached = energy["green_to_load"] + energy["stored_green_to_load"]
    own = next(
        rule for rule in lower_rules(result.site) if isinstance(rule, ShareRule) and "available" in rule.rule.name
    )
    counted = float(np.sum(own.part.value(result.schedule))) * result.schedule.horizon.step_h
    tolerance = 1e-6 * (1.0 + taken)
    assert counted <= taken + tolerance
    if deduct:
        assert counted <= reached + tolerance
    if storage == "forbidden":
        assert energy["grid_to_storage"] <= tolerance
        assert energy["stored_grid_to_load"] + energy["stored_grid_to_export"] <= tolerance


@law
@given(site=contract_sites(any_end=True))
def test_every_kwh_is_counted_once(site: Description) -> None:
    result = solved(site)
    schedule, found = result.schedule, trace(result.site, result.schedule)
    scale = 1e-9 * (1.0 + schedule.total(FlowKind.LOAD_KW).max() + schedule.total(FlowKind.AVAILABLE_KW).max())
    sums = {
        FlowKind.AVAILABLE_KW: found.green_to_load + found.green_to_storage + found.green_to_export + found.curtailed,
        FlowKind.IMPORT_KW: found.grid_to_load + found.grid_to_storage + found.grid_to_export,
        FlowKind.LOAD_KW: found.green_to_load
        + found.grid_to_load
        + found.stored_green_to_load
        + found.stored_grid_to_load,
        FlowKind.EXPORT_KW: found.green_to_export
        + found.grid_to_export
        + found.stored_green_to_export
        + found.stored_grid_to_export,
        FlowKind.CHARGE_KW: found.green_to_storage + found.grid_to_storage + found.stored_to_storage,
        FlowKind.DISCHARGE_KW: found.stored_green_to_load
        + found.stored_green_to_export
        + found.stored_grid_to_load
        + found.stored_grid_to_export
        + found.stored_to_storage,
    }
    for kind, total in sums.items():
        np.testing.assert_allclose(total, schedule.total(kind), atol=100 * scale, err_msg=str(kind))
    for name, values in found.flows.items():
        assert values.min() >= -100 * scale, name
    stored = schedule.total(FlowKind.ENERGY_KWH)
    assert (found.green_stored_kwh <= stored + 1e-6 * (1.0 + stored.max())).all()
    assert found.green_stored_kwh.min() >= -1e-9


@law
@given(site=contract_sites())
def test_losses_taken_off_self_use_is_load_less_import(site: Description) -> None:
    """An identity of the bus that no convention of tracing enters: G - X - C + D = L - I."""
    asked = {"self_use_of_available_min_frac": 0.0, "deduct_storage_losses": True}
    result = solved(changed(site, **asked))
    (rule,) = [r for r in lower_rules(result.site) if isinstance(r, ShareRule)]
    imported = result.schedule[Flow(GRID, FlowKind.IMPORT_KW)]
    expected = result.schedule.total(FlowKind.LOAD_KW) - imported
    np.testing.assert_allclose(rule.part.value(result.schedule), expected, atol=1e-6 * (1.0 + imported.max()))


@law
@given(site=contract_sites())
def test_sums_of_all_parties_are_zero(site: Description) -> None:
    result = solved(site)
    for ledger in (result.ledger, result.baseline_ledger):
        assert sum(ledger.by_party().values()) == pytest.approx(0.0, abs=1e-9 * moved(result))
