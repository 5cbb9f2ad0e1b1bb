"""Wear by depth of cycle: a deep cycle costs more than the shallow ones that move the same energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.charges.cycle_count import counted_cycles
from storage_opt.errors import FormulationError
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Limit, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["CycleDepthCharge", "DepthSegments"]


@dataclass(frozen=True, slots=True, eq=False)
class DepthSegments:
    """A convex piecewise linear cost of one cycle over its depth.

    Parameters
    ----------
    width_kwh : (J,) array
        Depth of each segment, shallowest first; the last reaches down without end. [kWh]
    price_per_kwh : (J,) array
        Money for each kWh that falls within a segment, rising. [money/kWh]
    """

    width_kwh: NDArray[np.float64]
    price_per_kwh: NDArray[np.float64]

    @property
    def start_kwh(self) -> NDArray[np.float64]:
        """Depth at which each segment begins (J,). [kWh]"""
        return np.concatenate([[0.0], np.cumsum(self.width_kwh)[:-1]])

    def cost(self, depth_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cost of one cycle of each depth (N,). [money]"""
        end = np.concatenate([self.start_kwh[1:], [np.inf]])
        inside = np.clip(depth_kwh[:, None], self.start_kwh, end) - self.start_kwh
        cost: NDArray[np.float64] = inside @ self.price_per_kwh
        return cost

    def within(self, span_kwh: float) -> DepthSegments:
        """Those that a window of the stored energy reaches, neighbours of one price as one."""
        reached = max(int(np.count_nonzero(self.start_kwh < span_kwh * (1.0 - 1e-12))), 1)
        price, width = self.price_per_kwh[:reached], self.width_kwh[:reached].copy()
        width[-1] = max(span_kwh - float(self.start_kwh[reached - 1]), 0.0)
        rises = np.diff(price) > 1e-12 * np.abs(price[1:])
        first = np.concatenate([[0], np.flatnonzero(rises) + 1])
        return DepthSegments(np.add.reduceat(width, first), price[first])


