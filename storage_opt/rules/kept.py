"""What calls that have ended took: it stays behind while other products are called, until the plan makes it good.

A store that answers a call of one product and then one of another has to hold the energy of both. What the first call
took is made good by giving up flow that was planned, such as discharge, and by nothing else while calls go on. So any
unbroken series of calls, one of each product, can be answered, whatever their order and length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.modeler import Expression, Modeler
from storage_opt.rules.claims import Claim, called, ends_within, products_of, touched_by
from storage_opt.schedule import Flow, Metered

__all__ = ["Made", "kept"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """By how much a store can make good in each interval what a call took.

    Parameters
    ----------
    planned : Metered
        Planned flow that may be given up instead; may have no terms. [kWh in each interval]
    losses_kwh : (T,) array
        By how much the energy left falls by itself, which the plan would make good anyway. [kWh]
    """

    planned: Metered
    losses_kwh: _Array


def kept(
    claims: tuple[Claim, ...],
    scale: _Array,
    made: Made,
    owner: str,
    model: Modeler,
    flows: Mapping[Flow, Expression],
) -> dict[float, Expression]:
    """Energy that calls took by each share of an interval after which one may end, each (T,). [kWh of the store]

    Notes
    -----
    ``kept``:  ``K_p[t] >= W_p[t]`` and ``kept_on``:  ``K_p[t] >= K_p[t-1] - g_p[t]`` where calls of others may follow,
    ``given_up``:  ``sum_p g_p[t] <= h f[t] + losses[t]`` with f the flow that may be given up. Elsewhere K is W.
    """
    h, steps = model.horizon.step_h, model.horizon.steps
    points, products = ends_within(claims, h), products_of(claims)
    taken = {name: {x: called(part, scale, owner, model, flows, x) for x in points} for name, part in products.items()}
    regions = _regions(products, h)
    total = {x: _sum(part[x] for part in taken.values()) for x in points}
    if not any(region.any() for region in regions.values()):
        return total
    parts = []
    for name, region in regions.items():
        where = np.flatnonzero(region)
        if not where.size:
            continue
        held, up = _chained(f"{owner}.{name}", taken[name], where, points, model)
        parts.append((where, up))
        for number, x in enumerate(points):
            at = np.arange(where.size) * len(points) + number
            more = held[at] - taken[name][x][where]
            total[x] = total[x] + incidence(where, steps).T.tocsr() @ more
    _require_given_up(owner, parts, made, points, model, flows)
    return total


def _sum(parts: object) -> Expression:
    total: Expression = 0.0
    for part in parts:  # type: ignore[attr-defined]
        total = total + part
    return total


def _regions(products: dict[str, tuple[Claim, ...]], step_h: float) -> dict[str, NDArray[np.bool_]]:
    """Intervals in which what calls of a product took still matters to calls of others (T,)."""
    touched = {name: touched_by(part, step_h) for name, part in products.items()}
    longest = {name: max(c.duration_h for c in part) for name, part in products.items()}
    regions = {}
    for name, own in touched.items():
        others = [other for other in products if other != name]
        if not others:
            regions[name] = np.zeros_like(own)
            continue
        after = int(np.ceil(sum(longest[other] for other in others) / step_h - 1e-9))
        reach = np.convolve(own.astype(np.float64), np.ones(after + 1))[: own.size] > 0
        regions[name] = reach & np.any([touched[other] for other in others], axis=0)
    return regions


def _chained(
    name: str, taken: dict[float, Expression], where: NDArray[np.intp], points: tuple[float, ...], model: Modeler
) -> tuple[Expression, Expression]:
    """Energy kept for calls of a product and what is given up for it, by interval and share of it."""
    count, size = len(points), where.size * len(points)
    held = model.variable(f"{name}.kept_kwh", size, lower=0.0)
    up = model.variable(f"{name}.given_up_kwh", size, lower=0.0)
    steps = model.horizon.steps
    now: Expression = 0.0
    for number, x in enumerate(points):
        place = sp.csr_array((np.ones(where.size), (np.arange(where.size) * count + number, where)), (size, steps))
        now = now + place @ taken[x]
    model.require(f"{name}.kept", held - now >= 0)
    first = np.arange(where.size) * count
    follows = np.append(False, np.diff(where) == 1)
    begins = np.flatnonzero(~follows & (where > 0))
    from_before = sp.csr_array((np.ones(begins.size), (first[begins], where[begins] - 1)), (size, steps))
    chained = np.ones(size, dtype=np.bool_)
    chained[first[~follows]] = False
    rows = np.flatnonzero(chained)
    shift = sp.csr_array((np.ones(rows.size), (rows, rows - 1)), (size, size))
    model.require(f"{name}.kept_on", held - shift @ held + up - from_before @ taken[1.0] >= 0)
    return held, up


def _require_given_up(
    owner: str,
    parts: list[tuple[NDArray[np.intp], Expression]],
    made: Made,
    points: tuple[float, ...],
    model: Modeler,
    flows: Mapping[Flow, Expression],
) -> None:
    """What is given up for all products is given up once."""
    count, where = len(points), np.unique(np.concatenate([mine for mine, _ in parts]))
    shares = np.diff(np.append(0.0, points))
    total: Expression = 0.0
    for mine, up in parts:
        rows = (np.searchsorted(where, mine)[:, None] * count + np.arange(count)).ravel()
        total = total + incidence(rows, where.size * count).T.tocsr() @ up
    spread = sp.kron(sp.eye_array(where.size), shares[:, None]).tocsr()
    if made.planned.terms:
        total = total - spread @ made.planned.value(flows)[where]
    model.require(f"{owner}.given_up", total <= spread @ made.losses_kwh[where])
