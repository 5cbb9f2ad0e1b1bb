"""The rule that runs a site without storage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.ledger.baseline import BaselineRun, baseline_schedule
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind
from tests.support.small_sites import small_site

IMPORT, EXPORT = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)
SALE = {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.2}]}
BUY = {"energy": [{"price_per_kwh": 0.5}]}


def plant(capacity_kw: float, **fields: Any) -> dict[str, Any]:
    return {"capacity_kw": capacity_kw, "profile": 1.0} | fields


def run(load_kw: float = 100.0, sale: dict[str, Any] | None = None, **parts: Any) -> BaselineRun:
    tariff = {"buy": parts.pop("buy", BUY)} | ({"sale": sale} if sale else {})
    site = small_site(load_kw, tariff=tariff, **parts)
    return baseline_schedule(site, lower_site(site))


def first(found: BaselineRun, *flows: Flow) -> list[float]:
    return [float(found.schedule[flow][0]) for flow in flows]


def used(*names: str) -> list[Flow]:
    return [Flow(name, FlowKind.USED_KW) for name in names]


def test_own_generation_first_then_the_grid():
    found = run(generator={"pv": plant(60.0)})
    assert first(found, IMPORT, EXPORT, *used("pv")) == [40.0, 0.0, 60.0]
    assert found.notes == ()


def test_batteries_stand_still():
    found = run(battery={"bess": {"energy_kwh": 10.0, "power_kw": 5.0}})
    for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH):
        assert not found.schedule[Flow("bess", kind)].any()


def test_surplus_is_exported_up_to_the_limit_and_the_rest_curtailed():
    found = run(sale=SALE, generator={"pv": plant(250.0)}, grid={"export_limit_kw": 80.0})
    curtailed = Flow("pv", FlowKind.CURTAILED_KW)
    assert first(found, IMPORT, EXPORT, curtailed) == [0.0, 80.0, 70.0]


def test_the_transformer_limits_export_too():
    grid = {"export_limit_kw": 80.0, "transformer_kva": 50.0, "power_factor": 0.9}
    assert first(run(sale=SALE, generator={"pv": plant(250.0)}, grid=grid), EXPORT) == [45.0]


@pytest.mark.parametrize(
    ("fields", "exported"),
    [
        ({"energy_cost_per_kwh": 0.15}, 80.0),
        ({"energy_cost_per_kwh": 0.25}, 0.0),
        ({"energy_cost_per_kwh": 0.25, "curtailment_cost_per_kwh": 0.1}, 80.0),
        ({"energy_cost_per_kwh": 0.20}, 0.0),
    ],
)
def test_export_only_where_it_pays(fields, exported):
    found = run(sale=SALE, generator={"pv": plant(250.0, **fields)}, grid={"export_limit_kw": 80.0})
    assert first(found, EXPORT) == [exported]


def test_net_billing_pays_at_least_its_credit():
    buy = {"meter": "net", "energy": [{"net_billing": {"price_per_kwh": 0.5, "credit_per_kwh": 0.1}}]}
    grid = {"export_limit_kw": 80.0}
    assert first(run(buy=buy, generator={"pv": plant(250.0, energy_cost_per_kwh=0.05)}, grid=grid), EXPORT) == [80.0]
    assert first(run(buy=buy, generator={"pv": plant(250.0, energy_cost_per_kwh=0.15)}, grid=grid), EXPORT) == [0.0]


def test_the_dearest_plant_is_curtailed_first_and_equals_share():
    plants = {"dear": plant(50.0, energy_cost_per_kwh=0.3), "wind": plant(90.0), "pv": plant(30.0)}
    assert first(run(generator=plants), *used("dear", "wind", "pv")) == pytest.approx([0.0, 75.0, 25.0])
    compensated = plants | {"dear": plant(50.0, energy_cost_per_kwh=0.3, curtailment_cost_per_kwh=0.4)}
    found = run(generator=compensated)
    assert first(found, *used("dear", "wind", "pv")) == pytest.approx([50.0, 37.5, 12.5])


def test_output_that_must_be_taken_displaces_the_rest():
    plants = {"pv": plant(90.0), "hydro": plant(60.0, curtailable=False, energy_cost_per_kwh=0.4)}
    assert first(run(generator=plants), *used("pv", "hydro"), IMPORT) == [40.0, 60.0, 0.0]


def test_must_take_beyond_the_export_limit_is_noted():
    found = run(generator={"hydro": plant(160.0, curtailable=False)}, grid={"export_limit_kw": 20.0})
    assert first(found, EXPORT) == [60.0]
    (note,) = found.notes
    assert "breaks the export limit in 24 intervals, by up to 40 kW, first at 2025-01-01 00:00" in note


def test_load_beyond_the_import_limit_is_noted():
    (note,) = run(grid={"import_limit_kw": [70.0] + [120.0] * 11}).notes
    assert "breaks the import limit in 24 intervals, by up to 30 kW, first at 2025-01-01 00:00" in note


def test_green_first_although_import_is_cheaper_is_noted():
    buy = {"energy": [{"price_per_kwh": [-0.1] * 3 + [0.5] * 21}]}
    found = run(buy=buy, generator={"pv": plant(60.0)})
    assert first(found, *used("pv")) == [60.0]
    (note,) = found.notes
    assert "import is cheaper in 3 intervals, 180 kWh, first at 2025-01-01 00:00" in note


def test_loads_add_up():
    site = small_site(60.0)
    spec = site.spec.model_validate(
        site.spec.model_dump() | {"load": {"a": {"power_kw": 60.0}, "b": {"power_kw": 5.0}}}
    )
    found = baseline_schedule(type(site)(spec, site.horizon), ())
    assert np.all(found.schedule[IMPORT] == 65.0)
