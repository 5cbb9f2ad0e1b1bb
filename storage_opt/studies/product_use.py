"""How products are used in a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from storage_opt.ledger.ledger import Ledger
from storage_opt.lowering.products.events import EventResponse, event_responses
from storage_opt.lowering.products.held import HeldPower, held_powers
from storage_opt.lowering.products.incentives import Incentive, incentives
from storage_opt.lowering.products.roster import providers
from storage_opt.model.duals import Worth
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.product_result import Headroom, ProductUse

__all__ = ["headroom_worth", "product_uses", "provider_names"]

_Array = NDArray[np.float64]
_OTHER = "other"
_ROOMS = {
    "room_up": "up_per_kw",
    "room_down": "down_per_kw",
    "energy_up": "up_per_kwh",
    "energy_down": "down_per_kwh",
}


def product_uses(site: Site, schedule: Schedule, baseline: Schedule, ledger: Ledger) -> tuple[ProductUse, ...]:
    """Use of every product of a site.

    Parameters
    ----------
    site : Site
        The site.
    schedule, baseline : Schedule
        Plan, and the same without storage.
    ledger : Ledger
        Bill of the plan.
    """
    lines = ledger.by_line()
    revenue: dict[str, float] = {}
    for line, amount in lines.items():
        owner = line.split(".", maxsplit=1)[0]
        revenue[owner] = revenue.get(owner, 0.0) - amount
    uses = [_held(product, schedule, revenue) for product in held_powers(site)]
    uses += [_event(product, site, schedule, baseline, revenue) for product in event_responses(site)]
    uses += [_paid(payment, site, schedule, revenue) for payment in incentives(site)]
    return tuple(uses)


def provider_names(site: Site) -> tuple[str, ...]:
    """Everything that has headroom: the providers, and the grid connection."""
    return (*(provider.name for provider in providers(site)), GRID)


def headroom_worth(worths: Iterable[Worth], names: Iterable[str]) -> tuple[Headroom, ...]:
    """What one more kW or kWh of each provider's room is worth, summed over the billing periods."""
    found: dict[str, dict[str, float]] = {}
    wanted = set(names)
    for worth in worths:
        owner, _, room = worth.rule.name.rpartition(".")
        if owner in wanted and room in _ROOMS:
            of_owner = found.setdefault(owner, dict.fromkeys(_ROOMS.values(), 0.0))
            of_owner[_ROOMS[room]] += worth.value
    return tuple(Headroom(owner, **values) for owner, values in found.items())


def _use(
    name: str, sold_kw: _Array, revenue: Mapping[str, float], shares: Mapping[str, float], h: float, events: int = 0
) -> ProductUse:
    selling = sold_kw > 0
    mean = float(sold_kw[selling].mean()) if selling.any() else 0.0
    total = sum(shares.values())
    by_provider = {owner: share / total for owner, share in shares.items() if share > 0} if total > 0 else {}
    committed_h = float(selling.sum()) * h
    return ProductUse(
        name, revenue.get(name, 0.0), committed_h, mean, float(sold_kw.max(initial=0.0)), events, by_provider
    )


def _held(product: HeldPower, schedule: Schedule, revenue: Mapping[str, float]) -> ProductUse:
    h, nothing = schedule.horizon.step_h, np.zeros(schedule.horizon.steps)
    shares = {
        provider.name: sum(
            float(schedule[product.flow(provider, direction)].sum())
            for direction in product.directions
            if product.flow(provider, direction) in schedule
        )
        for provider in product.providers
    }
    sold = sum((schedule[flow] for flow in product.flows(product.directions[0])), nothing)
    return _use(product.name, sold, revenue, shares, h)


def _event(
    product: EventResponse, site: Site, schedule: Schedule, baseline: Schedule, revenue: Mapping[str, float]
) -> ProductUse:
    """Response is measured at the meter; it is shared out by what each part of the site did against the baseline."""
    delivered = schedule[product.delivered]
    did = {name: product.sign * _net_output(schedule, name) for name in site.spec.battery}
    for name in site.spec.consumers:
        flow = Flow(name, FlowKind.LOAD_KW)
        did[name] = product.sign * (baseline[flow] - schedule[flow])
    total = sum((np.maximum(part, 0.0) for part in did.values()), np.zeros_like(delivered))
    shares = {}
    for name, part in did.items():
        own = np.divide(np.maximum(part, 0.0), total, out=np.zeros_like(total), where=total > 0)
        shares[name] = float((own * delivered).sum())
    shares[_OTHER] = max(float(delivered.sum()) - sum(shares.values()), 0.0)
    ids = product.events.ids
    joined = np.unique(ids[(ids >= 0) & (delivered > 0)]).size
    return _use(product.name, delivered, revenue, shares, schedule.horizon.step_h, joined)


def _net_output(schedule: Schedule, name: str) -> _Array:
    net: _Array = schedule[Flow(name, FlowKind.DISCHARGE_KW)] - schedule[Flow(name, FlowKind.CHARGE_KW)]
    return net


def _paid(payment: Incentive, site: Site, schedule: Schedule, revenue: Mapping[str, float]) -> ProductUse:
    h, steps = schedule.horizon.step_h, schedule.horizon.steps
    if payment.spec.kind == "capacity":
        rated = {name: site.spec.battery[name].discharge_limit_kw for name in payment.batteries}
        return _use(payment.name, np.full(steps, sum(rated.values())), revenue, rated, h)
    flows = {name: schedule[payment.sold(name)] for name in payment.batteries}
    sold = sum(flows.values(), np.zeros(steps))
    return _use(payment.name, sold, revenue, {name: float(values.sum()) for name, values in flows.items()}, h)
