"""One headroom for all products: the rules that every provider, the grid connection and every kWh sold keep."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.contract.meters import EXPORT, IMPORT
from storage_opt.lowering.products.events import EventResponse, event_responses
from storage_opt.lowering.products.held import HeldPower, held_powers
from storage_opt.lowering.products.incentives import Incentive, incentives
from storage_opt.lowering.products.net import grid_limit_kw, net_bounds_kw, net_reach_kw
from storage_opt.lowering.products.provider import Provider, Side, WorkBacking
from storage_opt.modeler import Rule
from storage_opt.rules.base import ContractRule
from storage_opt.rules.catching_up import CatchingUp, DelayHeadroom
from storage_opt.rules.claims import Claim
from storage_opt.rules.delays import Delay
from storage_opt.rules.headroom import Drain, EnergyHeadroom, PowerHeadroom
from storage_opt.rules.response import Baseline, ResponseWithin, SoldOnce
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site

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
    rules += _paid_by_rule(site)
    return tuple(rules)


def _claims(held: tuple[HeldPower, ...], direction: str, provider: Provider) -> tuple[Claim, ...]:
    """What products may take of a provider in a direction, on top of the plan.

    A call of all that is held goes beyond the plan by what is not called on average; no call at all of what is held the
    other way goes beyond it by what is, for as long as the longest call may last.
    """
    mine = [product for product in held if provider in product.providers]
    direct = [p for p in mine if _offers(p, provider, direction)]
    longest_h = max((p.duration_h for p in direct), default=0.0)
    claims = []
    for product in mine:
        called = product.spec.call_probability_frac
        for way, share in ((direction, 1.0 - called), (_OTHER[direction], called)):
            if share and _offers(product, provider, way):
                lasts_h = product.duration_h if way == direction else max(product.duration_h, longest_h)
                where = product.offered_by(provider, way)
                claims.append(Claim(product.flow(provider, way), product.name, share, lasts_h, where, way == direction))
    return tuple(claims)


def _offers(product: HeldPower, provider: Provider, way: str) -> bool:
    return way in product.directions and bool(product.offered_by(provider, way).any())


def _of_providers(site: Site, held: tuple[HeldPower, ...]) -> Iterator[ContractRule]:
    delays: dict[str, list[tuple[WorkBacking, Delay]]] = {}
    known = {provider.name: provider for product in held for provider in product.providers}
    recovery_h = max(product.spec.recovery_h for product in held)
    for provider in known.values():
        for direction in ("up", "down"):
            side, claims = provider.limit(direction), _claims(held, direction, provider)
            if side is None or not claims:
                continue
            yield from _of_side(side, claims)
            if side.work is not None:
                work = side.work
                delay = Delay(provider.name, claims, work.units_per_kw, work.checkpoint_h, recovery_h)
                delays.setdefault(work.cluster, []).append((work, delay))
    for together in delays.values():
        yield from _of_work(site, together, recovery_h)


def _of_side(side: Side, claims: tuple[Claim, ...]) -> Iterator[ContractRule]:
    energies = [
        EnergyHeadroom(b.rule, claims, b.scale, b.margin, b.constant_kwh, b.change, b.change_constant_kwh)
        for b in side.backings
    ]
    for room in side.rooms:
        drain = Drain(room.drain_kw_per_kwh, energies[0]) if room.drain_kw_per_kwh else None
        yield PowerHeadroom(room.rule, claims, room.scale, room.available, room.constant_kw, drain)
    yield from energies


def _of_work(site: Site, together: list[tuple[WorkBacking, Delay]], recovery_h: float) -> Iterator[ContractRule]:
    """Deadlines of each class, and units of class and cluster that they catch up with."""
    following = int(np.ceil(recovery_h / site.horizon.step_h - 1e-9))
    ends = {delay.name: np.any([claim.where for claim in delay.claims], axis=0) for _, delay in together}
    for work, delay in together:
        yield DelayHeadroom(work.deadline, delay, work.backlog.times(-1.0), work.most_backlog_unit_h, following)
        yield CatchingUp(
            work.own_units, (delay,), work.own_rate.times(-1.0), work.own_room_units, ends[delay.name], recovery_h
        )
    work = together[0][0]
    delays = tuple(delay for _, delay in together)
    everywhere = np.any(list(ends.values()), axis=0)
    yield CatchingUp(work.units, delays, work.at_work.times(-1.0), work.on_units, everywhere, recovery_h)


def _of_the_grid(site: Site, held: tuple[HeldPower, ...]) -> Iterator[ContractRule]:
    """The connection carries what is called, on top of the plan."""
    known = {provider.name: provider for product in held for provider in product.providers}
    ones = np.ones(site.horizon.steps)
    for direction, words in (("up", "exported"), ("down", "imported")):
        claims = tuple(claim for provider in known.values() for claim in _claims(held, direction, provider))
        if not claims:
            continue
        limit, key = grid_limit_kw(site, direction)
        rule = Rule(f"grid.room_{direction}", f"power left to be {words}", "kW", key)
        net = IMPORT - EXPORT if direction == "up" else EXPORT - IMPORT
        least, most = net_reach_kw(site)
        reach = -least if direction == "up" else most
        # where nothing at the site could exceed it, the connection does not limit
        limit = np.where(reach <= limit, np.inf, limit)
        yield PowerHeadroom(rule, claims, ones, net, limit)


def _called(held: tuple[HeldPower, ...], direction: str) -> Metered:
    """Energy that is called in a direction, on average, of all providers. [kW]

    A baseline must not count what a call may or may not bring, whether it is paid or not.
    """
    terms = _NOTHING
    for product in held:
        share = product.spec.call_probability_frac
        if share and direction in product.directions:
            for flow in product.flows(direction):
                terms = terms + Metered.of(flow).times(share)
    return terms


def _response(site: Site, product: EventResponse, held: tuple[HeldPower, ...]) -> ResponseWithin:
    shave = product.spec.direction == "shave"
    words = f"{'reduction' if shave else 'rise'} against the baseline of {product.name}"
    rule = Rule(f"{product.name}.response", words, "kW", f"response.{product.name}.baseline")
    called = _called(held, "up" if shave else "down")
    elsewhere, most_kw = called, _most_held_kw(held, "up" if shave else "down")
    for payment in incentives(site):
        if payment.spec.kind == ("discharge" if shave else "charge"):
            elsewhere = elsewhere + Metered.of(*(payment.sold(battery) for battery in payment.batteries))
            most_kw = most_kw + payment.most_kw(site)
    for other in event_responses(site):
        if other.name != product.name and other.spec.direction == product.spec.direction:
            elsewhere = elsewhere + Metered.of(other.delivered)
            most_kw = most_kw + other.most_kw
    lowest, highest = net_bounds_kw(site)
    baseline = product.fixed_kw if product.fixed_kw is not None else (lowest if shave else highest).copy()
    if product.fixed_kw is None:
        # a baseline that the plan makes is the mean of other intervals
        baseline[:] = baseline.min() if shave else baseline.max()
    beyond = np.maximum(highest - baseline if shave else baseline - lowest, 0.0) + most_kw
    return ResponseWithin(
        rule,
        product.delivered,
        IMPORT - EXPORT,
        Baseline(product.fixed_kw, product.like_days),
        product.sign,
        elsewhere,
        product.events,
        beyond,
    )


def _most_held_kw(held: tuple[HeldPower, ...], direction: str) -> _Array | float:
    """Most that all products hold in a direction, as far as it is called on average (T,). [kW]"""
    most: _Array | float = 0.0
    for product in held:
        for provider in product.providers if direction in product.directions else ():
            side = provider.side(direction)
            if side is not None:
                most = most + product.spec.call_probability_frac * side.most_kw
    return most


def _paid_by_rule(site: Site) -> Iterator[ContractRule]:
    """What several payments count of a battery is at most what flows; called energy is refused before."""
    for direction, kind in (("up", "discharge"), ("down", "charge")):
        by_battery: dict[str, list[Incentive]] = {}
        for payment in incentives(site):
            if payment.spec.kind == kind:
                for battery in payment.batteries:
                    by_battery.setdefault(battery, []).append(payment)
        for battery, payments in by_battery.items():
            words = f"energy of {battery} that is sold by the kWh"
            rule = Rule(f"{battery}.sold_once_{direction}", words, "kW", f"incentive.{payments[0].name}")
            sold = Metered.of(*(payment.sold(battery) for payment in payments))
            paid = np.any([payment.paid for payment in payments], axis=0)
            yield SoldOnce(rule, sold, Metered.of(payments[0].source(battery)), paid)
