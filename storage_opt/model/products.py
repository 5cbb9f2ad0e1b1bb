"""Decisions about products: what each provider holds for each, which events are joined, what is sold of what flows."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.lowering.products.events import EventResponse, event_responses
from storage_opt.lowering.products.held import HeldPower, held_powers
from storage_opt.lowering.products.incentives import Incentive, incentives
from storage_opt.lowering.products.provider import Provider
from storage_opt.lowering.products.sizes import together_kw
from storage_opt.modeler import Expression, Limit, Modeler, Rule, Sense
from storage_opt.schedule import Flow
from storage_opt.spec.resolved import Site

__all__ = ["state_products"]


def state_products(model: Modeler, site: Site) -> dict[Flow, Expression]:
    """State every product's decisions; headroom rules tie them to the flows of their providers.

    Notes
    -----
    Power held: ``bid``:  ``sum_i r_i[t] = k[day]`` in the windows, ``month_bid``:  ``k[day] = k[month]``;
    ``symmetric``:  ``sum_i up_i[t] = sum_i down_i[t]``; ``max_kw``:  ``sum_i r_i[t] <= most``.
    Events: ``promise``:  ``v[t] <= k[event]``, an equality where promises are paid and not penalised;
    ``least_delivered``:  ``v[t] >= block z`` where nothing is penalised.
    Whole decisions z, 0 or 1: ``taken``:  ``k <= most z``; ``least_block``:  ``k >= block z``; ``events``:
    ``sum_month z <= n``.
    """
    flows: dict[Flow, Expression] = {}
    for held in held_powers(site):
        flows |= _held(model, held)
    for event in event_responses(site):
        flows |= _event(model, site, event)
    for incentive in incentives(site):
        if incentive.spec.kind != "capacity":
            flows |= _sold(model, site, incentive)
    return flows


def _held(model: Modeler, product: HeldPower) -> dict[Flow, Expression]:
    alone = product.only_provider
    if alone is not None:
        return _held_alone(model, product, alone)
    flows: dict[Flow, Expression] = {}
    totals: dict[str, Expression] = {}
    steps = product.offered.size
    for direction in product.directions:
        parts = []
        for provider in product.providers:
            where = np.flatnonzero(product.offered_by(provider, direction))
            if where.size:
                flow = product.flow(provider, direction)
                held = _held_by(model, product, provider, direction, where)
                flows[flow] = _on_horizon(held, where, steps)
                parts.append(flows[flow])
        totals[direction] = reduce(add, parts)
    offered = np.flatnonzero(product.offered)
    first = totals[product.directions[0]][offered]
    if product.spec.direction == "symmetric":
        model.require(f"{product.name}.symmetric", first == totals["down"][offered])
    if product.spec.commitment == "interval":
        _require_max(model, product, first)
    else:
        model.require(f"{product.name}.bid", first == _bid(model, product, offered))
    return flows


def _held_alone(model: Modeler, product: HeldPower, provider: Provider) -> dict[Flow, Expression]:
    """What a provider holds that nobody shares with it: the bid itself, the same up and down where that is asked."""
    offered = np.flatnonzero(product.offered)
    if product.spec.commitment == "interval":
        held = _held_by(model, product, provider, product.directions[0], offered)
        _require_max(model, product, held)
    else:
        held = _bid(model, product, offered)
    return {product.flow(provider, d): _on_horizon(held, offered, product.offered.size) for d in product.directions}


def _held_by(
    model: Modeler, product: HeldPower, provider: Provider, direction: str, where: NDArray[np.intp]
) -> Expression:
    side = provider.side(direction)
    assert side is not None
    most = Limit(None, side.most_kw[where], implied=True)
    return model.variable(product.flow(provider, direction).column, where.size, lower=0.0, upper=[most], even=1.0)


def _require_max(model: Modeler, product: HeldPower, total: Expression) -> None:
    if product.spec.max_kw is not None:
        rule = _max_rule(product.name, "regulation")
        model.require(rule.name, total <= product.spec.max_kw, rule)


def _bid(model: Modeler, product: HeldPower, offered: NDArray[np.intp]) -> Expression:
    """What is held in all windows of a day (N,), the same all month where that is asked. [kW]"""
    horizon, name = model.horizon, product.name
    days, of_day = np.unique(horizon.days.ids[offered], return_inverse=True)
    if product.spec.commitment == "day":
        bid = _amount(model, product, _spans(offered, of_day))
        return incidence(of_day, days.size) @ bid
    first = offered[np.searchsorted(of_day, np.arange(days.size))]
    months, of_month = np.unique(horizon.billing.ids[first], return_inverse=True)
    monthly = _amount(model, product, _spans(offered, of_month[of_day]))
    daily = model.variable(f"{name}.day_bid_kw", days.size, lower=0.0)
    model.require(f"{name}.month_bid", daily == incidence(of_month, months.size) @ monthly)
    return incidence(of_day, days.size) @ daily


def _amount(model: Modeler, product: HeldPower, spans: NDArray[np.intp]) -> Expression:
    """What is bid for each day or month, whose intervals are given (count, 2): none or at least a block. [kW]"""
    spec, name, count = product.spec, product.name, spans.shape[0]
    most_kw = min(together_kw(product.providers, d, product.duration_h) for d in product.directions)
    limits = [Limit(None, np.full(count, most_kw), implied=True)]
    if spec.max_kw is not None:
        limits.append(Limit(_max_rule(name, "regulation"), np.full(count, spec.max_kw)))
    bid = model.variable(f"{name}.bid_kw", count, lower=0.0, upper=limits)
    if spec.min_block_kw:
        most_kw = most_kw if spec.max_kw is None else min(most_kw, spec.max_kw)
        taken = model.variable(f"{name}.taken", count, lower=0.0, upper=_one(count), whole=spans)
        model.require(f"{name}.taken", bid - most_kw * taken <= 0)
        model.require(f"{name}.least_block", bid - spec.min_block_kw * taken >= 0)
    return bid


def _spans(intervals: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """First interval of each group, and the one after its last (G, 2)."""
    count = int(groups.max()) + 1
    span = np.full((count, 2), [np.iinfo(np.intp).max, -1], dtype=np.intp)
    np.minimum.at(span[:, 0], groups, intervals)
    np.maximum.at(span[:, 1], groups, intervals + 1)
    return span


def _max_rule(name: str, section: str) -> Rule:
    return Rule(f"{name}.max_kw", f"most power of {name}", "kW", f"{section}.{name}.max_kw")


def _one(count: int) -> list[Limit]:
    return [Limit(None, np.ones(count))]


def _event(model: Modeler, site: Site, product: EventResponse) -> dict[Flow, Expression]:
    spec, name, count = product.spec, product.name, product.events.count
    inside, steps = product.inside, product.events.ids.size
    to_event = incidence(product.events.ids[inside], count)
    spans = _spans(inside, product.events.ids[inside])
    taken = model.shared(
        ("taken", name),
        lambda: model.variable(f"{name}.taken", count, lower=0.0, upper=_one(count), whole=spans),
    )
    delivered = model.variable(f"{name}.delivered_kw", inside.size, lower=0.0)
    promised = _promised(model, product, taken)
    sure = spec.price_per_kw is not None and spec.underdelivery_price_per_kwh is None
    if spec.committed_kw is not None:
        model.require(f"{name}.joined", delivered - spec.committed_kw * (to_event @ taken) <= 0)
    whole = to_event @ promised
    model.require(f"{name}.promise", delivered == whole if sure else delivered - whole <= 0)
    if spec.min_block_kw and spec.underdelivery_price_per_kwh is None:
        # nothing else holds the site to what it promises
        model.require(f"{name}.least_delivered", delivered - spec.min_block_kw * (to_event @ taken) >= 0)
    if spec.max_events_per_month is not None:
        rule = Rule(f"{name}.events", f"events of {name} a month", "events", f"response.{name}.max_events_per_month")
        by_month = incidence(product.events.period, site.horizon.billing.count).T.tocsr()
        model.require(rule.name, by_month @ taken <= float(spec.max_events_per_month), rule)
    return {
        product.committed: _on_horizon(whole, inside, steps),
        product.delivered: _on_horizon(delivered, inside, steps),
    }


def _promised(model: Modeler, product: EventResponse, taken: Expression) -> Expression:
    """What is promised in each event (E,). [kW]"""
    spec, name, count = product.spec, product.name, product.events.count
    if spec.committed_kw is not None:
        # a call that is known binds; an event that may be chosen binds once it is
        return np.full(count, spec.committed_kw) if spec.events else spec.committed_kw * taken
    most_kw = product.most_by_event_kw
    limits = [Limit(None, most_kw, implied=True)]
    if spec.max_kw is not None:
        limits.append(Limit(_max_rule(name, "response"), np.full(count, spec.max_kw)))
        most_kw = np.minimum(most_kw, spec.max_kw)
    promised = model.variable(f"{name}.promised_kw", count, lower=0.0, upper=limits)
    model.require(f"{name}.taken", promised - sp.diags_array(most_kw) @ taken <= 0)
    if spec.min_block_kw:
        rule = Rule(f"{name}.least_block", f"least power of {name}", "kW", f"response.{name}.min_block_kw", Sense.FLOOR)
        model.require(rule.name, promised - spec.min_block_kw * taken >= 0, rule)
    return promised


def _sold(model: Modeler, site: Site, payment: Incentive) -> dict[Flow, Expression]:
    where = np.flatnonzero(payment.paid)
    flows = {}
    for battery in payment.batteries:
        spec, flow = site.spec.battery[battery], payment.sold(battery)
        rating = spec.discharge_limit_kw if payment.spec.kind == "discharge" else spec.power_kw
        most = Limit(None, np.full(where.size, rating), implied=True)
        sold = model.variable(flow.column, where.size, lower=0.0, upper=[most])
        flows[flow] = _on_horizon(sold, where, payment.paid.size)
    return flows


def _on_horizon(values: Expression, where: NDArray[np.intp], steps: int) -> Expression:
    """Values in some intervals as a flow that is nothing in the others (T,)."""
    if where.size == steps:
        return values
    return incidence(where, steps).T.tocsr() @ values