@dataclass(frozen=True, slots=True, eq=False)
class CycleDepthCharge:
    """Every cycle of a stored energy, priced by its depth.

    Parameters
    ----------
    line : Line
        Line of the bill.
    stored : Flow
        Energy at the end of each interval. [kWh]
    withdrawn : Metered
        Energy taken out by use, as power; with it goes every fall of the stored energy that is no leak. [kW]
    segments : DepthSegments
        Cost of a cycle by depth.
    replacement_cost : float
        Money for the whole life, in shares of which the bill is told. [money]
    low_kwh, high_kwh : float
        Window within which the model may move the stored energy. [kWh]
    initial_kwh : float or None
        Energy at the start; None where it starts as it ends. [kWh]
    leaks : bool
        Whether the stored energy also falls by itself, through self-discharge or auxiliary draw.
    still : (T,) bool array or None
        Intervals in which the stored energy can't change, which need no variables; None when there are none.

    Raises
    ------
    FormulationError
        When a price is negative or falls with depth.

    Notes
    -----
    The stored energy above `low_kwh` is shared out over K depths of rising price p, ``E[t] - low = sum_k e_k[t]``
    with ``0 <= e_k <= width_k``. Taking from the cheapest depth that holds energy, and filling the cheapest that has
    room, costs what rainflow counts (Xu et al. 2018), and no other way costs less:

    ``segments``:  ``sum_k e_k[t] = E[t] - low``;  ``fall``:  ``f_k[t] >= e_k[t-1] - e_k[t]``, ``f_k >= 0``, k >= 2;
    ``leak``:  ``g[t] >= E[t-1] - E[t] - h withdrawn[t]``, ``g >= 0``, where it leaks;
    cost = ``p_1 (h sum_t withdrawn[t] + sum_t g[t]) + sum_k (p_k - p_1) sum_t f_k[t]``.

    The shallowest depth needs no fall of its own: all that falls is withdrawn or leaks, and what no deeper one has
    lost it has. Before the first interval of an open series the shallowest depths are full.

    References
    ----------
    Xu, Zhao, Zheng, Litvinov, Kirschen (2018), *Factoring the cycle aging cost of batteries participating in
    electricity markets*, IEEE Transactions on Power Systems 33(2), arXiv:1707.04567.
    """

    equation: ClassVar[str] = "sum_cycles Phi_J(depth), Phi_J piecewise linear"

    line: Line
    stored: Flow
    withdrawn: Metered
    segments: DepthSegments
    replacement_cost: float
    low_kwh: float
    high_kwh: float
    initial_kwh: float | None = None
    leaks: bool = False
    still: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        price = self.segments.price_per_kwh
        if price[0] < 0 or np.any(np.diff(price) < -1e-9 * np.abs(price[1:])):
            raise FormulationError(
                self.line.name, "has a price of depth that falls or is negative", "give a convex depth stress"
            )

    @property
    def metered(self) -> Metered:
        """The stored energy."""
        return Metered.of(self.stored)

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, linear with epigraph variables. [money]"""
        return model.once(self, lambda: self._cost(model, flows))

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Refused: a cycle may begin in one billing period and close in another."""
        del model, flows
        raise FormulationError(
            self.line.name, "can't be told by billing period while it is optimised", "take it out of the minimum bill"
        )

    def _cost(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        name, steps, h = self.line.name, model.horizon.steps, model.horizon.step_h
        price = self.segments.within(self.high_kwh - self.low_kwh).price_per_kwh
        withdrawn, stored = self.withdrawn.value(flows), flows[self.stored]
        cost = np.full(steps, h * price[0]) @ withdrawn
        if self.leaks:
            leak = model.variable(f"{name}.leak_kwh", steps, lower=0.0)
            lowered = self._fall(steps) @ stored + self._before(steps, self.initial_kwh or 0.0)
            model.require(f"{name}.leak", leak >= lowered - h * withdrawn)
            cost = cost + np.full(steps, price[0]) @ leak
        moving = np.arange(steps) if self.still is None else np.flatnonzero(~self.still)
        if price.size == 1 or not moving.size:
            return cost
        return cost + self._deeper(model, stored if moving.size == steps else stored[moving], moving.size)

    def _deeper(self, model: Modeler, stored: Expression, steps: int) -> Expression:
        """What falls from the second depth down costs beyond the price of the first. [money]"""
        name, depths = self.line.name, self.segments.within(self.high_kwh - self.low_kwh)
        held = [self._held(model, steps, number, width) for number, width in enumerate(depths.width_kwh, start=1)]
        model.require(f"{name}.segments", sum(held[1:], start=held[0]) == stored - self.low_kwh)
        full = np.clip((self.initial_kwh or 0.0) - self.low_kwh - depths.start_kwh, 0.0, depths.width_kwh)
        fall, cost = self._fall(steps), 0.0
        for number in range(1, depths.price_per_kwh.size):
            lost = model.variable(f"{name}.fall_{number + 1}_kwh", steps, lower=0.0)
            model.require(f"{name}.fall_{number + 1}", lost >= fall @ held[number] + self._before(steps, full[number]))
            cost = cost + np.full(steps, depths.price_per_kwh[number] - depths.price_per_kwh[0]) @ lost
        return cost

    def _held(self, model: Modeler, steps: int, number: int, width_kwh: float) -> Expression:
        # the window of the stored energy implies these bounds, so they fall when diagnosis relaxes it; but how wide a
        # depth is decides what it costs, so they move with the size of the battery
        low, high = (Limit(None, np.full(steps, edge), implied=True, is_exact=True) for edge in (0.0, width_kwh))
        return model.variable(f"{self.line.name}.depth_{number}_kwh", steps, lower=[low], upper=[high])

    def _fall(self, steps: int) -> sp.csr_array:
        """Matrix of ``x[t-1] - x[t]``; what came before the first value is its last, or left out."""
        previous = sp.diags_array(np.ones(steps - 1), offsets=-1, shape=(steps, steps)).tolil()
        if self.initial_kwh is None:
            previous[0, steps - 1] = 1.0
        return sp.csr_array(previous.tocsr() - sp.eye_array(steps))

    def _before(self, steps: int, value: float) -> NDArray[np.float64]:
        """What an open series held before its first interval, in its first place (T,). [kWh]"""
        vector = np.zeros(steps)
        vector[0] = 0.0 if self.initial_kwh is None else value
        return vector

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period: share of life used by the cycles that close in it, cost of a whole life."""
        cycles = counted_cycles(flows[self.stored], self.initial_kwh)
        periods = horizon.billing
        used = self.segments.cost(cycles.depth_kwh) / self.replacement_cost
        life = np.bincount(periods.ids[cycles.interval], used, periods.count)
        price = self.replacement_cost
        return tuple(
            Entry(self.line, label, "", float(share), "life", price, float(share * price))
            for label, share in zip(periods.labels, life, strict=True)
        )
