"""Four hours worked out on paper, with the multipliers that prove it, and every solver's answer beside it."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_program
from storage_opt.model.polish import polished
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.resolved import Site
from tests.support.kkt import assert_optimal
from tests.support.small_sites import small_site

BINDINGS = {"PIQP": "piqp", "CLARABEL": "clarabel", "HIGHS": "highspy", "ECOS": "ecos"}


def four_hours() -> Site:
    tou = [
        {"period": f"hour_{hour}", "hours": [f"0{hour}:00-0{hour + 1}:00"], "price_per_kwh": price}
        for hour, price in enumerate([0.10, 0.45, 0.20, 0.40])
    ]
    battery = {
        "energy_kwh": 4.0,
        "power_kw": 5.0,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 1.0,
        "soc_min_frac": 0.0,
        "soc_max_frac": 1.0,
        "initial_soc_frac": 0.0,
        "final_soc": "free",
    }
    return small_site(
        np.array([8.0, 12.0, 8.0, 12.0]),
        battery={"bess": battery},
        tariff={"supply": {"energy": [{"tou": tou}], "demand": [{"price_per_kw": 0.6}]}},
        horizon={"start": "2025-01-01T00:00:00", "end": "2025-01-01T04:00:00"},
    )


@pytest.mark.parametrize("solver", BINDINGS)
def test_four_hours_by_hand(solver):
    """Load 8, 12, 8, 12 kW; 0.10, 0.45, 0.20, 0.40 per kWh; 0.6 per kW of peak; 5 kW / 4 kWh, 0.9 in, 1.0 out, empty.

    Guess: charge a in hours 0 and 2, deliver 0.9 a in hours 1 and 3, so far that all four imports are equal:
    8 + a = 12 - 0.9 a, a = 4 / 1.9 = 40/19 kW, import P = 192/19 kW throughout; stored 36/19 = 1.89 kWh < 4.

    Cost: (0.10 + 0.45 + 0.20 + 0.40) P + 0.6 P = 1.75 x 192/19 = 336/19 = 17.684... (without battery
    8 x 0.30 + 12 x 0.85 + 12 x 0.6 = 19.8).

    Proof: let v1 = 1/2 be the value of stored energy in hours 0 and 1, v2 = 8/19 in hours 2 and 3. Charging pays
    p + m = 0.9 v and discharging p + m = v, m the share of the peak's price that falls on the hour:
    m = 0.45 - 0.10, 0.50 - 0.45, 7.2/19 - 0.20, 8/19 - 0.40 = 0.35, 0.05, 0.17894..., 0.02105...
    All are positive and add up to 0.6, the price of the peak. v1 >= v2 fits the empty battery between the pairs, and
    v2 >= 0 the free end. Every condition holds, so the guess is the optimum.
    """
    if find_spec(BINDINGS[solver]) is None:
        pytest.skip(f"{solver} is not installed (ECOS has no binary for Python 3.13 and later)")
    site = four_hours()
    charges = lower_site(site)
    program = compile_program(site, charges)
    optimum = solve_program(program, solver=solver)
    assert optimum.point.solver == solver
    assert_optimal(program, optimum.point)
    schedule = polished(site, program.flow_values(optimum.point.x))
    half, peak = 40 / 19, 192 / 19
    assert schedule[Flow(GRID, FlowKind.IMPORT_KW)] == pytest.approx([peak] * 4, rel=1e-5)
    assert schedule[Flow("bess", FlowKind.CHARGE_KW)] == pytest.approx([half, 0, half, 0], abs=2e-5)
    assert schedule[Flow("bess", FlowKind.DISCHARGE_KW)] == pytest.approx([0, 0.9 * half, 0, 0.9 * half], abs=2e-5)
    assert schedule[Flow("bess", FlowKind.ENERGY_KWH)] == pytest.approx([0.9 * half, 0, 0.9 * half, 0], abs=2e-5)
    ledger = settle(schedule, charges)
    assert ledger.total == pytest.approx(336 / 19, rel=1e-6)
    assert ledger.by_line()["supply.demand"] == pytest.approx(0.6 * peak, rel=1e-5)
