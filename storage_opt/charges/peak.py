"""Price per kW of billed demand: flat, time-of-use, coincident, ratcheted, top-N demand charges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.charges.quantity import PeakDemand
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["PeakCharge"]


@dataclass(frozen=True, slots=True, eq=False)
class PeakCharge:
    """Billed demand times price.

    Parameters
    ----------
    line : Line
        Line of the bill.
    demand : PeakDemand
        What is billed in each group. [kW]
    price_per_kw : (G,) array
        Price of each group, non-negative. [money/kW]

    Notes
    -----
    cost = sum_g p[g] billed[g]; constraints as :class:`~storage_opt.charges.quantity.PeakDemand` lists them.
    """

    equation: ClassVar[str] = "sum_g p[g] billed[g]"

    line: Line
    demand: PeakDemand
    price_per_kw: NDArray[np.float64]

    @property
    def metered(self) -> Metered:
        """Flow whose peak is billed."""
        return self.demand.metered

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, convex. [money]"""
        return self.price_per_kw @ self.demand.as_expression(model, flows, self.line.name)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        billed = self.demand.as_expression(model, flows, self.line.name)
        priced = self.demand.groups.to_periods(model.horizon.billing.count).multiply(self.price_per_kw)
        return priced.tocsr() @ billed

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each group."""
        billed = self.demand.measure(flows, horizon)
        groups, labels = self.demand.groups, horizon.billing.labels
        return tuple(
            Entry(self.line, labels[period], band, float(kw), self.demand.unit, float(price), float(kw * price))
            for period, band, kw, price in zip(groups.period, groups.labels, billed, self.price_per_kw, strict=True)
        )
