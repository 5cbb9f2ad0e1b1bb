"""The bus: all assets on one power balance."""

from __future__ import annotations

from functools import reduce
from operator import add

from storage_opt.assets.base import Opposites
from storage_opt.assets.provenance import require_provenance
from storage_opt.assets.site import Caps, site_assets
from storage_opt.lowering.backup import backup_reserves
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.window import rest_mask
from storage_opt.model.builder import ModelBuilder
from storage_opt.modeler import Expression
from storage_opt.schedule import Flow, Metered
from storage_opt.spec.resolved import Site

__all__ = ["assemble_bus"]


def assemble_bus(model: ModelBuilder, site: Site, caps: Caps) -> tuple[dict[Flow, Expression], tuple[Opposites, ...]]:
    """Build every asset and balance supply with demand; `caps` are those of a contract on the exchange.

    Notes
    -----
    ``bus.balance``:  ``import + sum used + sum discharge = sum load + sum charge + export`` in each interval; its
    dual is the price of power at the bus.
    """
    flows: dict[Flow, Expression] = {}
    supply: list[Flow] = []
    demand: list[Flow] = []
    opposites: list[Opposites] = []
    rest = {name: rest_mask(name, battery, site.horizon) for name, battery in site.spec.battery.items() if battery.rest}
    for asset in site_assets(site, caps, compute_plan(site), backup_reserves(site), rest):
        ports = asset.build(model)
        flows.update(ports.flows)
        supply += ports.supply
        demand += ports.demand
        opposites += ports.opposites
    fed = reduce(add, [flows[flow] for flow in supply])
    drawn = reduce(add, [flows[flow] for flow in demand])
    model.require("bus.balance", fed == drawn)
    model.balance = Metered.of(*supply) - Metered.of(*demand)
    require_provenance(model, site.spec, flows)
    return flows, tuple(opposites)
