"""The rebate for months of high use, decided exactly: against a mixed-integer problem written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from storage_opt.charges.rebate import RebatedCharge
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.dispatch import optimize

DEMAND_PRICE = 40.0
RNG = np.random.default_rng(5)
LOAD = np.concatenate([RNG.uniform(300, 700, 48), RNG.uniform(250, 650, 48)]).round()
SUN = np.tile(np.concatenate([np.zeros(8), np.full(8, 0.9), np.zeros(8)]), 4) * RNG.uniform(0.5, 1.0, 96)
PRICE = np.tile([0.2] * 8 + [0.5] * 16, 4)
PLANT_PRICE, FUNDS = 0.35, 0.02


def site(threshold: float, **basic: Any) -> Site:
    """Two days of January and two of February: 1 MVA, PV at 0.35, a battery, demand at 40 a kW and 90 % of it."""
    spec = SiteSpec.model_validate(
        {
            "name": "two months",
            "horizon": {"start": "2027-01-30", "end": "2027-02-03", "zone": "UTC"},
            "load": {"dc": {"power_kw": LOAD}},
            "generator": {"pv": {"capacity_kw": 500.0, "profile": SUN}},
            "battery": {"bess": {"energy_kwh": 600.0, "power_kw": 200.0}},
            "contract": {
                "supply": {
                    "regime": "ordinary_market",
                    "energy_price_per_kwh": PRICE,
                    "line_loss_per_kwh": 0.0,
                    "transmission_per_kwh": 0.0,
                    "system_operation_per_kwh": 0.0,
                    "funds_per_kwh": FUNDS,
                    "plant": {"price_per_kwh": PLANT_PRICE},
                    "basic": {
                        "mode": "actual_demand",
                        "capacity_kva": 1_000.0,
                        "price_per_kw": DEMAND_PRICE,
                        "rebate": {"threshold_kwh_per_kva": threshold},
                    }
                    | basic,
                }
            },
        }
    )
    return Site(spec, spec.horizon.build())


def by_hand(threshold_kwh: np.ndarray) -> float:
    """The same as one mixed-integer problem: rebate R_m <= 0.1 d D_m, R_m <= M z_m, z_m only with the energy."""
    steps, months = 96, np.repeat([0, 1], 48)
    most, big = 1_500.0, 0.1 * DEMAND_PRICE * 1_500.0
    # columns: import, used, charge, discharge (each T), stored (T+1), demand, rebate, granted (2), charging (T)
    starts = np.cumsum([0, steps, steps, steps, steps, steps + 1, 2, 2, 2, steps])
    i, g, c, d, e, peak, rebate, granted, charging = (np.arange(a, b) for a, b in zip(starts, starts[1:], strict=False))
    size = starts[-1]
    eye = sp.eye(size, format="csr")
    of_month = sp.csr_array((np.ones(steps), (np.arange(steps), months)), (steps, 2))
    rows, low, high = [], [], []

    def add(matrix: Any, lower: Any, upper: Any) -> None:
        rows.append(sp.csr_array(matrix))
        low.append(np.broadcast_to(lower, matrix.shape[0]))
        high.append(np.broadcast_to(upper, matrix.shape[0]))

    add(eye[i] + eye[g] + eye[d] - eye[c], LOAD, LOAD)
    add(eye[e[1:]] - eye[e[:-1]] - 0.95 * eye[c] + eye[d] / 0.95, 0.0, 0.0)
    add(eye[e[:1]] - eye[e[-1:]], 0.0, 0.0)
    add(eye[i] - of_month @ eye[peak], -np.inf, 0.0)
    add(eye[rebate] - 0.1 * DEMAND_PRICE * eye[peak], -np.inf, 0.0)
    add(eye[rebate] - big * eye[granted], -np.inf, 0.0)
    add(of_month.T @ eye[i] - sp.diags_array(threshold_kwh) @ eye[granted], 0.0, np.inf)
    add(eye[c] - 200.0 * eye[charging], -np.inf, 0.0)
    add(eye[d] + 200.0 * eye[charging], -np.inf, 200.0)
    cost = np.zeros(size)
    cost[i], cost[g], cost[peak], cost[rebate] = PRICE + FUNDS, PLANT_PRICE, DEMAND_PRICE, -1.0
    lower, upper = np.zeros(size), np.full(size, most)
    upper[g], upper[c], upper[d] = 500.0 * SUN, 200.0, 200.0
    upper[granted], upper[charging] = 1.0, 1.0
    lower[e], upper[e] = 60.0, 570.0
    upper[rebate], upper[peak] = big, most
    found = milp(
        cost,
        constraints=LinearConstraint(sp.vstack(rows), np.concatenate(low), np.concatenate(high)),
        bounds=Bounds(lower, upper),
        integrality=np.isin(np.arange(size), [*granted, *charging]).astype(int),
        options={"mip_rel_gap": 1e-9},
    )
    assert found.success, found.message
    return float(found.fun)


def thresholds_kwh(made: Site) -> np.ndarray:
    (rebate,) = {id(c.rebate): c.rebate for c in lower_site(made) if isinstance(c, RebatedCharge)}.values()
    return rebate.threshold_kwh


@pytest.mark.parametrize("threshold", [10.0, 280.0, 305.0, 320.0, 335.0, 350.0, 400.0])
def test_the_optimum_is_that_of_the_mixed_integer_problem(threshold: float) -> None:
    """From a threshold every month passes to one no month can reach, through those where reaching it has a price."""
    made = site(threshold)
    result = optimize(made)
    assert result.certificate.certified
    assert result.ledger.total == pytest.approx(by_hand(thresholds_kwh(made)), rel=2e-6)


def test_a_month_near_its_threshold_is_branched_and_the_branches_are_told() -> None:
    """Somewhere between, plans import more than they would, to reach the threshold: a row for each branch says so."""
    results = {threshold: optimize(site(threshold)) for threshold in (10.0, 305.0, 320.0, 335.0)}
    assert results[10.0].branches == ()
    branched = [result for result in results.values() if result.branches]
    assert len(branched) >= 2
    for result in branched:
        assert result.branches[0].name == "rebate in every period"
        assert result.branches[0].state == "bound"
        (chosen,) = [branch for branch in result.branches if branch.chosen]
        assert chosen.state == "solved"
        assert chosen.cost == pytest.approx(result.ledger.total, rel=1e-7)
        assert result.branches[0].cost is not None
        assert result.branches[0].cost <= result.ledger.total


def test_the_settlement_measures_whatever_the_optimiser_assumed() -> None:
    """Half a period's threshold in half a period: January's two days of 31 ask for 2/31 of 260 kWh a kVA."""
    made = site(260.0)
    assert thresholds_kwh(made) == pytest.approx([260_000 * 2 / 31, 260_000 * 2 / 28])
    result = optimize(made)
    imported = result.schedule.total(FlowKind.IMPORT_KW)
    for entry, month in zip(
        [e for e in result.ledger.entries if e.line.name == "contract.basic"], (slice(48), slice(48, 96)), strict=True
    ):
        reached = imported[month].sum() >= thresholds_kwh(made)[0 if month.start is None else 1]
        assert entry.rate == pytest.approx(DEMAND_PRICE * (0.9 if reached else 1.0))
        assert ("0.9" in entry.band) is bool(reached)


def test_rebate_goes_through_declared_demand_and_power_factor() -> None:
    """Declared demand, its excess and the power-factor share of both carry the rebate, in plan and bill alike."""
    made = site(310.0, mode="contract_demand", contract_kw=500.0, floor_frac=0.0)
    supply = made.spec.contract.supply.model_copy(update={"power_factor": 0.85})
    contract = made.spec.contract.model_copy(update={"supply": supply})
    result = optimize(Site(made.spec.model_copy(update={"contract": contract}), made.horizon))
    assert result.certificate.certified
    lines = result.ledger.by_line()
    adjusted = ("grid_energy", "line_loss", "transmission", "system_operation", "basic", "basic_excess")
    base = sum(lines.get(f"contract.{name}", 0.0) for name in adjusted)
    assert lines["contract.power_factor"] == pytest.approx(0.025 * base, rel=1e-9)
