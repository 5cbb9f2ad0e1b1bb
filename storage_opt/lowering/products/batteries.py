"""Headroom of a battery: what its converter and its stored energy allow beyond the plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.backup import least_stored_kwh
from storage_opt.lowering.products.provider import Backing, Provider, Room, Side
from storage_opt.lowering.window import rest_mask
from storage_opt.modeler import Rule
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.battery import BatterySpec, TaperPoint, taper_lines
from storage_opt.spec.resolved import Site

__all__ = ["battery_provider"]

_Array = NDArray[np.float64]


def battery_provider(site: Site, name: str) -> Provider:
    """Power and energy that a battery has left.

    Notes
    -----
    Up: ``r <= P_discharge - d + c`` and, where the limit tapers, ``r + slope W / eta_d <= limit(E) - d + c``;
    ``W / eta_d <= E - E_min``. Down: ``r <= P_charge - c + d``; ``W / eta_d <= E_max - E``: a call that lowers
    discharge keeps as much in the cells as it would have taken from them, which is more than charging would store.
    Batteries that may not charge from the grid take more only by discharging less; those with a ramp limit are left
    out, for a call could break it.
    """
    spec = site.spec.battery[name]
    if spec.ramp_kw_per_h is not None:
        reason = "its ramp limit could be broken by a call"
        return Provider(name, None, None, why_not={"up": reason, "down": reason})
    return Provider(name, _up(site, name, spec), _down(site, name, spec))


def _up(site: Site, name: str, spec: BatterySpec) -> Side:
    charge, discharge, stored = _flows(name)
    ones = np.ones(site.horizon.steps)
    low, high = _window_kwh(site, name)
    rooms = [
        Room(
            _rule(name, "room_up", "power left to give", "kW"), charge - discharge, spec.discharge_limit_kw * ones, ones
        )
    ]
    rooms += _taper_rooms(name, "up", spec.discharge_taper, spec.discharge_limit_kw, spec, site)
    gained, losses = _changes(site, name, spec, float(low.min()))
    backing = Backing(
        _rule(name, "energy_up", "energy left to give", "kWh"),
        stored,
        -low,
        ones / spec.discharge_efficiency,
        gained,
        -losses,
    )
    most_kw = np.where(rest_mask(name, spec, site.horizon), 0.0, spec.discharge_limit_kw + spec.power_kw)
    return Side(
        most_kw,
        spec.discharge_limit_kw,
        tuple(rooms),
        (backing,),
        most_kwh=float((high - low).max()) * spec.discharge_efficiency,
    )


def _down(site: Site, name: str, spec: BatterySpec) -> Side:
    charge, discharge, stored = _flows(name)
    ones = np.ones(site.horizon.steps)
    low, high = _window_kwh(site, name)
    rating = spec.power_kw if spec.grid_charging else 0.0
    available = discharge - charge if spec.grid_charging else discharge
    rooms = [Room(_rule(name, "room_down", "power left to take", "kW"), available, rating * ones, ones)]
    rooms += _taper_rooms(name, "down", spec.charge_taper, spec.power_kw, spec, site)
    gained, losses = _changes(site, name, spec, float(high.max()))
    backing = Backing(
        _rule(name, "energy_down", "energy left to take", "kWh"),
        stored.times(-1.0),
        high,
        ones / spec.discharge_efficiency,
        gained.times(-1.0),
        losses,
    )
    most_kw = np.where(rest_mask(name, spec, site.horizon), 0.0, spec.discharge_limit_kw + rating)
    most_kwh = float((high - low).max()) * spec.discharge_efficiency
    return Side(most_kw, spec.power_kw, tuple(rooms), (backing,), most_kwh=most_kwh)


def _changes(site: Site, name: str, spec: BatterySpec, held_kwh: float) -> tuple[Metered, _Array]:
    """What an interval adds to the stored energy by the plan, and what it loses of `held_kwh`. [kWh]"""
    charge, discharge, _ = _flows(name)
    h = site.horizon.step_h
    gained = charge.times(h * spec.charge_efficiency) - discharge.times(h / spec.discharge_efficiency)
    lost_frac = 1.0 - (1.0 - spec.self_discharge_frac_per_h) ** h
    return gained, np.full(site.horizon.steps, h * spec.auxiliary_kw + lost_frac * held_kwh)


def _flows(name: str) -> tuple[Metered, Metered, Metered]:
    kinds = (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH)
    charge, discharge, stored = (Metered.of(Flow(name, kind)) for kind in kinds)
    return charge, discharge, stored


def _window_kwh(site: Site, name: str) -> tuple[_Array, _Array]:
    """Least and most stored energy at the end of each interval; what is held for backup is not for the market."""
    spec = site.spec.battery[name]
    return least_stored_kwh(site, name)[1:], site.values(spec.soc_max_frac) * spec.energy_kwh


def _rule(name: str, part: str, words: str, unit: str) -> Rule:
    key = f"battery.{name}.{'energy_kwh' if unit == 'kWh' else 'power_kw'}"
    return Rule(f"{name}.{part}", f"{words} of {name}", unit, key)


def _taper_rooms(
    name: str, side: str, points: tuple[TaperPoint, ...], rating_kw: float, spec: BatterySpec, site: Site
) -> list[Room]:
    """Limits that taper with the stored energy, which a call moves."""
    charge, discharge, stored = _flows(name)
    ones = np.ones(site.horizon.steps)
    planned = charge - discharge if side == "up" else discharge - charge
    rooms = []
    for number, (slope, offset) in enumerate(taper_lines(points), start=1):
        per_kwh = slope * rating_kw / spec.energy_kwh if spec.energy_kwh else 0.0
        falling = per_kwh if side == "up" else -per_kwh
        rule = _rule(name, f"taper_{side}_{number}", "power left where it tapers", "kW")
        limit = offset * rating_kw * ones
        rooms.append(Room(rule, planned + stored.times(per_kwh), limit, ones, max(falling, 0.0)))
    return rooms
