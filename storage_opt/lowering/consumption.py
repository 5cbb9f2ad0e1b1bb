"""What a site draws when nothing is shifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.workload.flows import unshifted_flows

__all__ = ["consumption_flows", "consumption_kw"]


def consumption_flows(site: Site) -> dict[Flow, NDArray[np.float64]]:
    """Fixed loads, and buildings whose work runs as it arrives."""
    flows = {Flow(name, FlowKind.LOAD_KW): site.values(load.power_kw) for name, load in site.spec.load.items()}
    return flows | unshifted_flows(compute_plan(site), site.horizon.step_h)


def consumption_kw(site: Site) -> NDArray[np.float64]:
    """Power drawn by all loads together (T,). [kW]"""
    flows = consumption_flows(site)
    total: NDArray[np.float64] = np.sum([values for flow, values in flows.items() if flow.kind is FlowKind.LOAD_KW], 0)
    return total
