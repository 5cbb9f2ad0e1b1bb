"""What a provider of flexibility publishes: power it has left up and down, and what backs it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage_opt.modeler import Rule
from storage_opt.schedule import Metered

__all__ = ["Backing", "Provider", "Room", "Side", "WorkBacking"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Power left: ``scale x sold + drain x energy taken <= constant + available``; the plan decides `available`.

    Parameters
    ----------
    rule : Rule
        Its name and words.
    available : Metered
        Part that the plan decides. [kW]
    constant_kw : (T,) array
        The rest. [kW]
    scale : (T,) array
        Power of the provider for each kW sold.
    drain_kw_per_kwh : float
        By how much the limit falls for each kWh called. [kW/kWh]
    """

    rule: Rule
    available: Metered
    constant_kw: _Array
    scale: _Array
    drain_kw_per_kwh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Backing:
    """Energy left: ``scale x called <= constant + margin`` at the end of an interval, and within it.

    Parameters
    ----------
    rule : Rule
        Its name and words.
    margin : Metered
        Part that the plan decides. [kWh]
    constant_kwh : (T,) array
        The rest. [kWh]
    scale : (T,) array
        Energy of the store for each kWh sold.
    change : Metered
        By how much the plan raises what is left in an interval. [kWh]
    change_constant_kwh : (T,) array
        By how much it rises besides. [kWh]
    """

    rule: Rule
    margin: Metered
    constant_kwh: _Array
    scale: _Array
    change: Metered
    change_constant_kwh: _Array


@dataclass(frozen=True, slots=True, eq=False)
class WorkBacking:
    """Work that may be delayed, and the units that catch it up.

    Parameters
    ----------
    deadline, own_units, units : Rule
        Name and words of the limits: deadlines, units of the class, units of its cluster.
    cluster : str
        Whose units they are.
    units_per_kw : (T,) array
        Units that stop for each kW. [unit/kW]
    checkpoint_h : float
        Work lost each time a unit stops. [h]
    backlog : Metered
        Work that waits at the end of an interval. [unit h]
    most_backlog_unit_h : (T,) array
        Largest backlog that keeps all deadlines. [unit h]
    at_work : Metered
        Units at work of the whole cluster. [unit]
    on_units : (T,) array
        Units that may work. [unit]
    own_rate : Metered
        Units at work of the class. [unit]
    own_room_units : (T,) array
        Units that the class may use. [unit]
    """

    deadline: Rule
    own_units: Rule
    units: Rule
    cluster: str
    units_per_kw: _Array
    checkpoint_h: float
    backlog: Metered
    most_backlog_unit_h: _Array
    at_work: Metered
    on_units: _Array
    own_rate: Metered
    own_room_units: _Array


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One direction of a provider.

    Parameters
    ----------
    most_kw : (T,) array
        Most that it can ever give beyond the plan: a battery all the way from charging to discharging. [kW]
    rated_kw : float
        Its size, where a market asks for one. [kW]
    rooms : tuple of Room
        Limits of its power.
    backings : tuple of Backing
        Limits of its energy.
    work : WorkBacking or None
        Limits of work that is delayed.
    longest_h : float
        Longest call that it can stand at any power. [h]
    most_kwh : float
        Most energy that it can give in one call. [kWh]
    """

    most_kw: _Array
    rated_kw: float
    rooms: tuple[Room, ...]
    backings: tuple[Backing, ...] = ()
    work: WorkBacking | None = None
    longest_h: float = np.inf
    most_kwh: float = np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """Something that can give or take more power than planned.

    Parameters
    ----------
    name : str
        Name of the battery, class of work, building or load.
    up, down : Side or None
        What it can give and take; None when it can't.
    notice_h : float
        Notice that it needs. [h]
    why_not : dict of str to str
        By direction, why it can't.
    without_calls : dict of str to Side
        Limits of a direction that it does not sell, but in which it goes when expected calls do not come.
    """

    name: str
    up: Side | None
    down: Side | None
    notice_h: float = 0.0
    why_not: dict[str, str] = field(default_factory=dict)
    without_calls: dict[str, Side] = field(default_factory=dict)

    def side(self, direction: str) -> Side | None:
        """The side of a direction, ``up`` or ``down``."""
        return self.up if direction == "up" else self.down

    def limit(self, direction: str) -> Side | None:
        """The side of a direction, also where nothing of it is sold."""
        return self.side(direction) or self.without_calls.get(direction)
