"""How long the critical load of a site would be served, if the grid were lost at the start of any interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, Faults, InputError
from storage_opt.horizon import Horizon
from storage_opt.lowering.backup import BackupPlan, backup_plan
from storage_opt.lowering.ride_through import interval_after
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.backup import GensetSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.billing import horizon_faults
from storage_opt.studies.island import Island, Running
from storage_opt.studies.stored import stored_at_starts_kwh

__all__ = ["Islanding", "Survival", "simulate_islanding"]

_Array = NDArray[np.float64]

_LONGEST_H = 168.0
_MOST_ASKED = 24
"""Different ride-through times that each get a point on a curve."""
_SAME_H = 1e-9
_NOISE_H = 0.01
"""A plan is found to about 1e-5 of a battery's energy; survival that falls short by half a minute is that noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Survival time by the interval at whose start the grid is lost.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    hours : (T,) array
        Until the first unserved energy of the critical load; at most `longest_h`. [h]
    longest_h : float
        Where the simulation ends; a time as long means at least that long. [h]
    """

    horizon: Horizon
    hours: _Array
    longest_h: float

    @property
    def shortest_h(self) -> float:
        """Shortest survival time. [h]"""
        return float(self.hours.min())

    @property
    def shortest_at(self) -> datetime:
        """First start at which survival is shortest."""
        when: datetime = self.horizon.stamps[int(np.argmin(self.hours))].to_pydatetime()
        return when

    @property
    def mean_h(self) -> float:
        """Mean survival time. [h]"""
        return float(self.hours.mean())

    def percentile_h(self, percent: float) -> float:
        """Survival time that so many percent of the starts do not exceed. [h]"""
        return float(np.percentile(self.hours, percent))

    def share(self, durations_h: Sequence[float] | _Array) -> _Array:
        """Share of the starts that survive each duration; shorter by less than 0.01 h counts as survived. [0-1]"""
        asked = np.asarray(durations_h, dtype=np.float64) - _NOISE_H
        failed = np.searchsorted(np.sort(self.hours), asked, side="left")
        share: _Array = 1.0 - failed / self.hours.size
        return share

    def keeps(self, ride_through_h: _Array) -> NDArray[np.bool_]:
        """Which starts survive their ride-through time (T,)."""
        kept: NDArray[np.bool_] = self.hours >= np.minimum(ride_through_h, self.longest_h) - _NOISE_H
        return kept


@dataclass(frozen=True, slots=True, eq=False)
class Islanding:
    """A schedule without the grid, from every start.

    Parameters
    ----------
    plan : BackupPlan
        Critical load, ride-through and reserve.
    without_genset : Survival
        Batteries, and plants where they may serve.
    with_genset : Survival or None
        The same with the generator set; None where there is none.
    """

    plan: BackupPlan
    without_genset: Survival
    with_genset: Survival | None

    @property
    def best(self) -> Survival:
        """With everything that the site has."""
        return self.without_genset if self.with_genset is None else self.with_genset

    @property
    def ride_through_kept_frac(self) -> float:
        """Share of the starts from which the ride-through is survived without the generator set. [0-1]"""
        return float(self.without_genset.keeps(self.plan.ride_through_h).mean())

    @property
    def durations_h(self) -> _Array:
        """Points of a curve: quarters of an hour to 4 h, hours to a day, then 6 h; up to the longest survival. [h]"""
        grid = np.concatenate([np.arange(1, 16) / 4.0, np.arange(4, 24), np.arange(24, 169, 6)])
        asked = np.unique(self.plan.ride_through_h[self.plan.ride_through_h > 0])
        grid = np.union1d(grid, asked if asked.size <= _MOST_ASKED else asked[[0, -1]])
        longest = float(self.best.hours.max())
        count = int(np.searchsorted(grid, longest)) + 1
        durations: _Array = grid[:count]
        return durations


def simulate_islanding(site: Site, schedule: Schedule, *, longest_h: float = _LONGEST_H) -> Islanding:
    """Lose the grid at the start of every interval and see how long the critical load is served.

    Parameters
    ----------
    site : Site
        A site with ``[backup]``.
    schedule : Schedule
        Planned or metered; its stored energy at the start, and the available output of plants, are what there is.
    longest_h : float
        Where the simulation of a start ends. [h]

    Returns
    -------
    Islanding
        Survival time of every start, without and with the generator set.

    Raises
    ------
    InputError
        When the site has no ``[backup]``, what it asks for can't be held, or the schedule has other intervals or lacks
        the flows of a battery.

    Notes
    -----
    From the loss on, in each interval: plants serve the critical load, and charge batteries with what is left; the
    generator set, once started and while fuel lasts, serves what plants leave; batteries serve the rest, in proportion
    to their discharging power. Survival ends with the first power that can't be served. Beyond the end of the horizon
    follows its beginning, or its last interval holds, as in the reserve
    (:class:`~storage_opt.lowering.backup.BackupPlan`). Vectorised over starts; the loop runs over durations. The method
    is that of outage simulators for resilience studies such as REopt (Laws et al. 2018, *Renewable Energy* 122).
    """
    plan = backup_plan(site)
    spec = site.spec.backup
    if plan is None or spec is None:
        fault = Fault("the site has no backup to simulate", "write a [backup] section", key="backup")
        raise InputError([fault])
    Faults([*horizon_faults(site, schedule), *_missing_flows(plan, schedule)]).raise_if_any()
    available = _available_kw(site, schedule) if spec.plants else np.zeros(site.horizon.steps)
    stored = np.array([stored_at_starts_kwh(b.spec, schedule, b.name) for b in plan.batteries])
    lost = _Loss(site, plan, available, stored, longest_h)
    alone = Survival(site.horizon, lost.survival_h(None), longest_h)
    helped = None if spec.genset is None else Survival(site.horizon, lost.survival_h(spec.genset), longest_h)
    return Islanding(plan, alone, helped)


def _missing_flows(plan: BackupPlan, schedule: Schedule) -> Iterator[Fault]:
    for battery in plan.batteries:
        for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH):
            flow = Flow(battery.name, kind)
            if flow not in schedule:
                what = f"the simulation needs `{flow.column}`, which the schedule does not have"
                yield Fault(what, "add the column to the schedule", column=flow.column)


def _available_kw(site: Site, schedule: Schedule) -> _Array:
    """What plants can deliver (T,). [kW]"""
    total = np.zeros(site.horizon.steps)
    for name, plant in site.spec.generator.items():
        flow = Flow(name, FlowKind.AVAILABLE_KW)
        total += schedule[flow] if flow in schedule else plant.capacity_kw * site.values(plant.profile)
    return total


@dataclass(frozen=True, slots=True, eq=False)
class _Loss:
    """What is there when the grid is lost."""

    site: Site
    plan: BackupPlan
    available_kw: _Array
    stored_kwh: _Array
    longest_h: float

    def survival_h(self, genset: GensetSpec | None) -> _Array:
        """Survival time of every start (T,). [h]"""
        steps, h = self.site.horizon.steps, self.site.horizon.step_h
        delay_h = np.inf if genset is None else genset.start_delay_h
        net = self.plan.critical_kw - self.available_kw
        full = np.array([self.site.values(b.spec.soc_max_frac) * b.spec.energy_kwh for b in self.plan.batteries])
        starts = np.arange(steps)
        now = Running(self.stored_kwh, np.full(steps, 0.0 if genset is None else genset.fuel_kwh))
        survived = np.full(steps, self.longest_h, dtype=np.float64)
        for begin_h, end_h in _pieces(self.longest_h, h, delay_h):
            if not starts.size:
                break
            runs = genset is not None and begin_h >= delay_h - _SAME_H
            island = Island(self.plan.batteries, self.plan.share_frac, genset.power_kw if genset and runs else 0.0)
            place = interval_after(starts, int((begin_h + end_h) / (2.0 * h)), steps, wraps=self.plan.wraps)
            deficit, surplus, hours = np.maximum(net[place], 0.0), np.maximum(-net[place], 0.0), end_h - begin_h
            short = island.short(now, deficit, hours)
            if short.any():
                survived[starts[short]] = begin_h + island.served_hours(now.only(short), deficit[short], hours)
                going = ~short
                starts, place, now = starts[going], place[going], now.only(going)
                deficit, surplus = deficit[going], surplus[going]
            now = island.after(now, deficit, surplus, full[:, place], hours)
        return survived


def _pieces(longest_h: float, step_h: float, delay_h: float) -> list[tuple[float, float]]:
    """Begin and end of the pieces of an outage over which everything is constant. [h]"""
    cuts = np.append(np.arange(0, int(np.ceil(longest_h / step_h - _SAME_H))) * step_h, longest_h)
    if delay_h < longest_h and np.abs(cuts - delay_h).min() > _SAME_H:
        cuts = np.sort(np.append(cuts, delay_h))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
