"""Flows that products add to a schedule, and the plan in which nothing is sold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.products.events import event_responses
from storage_opt.lowering.products.held import held_powers
from storage_opt.lowering.products.incentives import incentives
from storage_opt.schedule import Flow
from storage_opt.spec.resolved import Site

__all__ = ["nothing_sold", "product_flows"]


def product_flows(site: Site) -> tuple[Flow, ...]:
    """Every flow of a product, in the order of the site."""
    held = [flow for product in held_powers(site) for d in product.directions for flow in product.flows(d)]
    events = [flow for product in event_responses(site) for flow in (product.committed, product.delivered)]
    paid = [
        payment.sold(b) for payment in incentives(site) if payment.spec.kind != "capacity" for b in payment.batteries
    ]
    return (*held, *events, *paid)


def nothing_sold(site: Site) -> dict[Flow, NDArray[np.float64]]:
    """The flows of all products when none is sold (T,). [kW]"""
    return {flow: np.zeros(site.horizon.steps) for flow in product_flows(site)}
