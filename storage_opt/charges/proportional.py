"""A share of what other charges come to: the power-factor adjustment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Entry, Line
from storage_opt.charges.quantity import PeriodCost
from storage_opt.errors import FormulationError
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow

__all__ = ["ProportionalCharge"]


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalCharge:
    """Other charges once more, at a share of their amount.

    Parameters
    ----------
    line : Line
        Line of the bill.
    charges : tuple of Charge
        What the share is taken of.
    share_frac : (G,) array
        Share in each billing period; a bonus is negative.

    Raises
    ------
    FormulationError
        When a bonus is as large as the charges themselves, so that they would be free or paid for.

    Notes
    -----
    cost = sum_g share[g] sum_c cost_c[g]; no constraint. A bonus is concave by itself but never together with what it
    is taken of: both use the same epigraph variables, whose price ``1 + share`` stays positive.
    """

    equation: ClassVar[str] = "sum_g share[g] sum_c cost_c[g]"

    line: Line
    charges: tuple[Charge, ...]
    share_frac: NDArray[np.float64]

    def __post_init__(self) -> None:
        if np.any(self.share_frac <= -1.0):
            raise FormulationError(
                self.line.name, "gives back all of the charges it is a share of", "give a share > -1"
            )

    @property
    def metered(self) -> None:
        """No single flow."""

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon. [money]"""
        if np.ptp(self.share_frac) == 0.0:
            whole: Expression = reduce(add, [charge.as_expression(model, flows) for charge in self.charges])
            return float(self.share_frac[0]) * whole
        return self.share_frac @ self._base(model, flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        return np.diag(self.share_frac) @ self._base(model, flows)

    def _base(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        return PeriodCost(self.charges).as_expression(model, flows, self.line.name)

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period: amount adjusted, share, product."""
        base = PeriodCost(self.charges).measure(flows, horizon)
        return tuple(
            Entry(self.line, label, "", float(amount), "money", float(share), float(amount * share))
            for label, amount, share in zip(horizon.billing.labels, base, self.share_frac, strict=True)
        )
