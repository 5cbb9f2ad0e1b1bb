"""Price outside a band: take-or-pay, schedule deviation, minimum bills, priced breaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.charges.quantity import PeakDemand, PeriodCost, PeriodEnergy
from storage_opt.errors import FormulationError
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["DeviationBand"]


@dataclass(frozen=True, slots=True, eq=False)
class DeviationBand:
    """What falls short of a band, or exceeds it, at a price.

    Parameters
    ----------
    line : Line
        Line of the bill.
    quantity : PeakDemand, PeriodEnergy or PeriodCost
        What is held against the band in each group.
    low, high : (G,) array
        The band; infinite where it is open. [unit]
    price_below, price_above : (G,) array
        Price of each unit below and above, non-negative. [money/unit]

    Raises
    ------
    FormulationError
        When a shortfall of a peak is priced, or a minimum bill tops up by more than the shortfall.

    Notes
    -----
    ``below``:  ``u_g >= low_g - q_g``;  ``above``:  ``o_g >= q_g - high_g``;  ``u, o >= 0``;
    cost = sum_g price_below[g] u[g] + price_above[g] o[g].
    """

    equation: ClassVar[str] = "sum_g p_below[g] max(0, low[g] - q[g]) + p_above[g] max(0, q[g] - high[g])"

    line: Line
    quantity: PeakDemand | PeriodEnergy | PeriodCost
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    price_below: NDArray[np.float64]
    price_above: NDArray[np.float64]

    def __post_init__(self) -> None:
        priced_below = np.any(self.price_below[np.isfinite(self.low)] > 0)
        if not self.quantity.affine and priced_below:
            raise FormulationError(self.line.name, "prices a peak that is too low", "price only the excess of a peak")
        if isinstance(self.quantity, PeriodCost) and np.any(self.price_below > 1):
            raise FormulationError(
                self.line.name, "tops up by more than the shortfall", "use a price_below of at most 1"
            )

    @property
    def metered(self) -> Metered | None:
        """Flow that is held against the band; None for money."""
        return None if isinstance(self.quantity, PeriodCost) else self.quantity.metered

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, convex. [money]"""
        return sum(price @ outside for _, price, outside in self._outside(model, flows))

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        to_periods = self.quantity.groups_on(model.horizon).to_periods(model.horizon.billing.count)
        total: Expression = np.zeros(model.horizon.billing.count)
        for _, price, outside in self._outside(model, flows):
            total = total + to_periods.multiply(price).tocsr() @ outside
        return total

    def _outside(
        self, model: Modeler, flows: Mapping[Flow, Expression]
    ) -> list[tuple[str, NDArray[np.float64], Expression]]:
        return model.once(self, lambda: self._epigraphs(model, flows))

    def _epigraphs(
        self, model: Modeler, flows: Mapping[Flow, Expression]
    ) -> list[tuple[str, NDArray[np.float64], Expression]]:
        quantity = self.quantity.as_expression(model, flows, self.line.name)
        count = self.low.size
        found = []
        for side, sign, edge, price in (
            ("below", 1, self.low, self.price_below),
            ("above", -1, self.high, self.price_above),
        ):
            kept = np.flatnonzero(np.isfinite(edge) & (price > 0))
            if kept.size:
                money = self.quantity.unit == "money"
                outside = model.variable(f"{self.line.name}.{side}", count, lower=0.0, money=money)
                beyond = sign * (edge[kept] - quantity[kept])
                model.require(f"{self.line.name}.{side}", outside[kept] >= beyond)
                found.append((side, price, outside))
        return found

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each group and priced side."""
        quantity = self.quantity.measure(flows, horizon)
        groups, labels = self.quantity.groups_on(horizon), horizon.billing.labels
        sides = (
            ("below", np.maximum(self.low - quantity, 0.0), self.price_below, np.isfinite(self.low)),
            ("above", np.maximum(quantity - self.high, 0.0), self.price_above, np.isfinite(self.high)),
        )
        return tuple(
            Entry(
                self.line,
                labels[groups.period[g]],
                f"{groups.labels[g]} {side}".strip(),
                float(outside[g]),
                self.quantity.unit,
                float(price[g]),
                float(outside[g] * price[g]),
            )
            for side, outside, price, bounded in sides
            for g in np.flatnonzero(bounded & (price > 0))
        )
