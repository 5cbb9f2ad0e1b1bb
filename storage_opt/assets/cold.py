"""Cold of a building: the plant, the tank and the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp
from cvxpy.atoms.elementwise.maximum import maximum
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.modeler import Expression, Limit, Modeler, Rule, Sense
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.facility import RoomSpec, TankSpec
from storage_opt.workload.building import Building

__all__ = ["Cold", "state_cold"]


@dataclass(frozen=True, slots=True, eq=False)
class Cold:
    """What cooling draws, and its flows.

    Parameters
    ----------
    cooling_kw : (T,) expression
        Electricity. [kW]
    flows : mapping of FlowKind to (T,) expression
        Tank flows [kW of cold], tank content [kWh of cold], room temperature [degC].
    opposites : tuple of Opposites
        Filling and emptying of the tank.
    """

    cooling_kw: Expression
    flows: Mapping[FlowKind, Expression]
    opposites: tuple[Opposites, ...]


def state_cold(
    model: Modeler,
    name: str,
    building: Building,
    it_kw: Expression,
    least_heat_kw: NDArray[np.float64],
    *,
    apart: bool = False,
) -> Cold:
    """State how heat is removed; of heat there is at least `least_heat_kw` (T,). [kW]

    Notes
    -----
    ``cold``:  ``chiller[t] + melt[t] = heat[t]``, or with a room ``theta[t+1] = kept theta[t] + (1 - kept) outdoor[t] +
    k (heat[t] - chiller[t] - melt[t])``;  ``chiller``:  ``0 <= chiller[t] + fill[t] <= capacity``;
    ``tank``:  ``C[t+1] = (1 - loss) C[t] + h (fill[t] - melt[t])``;  ``tank_cyclic``:  ``C[T] = C[0]``;
    ``cooling = chiller / cop + fill / (cop ice)``. Where filling is as efficient as direct cooling only
    ``fill - melt`` matters and is one variable, unless products that are sold tell them `apart`.
    """
    cooling, steps = building.cooling, building.cop.size
    assert cooling is not None
    heat = (1.0 + building.spec.ups_loss_frac) * it_kw
    tank = _Tank() if cooling.tank is None else _state_tank(model, name, cooling.tank, apart=apart)
    flows = dict(tank.flows)
    if building.room is None and tank.melt is None:
        made = heat + tank.net
        if cooling.tank is not None:
            short = np.flatnonzero(least_heat_kw < cooling.tank.discharge_kw)
            if short.size:
                model.require(f"{name}.chiller_runs", made[short] >= 0)
        drawn = _per_cop(building) @ made if not isinstance(made, np.ndarray) else made / building.cop
    else:
        chiller = model.variable(f"{name}.chiller_kw", steps, lower=0.0)
        made = chiller if tank.fill is None else chiller + tank.fill
        removed = chiller if tank.melt is None else chiller + tank.melt
        removed = removed - tank.net
        drawn = _per_cop(building) @ chiller
        if tank.fill is not None:
            drawn = drawn + sp.diags_array(building.tank_kw_per_kw) @ tank.fill
        if building.room is None:
            model.require(f"{name}.cold", removed == heat)
        else:
            flows[FlowKind.ROOM_TEMP_C] = _state_room(model, name, building, building.room, heat - removed)
    if cooling.capacity_kw is not None and not isinstance(made, np.ndarray):
        rule = Rule(f"{name}.chiller", f"cooling capacity of {name}", "kW", f"facility.{name}.cooling.capacity_kw")
        model.require(rule.name, made <= cooling.capacity_kw, rule)
    return Cold(drawn, flows, tank.opposites)


def _per_cop(building: Building) -> sp.dia_array:
    return sp.diags_array(1.0 / building.cop)


@dataclass(frozen=True, slots=True, eq=False)
class _Tank:
    """Filling and emptying, as one net flow where they are equally efficient (T,). [kW of cold]"""

    net: Expression = 0.0
    fill: Expression = None
    melt: Expression = None
    flows: Mapping[FlowKind, Expression] = field(default_factory=dict)
    opposites: tuple[Opposites, ...] = ()


def _state_tank(model: Modeler, name: str, tank: TankSpec, *, apart: bool) -> _Tank:
    """Filling, emptying and content at the end of each interval (T,)."""
    steps, h = model.horizon.steps, model.horizon.step_h
    most_fill = _tank_limit(name, "charge_kw", "filling of the tank", "kW", tank.charge_kw, steps)
    most_melt = _tank_limit(name, "discharge_kw", "emptying of the tank", "kW", tank.discharge_kw, steps)
    held = model.variable(
        f"{name}.tank_kwh",
        steps + 1,
        lower=0.0,
        upper=[_tank_limit(name, "energy_kwh", "content of the tank", "kWh", tank.energy_kwh, steps + 1)],
    )
    if tank.charge_cop_frac == 1.0 and not apart:
        least = Limit(most_melt.rule, -most_melt.values)
        net = model.variable(f"{name}.tank_net_kw", steps, lower=[least], upper=[most_fill], even=1.0)
        fill, melt = maximum(net, 0.0), maximum(-net, 0.0)
        found = _Tank(net=net)
    else:
        fill = model.variable(f"{name}.tank_charge_kw", steps, lower=0.0, upper=[most_fill], even=1.0)
        melt = model.variable(f"{name}.tank_discharge_kw", steps, lower=0.0, upper=[most_melt], even=1.0)
        net = fill - melt
        pair = Opposites.of(Flow(name, FlowKind.TANK_CHARGE_KW), Flow(name, FlowKind.TANK_DISCHARGE_KW))
        # only the difference matters where both are equally efficient, so nothing is won by both at once
        found = _Tank(net=net) if tank.charge_cop_frac == 1.0 else _Tank(fill=fill, melt=melt, opposites=(pair,))
    kept = (1.0 - tank.loss_frac_per_h) ** h
    model.require(f"{name}.tank", held[1:] == kept * held[:-1] + h * net)
    model.require(f"{name}.tank_cyclic", held[-1:] == held[:1])
    flows = {FlowKind.TANK_CHARGE_KW: fill, FlowKind.TANK_DISCHARGE_KW: melt, FlowKind.TANK_KWH: held[1:]}
    return replace(found, flows=flows)


def _tank_limit(name: str, part: str, words: str, unit: str, value: float, size: int) -> Limit:
    rule = Rule(f"{name}.tank_{part}", f"{words} of {name}", unit, f"facility.{name}.cooling.tank.{part}")
    return Limit(rule, np.full(size, value))


def _state_room(model: Modeler, name: str, building: Building, room: RoomSpec, gain: Expression) -> Expression:
    """Temperature at the end of each interval (T,). [degC]"""
    steps = model.horizon.steps
    low = Rule(
        f"{name}.room_min",
        f"lowest room temperature of {name}",
        "degC",
        f"facility.{name}.cooling.room.temp_min_c",
        Sense.FLOOR,
    )
    high = Rule(
        f"{name}.room_max", f"highest room temperature of {name}", "degC", f"facility.{name}.cooling.room.temp_max_c"
    )
    temp = model.variable(
        f"{name}.room_temp_c",
        steps,
        lower=[Limit(low, np.full(steps, room.temp_min_c))],
        upper=[Limit(high, np.full(steps, room.temp_max_c))],
    )
    kept, per_kw = building.room_kept, building.room_k_per_kw
    drift = (1.0 - kept) * building.outdoor_temp_c
    model.require(f"{name}.room", temp[1:] == kept * temp[:-1] + drift[1:] + per_kw * gain[1:])
    model.require(f"{name}.room_start", temp[:1] == kept * room.held_temp_c + drift[:1] + per_kw * gain[:1])
    model.require(f"{name}.room_end", temp[-1:] == room.held_temp_c)
    return temp
