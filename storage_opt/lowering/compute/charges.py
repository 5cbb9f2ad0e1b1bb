"""What moving work costs: lateness and refusal, as lines of the bill."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site

__all__ = ["SERVICE_PAYEE", "lower_service"]

SERVICE_PAYEE = "users of the clusters"
"""Who is compensated for work that is late or refused."""


def lower_service(site: Site) -> tuple[Charge, ...]:
    """A charge for lateness and for refusal of each class that prices them."""
    charges: list[Charge] = []
    for name, spec in site.spec.workload.items():
        priced = (
            ("lateness", spec.late_cost_per_unit_h, FlowKind.LATE_UNIT_H, "unit h x h"),
            ("refusal", spec.value_per_unit_h, FlowKind.REFUSED_UNITS, "unit h"),
        )
        for kind, price, flow, unit in priced:
            if price is not None:
                line = Line(f"{name}.{kind}", SERVICE_PAYEE, Stream.SERVICE)
                prices = np.full(site.horizon.steps, price)
                charges.append(EnergyCharge(line, Metered.of(Flow(name, flow)), prices, unit=unit))
    return tuple(charges)
