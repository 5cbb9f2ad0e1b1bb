"""Contract rules: hand-solved, kept by the plan, told for the baseline, and explained when they cannot hold."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError, InputError
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.duals import limit_worths
from storage_opt.model.optimum import solve_program
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import optimize
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.settlement import settle_against_baseline
from tests.support.small_sites import small_site

SUN = [0.0] * 6 + [0.2, 0.5, 0.8] + [1.0] * 7 + [0.8, 0.5, 0.2] + [0.0] * 5
"""Ten full-load hours a day."""
EXPORT = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.5}]}
BATTERY = {"energy_kwh": 400.0, "power_kw": 100.0, "wear_cost_per_kwh": 0.01}


def site(contract: dict[str, object] | None = None, **parts: object) -> Site:
    """100 kW of load, 200 kW of PV that makes 2,000 kWh a day, export at 0.5, import at 0.3."""
    described = {
        "generator": {"pv": {"capacity_kw": 200.0, "profile": SUN}},
        "grid": {"export_limit_kw": 500.0},
        "tariff": {"t": {"energy": [{"price_per_kwh": 0.3}]}, "export": EXPORT},
        "battery": {"bess": BATTERY},
    }
    if contract is not None:
        described["contract"] = contract
    return small_site(100.0, **(described | parts))


def checks(result: DispatchResult) -> dict[str, tuple[float, float, bool]]:
    return {c.name: (c.required, c.achieved, c.ok) for c in result.certificate.rules}


def test_export_share_binds_and_is_worth_the_price_of_export() -> None:
    """Without battery the load takes min(100 kW, output): 2 x 40 + 11 x 100 = 1,180 of 2,000 kWh; 820 are left.

    A cap of 20 % allows 400 kWh of export. One more percentage point is 20 kWh at 0.5: worth 10.
    """
    capped = site({"export_of_available_max_frac": 0.2}, battery={})
    result = optimize(capped)
    assert result.certificate.certified
    required, achieved, ok = checks(result)["contract.export_of_available"]
    assert (required, ok) == (20.0, True)
    assert achieved == pytest.approx(20.0, abs=1e-4)
    assert result.schedule.energy_kwh(FlowKind.EXPORT_KW) == pytest.approx(400.0, rel=1e-5)
    worth = {m.rule: m for m in result.marginals}["contract.export_of_available"]
    assert worth.value == pytest.approx(10.0, rel=1e-4)
    assert worth.unit == "percentage point"
    free = optimize(site(battery={}))
    assert free.schedule.energy_kwh(FlowKind.EXPORT_KW) == pytest.approx(820.0, rel=1e-5)


def test_baseline_exports_as_far_as_the_rules_allow_and_curtails_the_rest() -> None:
    """Of a surplus of 820 kWh the baseline exports 20 % of 2,000, 400 kWh, and curtails 420."""
    result = optimize(site({"export_of_available_max_frac": 0.2}, battery={}))
    assert result.baseline_rules[0].achieved == pytest.approx(20.0)
    assert result.baseline.energy_kwh(FlowKind.EXPORT_KW) == pytest.approx(400.0)
    assert result.baseline.energy_kwh(FlowKind.CURTAILED_KW) == pytest.approx(420.0)
    # one more point of export is 20 kWh at 0.5, and 41 % were exported without the rule
    assert result.compliance is not None
    assert result.compliance.broken_by_baseline == ()
    assert result.compliance.cost == pytest.approx(21 * 10.0, rel=1e-5)


def test_baseline_that_breaks_a_rule_says_so_and_compliance_is_told_apart() -> None:
    """Without storage 1,180 of 2,000 kWh are used on site, 59 %: below a floor of 70 %, which the baseline can't reach.

    Without the floor the battery stands still, because export earns what import costs: the optimum is the baseline.
    So all that the plan costs more than the baseline is the price of compliance.
    """
    even = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.3}]}
    made = site(
        {"self_use_of_available_min_frac": 0.7}, tariff={"t": {"energy": [{"price_per_kwh": 0.3}]}, "export": even}
    )
    result = optimize(made)
    assert result.baseline_rules[0].achieved == pytest.approx(59.0)
    assert not result.baseline_rules[0].ok
    assert any("baseline breaks the contract: self-use of available generation" in note for note in result.notes)
    assert result.compliance is not None
    assert result.compliance.cost_without_rules == pytest.approx(result.baseline_ledger.total, rel=1e-6)
    assert result.compliance.cost == pytest.approx(-result.savings, rel=1e-5)
    assert result.compliance.cost > 0


def test_self_use_counts_generation_less_export_less_storage_losses() -> None:
    asked = {"self_use_of_available_min_frac": 0.7, "self_use_of_consumption_min_frac": 0.5}
    result = optimize(site(asked))
    schedule = result.schedule
    lost = schedule.energy_kwh(FlowKind.CHARGE_KW) - schedule.energy_kwh(FlowKind.DISCHARGE_KW)
    used = schedule.energy_kwh(FlowKind.USED_KW) - schedule.energy_kwh(FlowKind.EXPORT_KW) - lost
    found = checks(result)
    assert found["contract.self_use_of_available"][1] == pytest.approx(used / 2_000.0 * 100)
    assert found["contract.self_use_of_consumption"][1] == pytest.approx(used / 2_400.0 * 100)
    assert found["contract.self_use_of_available"][1] >= 70.0 - 1e-4
    assert result.certificate.certified


@pytest.mark.parametrize("deduct", [True, False])
def test_energy_from_the_grid_is_never_self_use(*, deduct: bool) -> None:
    """Next to no sun, and a battery that shifts grid energy: self-use is what the sun made, less losses."""
    tou = [
        {"period": "cheap", "hours": ["00:00-06:00"], "price_per_kwh": 0.1},
        {"period": "dear", "price_per_kwh": 0.9},
    ]
    cloudy = {
        "generator": {"pv": {"capacity_kw": 200.0, "profile": 0.001}},
        "tariff": {"t": {"energy": [{"tou": tou}]}},
    }
    plan = optimize(site(**cloudy)).schedule
    assert plan.energy_kwh(FlowKind.DISCHARGE_KW) > 100.0
    asked = site({"self_use_of_consumption_min_frac": 0.0, "deduct_storage_losses": deduct}, **cloudy)
    (check,) = settle_against_baseline(asked, plan).rules
    lost = plan.energy_kwh(FlowKind.CHARGE_KW) - plan.energy_kwh(FlowKind.DISCHARGE_KW)
    made = 200.0 * 0.001 * 24
    assert check.achieved == pytest.approx(100 * (made - lost * deduct) / 2_400.0)
    assert check.ok is (lost * deduct <= made)


def test_tightening_a_rule_never_lowers_cost_and_no_rule_is_cheapest() -> None:
    def cost(share: float) -> float:
        asked = site({"self_use_of_available_min_frac": share, "deduct_storage_losses": False})
        return optimize(asked).ledger.total

    costs = [cost(share) for share in (0.3, 0.5, 0.6, 0.65, 0.7)]
    assert np.all(np.diff(costs) >= -1e-6)
    assert costs[-1] > costs[0]
    assert optimize(site()).ledger.total <= costs[0] + 1e-6


def test_worth_of_a_ratio_equals_the_finite_difference() -> None:
    def solved(share: float) -> tuple[float, float]:
        asked = site({"self_use_of_available_min_frac": share})
        program = compile_program(asked, lower_site(asked), lower_rules(asked))
        point = solve_program(program).point
        worths = {w.rule.name: w.value for w in limit_worths(program, point)}
        return point.optimality.cost, worths["contract.self_use_of_available"]

    base, worth = solved(0.60)
    more, _ = solved(0.601)
    assert (more - base) / 0.1 == pytest.approx(worth, rel=1e-3)


def test_windows_and_caps_hold_in_every_interval() -> None:
    asked = {"exchange_cap_kw": 80.0, "no_export": [{"hours": ["11:00-13:00"]}], "exchange_peak_valley_max_frac": 1.0}
    result = optimize(site(asked))
    exported = result.schedule[Flow(GRID, FlowKind.EXPORT_KW)]
    assert not exported[11:13].any()
    assert exported.max() <= 80.0 * (1 + 1e-6)
    assert result.schedule[Flow(GRID, FlowKind.IMPORT_KW)].max() <= 80.0 * (1 + 1e-6)
    assert result.certificate.certified
    assert {name for name, (_, _, ok) in checks(result).items() if ok} == set(checks(result))


def test_even_exchange_is_exact() -> None:
    """Load of 50 and 150 kW in turns, battery lossless and large: a rate of 20 % allows low = 0.8 high."""
    load = np.where(np.arange(24) % 2, 150.0, 50.0)
    lossless = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0}
    asked = small_site(
        load,
        battery={"bess": BATTERY | lossless},
        contract={"exchange_peak_valley_max_frac": 0.2},
    )
    result = optimize(asked)
    imported = result.schedule[Flow(GRID, FlowKind.IMPORT_KW)]
    assert imported.min() >= 0.8 * imported.max() * (1 - 1e-5)
    assert checks(result)["contract.peak_valley_rate"][1] <= 20.0 + 1e-3
    baseline = result.baseline_rules[0]
    assert baseline.achieved == pytest.approx(100 * (150 - 50) / 150)


def test_what_cannot_be_reached_is_told_in_points() -> None:
    """Five times the sun, 10,000 kWh, and no battery: the load takes 13 h x 100 kW = 1,300 kWh, 13 %.

    Asked for 60 %, the rule would have to give by 47 points: 13 % is what can be reached.
    """
    plant = {"pv": {"capacity_kw": 1_000.0, "profile": SUN}}
    asked = site({"self_use_of_available_min_frac": 0.6}, generator=plant, battery={})
    with pytest.raises(InfeasibleError) as raised:
        optimize(asked)
    (conflict,) = raised.value.conflicts
    assert conflict.name == "contract.self_use_of_available"
    assert conflict.unit == "percentage point"
    assert conflict.relaxation == pytest.approx(60.0 - 13.0, abs=0.01)


def test_a_ratio_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to refer to"):
        optimize(site({"self_use_of_available_min_frac": 0.6}, generator={}))


def test_a_metered_schedule_is_checked_without_a_solver() -> None:
    asked = site({"export_of_available_max_frac": 0.2}, battery={})
    plan = optimize(site(battery={})).schedule
    settlement = settle_against_baseline(asked, plan)
    (check,) = settlement.rules
    assert check.achieved == pytest.approx(41.0, rel=1e-5)
    assert not check.ok


def test_noise_is_not_removed_where_a_rule_would_notice() -> None:
    """At noon 95.5 kW are available and 95 may be used, because 5 % of the night's 100 kW have to be imported.

    The difference is less than the noise of a plant of 100 MW, which is taken for all that is available elsewhere, and
    energy is so cheap at noon that the bill does not notice.
    """
    noon = [0.0] * 12 + [0.000955] + [0.0] * 11
    result = optimize(
        site(
            {"exchange_peak_valley_max_frac": 0.95},
            generator={"pv": {"capacity_kw": 100_000.0, "profile": noon}},
            grid={"export_limit_kw": 0.0},
            tariff={"t": {"energy": [{"price_per_kwh": [0.3] * 12 + [1e-5] + [0.3] * 11}]}},
            battery={},
        )
    )
    (check,) = result.certificate.rules
    assert check.achieved == pytest.approx(95.0, abs=0.01)
    assert result.certificate.certified


def test_a_cap_that_nothing_comes_near_has_no_worth() -> None:
    """The load takes all of the sun, always; what the solver leaves at the cap is no price."""
    feed_in = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.2}]}
    tariff = {"t": {"energy": [{"price_per_kwh": 0.3}]}, "export": feed_in}
    idle = small_site(
        300.0,
        generator={"pv": {"capacity_kw": 200.0, "profile": SUN}},
        grid={"export_limit_kw": 500.0},
        tariff=tariff,
        contract={"export_of_available_max_frac": 0.25},
    )
    result = optimize(idle)
    assert result.marginals == ()
    assert result.compliance is not None
    assert result.compliance.cost == 0.0
