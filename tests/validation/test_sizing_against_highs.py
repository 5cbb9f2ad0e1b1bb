"""A year of hours with a battery sized in power and energy, against a linear program written out row by row.

Nothing of the package is used on the other side: prices, load and sun are arrays that both are given, and the plain
program states balance, storage, demand and sizes by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.sizing.study import size

STEPS = 8760
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEARS, RATE = 15, 0.07
CAPEX_KWH, CAPEX_KW, OM_KWH = 700.0, 250.0, 6.0
DEMAND_PRICE, ETA_C, ETA_D, LOW, HIGH = 38.0, 0.94, 0.96, 0.05, 0.95

HOUR, DAY = np.arange(STEPS) % 24, np.arange(STEPS) // 24
_rng = np.random.default_rng(20250101)
LOAD = np.round(800.0 + 200.0 * np.sin((HOUR - 8) / 24 * 2 * np.pi) + _rng.uniform(0, 250, STEPS), 2)
_season = 0.6 - 0.3 * np.cos(2 * np.pi * DAY / 365)
SUN = np.round(np.clip(np.sin((HOUR - 6) / 12 * np.pi), 0.0, None) * _season * _rng.uniform(0.2, 1.0, STEPS), 4)
PV_KW = 1500.0
PRICE = np.select([(HOUR >= 17) & (HOUR < 22), (HOUR >= 23) | (HOUR < 7)], [1.15, 0.28], 0.62)


def plain() -> tuple[float, float, float]:
    """Least yearly cost, with power and energy. [money/year, kW, kWh]

    Columns: import i, used sun u, charge c, discharge d (each T), stored E (T + 1), demand D (12), power, energy.
    """
    t = STEPS
    annuity = sum((1.0 + RATE) ** -year for year in range(1, YEARS + 1))
    count = 5 * t + 1 + 12 + 2
    imp, sun, cha, dis = (np.arange(n * t, (n + 1) * t) for n in range(4))
    sto, dem = np.arange(4 * t, 5 * t + 1), np.arange(5 * t + 1, 5 * t + 13)
    power, energy = count - 2, count - 1

    def pick(columns: np.ndarray, values: Any = 1.0) -> sp.csr_array:
        shape = (columns.size, count)
        return sp.csr_array((np.broadcast_to(values, columns.size), (np.arange(columns.size), columns)), shape=shape)

    def same(column: int, values: Any, rows: int) -> sp.csr_array:
        return pick(np.full(rows, column), values)

    month = np.repeat(np.arange(12), 24 * np.array(MONTH_DAYS))
    equal = sp.vstack(
        [
            pick(imp) + pick(sun) + pick(dis) - pick(cha),
            pick(sto[1:]) - pick(sto[:-1]) - pick(cha, ETA_C) + pick(dis, 1.0 / ETA_D),
            pick(sto[:1]) - pick(sto[-1:]),
        ]
    )
    equal_to = np.concatenate([LOAD, np.zeros(t), [0.0]])
    below = sp.vstack(
        [
            pick(cha) - same(power, 1.0, t),
            pick(dis) - same(power, 1.0, t),
            pick(sto) - same(energy, HIGH, t + 1),
            same(energy, LOW, t + 1) - pick(sto),
            pick(imp) - pick(dem[month]),
        ]
    )
    cost = np.zeros(count)
    cost[imp], cost[dem] = PRICE, DEMAND_PRICE
    cost[power], cost[energy] = CAPEX_KW / annuity, CAPEX_KWH / annuity + OM_KWH
    upper = np.full(count, np.inf)
    upper[sun], upper[power], upper[energy] = PV_KW * SUN, 3000.0, 9000.0
    bounds = np.column_stack([np.zeros(count), upper])
    found = linprog(cost, below, np.zeros(below.shape[0]), equal, equal_to, bounds, method="highs-ipm")
    assert found.status == 0, found.message
    return float(found.fun), float(found.x[power]), float(found.x[energy])


def site() -> Site:
    tariff: dict[str, Any] = {
        "energy": [{"price_per_kwh": PRICE}],
        "demand": [{"price_per_kw": DEMAND_PRICE}],
    }
    battery = {
        "energy_kwh": 2000.0,
        "power_kw": 1000.0,
        "charge_efficiency": ETA_C,
        "discharge_efficiency": ETA_D,
        "soc_min_frac": LOW,
        "soc_max_frac": HIGH,
    }
    cost = {"capex_per_kwh": CAPEX_KWH, "capex_per_kw": CAPEX_KW, "om_per_kwh_year": OM_KWH}
    spec = SiteSpec.model_validate(
        {
            "name": "a year",
            "horizon": {"start": "2025-01-01", "end": "2026-01-01", "zone": "UTC"},
            "load": {"works": {"power_kw": LOAD}},
            "generator": {"pv": {"capacity_kw": PV_KW, "profile": SUN}},
            "battery": {"bess": battery},
            "tariff": {"grid": tariff},
            "sizing": {"battery": {"bess": {"energy_kwh": {"most": 9000.0}, "power_kw": {"most": 3000.0}}}},
            "finance": {"years": YEARS, "discount_rate_frac": RATE, "cost": {"bess": cost}},
        }
    )
    return Site(spec, spec.horizon.build())


def test_the_sizes_of_a_year_are_those_of_a_plain_linear_program():
    cost, power, energy = plain()
    result = size(site())
    assert result.certificate.certified
    assert result.certificate.cost == pytest.approx(cost, rel=1e-6)
    # something is built, and not all that may be, or nothing would be compared
    assert 100.0 < energy < 8900.0
    assert result.value("bess.energy_kwh") == pytest.approx(energy, rel=1e-3)
    assert result.value("bess.power_kw") == pytest.approx(power, rel=1e-3)
