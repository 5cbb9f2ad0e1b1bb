"""A convex rate over a flow, paid by the hour: calendar fade over state of charge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.errors import FormulationError
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["CurveCharge"]


@dataclass(frozen=True, slots=True, eq=False)
class CurveCharge:
    """Money at a rate that is the highest of several lines over a flow.

    Parameters
    ----------
    line : Line
        Line of the bill.
    metered : Metered
        Flow over which the rate varies, such as stored energy.
    slope_per_h, offset_per_h : (K,) array
        Lines whose maximum is the rate, in rising order of slope. [unit/h per unit of the flow, unit/h]
    price : float
        Money per unit, positive.
    unit : str
        What is priced.

    Raises
    ------
    FormulationError
        When the price is negative, so that the cost would not be convex.

    Notes
    -----
    cost = ``price h sum_t max_k (a_k f[t] + b_k)``; with the first line taken out,
    ``curve``:  ``y[t] >= (a_k - a_1) f[t] + b_k - b_1`` for k >= 2, ``y >= 0``. One line needs no variable.
    """

    equation: ClassVar[str] = "p h sum_t max_k (a[k] f[t] + b[k])"

    line: Line
    metered: Metered
    slope_per_h: NDArray[np.float64]
    offset_per_h: NDArray[np.float64]
    price: float
    unit: str

    def __post_init__(self) -> None:
        if self.price < 0:
            raise FormulationError(self.line.name, "rewards a convex rate", "give a price of at least 0")

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, convex. [money]"""
        return np.ones(model.horizon.steps) @ self._by_interval(model, flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        periods = model.horizon.billing

        def totals() -> Expression:
            return model.group_totals(self.line.name, self._by_interval(model, flows), periods.ids, periods.count)

        return model.shared((self.line.name, "by_period"), totals)

    def _by_interval(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        return model.once(self, lambda: self._epigraph(model, flows))

    def _epigraph(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        flow, factor = self.metered.value(flows), self.price * model.horizon.step_h
        slope, offset = self.slope_per_h, self.offset_per_h
        cost = (factor * float(slope[0])) * flow + factor * float(offset[0])
        if slope.size == 1:
            return cost
        # as a multiple of the flow, so that it has the flow's order of magnitude
        steepest = float(slope[-1] - slope[0])
        above = model.variable(f"{self.line.name}.above", model.horizon.steps, lower=0.0)
        for number in range(1, slope.size):
            share = float(slope[number] - slope[0]) / steepest
            beyond = share * flow + float(offset[number] - offset[0]) / steepest
            model.require(f"{self.line.name}.curve_{number}", above >= beyond)
        return cost + (factor * steepest) * above

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period: what was used, its price."""
        flow = np.asarray(self.metered.value(flows))
        rate = (np.outer(flow, self.slope_per_h) + self.offset_per_h).max(axis=1)
        used = horizon.billing.total(rate * horizon.step_h)
        return tuple(
            Entry(self.line, label, "", float(quantity), self.unit, self.price, float(quantity * self.price))
            for label, quantity in zip(horizon.billing.labels, used, strict=True)
        )
