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
    """Reserved power times price, backed by headroom.

    Parameters
    ----------
    line : Line
        Line of the bill.
    reserved : Metered
        Power held available. [kW]
    headroom : Metered
        Flow-dependent part of the power that could be delivered, such as charge minus discharge. [kW]
    headroom_constant_kw : (T,) array
        Constant part, such as rated discharging power. [kW]
    price_per_kw_h : (T,) array
        Paid to the site for a kW held for an hour. [money/kWh]

    Notes
    -----
    ``headroom``:  ``r_t <= H_t + headroom_t``;  cost = - h sum_t price[t] r[t]. Settlement pays only for what the
    schedule really backs.
    """

    equation: ClassVar[str] = "- h sum_t p[t] r[t]"

    line: Line
    reserved: Metered
    headroom: Metered
    headroom_constant_kw: NDArray[np.float64]
    price_per_kw_h: NDArray[np.float64]

    @property
    def metered(self) -> Metered:
        """Power held available."""
        return self.reserved

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, linear and negative. [money]"""
        self._claim(model, flows)
        return -(model.horizon.step_h * self.price_per_kw_h) @ self.reserved.value(flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        self._claim(model, flows)
        periods = model.horizon.billing
        rate = sp.diags_array(-model.horizon.step_h * self.price_per_kw_h)
        return model.group_totals(self.line.name, rate @ self.reserved.value(flows), periods.ids, periods.count)

    def _claim(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        available = self.headroom_constant_kw + self.headroom.value(flows)
        model.once(self, lambda: model.require(f"{self.line.name}.headroom", self.reserved.value(flows) <= available))

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period."""
        available = np.maximum(self.headroom_constant_kw + self.headroom.value(flows), 0.0)
        held = np.minimum(self.reserved.value(flows), available) * horizon.step_h
        quantity = horizon.billing.total(held)
        amount = -horizon.billing.total(held * self.price_per_kw_h)
        return tuple(
            Entry(self.line, label, "", float(q), "kW h", float(a / q if q else 0.0), float(a))
            for label, q, a in zip(horizon.billing.labels, quantity, amount, strict=True)
        )
