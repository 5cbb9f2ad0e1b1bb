"""What calls that have ended took: it stays behind while calls of other products go on.

A store that answers a call of one product and then one of another has to hold the energy of both. So any unbroken
series of calls, one of each product, can be answered, whatever their order and length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.modeler import Expression, Modeler
from storage_opt.rules.claims import NOT_CALLED, Claim, called, ends_within, intervals_of, products_of, touched_by
from storage_opt.schedule import Flow

__all__ = ["kept"]

_Array = NDArray[np.float64]
_Where = NDArray[np.intp]
_MOST_ROWS = 12
"""Earlier times that are looked at one by one; a longer series is looked at in blocks, which asks for more."""


def kept(
    claims: tuple[Claim, ...], scale: _Array, owner: str, model: Modeler, flows: Mapping[Flow, Expression]
) -> dict[float, Expression]:
    """Energy that calls took by each share of an interval after which one may end, each (T,). [kWh of the store]

    Notes
    -----
    ``kept``:  ``K_p[t] >= W_p[s]`` for every s from which calls of the others may have gone on until t, elsewhere K is
    W. Returned is the sum over p.
    """
    h, steps = model.horizon.step_h, model.horizon.steps
    points, products = ends_within(claims, h), products_of(claims)
    taken = {name: {x: called(part, scale, owner, model, flows, x) for x in points} for name, part in products.items()}
    total = {x: _sum(part[x] for part in taken.values()) for x in points}
    for name, (where, behind) in _regions(products, h).items():
        if not where.size:
            continue
        held = _held(f"{owner}.{name}", taken[name], where, behind, model)
        for number, x in enumerate(points):
            at = np.arange(where.size) * len(points) + number
            more = held[at] - taken[name][x][where]
            total[x] = total[x] + incidence(where, steps).T.tocsr() @ more
    return total


def _sum(parts: Iterable[Expression]) -> Expression:
    total: Expression = 0.0
    for part in parts:
        total = total + part
    return total


def _regions(products: dict[str, tuple[Claim, ...]], step_h: float) -> dict[str, tuple[_Where, int]]:
    """Intervals in which what calls of a product took matters to calls of others, and how far back it may lie."""
    touched = {name: touched_by(part, step_h) for name, part in products.items()}
    regions = {}
    for name, own in touched.items():
        if name == NOT_CALLED:
            continue  # it lasts as long as any series of calls
        others = [other for other in products if other not in {name, NOT_CALLED}]
        behind = intervals_of([claim for other in others for claim in products[other]], step_h)
        reach = np.convolve(own.astype(np.float64), np.ones(behind + 1))[: own.size] > 0
        meets = np.any([touched[other] for other in others], axis=0) if others else np.zeros_like(own)
        regions[name] = (np.flatnonzero(reach & meets), behind)
    return regions


def _held(name: str, taken: dict[float, Expression], where: _Where, behind: int, model: Modeler) -> Expression:
    """Energy kept for calls of a product at each point of the intervals `where`, interval by interval. [kWh]"""
    points = list(taken)
    count, size = len(points), where.size * len(points)
    held = model.variable(f"{name}.kept_kwh", size, lower=0.0)
    if count == 1:
        _require_kept(name, held, taken[points[0]], where, range(behind + 1), model)
        return held
    # of its own interval a point sees what has passed, of those before it everything
    most = model.variable(f"{name}.interval_kwh", model.horizon.steps, lower=0.0)
    before = model.variable(f"{name}.before_kwh", where.size, lower=0.0)
    for number, x in enumerate(points):
        model.require(f"{name}.kept_in_block", most - taken[x] >= 0)
        at = np.arange(where.size) * count + number
        model.require(f"{name}.kept", held[at] - before >= 0)
        for earlier in points[: number + 1]:
            model.require(f"{name}.kept", held[at] - taken[earlier][where] >= 0)
    _require_kept(name, before, most, where, range(1, behind + 1), model)
    return held


def _require_kept(name: str, held: Expression, taken: Expression, where: _Where, back: range, model: Modeler) -> None:
    """What is kept is at least what was taken in each of the intervals before."""
    length = -(-len(back) // _MOST_ROWS)
    if length <= 1:
        for steps_back in back:
            seen = np.flatnonzero(where >= steps_back)
            model.require(f"{name}.kept", held[seen] - taken[where[seen] - steps_back] >= 0)
        return
    steps = model.horizon.steps
    block = np.arange(steps) // length
    most = model.variable(f"{name}.block_kwh", int(block[-1]) + 1, lower=0.0)
    model.require(f"{name}.kept_in_block", incidence(block, int(block[-1]) + 1) @ most - taken >= 0)
    first = block[np.maximum(where - back[-1], 0)]
    last = block[np.maximum(where - back[0], 0)]
    for ahead in range(int((last - first).max()) + 1):
        seen = np.flatnonzero(first + ahead <= last)
        picked = sp.csr_array(
            (np.ones(seen.size), (np.arange(seen.size), first[seen] + ahead)), (seen.size, int(block[-1]) + 1)
        )
        model.require(f"{name}.kept", held[seen] - picked @ most >= 0)
