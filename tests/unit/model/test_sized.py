"""A program whose sizes are open: its slopes, what it refuses by name, what stays that of the largest sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.errors import FormulationError, InfeasibleError
from storage_opt.model.optimum import solve_program, solve_relaxed
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.study import size
from tests.support.product_sites import battery as product_battery
from tests.support.product_sites import described as product_site
from tests.support.sizing_sites import at_sizes, bess, built, described, finance

COST = {"capex_per_kwh": 1.0, "capex_per_kw": 1.0}
DEPTHS = {"corners": [{"depth_frac": 0.5, "cycles": 6000.0}, {"depth_frac": 1.0, "cycles": 2000.0}]}
CHARGE_TAPER = [{"soc_frac": 0.8, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2}]


def problem(open_: dict[str, Any], battery: dict[str, Any] | None = None, **parts: Any) -> SizingProblem:
    site = described(**parts) | {"battery": {"bess": battery or bess()}}
    return SizingProblem.of(built(site | {"sizing": {"battery": {"bess": open_}}, "finance": finance({"bess": COST})}))


def test_slopes_of_a_battery():
    # 0.1 and 0.9 of each kWh are its window, each kW is a kW of both converters; nothing else moves
    sized = problem(
        {"energy_kwh": {"most": 400.0}, "power_kw": {"most": 80.0}}, bess(soc_min_frac=0.1, soc_max_frac=0.9)
    ).sized()
    columns = sized.largest.columns
    found = {}
    for limit in sized.limits:
        block = columns[limit.block]
        rule = (block.upper if limit.is_upper else block.lower)[limit.number].rule
        assert np.ptp(limit.slopes, axis=0) == pytest.approx(0.0)
        found[rule.name] = limit.slopes[0].tolist()
    assert found == {
        "bess.charge_power": [0.0, 1.0],
        "bess.discharge_power": [0.0, 1.0],
        "bess.soc_min": [pytest.approx(0.1), 0.0],
        "bess.soc_max": [pytest.approx(0.9), 0.0],
    }
    assert sized.eq_rhs.nnz == sized.ineq_rhs.nnz == 0
    assert sized.constant.tolist() == [0.0, 0.0]


def test_the_gradient_is_what_a_kwh_earns():
    # 0.4 a day as long as load and power take it, nothing beyond 1200 kWh
    sized = problem({"energy_kwh": {"most": 3000.0}}, bess(power_kw=1000.0)).sized()
    for kwh, slope in ((100.0, -0.4), (1100.0, -0.4), (1300.0, 0.0)):
        program = sized.at(np.array([kwh]))
        point = solve_relaxed(program).point
        assert sized.gradient(program, point) == pytest.approx([slope], abs=1e-6)


def test_a_start_that_is_given_moves_with_the_content():
    sized = problem({"energy_kwh": {"most": 200.0}}, bess(initial_soc_frac=0.5, final_soc=0.5)).sized()
    assert sized.eq_rhs.sum() == pytest.approx(1.0)


def test_depths_of_wear_move_with_the_content():
    wear = {"replacement_cost_per_kwh": 100.0, "segments": 4, "cycle_life": DEPTHS}
    site = described(battery={"bess": bess(wear=wear)}, finance=finance({"bess": COST}))
    site |= {"sizing": {"battery": {"bess": {"energy_kwh": {"most": 500.0}}}}}
    open_ = SizingProblem.of(built(site))
    for kwh in (400.0, 100.0, 50.0):
        mine = solve_relaxed(open_.sized().at(np.array([kwh]))).point.optimality.cost
        fresh = solve_relaxed(open_.compiled_at(np.array([kwh]))).point.optimality.cost
        assert mine == pytest.approx(fresh, rel=1e-7)


# ------------------------------------------------------------------------------- what is refused


def refused(open_: SizingProblem) -> str:
    with pytest.raises(FormulationError) as caught:
        open_.sized()
    assert "does not grow in proportion" in str(caught.value)
    return str(caught.value)


def test_a_taper_with_energy_and_power_open_is_refused():
    both = {"energy_kwh": {"most": 400.0}, "power_kw": {"most": 80.0}}
    assert "bess.charge_taper" in refused(problem(both, bess(charge_taper=CHARGE_TAPER)))


@pytest.mark.parametrize("open_", ["energy_kwh", "power_kw"])
def test_a_taper_with_one_of_them_open_is_refused(open_):
    assert "bess.charge_taper" in refused(problem({open_: {"most": 400.0}}, bess(charge_taper=CHARGE_TAPER)))


@pytest.mark.parametrize("open_", ["energy_kwh", "power_kw"])
def test_a_taper_at_a_fixed_duration_is_not(open_):
    tied = problem({open_: {"most": 400.0}, "duration_h": 2.0}, bess(charge_taper=CHARGE_TAPER))
    sizes = np.array([60.0])
    mine = solve_relaxed(tied.sized().at(sizes)).point.optimality.cost
    assert mine == pytest.approx(solve_relaxed(tied.compiled_at(sizes)).point.optimality.cost, rel=1e-7)


def shared_backup(open_: dict[str, Any]) -> SizingProblem:
    site = described(battery={"a": bess(), "b": bess(200.0, 50.0)}, backup={"ride_through_h": 1.0, "critical_kw": 40.0})
    site |= {"sizing": {"battery": {"a": open_, "b": open_}}, "finance": finance({"a": COST, "b": COST})}
    return SizingProblem.of(built(site))


def test_two_batteries_that_share_a_backup_by_power_are_refused():
    # each holds what its share of the power needs, and a share is no multiple of a size
    message = refused(shared_backup({"energy_kwh": {"most": 400.0}, "power_kw": {"least": 20.0, "most": 80.0}}))
    assert ".backup" in message


def test_two_batteries_that_share_a_backup_may_leave_energy_open():
    open_ = shared_backup({"energy_kwh": {"most": 400.0}})
    # 40 kW over 1 h, by power: two thirds and one third of 40 kWh
    assert open_.lowest == pytest.approx([40.0 * 2 / 3, 40.0 / 3], rel=1e-6)


def test_a_capacity_payment_by_duration_is_refused():
    incentive = {"there": {"kind": "capacity", "eligible": True, "price_per_kw_year": 330.0, "net_peak_h": 4.0}}
    # the payment is of what lasts four hours: the lesser of power and a quarter of the energy; at the largest sizes the
    # power decides, at the best ones, where energy earns nothing else, the energy would
    both = {"energy_kwh": {"most": 1000.0}, "power_kw": {"most": 80.0}}
    site = problem(both, bess(1000.0, 80.0), price=0.3, incentive=incentive).site
    with pytest.raises(FormulationError, match="does not grow in proportion"):
        size(site)


# ------------------------------------------------------------------------------- switches


def events() -> SizingProblem:
    """An event that may be promised from 100 kW on, by a battery of any content."""
    response = {
        "window": [{"hours": ["18:00-20:00"]}],
        "price_per_kwh": 2.0,
        "price_per_kw": 0.1,
        "min_block_kw": 100.0,
        "baseline": {"fixed_kw": 1000.0},
    }
    site = product_site(battery={"bess": product_battery(1000.0, 500.0)}, response={"dr": response})
    site |= {"sizing": {"battery": {"bess": {"energy_kwh": {"least": 300.0, "most": 1000.0}}}}}
    return SizingProblem.of(built(site | {"finance": finance({"bess": COST})}))


def test_rows_that_switch_stay_those_of_the_largest_sizes():
    open_ = events()
    sized = open_.sized()
    assert sized.largest.whole.size
    small = np.array([400.0])
    assert abs(sized.at(small).form.ineq - sized.largest.form.ineq).max() == 0.0
    # decided, they come to the same; a promise in part may look better than it is, never worse
    mine, fresh = sized.at(small), open_.compiled_at(small)
    exact = [solve_program(one).point.optimality.cost for one in (mine, fresh)]
    assert exact[0] == pytest.approx(exact[1], rel=1e-6)
    loose = [solve_relaxed(one).point.optimality.cost for one in (mine, fresh)]
    assert loose[0] <= loose[1] + 1e-6 * abs(loose[1])
    assert loose[1] <= exact[1] + 1e-6 * abs(exact[1])


# ------------------------------------------------------------------------------- bounds that cross


def test_sizes_that_cannot_hold_a_backup_have_no_schedule():
    # 80 kWh are held, which 50 kWh can't: lower and upper bound of the content cross
    open_ = problem(
        {"energy_kwh": {"most": 400.0}}, bess(power_kw=50.0), backup={"ride_through_h": 2.0, "critical_kw": 40.0}
    )
    assert open_.lowest == pytest.approx([80.0], rel=1e-6)
    crossing = open_.sized().at(np.array([50.0]))
    assert np.any(crossing.form.lower > crossing.form.upper)
    with pytest.raises(InfeasibleError):
        solve_relaxed(crossing, explain=False)
    assert np.isfinite(solve_relaxed(open_.sized().at(np.array([81.0]))).point.optimality.cost)


# ------------------------------------------------------------------------------- sizes without a range


@pytest.mark.parametrize("kwh", [0.0, 0.125, 300.0])
def test_a_range_of_one_size(kwh):
    open_ = problem({"energy_kwh": {"least": kwh, "most": kwh}, "power_kw": {"most": 50.0}})
    sized = open_.sized()
    sizes = np.array([kwh, 25.0])
    mine = solve_relaxed(sized.at(sizes)).point.optimality.cost
    site = described(battery={"bess": bess()}, sizing={"battery": {"bess": {}}})
    fresh = at_sizes(site, {"bess.energy_kwh": kwh, "bess.power_kw": 25.0})
    assert fresh.spec.battery["bess"].energy_kwh == kwh
    assert mine == pytest.approx(60.0 * 12 - 0.4 * min(kwh, 300.0), rel=1e-7)
