"""How much a battery must hold at the loss of the grid to carry a load for a given time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.battery import BatterySpec, taper_lines

__all__ = ["OutageBattery", "carried", "energy_needed_kwh", "interval_after"]

_Array = NDArray[np.float64]
_ROUNDING = 1e-9
"""Share of an interval that is no time."""


@dataclass(frozen=True, slots=True)
class OutageBattery:
    """A battery without the grid.

    Parameters
    ----------
    name : str
        Its name.
    spec : BatterySpec
        Ratings and efficiencies.
    lowest_kwh : float
        To where it may be drained. [kWh]
    step_h : float
        Interval length. [h]
    """

    name: str
    spec: BatterySpec
    lowest_kwh: float
    step_h: float

    @property
    def loss_frac(self) -> float:
        """Share of the stored energy lost in one interval."""
        return self.spec.loss_frac(self.step_h)

    @property
    def discharge_lines(self) -> list[tuple[float, float]]:
        """Limits ``d <= slope E + offset`` over the energy that is left. [kW/kWh, kW]"""
        return self._lines(self.spec.discharge_limit_kw, charge=False)

    @property
    def charge_lines(self) -> list[tuple[float, float]]:
        """Limits ``c <= slope E + offset`` over the energy that is then stored. [kW/kWh, kW]"""
        return self._lines(self.spec.power_kw, charge=True)

    def _lines(self, rating_kw: float, *, charge: bool) -> list[tuple[float, float]]:
        energy = self.spec.energy_kwh
        points = self.spec.charge_taper if charge else self.spec.discharge_taper
        return [(slope * rating_kw / energy, offset * rating_kw) for slope, offset in taper_lines(points) if energy]

    @property
    def assured_kw(self) -> float:
        """Discharging power at any state of charge, as far as limits that rise with it are met by energy. [kW]"""
        flat = [slope * self.spec.energy_kwh + offset for slope, offset in self.discharge_lines if slope <= 0]
        return max(min([self.spec.discharge_limit_kw, *flat]), 0.0)

    def drawn_kw(self, power_kw: _Array) -> _Array:
        """Energy taken from the cells per hour at a discharging power, auxiliaries included. [kW]"""
        return power_kw / self.spec.discharge_efficiency + self.spec.auxiliary_kw

    def left_kwh(self, power_kw: _Array) -> _Array:
        """What must be left at least for a discharging power to be possible. [kWh]"""
        least = np.full_like(power_kw, self.lowest_kwh)
        for slope, offset in self.discharge_lines:
            if slope > 0:
                least = np.maximum(least, (power_kw - offset) / slope)
        return least


def interval_after(
    start: NDArray[np.intp], steps_later: NDArray[np.intp] | int, steps: int, *, wraps: bool
) -> NDArray[np.intp]:
    """The interval so many steps after a start: beyond the end of the horizon its beginning, or its last interval."""
    later = start + steps_later
    return later % steps if wraps else np.minimum(later, steps - 1)


def energy_needed_kwh(battery: OutageBattery, power_kw: _Array, hours: _Array, *, wraps: bool) -> _Array:
    """Energy that carries a load alone for some hours, from the start of each interval on.

    Parameters
    ----------
    battery : OutageBattery
        What carries it.
    power_kw : (T,) array
        Its load at the AC side. [kW]
    hours : (T,) array
        For how long, when the grid is lost in the interval. [h]
    wraps : bool
        Whether the horizon begins again after its end; otherwise its last values are held.

    Returns
    -------
    (T+1,) array
        At the start of each interval and at the end of the last; nothing where no time is asked for. [kWh]

    Notes
    -----
    Backwards from the end of the ride-through, where ``E = E_low``. An interval that is passed through whole needs
    ``E_t = (max(E_t+1, E_taper(p_t)) + h (p_t / eta_d + aux)) / (1 - sigma)`` at its start; one of which the share f
    is passed through needs the same with ``f h`` and ``f sigma``.

    The time of an interval counts at its end as well, where the grid may be lost an instant before the next begins.
    Within an interval the need then runs straight from its start to its end, as the stored energy of a plan does, where
    the time is a whole number of intervals and there is neither self-discharge nor taper: what is held at the ends is
    held at every instant. Where the ride-through ends within an interval, the need bends there, and lies above the
    straight line by at most ``h / 4`` times the fall of the load from that interval to the next, over ``eta_d``.
    """
    steps = power_kw.size
    ends = np.arange(steps + 1)
    own = hours[interval_after(ends, 0, steps, wraps=wraps)]
    before = hours[interval_after(ends, -1, steps, wraps=True)]
    if not wraps:
        before[0] = own[0]
    need = _needed_kwh(battery, power_kw, own, wraps=wraps)
    return (
        need if np.array_equal(own, before) else np.maximum(need, _needed_kwh(battery, power_kw, before, wraps=wraps))
    )


def carried(hours: _Array, step_h: float, *, wraps: bool) -> NDArray[np.bool_]:
    """Intervals in which a load may have to be carried, by a loss of the grid in them or before (T,)."""
    steps = hours.size
    starts, lasting = np.arange(steps), np.ceil(hours / step_h - _ROUNDING)
    found = lasting > 0
    # lost at the end of an interval, the time reaches one interval further
    for later in range(1, int(lasting.max(initial=0)) + 1):
        found[interval_after(starts[later <= lasting], later, steps, wraps=wraps)] = True
    return found


def _needed_kwh(battery: OutageBattery, power_kw: _Array, hours: _Array, *, wraps: bool) -> _Array:
    """As :func:`energy_needed_kwh`, for times `hours` (T+1,) at the start of each interval and at the end."""
    h, steps, loss = battery.step_h, power_kw.size, battery.loss_frac
    starts, lasting = np.arange(steps + 1), hours / h
    whole = np.floor(lasting + _ROUNDING).astype(np.intp)
    part = np.where(lasting - whole > _ROUNDING, lasting - whole, 0.0)
    last = power_kw[interval_after(starts, whole, steps, wraps=wraps)]
    ending = (battery.left_kwh(last) + part * h * battery.drawn_kw(last)) / (1.0 - part * loss)
    need = np.where(part > 0, ending, battery.lowest_kwh)
    for passed in range(int(whole.max(initial=0)) - 1, -1, -1):
        power = power_kw[interval_after(starts, passed, steps, wraps=wraps)]
        before = (np.maximum(need, battery.left_kwh(power)) + h * battery.drawn_kw(power)) / (1.0 - loss)
        need = np.where(passed < whole, before, need)
    return np.where(lasting > _ROUNDING, need, 0.0)
