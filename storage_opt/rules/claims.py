"""What products hold of a provider, and the energy that their calls take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.rules import sliding
from storage_opt.schedule import Flow, Metered

__all__ = [
    "NOT_CALLED",
    "Claim",
    "called",
    "called_measured",
    "ends_within",
    "intervals_of",
    "products_of",
    "touched_by",
]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Power that a product holds of a provider, as far as it may differ from the plan.

    Parameters
    ----------
    flow : Flow
        The power held. [kW]
    product : str
        Whose calls take it.
    share_frac : float
        Share of it by which the output may differ from the plan. [0-1]
    duration_h : float
        How long that lasts. [h]
    where : (T,) bool array
        Intervals in which it may be sold.
    is_call : bool
        Whether a call takes it; otherwise it is what expected calls of the other direction would have given back.
    """

    flow: Flow
    product: str
    share_frac: float
    duration_h: float
    where: NDArray[np.bool_]
    is_call: bool = True

    @property
    def metered(self) -> Metered:
        """The difference from the plan. [kW]"""
        return Metered.of(self.flow).times(self.share_frac)


NOT_CALLED = "not_called"
"""Group of what expected calls would have given back, where several products are sold."""


def products_of(claims: tuple[Claim, ...]) -> dict[str, tuple[Claim, ...]]:
    """Claims whose energy is taken at the same time: those of a product alone, else calls by product and the rest."""
    names = list(dict.fromkeys(c.product for c in claims))
    if len(names) == 1:
        return {names[0]: claims}
    groups = {name: tuple(c for c in claims if c.product == name and c.is_call) for name in names}
    groups[NOT_CALLED] = tuple(c for c in claims if not c.is_call)
    return {name: group for name, group in groups.items() if group}


def intervals_of(claims: Iterable[Claim], step_h: float) -> int:
    """Intervals that an unbroken series of calls touches, one of each product; every call begins with an interval."""
    lasting = {c.product: c.duration_h for c in claims if c.is_call}
    return sum(int(np.ceil(duration_h / step_h - 1e-9)) for duration_h in lasting.values())


def touched_by(claims: tuple[Claim, ...], step_h: float) -> NDArray[np.bool_]:
    """Intervals with which a call may end (T,)."""
    found: NDArray[np.bool_] = np.any([sliding.touched(c.where, c.duration_h, step_h) for c in claims], axis=0)
    return found


def ends_within(claims: tuple[Claim, ...], step_h: float) -> tuple[float, ...]:
    """Shares of an interval after which calls that began with one may end, the last 1."""
    return tuple(sorted({1.0} | {sliding.rest_frac(c.duration_h, step_h) for c in claims}))


def called(
    claims: tuple[Claim, ...],
    scale: _Array,
    owner: str,
    model: Modeler,
    flows: Mapping[Flow, Expression],
    at_frac: float = 1.0,
) -> Expression:
    """What calls of `claims` take if they last as long as they may and end there (T,). [kWh of the store]

    Parameters
    ----------
    claims : tuple of Claim
        What is sold.
    scale : (T,) array
        Energy of the store for each kWh called, when it is called.
    owner : str
        Name of the rule, for sums that are carried.
    model, flows
        The model under construction and its flows.
    at_frac : float
        Share of the interval that has passed. [0-1]
    """
    taken: Expression = 0.0
    even = bool(np.all(scale == scale[0]))
    for claim in claims:
        flow, held = claim.flow, flows[claim.flow]
        name, key, factor = flow.column, (flow, 0), claim.share_frac * float(scale[0])
        if not even:
            # a call takes at each hour what a kWh costs then, not what it costs when the call ends
            name, key, factor = f"{owner}.{flow.owner}", (flow, id(scale)), claim.share_frac
            held = model.shared(("scaled", *key), lambda: sp.diags_array(scale) @ flows[flow])  # noqa: B023
        taken = taken + factor * sliding.as_expression(model, name, key, held, claim.duration_h, at_frac)
    return taken


def called_measured(
    claims: tuple[Claim, ...], scale: _Array, flows: Mapping[Flow, _Array], horizon: Horizon, at_frac: float = 1.0
) -> _Array:
    """The same of numbers (T,). [kWh of the store]"""
    taken = np.zeros(horizon.steps)
    for claim in claims:
        held = scale * flows[claim.flow]
        taken += claim.share_frac * sliding.measured(held, claim.duration_h, horizon.step_h, at_frac)
    return taken
