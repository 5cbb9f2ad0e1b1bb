"""From the power of servers to the power of the site: PUE, or heat and the plant that removes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.facility import CoolingSpec, FacilitySpec, RoomSpec

__all__ = ["Building", "building_of"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Building:
    """A facility on its horizon.

    Parameters
    ----------
    spec : FacilitySpec
        What the user wrote.
    outdoor_temp_c : (T,) array
        Outdoor temperature. [degC]
    pue : (T,) array
        Power of the site over power of the servers; 1 where cooling is described by itself.
    cop : (T,) array
        Heat removed per electricity of the cooling plant; 1 where PUE is given.
    step_h : float
        Interval length. [h]
    """

    spec: FacilitySpec
    outdoor_temp_c: _Array
    pue: _Array
    cop: _Array
    step_h: float

    @property
    def cooling(self) -> CoolingSpec | None:
        """The cooling plant, where it is described by itself."""
        return self.spec.cooling

    @property
    def room(self) -> RoomSpec | None:
        """The room, where it may change its temperature."""
        return None if self.spec.cooling is None else self.spec.cooling.room

    @property
    def it_factor(self) -> _Array:
        """Site power per server power, before the cooling plant (T,)."""
        factor: _Array = self.pue * (1.0 + self.spec.ups_loss_frac)
        return factor

    def heat_kw(self, it_kw: _Array) -> _Array:
        """Heat of servers and their supply (T,). [kW]"""
        return it_kw * (1.0 + self.spec.ups_loss_frac)

    def removed_kw(self, it_kw: _Array) -> _Array:
        """Heat to be removed so that the room keeps its set point (T,). [kW]"""
        heat = self.heat_kw(it_kw)
        if self.room is None:
            return heat
        lost: _Array = self.room.loss_kw_per_k * (self.room.held_temp_c - self.outdoor_temp_c)
        return np.maximum(heat - lost, 0.0)

    def cooling_kw(self, chiller_kw: _Array, tank_charge_kw: _Array | float = 0.0) -> _Array:
        """Electricity of the cooling plant for cold used at once and cold put into the tank (T,). [kW]"""
        power: _Array = chiller_kw / self.cop + self.tank_kw_per_kw * tank_charge_kw
        return power

    @property
    def tank_kw_per_kw(self) -> _Array:
        """Electricity for each unit of cold put into the tank (T,)."""
        tank = None if self.cooling is None else self.cooling.tank
        per_kw: _Array = 1.0 / (self.cop * (1.0 if tank is None else tank.charge_cop_frac))
        return per_kw

    def load_kw(self, it_kw: _Array, cooling_kw: _Array | float = 0.0) -> _Array:
        """Power that the building draws from the bus (T,). [kW]"""
        power: _Array = self.it_factor * it_kw + cooling_kw + self.spec.fixed_overhead_kw
        return power

    @property
    def room_kept(self) -> float:
        """Share of a temperature difference to outdoors that is left after one interval."""
        if self.room is None:
            return 1.0
        return float(np.exp(-self.step_h * self.room.loss_kw_per_k / self.room.capacity_kwh_per_k))

    @property
    def room_k_per_kw(self) -> float:
        """Warming of the room after one interval for each kW of heat that is not removed. [K/kW]"""
        if self.room is None:
            return 0.0
        if self.room.loss_kw_per_k == 0:
            return self.step_h / self.room.capacity_kwh_per_k
        return (1.0 - self.room_kept) / self.room.loss_kw_per_k


def building_of(spec: FacilitySpec, outdoor_temp_c: _Array, step_h: float) -> Building:
    """The building on a horizon.

    Examples
    --------
    >>> curve = [{"outdoor_temp_c": 10.0, "pue": 1.1}, {"outdoor_temp_c": 35.0, "pue": 1.35}]
    >>> spec = FacilitySpec.model_validate({"pue": curve})
    >>> building_of(spec, np.array([0.0, 22.5, 40.0]), 1.0).pue
    array([1.1  , 1.225, 1.35 ])
    """
    ones = np.ones_like(outdoor_temp_c)
    match spec.pue:
        case None:
            pue = ones
        case tuple() as corners:
            pue = np.interp(outdoor_temp_c, [c.outdoor_temp_c for c in corners], [c.pue for c in corners])
        case number:
            pue = ones * number
    cop = ones
    if spec.cooling is not None:
        match spec.cooling.cop:
            case tuple() as points:
                cop = np.interp(outdoor_temp_c, [p.outdoor_temp_c for p in points], [p.cop for p in points])
            case number:
                cop = ones * number
    return Building(spec, outdoor_temp_c, pue, cop, step_h)
