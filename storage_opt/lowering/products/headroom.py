"""One headroom for all products: the rules that every provider, the grid connection and every kWh sold keep."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.contract.meters import EXPORT, IMPORT
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.products.events import EventResponse, event_responses
from storage_opt.lowering.products.held import HeldPower, held_powers
from storage_opt.lowering.products.incentives import Incentive, incentives
from storage_opt.lowering.products.provider import Provider, Side
from storage_opt.modeler import Rule
from storage_opt.rules.base import ContractRule
from storage_opt.rules.cap import PowerCap
from storage_opt.rules.catching_up import CatchingUp, Delay, DelayHeadroom
from storage_opt.rules.headroom import Claim, EnergyHeadroom, PowerHeadroom
from storage_opt.rules.response import Baseline, ResponseWithin, SoldOnce
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from storage_opt.workload.bounds import load_bounds_kw

__all__ = ["lower_headroom"]

_Array = NDArray[np.float64]
_OTHER = {"up": "down", "down": "up"}
_NOTHING = Metered(())


def lower_headroom(site: Site) -> tuple[ContractRule, ...]:
    """Every rule that keeps what is sold deliverable, and sold once; none without products.

    Parameters
    ----------
    site : Site
        A validated site.

    Raises
    ------
    InputError
        When a product can't be sold as it is written; lists all faults.
    """
    held = held_powers(site)
    rules: list[ContractRule] = []
    if held:
        rules += _of_providers(site, held)
        rules += _of_the_grid(site, held)
    rules += [_response(site, product, held) for product in event_responses(site)]
    rules += _paid_by_rule(site, held)
    return tuple(rules)


def _claims(held: tuple[HeldPower, ...], direction: str, provider: Provider) -> tuple[Claim, ...]:
    """What products may take of a provider in a direction, on top of the plan.

    A call of all that is held goes beyond the plan by what is not called on average; no call at all of what is held the
    other way goes beyond it by what is.
    """
    claims = []
    for product in held:
        called = product.spec.call_probability_frac
        for way, share in ((direction, 1.0 - called), (_OTHER[direction], called)):
            where = product.offered_by(provider, way) if way in product.directions else np.zeros(0, dtype=np.bool_)
            if share and where.any() and provider in product.providers:
                claims.append(Claim(product.flow(provider, way), share, product.duration_h, where))
    return tuple(claims)


def _of_providers(site: Site, held: tuple[HeldPower, ...]) -> Iterator[ContractRule]:
    delays: dict[str, list[tuple[Side, Delay]]] = {}
    known = {provider.name: provider for product in held for provider in product.providers}
    for provider in known.values():
        for direction in ("up", "down"):
            side, claims = provider.side(direction), _claims(held, direction, provider)
            if side is None or not claims:
                continue
            for room in side.rooms:
                yield PowerHeadroom(
                    room.rule, claims, room.scale, room.available, room.constant_kw, room.drain_kw_per_kwh
                )
            for backing in side.backings:
                yield EnergyHeadroom(backing.rule, claims, backing.scale, backing.margin, backing.constant_kwh)
            if side.work is not None:
                delay = Delay(provider.name, claims, side.work.units_per_kw, side.work.checkpoint_h)
                delays.setdefault(side.work.cluster, []).append((side, delay))
    recovery_h = max(product.spec.recovery_h for product in held)
    for together in delays.values():
        yield from _of_work(site, together, recovery_h)


def _of_work(site: Site, together: list[tuple[Side, Delay]], recovery_h: float) -> Iterator[ContractRule]:
    """Deadlines of each class, and units of the cluster that all of them catch up with."""
    following = int(np.ceil(recovery_h / site.horizon.step_h - 1e-9))
    ends = np.zeros(site.horizon.steps, dtype=np.bool_)
    for side, delay in together:
        assert side.work is not None
        margin = side.work.backlog.times(-1.0)
        yield DelayHeadroom(side.work.deadline, delay, margin, side.work.most_backlog_unit_h, following)
        ends |= np.any([claim.where for claim in delay.claims], axis=0)
    work = together[0][0].work
    assert work is not None
    delays = tuple(delay for _, delay in together)
    yield CatchingUp(work.units, delays, work.at_work.times(-1.0), work.on_units, ends, recovery_h)


def _of_the_grid(site: Site, held: tuple[HeldPower, ...]) -> Iterator[ContractRule]:
    """The connection carries what is called, on top of the plan."""
    known = {provider.name: provider for product in held for provider in product.providers}
    ones = np.ones(site.horizon.steps)
    for direction, words in (("up", "exported"), ("down", "imported")):
        claims = tuple(claim for provider in known.values() for claim in _claims(held, direction, provider))
        if not claims:
            continue
        limit, key = _grid_limit(site, direction)
        rule = Rule(f"grid.room_{direction}", f"power left to be {words}", "kW", key)
        net = IMPORT - EXPORT if direction == "up" else EXPORT - IMPORT
        yield PowerHeadroom(rule, claims, ones, net, limit)


def _grid_limit(site: Site, direction: str) -> tuple[_Array, str]:
    """Most export (up) or import (down) that connection and contract allow, and where it is written (T,). [kW]"""
    grid, steps = site.spec.grid, site.horizon.steps
    rating = np.inf if grid.transformer_kva is None else grid.transformer_kva * grid.power_factor
    if direction == "up":
        limit, key, metered = site.values(grid.export_limit_kw), "grid.export_limit_kw", EXPORT
        if any(not battery.export for battery in site.spec.battery.values()):
            limit = np.zeros(steps)
    else:
        limit, key, metered = np.full(steps, np.inf), "grid.import_limit_kw", IMPORT
        if grid.import_limit_kw is not None:
            limit = site.values(grid.import_limit_kw)
    caps = [rule.limit_kw for rule in lower_rules(site) if isinstance(rule, PowerCap) and rule.metered == metered]
    return np.minimum.reduce([limit, np.full(steps, rating), *caps]), key


def _called(held: tuple[HeldPower, ...], direction: str, owner: str | None = None) -> Metered:
    """Energy that is paid as called in a direction, on average, of one provider or of all. [kW]"""
    terms = _NOTHING
    for product in held:
        share = product.spec.call_probability_frac
        if not share or not product.called_per_kwh.any() or direction not in product.directions:
            continue
        for provider in product.providers:
            if owner in {None, provider.name} and product.offered_by(provider, direction).any():
                terms = terms + Metered.of(product.flow(provider, direction)).times(share)
    return terms


def _response(site: Site, product: EventResponse, held: tuple[HeldPower, ...]) -> ResponseWithin:
    shave = product.spec.direction == "shave"
    words = f"{'reduction' if shave else 'rise'} against the baseline of {product.name}"
    rule = Rule(f"{product.name}.response", words, "kW", f"response.{product.name}.baseline")
    elsewhere = _called(held, "up" if shave else "down")
    for payment in incentives(site):
        if payment.spec.kind == ("discharge" if shave else "charge"):
            elsewhere = elsewhere + Metered.of(*(payment.sold(battery) for battery in payment.batteries))
    for other in event_responses(site):
        if other.name != product.name and other.spec.direction == product.spec.direction:
            elsewhere = elsewhere + Metered.of(other.delivered)
    return ResponseWithin(
        rule,
        product.delivered,
        IMPORT - EXPORT,
        Baseline(product.fixed_kw, product.like_days),
        product.sign,
        elsewhere,
        product.events,
        _beyond_kw(site, product),
    )


def _beyond_kw(site: Site, product: EventResponse) -> _Array:
    """By how much import may be on the wrong side of the baseline at most (T,). [kW]"""
    import_kw, _ = _grid_limit(site, "down")
    spec = site.spec
    most_load = sum((site.values(load.power_kw) for load in spec.load.values()), np.zeros(site.horizon.steps))
    for facility in compute_plan(site).facilities.values():
        most_load = most_load + load_bounds_kw(facility)[1]
    most_load = most_load + sum(battery.power_kw for battery in spec.battery.values())
    highest = np.minimum(import_kw, most_load)
    export_kw, _ = _grid_limit(site, "up")
    if product.fixed_kw is not None:
        low, high = product.fixed_kw, product.fixed_kw
    else:
        low, high = -export_kw, highest
    gap = highest - low if product.spec.direction == "shave" else high + export_kw
    most: _Array = np.maximum(np.minimum(gap, highest + np.abs(low)), 0.0)
    return most


def _paid_by_rule(site: Site, held: tuple[HeldPower, ...]) -> Iterator[ContractRule]:
    for direction, kind, other in (
        ("up", "discharge", FlowKind.CHARGE_KW),
        ("down", "charge", FlowKind.DISCHARGE_KW),
    ):
        by_battery: dict[str, list[Incentive]] = {}
        for payment in incentives(site):
            if payment.spec.kind == kind:
                for battery in payment.batteries:
                    by_battery.setdefault(battery, []).append(payment)
        for battery, payments in by_battery.items():
            words = f"energy of {battery} that is sold by the kWh"
            rule = Rule(f"{battery}.sold_once_{direction}", words, "kW", f"incentive.{payments[0].name}")
            yield SoldOnce(
                rule,
                Metered.of(*(payment.sold(battery) for payment in payments)),
                _called(held, direction, battery),
                Metered.of(payments[0].source(battery)),
                Metered.of(Flow(battery, other)),
                np.any([payment.paid for payment in payments], axis=0),
            )
