"""What an asset brings to the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow

__all__ = ["Asset", "Opposites", "Ports"]


@dataclass(frozen=True, slots=True)
class Opposites:
    """Two flows that nature never lets run in the same interval.

    Parameters
    ----------
    first, second : Flow
        The flows, such as charge and discharge of one converter.
    """

    first: Flow
    second: Flow


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
