"""What a call that has ended took: it stays behind while longer calls that began with it go on.

Products may be called together. A store then has to hold what the short call took until the long one ends, also where
less is held for the short one by then. After a call the next one finds the energy of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.modeler import Expression, Modeler
from storage_opt.rules.claims import NOT_CALLED, Claim, called, ends_within, products_of, touched_by
from storage_opt.schedule import Flow

__all__ = ["kept"]

_Array = NDArray[np.float64]
_Where = NDArray[np.intp]
_MOST_ROWS = 3
"""Earlier times that are looked at one by one; of a longer series all is kept to its end, which asks for more."""


def kept(
    claims: tuple[Claim, ...], scale: _Array, owner: str, model: Modeler, flows: Mapping[Flow, Expression]
) -> dict[float, Expression]:
    """Energy that calls took by each share of an interval after which one may end, each (T,). [kWh of the store]

    Notes
    -----
    ``kept``:  ``K_p[t] >= W_p[s]`` for every s with which a call of p may have ended that began with a longer one which
    goes on until t; where these are many ``kept_on``:  ``K_p[t] >= K_p[t-1]`` while it may go on. Elsewhere K is W.
    Returned is the sum over p.
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
    """Intervals in which what calls of a product took matters to longer ones, and how far back it may lie."""
    touched = {name: touched_by(part, step_h) for name, part in products.items()}
    lasting = {name: max(claim.duration_h for claim in part) for name, part in products.items()}
    regions = {}
    for name, own in touched.items():
        longer = [other for other in products if other != NOT_CALLED and lasting[other] > lasting[name] + 1e-9]
        if name == NOT_CALLED or not longer:
            continue  # what is not called lasts as long as any call
        behind = int(np.ceil((max(lasting[other] for other in longer) - lasting[name]) / step_h - 1e-9))
        reach = np.convolve(own.astype(np.float64), np.ones(behind + 1))[: own.size] > 0
        meets = np.any([touched[other] for other in longer], axis=0)
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
        model.require(f"{name}.kept_within", most - taken[x] >= 0)
        at = np.arange(where.size) * count + number
        model.require(f"{name}.kept", held[at] - before >= 0)
        for earlier in points[: number + 1]:
            model.require(f"{name}.kept", held[at] - taken[earlier][where] >= 0)
    _require_kept(name, before, most, where, range(1, behind + 1), model)
    return held


def _require_kept(name: str, held: Expression, taken: Expression, where: _Where, back: range, model: Modeler) -> None:
    """What is kept is at least what was taken in each of the intervals before, or since calls may have begun."""
    if len(back) <= _MOST_ROWS:
        everywhere = np.arange(where.size)
        for steps_back in back:
            _require_seen(name, held, taken, where, (everywhere, steps_back), model)
        return
    goes_on = np.flatnonzero(np.diff(where) == 1) + 1
    begins = np.setdiff1d(np.arange(where.size), goes_on)
    _require_seen(name, held, taken, where, (goes_on, back[0]), model)
    for steps_back in back:
        _require_seen(name, held, taken, where, (begins, steps_back), model)
    if goes_on.size:
        model.require(f"{name}.kept_on", held[goes_on] - held[goes_on - 1] >= 0)


def _require_seen(
    name: str, held: Expression, taken: Expression, where: _Where, seen: tuple[_Where, int], model: Modeler
) -> None:
    """What is kept at some places of `where` is at least what was taken so many intervals before."""
    places, steps_back = seen
    places = places[where[places] >= steps_back]
    if places.size:
        model.require(f"{name}.kept", held[places] - taken[where[places] - steps_back] >= 0)
