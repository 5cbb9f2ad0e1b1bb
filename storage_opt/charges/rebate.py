"""A lower price for periods that use much energy: the 90 % rebate of the demand charge.

Whether a period reaches the threshold depends on the schedule, so the cost is not convex. For the optimiser each
period is assumed to have the rebate or not, a branch of a small search (`model.branches`); the settlement measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Entry, Line
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["Assumed", "EnergyRebate", "RebatedCharge"]

_REACHED_RELATIVE = 1e-9
"""Rounding by which the energy of a period may miss the threshold."""

_MARGIN_RELATIVE = 1e-7
"""By how much the optimiser stays above a threshold, so that no rounding of the schedule loses the rebate."""


class Assumed(IntEnum):
    """What the optimiser takes a period for."""

    OPEN = 0
    """Rebate without having to reach the threshold: a lower bound of the cost."""
    GRANTED = 1
    """Rebate, and the threshold must be reached."""
    REFUSED = 2
    """Full price, whatever the energy: an upper bound of the cost."""


@dataclass(frozen=True, slots=True, eq=False)
class EnergyRebate:
    """A share of the price for billing periods whose energy reaches a threshold.

    Parameters
    ----------
    energy : PeriodEnergy
        Energy that counts, one group a billing period. [kWh]
    threshold_kwh : (G,) array
        Energy from which the rebate is granted. [kWh]
    price_frac : float
        Share of the price that is paid with the rebate. [0-1]
    assumed : (G,) int array
        Branch of each billing period, see :class:`Assumed`.
    """

    energy: PeriodEnergy
    threshold_kwh: NDArray[np.float64]
    price_frac: float
    assumed: NDArray[np.int_]

    def granted(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> NDArray[np.bool_]:
        """Whether each billing period reaches the threshold (G,)."""
        energy_kwh = self.energy.measure(flows, horizon)
        return energy_kwh >= self.threshold_kwh * (1.0 - _REACHED_RELATIVE)

    def require(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> NDArray[np.float64]:
        """State a threshold for each period, and return the factor of each (G,)."""
        # a row for every period, whatever is assumed, so that branches differ in numbers only
        floor = np.where(self.assumed == Assumed.GRANTED, (1.0 + _MARGIN_RELATIVE) * self.threshold_kwh, 0.0)

        def thresholds() -> None:
            energy = self.energy.as_expression(model, flows, f"{name}.rebate")
            model.require(f"{name}.rebate", energy >= floor)

        model.once(self, thresholds)
        return np.where(self.assumed == Assumed.REFUSED, 1.0, self.price_frac)

    def assuming(self, assumed: NDArray[np.int_]) -> EnergyRebate:
        """The same rebate in another branch."""
        return replace(self, assumed=assumed)


@dataclass(frozen=True, slots=True, eq=False)
class RebatedCharge:
    """A charge whose price falls in billing periods that use much energy.

    Parameters
    ----------
    inner : Charge
        The charge at its full price.
    rebate : EnergyRebate
        When it falls, and by how much.

    Notes
    -----
    cost = sum_g factor[g] cost_inner[g];  ``rebate``:  ``h sum_(t in g) f[t] >= threshold[g]`` where it is assumed to
    be granted, 0 elsewhere.
    """

    equation: ClassVar[str] = "sum_g rho[g] cost[g],  rho[g] < 1 where h sum_(t in g) f[t] >= threshold[g]"

    inner: Charge
    rebate: EnergyRebate

    @property
    def line(self) -> Line:
        """The line of the bill."""
        return self.inner.line

    @property
    def metered(self) -> Metered | None:
        """Flow the inner charge is levied on."""
        return self.inner.metered

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon in the assumed branch. [money]"""
        factor = self.rebate.require(model, flows, self.line.name)
        return factor @ self.inner.by_period(model, flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,) in the assumed branch. [money]"""
        factor = self.rebate.require(model, flows, self.line.name)
        return np.diag(factor) @ self.inner.by_period(model, flows)

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """The entries of the inner charge, at the rebated price where the threshold is reached."""
        periods = zip(horizon.billing.labels, self.rebate.granted(flows, horizon), strict=True)
        granted = {label for label, is_granted in periods if is_granted}
        return tuple(
            _reduced(entry, self.rebate.price_frac) if entry.period in granted else entry
            for entry in self.inner.settle(flows, horizon)
        )


def _reduced(entry: Entry, share: float) -> Entry:
    return replace(
        entry, band=f"{entry.band} x {share:g}".strip(), rate=entry.rate * share, amount=entry.amount * share
    )
