"""What is sold of products at a solver's point, without its noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.products.flows import product_flows
from storage_opt.schedule import Flow
from storage_opt.spec.resolved import Site

__all__ = ["polished_products"]

_Values = NDArray[np.float64]


def polished_products(site: Site, flows: Mapping[Flow, _Values], noise: float) -> dict[Flow, _Values]:
    """Flows of all products; what is noise beside the most that is sold of a flow is nothing.

    Parameters
    ----------
    site : Site
        The site that was solved.
    flows : mapping of Flow to (T,) array
        Flows at the solver's point. [kW]
    noise : float
        Share of the most sold below which a flow is removed.
    """
    clean = {}
    for flow in product_flows(site):
        values = np.maximum(flows[flow], 0.0)
        clean[flow] = np.where(values <= noise * float(values.max(initial=0.0)), 0.0, values)
    return clean
