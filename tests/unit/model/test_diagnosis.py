"""An infeasible site is answered with the rules that conflict and by how much each would have to give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError, UnboundedError
from storage_opt.model.backends import NATIVE, Answer, Status
from storage_opt.model.compile import compile_program
from storage_opt.model.infeasibility import diagnosed
from storage_opt.model.optimum import solve_program
from storage_opt.model.standard_form import StandardForm
from storage_opt.model.unbounded import runaway
from storage_opt.spec.resolved import Site
from tests.support.small_sites import energy_charge, small_site

LOSSLESS = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}


def conflicts_of(site: Site) -> dict[str, float | None]:
    with pytest.raises(InfeasibleError) as raised:
        solve_program(compile_program(site, (energy_charge(site, 0.1),)))
    return {conflict.name: conflict.relaxation for conflict in raised.value.conflicts}


def test_import_limit_below_the_load() -> None:
    """300 kW of load under a limit of 250 kW: the limit would have to rise by 50 kW."""
    site = small_site(300.0, grid={"import_limit_kw": 250.0})
    assert conflicts_of(site) == {"grid.import_limit": pytest.approx(50.0, rel=1e-4)}


def test_the_binding_one_of_two_limits_is_named() -> None:
    """Transformer 200 kVA x 0.95 = 190 kW and import limit 250 kW against 300 kW: neither alone suffices."""
    site = small_site(300.0, grid={"import_limit_kw": 250.0, "transformer_kva": 200.0})
    found = conflicts_of(site)
    assert len(found) == 1
    site = small_site(220.0, grid={"import_limit_kw": 250.0, "transformer_kva": 200.0})
    assert conflicts_of(site) == {"grid.transformer": pytest.approx(30.0, rel=1e-4)}


def test_peak_hour_needs_battery_power_energy_or_import() -> None:
    """One hour at 300 kW, limit 250 kW, battery 30 kW lossless with energy enough: any of two may give 20 kW."""
    load = np.full(24, 100.0)
    load[12] = 300.0
    battery = {"bess": LOSSLESS | {"energy_kwh": 500.0, "power_kw": 30.0}}
    found = conflicts_of(small_site(load, grid={"import_limit_kw": 250.0}, battery=battery))
    assert found == {
        "grid.import_limit": pytest.approx(20.0, rel=1e-4),
        "bess.discharge_power": pytest.approx(20.0, rel=1e-4),
    }


def test_final_state_of_charge_out_of_reach() -> None:
    """From 10 to 90 of 100 kWh in one hour with 50 kW: the end is 30 kWh away, the converter 30 kW short."""
    battery = {"bess": LOSSLESS | {"energy_kwh": 100.0, "power_kw": 50.0, "initial_soc_frac": 0.1, "final_soc": 0.9}}
    horizon = {"start": "2025-01-01T00:00:00", "end": "2025-01-01T01:00:00"}
    found = conflicts_of(small_site(10.0, battery=battery, horizon=horizon))
    assert found["bess.final_soc"] == pytest.approx(30.0, rel=1e-4)
    assert found["bess.charge_power"] == pytest.approx(30.0, rel=1e-4)
    assert found["bess.initial_soc"] == pytest.approx(30.0, rel=1e-4)


def test_output_that_must_be_taken_with_nowhere_to_go() -> None:
    """200 kW must be taken, 150 kW of load, no export: 50 kW too much."""
    plant = {"chp": {"capacity_kw": 200.0, "profile": 1.0, "curtailable": False}}
    found = conflicts_of(small_site(150.0, generator=plant))
    assert found == {
        "grid.export_limit": pytest.approx(50.0, rel=1e-4),
        "chp.must_take": pytest.approx(50.0, rel=1e-4),
    }


def test_every_named_rule_is_needed_and_one_relaxation_suffices() -> None:
    """Relaxing the named limit by the stated amount, and a whisker, makes the site feasible."""
    limit = 250.0
    site = small_site(300.0, grid={"import_limit_kw": limit})
    amount = conflicts_of(site)["grid.import_limit"]
    assert amount is not None
    mended = small_site(300.0, grid={"import_limit_kw": limit + amount * 1.0001})
    assert solve_program(compile_program(mended, (energy_charge(mended, 0.1),))).point is not None


def test_a_feasible_site_has_no_diagnosis() -> None:
    site = small_site(100.0)
    assert diagnosed(compile_program(site, (energy_charge(site, 0.1),))) is None


def test_a_flow_without_limit_is_named() -> None:
    """Paid for each kWh drawn, with the natural bound of import taken away: import and curtailment run away."""
    plant = {"pv": {"capacity_kw": 10.0, "profile": 1.0}}
    site = small_site(100.0, generator=plant, grid={"export_limit_kw": 50.0})
    program = compile_program(site, (energy_charge(site, -0.1),))
    upper = program.form.upper.copy()
    for columns in program.columns:
        if columns.name.startswith("grid."):
            upper[columns.where] = np.inf
    unlimited = replace(program, form=program.form.with_bounds(program.form.lower, upper))
    with pytest.raises(UnboundedError) as raised:
        solve_program(unlimited)
    assert set(raised.value.flows) == {"grid.import_kw", "grid.export_kw"}
    assert "grid.export_limit_kw" in raised.value.hint
    assert isinstance(runaway(unlimited), UnboundedError)


def test_a_solver_that_calls_a_feasible_site_infeasible_is_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    """PIQP gives up, Clarabel is wrong; the search for rules that conflict finds none, and HiGHS solves it."""

    def says(status: Status) -> Callable[[StandardForm], Answer]:
        return lambda form: Answer(status, None, None, None, 0.0, message="wrong")

    site = small_site(10.0, battery={"bess": {"energy_kwh": 10.0, "power_kw": 5.0}})
    program = compile_program(site, (energy_charge(site, 0.1),))
    monkeypatch.setattr("storage_opt.model.optimum.diagnosed", lambda program: None)
    monkeypatch.setitem(NATIVE, "PIQP", says(Status.FAILED))
    monkeypatch.setitem(NATIVE, "CLARABEL", says(Status.INFEASIBLE))
    optimum = solve_program(program)
    assert optimum.point.solver == "HIGHS"
    assert optimum.point.optimality.cost == pytest.approx(24.0)
