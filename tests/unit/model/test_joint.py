"""Sizes and schedule in one program: which rule is whose, and why there may be no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError, InputError
from storage_opt.model.joint import joint_program, schedule_point
from storage_opt.model.optimum import solve_relaxed
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.study import size
from tests.support.kkt import assert_optimal
from tests.support.sizing_sites import bess, built, described, finance

SUPPLY: dict[str, Any] = {
    "regime": "ordinary_market",
    "energy_price_per_kwh": [0.1] * 12 + [0.5] * 12,
    "line_loss_per_kwh": 0.0,
    "transmission_per_kwh": 0.0,
    "system_operation_per_kwh": 0.0,
    "funds_per_kwh": 0.0,
}


def battery_site(open_: dict[str, Any], limits: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    site = described(100.0, battery={"bess": bess(power_kw=1000.0)})
    site |= {
        "sizing": {"battery": {"bess": open_}} | (limits or {}),
        "finance": finance({"bess": {"capex_per_kwh": 100.0}}),
    }
    return site | parts


def transformer_site(most_kva: float, **parts: Any) -> dict[str, Any]:
    site = described(
        [100.0] * 12 + [200.0] * 12,
        contract={"supply": SUPPLY},
        grid={"transformer_kva": 300.0, "power_factor": 1.0} | parts,
        sizing={"grid": {"transformer_kva": {"most": most_kva}}},
        finance=finance({"grid": {"capex_per_kva": 10.0}}),
    )
    return {key: part for key, part in site.items() if key != "tariff"}


def conflicts(site: dict[str, Any]) -> dict[str, float | None]:
    with pytest.raises(InfeasibleError) as caught:
        size(built(site))
    return {conflict.key: conflict.relaxation for conflict in caught.value.conflicts}


def test_the_joint_optimum_is_optimal_and_so_is_the_schedule_in_it():
    problem = SizingProblem.of(built(battery_site({"energy_kwh": {"most": 3000.0}})))
    sized = problem.sized()
    program = joint_program(sized, problem.demands(problem.lowest, problem.highest))
    point = solve_relaxed(program).point
    assert_optimal(program, point)
    assert point.x[-1] == pytest.approx(1200.0)
    assert_optimal(sized.at(point.x[-1:]), schedule_point(sized, point))


def test_what_stands_already_is_paid():
    # 500 of 1200 kWh stand: 365 x 60 - 1200 x 146 of bill and 700 x 100 of new content, for a day
    site = battery_site({"energy_kwh": {"most": 3000.0, "existing": 500.0}})
    problem = SizingProblem.of(built(site))
    cost = problem.solve().optimum.point.optimality.cost
    assert cost == pytest.approx(720.0 - 1200.0 * 0.4 + 700.0 * 100.0 / 365.0, rel=1e-7)


@pytest.mark.parametrize(("limit_kw", "key"), [(150.0, "grid.import_limit_kw"), (190.0, "grid.import_limit_kw")])
def test_a_limit_beside_a_transformer_keeps_its_name(limit_kw, key):
    # the transformer may be as large as it likes; the connection is not
    assert conflicts(transformer_site(500.0, import_limit_kw=limit_kw)) == {
        key: pytest.approx(200.0 - limit_kw, rel=1e-4)
    }


def test_a_transformer_that_is_too_small_is_named_and_not_the_limit_beside_it():
    found = conflicts(transformer_site(160.0, import_limit_kw=400.0))
    assert "grid.import_limit_kw" not in found
    assert found["sizing.grid.transformer_kva.most"] == pytest.approx(40.0, rel=1e-4)


def test_the_end_of_the_range_is_named_where_a_transformer_is_too_small():
    assert "sizing.grid.transformer_kva.most" in conflicts(transformer_site(160.0))


def test_both_limits_of_import_are_rows_of_their_own():
    problem = SizingProblem.of(built(transformer_site(500.0, import_limit_kw=220.0)))
    program = joint_program(problem.sized(), problem.demands(problem.lowest, problem.highest))
    rows = {row.name for row in program.rows}
    (block,) = [block for block in program.columns if block.name == "grid.import_kw"]
    assert "grid.transformer" in rows
    names = {limit.rule.name for limit in block.upper if limit.rule and np.isfinite(limit.values).any()}
    assert names == {"grid.import_limit"}


def test_a_budget_that_does_not_pay_for_the_least_size_is_named():
    # 50,000 are needed
    found = conflicts(battery_site({"energy_kwh": {"least": 500.0, "most": 1000.0}}, {"budget": 20_000.0}))
    assert found["sizing.budget"] == pytest.approx(30_000.0, rel=1e-4)
    assert set(found) <= {"sizing.budget", "sizing.battery.bess.energy_kwh.least"}


def test_land_that_does_not_hold_the_least_size_is_named():
    open_ = {"energy_kwh": {"least": 500.0, "most": 1000.0}, "land_m2_per_kwh": 0.2}
    found = conflicts(battery_site(open_, {"land_m2": 60.0}))
    assert found["sizing.land_m2"] == pytest.approx(40.0, rel=1e-4)


def test_durations_that_contradict_the_ranges_are_named():
    open_ = {"energy_kwh": {"most": 100.0}, "power_kw": {"least": 50.0, "most": 80.0}, "min_duration_h": 4.0}
    site = battery_site(open_)
    site["finance"] = finance({"bess": {"capex_per_kwh": 100.0, "capex_per_kw": 1.0}})
    found = conflicts(site)
    assert found["sizing.battery.bess.min_duration_h"] == pytest.approx(100.0, rel=1e-4)


def test_a_largest_size_that_cannot_hold_the_backup_is_refused_with_its_numbers():
    site = battery_site({"energy_kwh": {"most": 60.0}}, backup={"ride_through_h": 2.0, "critical_kw": 40.0})
    with pytest.raises(InputError, match="need 80 kWh in `bess`, which holds 60 kWh"):
        size(built(site))


def test_a_budget_too_small_for_the_backup_is_named():
    site = battery_site(
        {"energy_kwh": {"most": 600.0}}, {"budget": 5_000.0}, backup={"ride_through_h": 2.0, "critical_kw": 40.0}
    )
    found = conflicts(site)
    assert found["sizing.budget"] == pytest.approx(3_000.0, rel=1e-3)


def test_no_unit_of_a_catalogue_that_holds_the_backup():
    site = battery_site(
        {"energy_kwh": {"choices": [{"size": 50.0}, {"size": 90.0}]}},
        {"budget": 6_000.0},
        backup={"ride_through_h": 2.0, "critical_kw": 40.0},
    )
    with pytest.raises(InfeasibleError):
        size(built(site))
