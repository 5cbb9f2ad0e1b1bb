"""Payment for power held available: peak regulation, demand response, reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["Reservation"]


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """Reserved power times price.

    Parameters
    ----------
    line : Line
        Line of the bill.
    reserved : Metered
        Power held available, the claims of a product on all its providers. [kW]
    price_per_kw_h : (T,) array
        Paid to the site for a kW held for an hour. [money/kWh]

    Notes
    -----
    cost = - h sum_t price[t] r[t]. That the power is really there, and sold only once, is kept and checked by the rules
    of :mod:`storage_opt.rules.headroom`, which all products share.
    """

    equation: ClassVar[str] = "- h sum_t p[t] r[t]"

    line: Line
    reserved: Metered
    price_per_kw_h: NDArray[np.float64]

    @property
    def metered(self) -> Metered:
        """Power held available."""
        return self.reserved

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, linear and negative. [money]"""
        return -(model.horizon.step_h * self.price_per_kw_h) @ self.reserved.value(flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        periods = model.horizon.billing
        rate = sp.diags_array(-model.horizon.step_h * self.price_per_kw_h)
        return model.group_totals(self.line.name, rate @ self.reserved.value(flows), periods.ids, periods.count)

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period."""
        held = self.reserved.value(flows) * horizon.step_h
        quantity = horizon.billing.total(held)
        amount = -horizon.billing.total(held * self.price_per_kw_h)
        return tuple(
            Entry(self.line, label, "", float(q), "kW h", float(a / q if q else 0.0), float(a))
            for label, q, a in zip(horizon.billing.labels, quantity, amount, strict=True)
        )
