"""Amounts that do not depend on the flows: capacity charges, daily and monthly fees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow

__all__ = ["FixedCharge"]


@dataclass(frozen=True, slots=True, eq=False)
class FixedCharge:
    """A declared quantity times a price for each billing period.

    Parameters
    ----------
    line : Line
        Line of the bill.
    quantity : (G,) array
        Declared quantity of each billing period, such as kVA, days or the share of a month. [unit]
    unit : str
        Its unit.
    price : float or (G,) array
        Money per unit, one for all billing periods or one for each.

    Notes
    -----
    cost = sum_g price[g] quantity[g]; no constraint.
    """

    equation: ClassVar[str] = "sum_g p[g] Q[g]"

    line: Line
    quantity: NDArray[np.float64]
    unit: str
    price: float | NDArray[np.float64]

    @property
    def metered(self) -> None:
        """No flow."""

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, a constant. [money]"""
        del model, flows
        return float(np.sum(self.price * self.quantity))

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        del model, flows
        return self.price * self.quantity

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period."""
        del flows
        prices = np.broadcast_to(self.price, self.quantity.shape)
        return tuple(
            Entry(self.line, label, "", float(quantity), self.unit, float(price), float(quantity * price))
            for label, quantity, price in zip(horizon.billing.labels, self.quantity, prices, strict=True)
        )
