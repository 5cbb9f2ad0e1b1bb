"""Named flows over the horizon, planned or metered: what a solver returns and a ledger settles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.horizon import Horizon

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["GRID", "Flow", "FlowKind", "Metered", "Schedule"]

GRID = "grid"
"""Owner of import and export."""


class FlowKind(StrEnum):
    """What a flow measures; non-negative and directional, interval mean (energy: end of interval)."""

    IMPORT_KW = "import_kw"
    EXPORT_KW = "export_kw"
    LOAD_KW = "load_kw"
    DROPPED_KW = "dropped_kw"
    """Load that is not served."""
    AVAILABLE_KW = "available_kw"
    USED_KW = "used_kw"
    CURTAILED_KW = "curtailed_kw"
    CHARGE_KW = "charge_kw"
    DISCHARGE_KW = "discharge_kw"
    ENERGY_KWH = "energy_kwh"
    UP_KW = "up_kw"
    """Power held ready to be given."""
    DOWN_KW = "down_kw"
    """Power held ready to be taken."""
    COMMITTED_KW = "committed_kw"
    """Response promised in an event."""
    DELIVERED_KW = "delivered_kw"
    """Response in an event, or power that is paid by rule, as far as it is sold."""
    WORK_UNITS = "work_units"
    """Work done, as units at full speed."""
    RUNNING_UNITS = "running_units"
    """Units at work, capped or not."""
    BACKLOG_UNIT_H = "backlog_unit_h"
    """Work that has arrived and is not done, at the end of the interval."""
    REFUSED_UNITS = "refused_units"
    LATE_UNIT_H = "late_unit_h"
    """Work overdue, or work done times the hours that it is late."""
    LOST_UNITS = "lost_units"
    """Work done twice because units were suspended."""
    IT_KW = "it_kw"
    COOLING_KW = "cooling_kw"
    TANK_CHARGE_KW = "tank_charge_kw"
    TANK_DISCHARGE_KW = "tank_discharge_kw"
    TANK_KWH = "tank_kwh"
    ROOM_TEMP_C = "room_temp_c"


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """One named flow: who it belongs to and what it measures.

    Examples
    --------
    >>> Flow("bess", FlowKind.CHARGE_KW).column
    'bess.charge_kw'
    """

    owner: str
    kind: FlowKind

    @property
    def column(self) -> str:
        """Header in ``schedule.csv``."""
        return f"{self.owner}.{self.kind}"


@dataclass(frozen=True, slots=True)
class Metered:
    """A linear combination of flows that a charge is levied on, such as import minus export."""

    terms: tuple[tuple[Flow, float], ...]

    @classmethod
    def of(cls, *flows: Flow) -> Metered:
        """The plain sum of `flows`."""
        return cls(tuple((flow, 1.0) for flow in flows))

    def __add__(self, other: Metered) -> Metered:
        return Metered(self.terms + other.terms)

    def __sub__(self, other: Metered) -> Metered:
        return self + other.times(-1.0)

    def times(self, factor: float) -> Metered:
        """The combination, each weight multiplied by a factor."""
        return Metered(tuple((flow, factor * weight) for flow, weight in self.terms))

    def value(self, flows: Mapping[Flow, Any]) -> Any:
        """The combination, as an array or an expression, whichever `flows` holds (T,). [kW]"""
        weighted = (flows[flow] if weight == 1.0 else weight * flows[flow] for flow, weight in self.terms)
        return reduce(add, weighted)


@dataclass(frozen=True)
class Schedule(Mapping[Flow, "NDArray[np.float64]"]):
    """Values of every flow on a horizon.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    flows : mapping of Flow to (T,) array
        Interval means. [kW], energy at the end of the interval [kWh]
    """

    horizon: Horizon
    flows: Mapping[Flow, NDArray[np.float64]]

    def __getitem__(self, flow: Flow) -> NDArray[np.float64]:
        return self.flows[flow]

    def __iter__(self) -> Iterator[Flow]:
        return iter(self.flows)

    def __len__(self) -> int:
        return len(self.flows)

    def total(self, kind: FlowKind) -> NDArray[np.float64]:
        """Sum over all owners of the flows of one kind (T,). [kW]"""
        found = [values for flow, values in self.flows.items() if flow.kind is kind]
        return np.sum(found, axis=0) if found else np.zeros(self.horizon.steps)

    def energy_kwh(self, kind: FlowKind) -> float:
        """Energy of all flows of one kind over the horizon. [kWh]"""
        return float(self.total(kind).sum() * self.horizon.step_h)

    def to_frame(self) -> pd.DataFrame:
        """One row an interval, one column a flow, indexed by zone-aware start time."""
        import pandas as pd

        return pd.DataFrame({f.column: v for f, v in self.flows.items()}, index=self.horizon.stamps)
