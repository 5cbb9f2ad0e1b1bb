"""What work took and cost: energy, money, tokens and waiting of each class, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.ledger.allocation import cost_per_kwh
from storage_opt.ledger.ledger import Ledger
from storage_opt.ledger.provenance import Provenance, trace
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.workload.plan import FacilityPlan, WorkPlan

__all__ = ["EnergyOfWork", "WorkUse", "energy_of_work", "work_use"]

_Array = NDArray[np.float64]
_SECONDS_PER_H = 3600.0
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class WorkUse:
    """What a class did on the horizon, its share of cooling and conversion included.

    Parameters
    ----------
    work_unit_h : float
        Work done, without what was done twice. [unit h]
    lost_unit_h, refused_unit_h, late_unit_h_h : float
        Work done twice after suspension [unit h], refused [unit h], late times the hours that it was late [unit h h].
    energy_kwh, it_energy_kwh : float
        Energy at the bus of the site, and of the servers. [kWh]
    cost : float
        Its share of the bill. [money]
    green_frac : float
        Share of its energy that came from the site's own plants, directly or stored. [0-1]
    mean_delay_h : float
        Mean time that a unit-hour of work waits: backlog over work (Little's law). [h]
    tokens : float or None
        Tokens that the work amounts to; None where nothing says how many a unit handles.
    """

    work_unit_h: float
    lost_unit_h: float
    refused_unit_h: float
    late_unit_h_h: float
    energy_kwh: float
    it_energy_kwh: float
    cost: float
    green_frac: float
    mean_delay_h: float
    tokens: float | None

    @property
    def kwh_per_unit_h(self) -> float:
        """Energy of a unit-hour. [kWh/(unit h)]"""
        return self.energy_kwh / self.work_unit_h if self.work_unit_h else 0.0

    @property
    def cost_per_unit_h(self) -> float:
        """Energy cost of a unit-hour. [money/(unit h)]"""
        return self.cost / self.work_unit_h if self.work_unit_h else 0.0

    @property
    def kwh_per_million_tokens(self) -> float | None:
        """Energy of a million tokens. [kWh]"""
        return None if not self.tokens else self.energy_kwh / (self.tokens / _MILLION)

    @property
    def cost_per_million_tokens(self) -> float | None:
        """Energy cost of a million tokens. [money]"""
        return None if not self.tokens else self.cost / (self.tokens / _MILLION)


@dataclass(frozen=True, slots=True, eq=False)
class EnergyOfWork:
    """What a kWh of IT power meant at the site (T,).

    Parameters
    ----------
    site_kw_per_it_kw : mapping of str to (T,) array
        Power of a building over power of its servers, by building.
    cost_per_kwh : (T,) array
        What a kWh consumed cost. [money/kWh]
    green_frac : (T,) array
        Share of consumption from the site's own plants. [0-1]
    """

    site_kw_per_it_kw: dict[str, _Array]
    cost_per_kwh: _Array
    green_frac: _Array


def energy_of_work(site: Site, charges: Sequence[Charge], schedule: Schedule, ledger: Ledger) -> EnergyOfWork:
    """What power, money and green energy a kWh of the servers meant in each interval.

    Parameters
    ----------
    site, charges, schedule, ledger
        What was settled, with what, and how.
    """
    factors = {}
    for facility in compute_plan(site).facilities.values():
        it_kw = _it_kw(facility, schedule)
        load = schedule[Flow(facility.name, FlowKind.LOAD_KW)]
        factors[facility.name] = np.divide(load, it_kw, out=np.ones_like(load), where=it_kw > 0)
    green = np.zeros(site.horizon.steps)
    if site.spec.generator:
        green = _green_frac(trace(site, schedule), schedule)
    return EnergyOfWork(factors, cost_per_kwh(charges, ledger, schedule), green)


def work_use(site: Site, schedule: Schedule, energy: EnergyOfWork) -> dict[str, WorkUse]:
    """What every class did, and what idle units of each cluster took, under ``<cluster> (idle)``.

    Parameters
    ----------
    site, schedule
        A site and its schedule.
    energy : EnergyOfWork
        From :func:`energy_of_work`.

    Notes
    -----
    The power of a building is shared out to its classes by the power of the units that run for them; what units draw
    that wait belongs to nobody and stands by itself. Energies and costs of a building add up to its load and its share
    of the bill.
    """
    use: dict[str, WorkUse] = {}
    h = site.horizon.step_h
    for facility in compute_plan(site).facilities.values():
        factor = energy.site_kw_per_it_kw[facility.name]
        for cluster in facility.clusters:
            idle_kw = schedule[Flow(cluster.name, FlowKind.IT_KW)].copy()
            for work in cluster.work:
                it_kw = schedule[Flow(work.name, FlowKind.IT_KW)]
                idle_kw -= it_kw
                use[work.name] = _use(work, schedule, it_kw, factor, energy, h)
            use[f"{cluster.name} (idle)"] = _use(None, schedule, np.maximum(idle_kw, 0.0), factor, energy, h)
    return use


def _use(
    work: WorkPlan | None, schedule: Schedule, it_kw: _Array, factor: _Array, energy: EnergyOfWork, h: float
) -> WorkUse:
    kwh = it_kw * factor * h
    whole = float(kwh.sum())
    green = float(kwh @ energy.green_frac) / whole if whole > 0 else 0.0
    cost = float(kwh @ energy.cost_per_kwh)
    if work is None:
        return WorkUse(0.0, 0.0, 0.0, 0.0, whole, float(it_kw.sum()) * h, cost, green, 0.0, None)

    def total(kind: FlowKind) -> float:
        flow = Flow(work.name, kind)
        return float(schedule[flow].sum()) * h if flow in schedule else 0.0

    lost = total(FlowKind.LOST_UNITS)
    done = total(FlowKind.WORK_UNITS) - lost
    waited = total(FlowKind.BACKLOG_UNIT_H)
    rate = work.spec.tokens_per_s_per_unit
    return WorkUse(
        done,
        lost,
        total(FlowKind.REFUSED_UNITS),
        total(FlowKind.LATE_UNIT_H),
        whole,
        float(it_kw.sum()) * h,
        cost,
        green,
        waited / done if done > 0 else 0.0,
        None if rate is None else done * rate * _SECONDS_PER_H,
    )


def _it_kw(facility: FacilityPlan, schedule: Schedule) -> _Array:
    total = np.zeros(schedule.horizon.steps)
    for cluster in facility.clusters:
        total = total + schedule[Flow(cluster.name, FlowKind.IT_KW)]
    return total


def _green_frac(provenance: Provenance, schedule: Schedule) -> _Array:
    load = schedule.total(FlowKind.LOAD_KW)
    green = provenance.green_to_load + provenance.stored_green_to_load
    share: _Array = np.divide(green, load, out=np.zeros_like(load), where=load > 0)
    return np.clip(share, 0.0, 1.0)
