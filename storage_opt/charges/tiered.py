"""Rising block prices on energy or demand: block tariffs, net billing, contract demand with dearer excess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.charges.quantity import PeakDemand, PeriodEnergy
from storage_opt.errors import FormulationError
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["TieredCharge", "Tiers"]


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """A convex piecewise linear cost through the origin.

    Parameters
    ----------
    ends : (K-1,) array
        Where one block ends and the next begins, rising. [unit]
    prices : (K,) array
        Price within each block, rising; the first block reaches down without end. [money/unit]
    """

    ends: NDArray[np.float64]
    prices: NDArray[np.float64]

    @property
    def offsets(self) -> NDArray[np.float64]:
        """Intercepts of the lines whose maximum is the cost (K,). [money]"""
        steps: NDArray[np.float64] = np.diff(self.prices) * self.ends
        return -np.concatenate([[0.0], np.cumsum(steps)])

    def in_blocks(self, quantity: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of each quantity (G,) falls in each block (G, K). [unit]"""
        low = np.concatenate([[-np.inf], self.ends])
        high = np.concatenate([self.ends, [np.inf]])
        start = np.concatenate([[0.0], self.ends])
        inside: NDArray[np.float64] = np.clip(quantity[:, None], low, high) - start
        inside[:, 1:] = np.maximum(inside[:, 1:], 0.0)
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class TieredCharge:
    """A quantity under rising block prices.

    Parameters
    ----------
    line : Line
        Line of the bill.
    quantity : PeakDemand or PeriodEnergy
        What is billed in each group.
    tiers : Tiers
        The blocks.

    Raises
    ------
    FormulationError
        When prices fall, or a peak would be rewarded.

    Notes
    -----
    ``block``:  ``cost_g >= prices_k q_g + offsets_k`` for every block k; exact because the cost is convex.
    """

    equation: ClassVar[str] = "sum_g max_k (p[k] q[g] + offset[k])"

    line: Line
    quantity: PeakDemand | PeriodEnergy
    tiers: Tiers

    def __post_init__(self) -> None:
        if np.any(np.diff(self.tiers.prices) < 0):
            raise FormulationError(
                self.line.name, "has falling block prices", "give prices that rise from block to block"
            )
        if not self.quantity.affine and self.tiers.prices[0] < 0:
            raise FormulationError(self.line.name, "rewards a peak", "give a first price of at least 0")

    @property
    def metered(self) -> Metered:
        """Flow whose peak or energy is billed."""
        return self.quantity.metered

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, convex. [money]"""
        return np.ones(self.quantity.groups.count) @ self._by_group(model, flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        return self.quantity.groups.to_periods(model.horizon.billing.count) @ self._by_group(model, flows)

    def _by_group(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        return model.once(self, lambda: self._epigraph(model, flows))

    def _epigraph(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        quantity = self.quantity.as_expression(model, flows, self.line.name)
        cost = model.variable(f"{self.line.name}.cost", self.quantity.groups.count, money=True)
        for number, (price, offset) in enumerate(zip(self.tiers.prices, self.tiers.offsets, strict=True), start=1):
            model.require(f"{self.line.name}.block_{number}", cost >= float(price) * quantity + float(offset))
        return cost

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each group and block that is used."""
        inside = self.tiers.in_blocks(self.quantity.measure(flows, horizon))
        groups, labels, unit = self.quantity.groups, horizon.billing.labels, self.quantity.unit
        used = [(g, k) for g, row in enumerate(inside) for k, value in enumerate(row) if k == 0 or value]
        return tuple(
            Entry(
                self.line,
                labels[groups.period[g]],
                f"{groups.labels[g]} block {k + 1}".strip(),
                float(inside[g, k]),
                unit,
                float(self.tiers.prices[k]),
                float(inside[g, k] * self.tiers.prices[k]),
            )
            for g, k in used
        )
