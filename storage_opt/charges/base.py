"""What every charge is: a line on a bill, a convex cost of flows, and a settlement without a solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["SITE", "Charge", "Entry", "Line", "Stream"]

SITE = "site"
"""The party whose cost is minimised."""


class Stream(StrEnum):
    """What kind of money a line is, for the attribution of savings."""

    ENERGY = "energy"
    DEMAND = "demand"
    EXPORT = "export"
    GENERATION = "generation"
    CURTAILMENT = "curtailment"
    WEAR = "wear"
    FIXED = "fixed"
    MINIMUM = "minimum"
    RESERVE = "reserve"
    POWER_FACTOR = "power_factor"
    CERTIFICATES = "certificates"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill.

    Parameters
    ----------
    name : str
        Unique name, such as ``two_part.energy``.
    payee : str
        Who receives positive amounts.
    stream : Stream
        Kind of money.
    payer : str
        Who pays positive amounts.
    """

    name: str
    payee: str
    stream: Stream
    payer: str = SITE


@dataclass(frozen=True, slots=True)
class Entry:
    """One settled amount: what a person can check with a calculator, amount = quantity x rate.

    Parameters
    ----------
    line : Line
        The line it belongs to.
    period : str
        Billing period, such as ``2026-07``.
    band : str
        Part of the period, such as a time-of-use period; empty when there is none.
    quantity : float
        Settled quantity. [unit]
    unit : str
        Unit of the quantity.
    rate : float
        Money per unit.
    amount : float
        Positive when the site pays. [money]
    """

    line: Line
    period: str
    band: str
    quantity: float
    unit: str
    rate: float
    amount: float


class Charge(Protocol):
    """Money over named flows."""

    equation: ClassVar[str]
    """Cost in the symbols of the nomenclature."""

    @property
    def line(self) -> Line:
        """The line of the bill."""

    @property
    def metered(self) -> Metered | None:
        """Flow it is levied on; None when it depends on no single flow."""

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,), a convex expression. [money]"""

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, a convex scalar expression. [money]"""

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """The same cost as entries, from numbers alone; their amounts sum to the expression's value."""
