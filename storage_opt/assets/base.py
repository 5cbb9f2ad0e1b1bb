"""What an asset brings to the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow

__all__ = ["Asset", "Opposites", "Ports"]


@dataclass(frozen=True, slots=True)
class Opposites:
    """Two variables (T,) of which nature lets one at most be above zero in an interval.

    Parameters
    ----------
    first, second : str
        Their names, such as charge and discharge of one converter. The second may be the slack of an inequality, by the
        name of that.
    most : pair of (T,) array or None
        The most that variable and slack can be; None where the second is a variable, and both have bounds.
    """

    first: str
    second: str
    most: tuple[NDArray[np.float64], NDArray[np.float64]] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, first: Flow, second: Flow) -> Opposites:
        """Two flows that are variables of their own."""
        return cls(first.column, second.column)


@dataclass(frozen=True, slots=True)
class Ports:
    """Named flows of an asset and their place in the power balance.

    Parameters
    ----------
    flows : mapping of Flow to (T,) expression
        Every flow that charges, reports and schedules may use. [kW], energy [kWh]
    supply, demand : tuple of Flow
        Flows that feed the bus and flows that draw from it.
    opposites : tuple of Opposites
        Pairs that must not run together.
    """

    flows: Mapping[Flow, Expression]
    supply: tuple[Flow, ...] = ()
    demand: tuple[Flow, ...] = ()
    opposites: tuple[Opposites, ...] = field(default=())


class Asset(Protocol):
    """Something physical on the bus."""

    def build(self, model: Modeler) -> Ports:
        """State variables, limits and rules to the model and return the flows."""
