"""A small site under a supply contract, and the bill of given flows by short line names."""

from __future__ import annotations

from typing import Any

import numpy as np

from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["DAYS", "DIRECT", "lines", "site"]

DIRECT: dict[str, Any] = {
    "regime": "direct_two_part",
    "energy_price_per_kwh": 0.30,
    "line_loss_per_kwh": 0.0,
    "transmission_per_kwh": 0.05,
    "system_operation_per_kwh": 0.0,
    "funds_per_kwh": 0.0,
}
DAYS = 30


def site(supply: dict[str, Any], contract: dict[str, Any] | None = None, **parts: Any) -> Site:
    """April 2027, hourly: 100 kW of load, 40 kW of wind at full output."""
    spec = SiteSpec.model_validate(
        {
            "name": "terms",
            "horizon": {"start": "2027-04-01", "end": "2027-05-01"},
            "load": {"dc": {"power_kw": 100.0}},
            "generator": {"wind": {"capacity_kw": 40.0, "profile": 1.0}},
            "grid": {"export_limit_kw": 40.0},
            "contract": {"supply": supply, **(contract or {})},
        }
        | parts
    )
    return Site(spec, spec.horizon.build())


def lines(made: Site, imported: Any = 60.0, exported: Any = 0.0, used: Any = 40.0) -> dict[str, float]:
    """The bill of given flows, contract lines by their short names."""
    steps = made.horizon.steps
    flows = {Flow(GRID, FlowKind.IMPORT_KW): imported, Flow(GRID, FlowKind.EXPORT_KW): exported}
    flows |= {Flow("dc", FlowKind.LOAD_KW): 100.0}
    if "wind" in made.spec.generator:
        flows |= {Flow("wind", FlowKind.USED_KW): used, Flow("wind", FlowKind.AVAILABLE_KW): 40.0}
    full = {flow: np.broadcast_to(np.asarray(value, dtype=float), steps) for flow, value in flows.items()}
    ledger = settle(Schedule(made.horizon, full), lower_site(made))
    return {name.removeprefix("contract."): amount for name, amount in ledger.by_line().items()}
