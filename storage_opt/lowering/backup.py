"""Energy that batteries hold for a loss of the grid: what it is for, who holds it, and what can't be held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, Faults
from storage_opt.lowering.consumption import consumption_kw
from storage_opt.lowering.ride_through import OutageBattery, carried, energy_needed_kwh
from storage_opt.spec.backup import BackupSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Series

__all__ = ["BackupPlan", "backup_plan", "backup_reserves", "least_stored_kwh"]

_Array = NDArray[np.float64]
_TOLERANCE = 1e-9
_LONGEST_H = 168.0


@dataclass(frozen=True, slots=True, eq=False)
class BackupPlan:
    """What has to run without the grid, and what each battery holds for it.

    Parameters
    ----------
    critical_kw : (T,) array
        Power that has to be served. [kW]
    ride_through_h : (T,) array
        How long batteries alone carry it when the grid is lost in the interval. [h]
    wraps : bool
        Whether the beginning of the horizon follows its end: so where every battery of the backup ends as it starts.
        Otherwise the last values are held.
    batteries : tuple of OutageBattery
        Batteries that hold the reserve.
    share_frac : (B,) array
        Share of the critical load that each is there for.
    reserve_kwh : mapping of str to (T+1,) array
        What each battery holds at the start of each interval, and at the end of the last. [kWh]
    """

    critical_kw: _Array
    ride_through_h: _Array
    wraps: bool
    batteries: tuple[OutageBattery, ...]
    share_frac: _Array
    reserve_kwh: Mapping[str, _Array]


def backup_plan(site: Site) -> BackupPlan | None:
    """The backup of a site in numbers, worked out once for each site; None without a ``[backup]`` section.

    Parameters
    ----------
    site : Site
        A validated site with its series.

    Raises
    ------
    InputError
        When the critical load is above the load or the power of the batteries, or more has to be held than a battery
        can hold; lists every such fault with the first interval.

    Notes
    -----
    Batteries share the critical load in proportion to their discharging power, so that power suffices for each as soon
    as it suffices for all; each holds what its share needs, see
    :func:`~storage_opt.lowering.ride_through.energy_needed_kwh`. Plants and the generator set don't count in it.
    """
    return site.once(_worked_out)


def backup_reserves(site: Site) -> Mapping[str, _Array]:
    """What each battery holds for a loss of the grid (T+1,); empty without backup. [kWh]"""
    plan = backup_plan(site)
    return {} if plan is None else plan.reserve_kwh


def least_stored_kwh(site: Site, name: str) -> _Array:
    """Lowest admissible energy of a battery at the start of each interval, and at the end of the last (T+1,). [kWh]

    The higher one of the window's lower end and the backup: what is stored above it is free for the market.
    """
    spec = site.spec.battery[name]
    low = site.values(spec.soc_min_frac) * spec.energy_kwh
    window = np.concatenate([low[:1], low])
    least: _Array = np.maximum(window, backup_reserves(site).get(name, 0.0))
    return least


def _worked_out(site: Site) -> BackupPlan | None:
    spec = site.spec.backup
    if spec is None:
        return None
    faults = Faults()
    load = consumption_kw(site)
    if spec.critical_kw is not None:
        key, critical = "backup.critical_kw", _values(site, spec.critical_kw, "critical_kw", np.inf, faults)
    else:
        share = _values(site, spec.critical_frac, "critical_frac", 1.0, faults)
        key, critical = "backup.critical_frac", share * load
    hours = _values(site, spec.ride_through_h, "ride_through_h", _LONGEST_H, faults)
    if not faults.found:
        faults.extend(_above_the_load(site, critical, load, key))
        plan = _shared_out(site, spec, critical, hours)
        faults.extend(_beyond_power(site, plan, key))
        faults.extend(_beyond_energy(site, plan))
    file = site.source.name if site.source else ""
    Faults([replace(fault, file=file) for fault in faults.found]).raise_if_any()
    return plan


def _values(site: Site, series: Series | None, key: str, most: float, faults: Faults) -> _Array:
    """A series on the horizon; arrays that a program hands over are checked here, columns were when they were read."""
    assert series is not None
    nothing = np.zeros(site.horizon.steps)
    try:
        values = site.values(series)
    except ValueError as error:
        faults.add(Fault(str(error), "give one value for each interval of the horizon", key=f"backup.{key}"))
        return nothing
    wrong = np.flatnonzero(~((values >= 0.0) & (values <= most)))
    if wrong.size:
        what = f"{values[wrong[0]]:g} is out of range, first at {_clock(site, wrong[0])}"
        hint = f"give values from 0 to {most:g}" if np.isfinite(most) else "give finite values of at least 0"
        faults.add(Fault(what, hint, key=f"backup.{key}"))
        return nothing
    return values


def _shared_out(site: Site, spec: BackupSpec, critical: _Array, hours: _Array) -> BackupPlan:
    names = spec.batteries or tuple(site.spec.battery)
    specs = [site.spec.battery[name] for name in names]
    batteries = tuple(
        OutageBattery(name, battery, spec.outage_soc_min_frac * battery.energy_kwh, site.horizon.step_h)
        for name, battery in zip(names, specs, strict=True)
    )
    power = np.array([battery.assured_kw for battery in batteries])
    share = power / power.sum() if power.sum() > 0 else np.full(power.size, 1.0 / power.size)
    wraps = all(battery.final_soc == "cyclic" for battery in specs)
    reserve = {
        battery.name: energy_needed_kwh(battery, part * critical, hours, wraps=wraps)
        for battery, part in zip(batteries, share.tolist(), strict=True)
    }
    return BackupPlan(critical, hours, wraps, batteries, share, reserve)


def _above_the_load(site: Site, critical: _Array, load: _Array, key: str) -> Iterator[Fault]:
    over = np.flatnonzero(critical > load * (1.0 + _TOLERANCE) + _TOLERANCE)
    if over.size:
        what = (
            f"critical load {critical[over[0]]:,.6g} kW is above the load of {load[over[0]]:,.6g} kW "
            f"in {over.size:,} intervals, first at {_clock(site, over[0])}"
        )
        yield Fault(what, "lower it, or give `critical_frac` instead", key=key)


def _beyond_power(site: Site, plan: BackupPlan, key: str) -> Iterator[Fault]:
    most = sum(battery.assured_kw for battery in plan.batteries)
    needed = carried(plan.ride_through_h, site.horizon.step_h, wraps=plan.wraps)
    asked = np.where(needed, plan.critical_kw, 0.0)
    over = np.flatnonzero(asked > most * (1.0 + _TOLERANCE) + _TOLERANCE)
    if over.size:
        names = ", ".join(f"`{battery.name}`" for battery in plan.batteries)
        what = (
            f"critical load {asked[over[0]]:,.6g} kW is above the {most:,.6g} kW that {names} can discharge "
            f"in {over.size:,} intervals, first at {_clock(site, over[0])}; a generator set starts too late to help"
        )
        yield Fault(what, "lower the critical load, or let more batteries hold the reserve", key=key)


def _beyond_energy(site: Site, plan: BackupPlan) -> Iterator[Fault]:
    for battery in plan.batteries:
        held = plan.reserve_kwh[battery.name]
        high = site.values(battery.spec.soc_max_frac) * battery.spec.energy_kwh
        full = np.concatenate([high[:1], high])
        over = np.flatnonzero(held > full * (1.0 + _TOLERANCE) + _TOLERANCE)
        if over.size:
            first = int(over[0])
            when = "the end of the horizon" if first == site.horizon.steps else _clock(site, over[0])
            near = plan.ride_through_h[max(first - 1, 0) : first + 1]
            what = (
                f"{near.max():g} h of ride-through need {held[first]:,.6g} kWh in `{battery.name}`, which holds "
                f"{full[first]:,.6g} kWh when full, at {over.size:,} starts of intervals, first at {when}"
            )
            yield Fault(what, "shorten it, or lower the critical load", key="backup.ride_through_h")


def _clock(site: Site, interval: np.intp) -> str:
    return str(site.horizon.stamps[int(interval)].strftime("%Y-%m-%d %H:%M"))
