"""The compute of a site: buildings, clusters in them, and the order in which their work is served unshifted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.lowering.compute.work import lower_work
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.spec.resolved import Site
from storage_opt.workload.building import building_of
from storage_opt.workload.plan import ClusterPlan, ComputePlan, FacilityPlan, WorkPlan
from storage_opt.workload.power import power_model

__all__ = ["compute_plan"]


def compute_plan(site: Site) -> ComputePlan:
    """The compute of a site in numbers, worked out once for each site.

    Parameters
    ----------
    site : Site
        A validated site with its series and jobs.

    Raises
    ------
    InputError
        When work can't be done at all, not even unshifted; lists every such fault.
    """
    return site.once(_worked_out)


def _worked_out(site: Site) -> ComputePlan:
    faults, notes = Faults(), list[str]()
    clusters: dict[str, list[ClusterPlan]] = {name: [] for name in site.spec.facility}
    for name, cluster in site.spec.cluster.items():
        on_units = cluster.installed_units * site.values(cluster.available_frac)
        work = _served_in_order(site, name, on_units, faults, notes)
        plan = ClusterPlan(name, power_model(cluster, on_units), cluster.ramp_kw_per_h, work)
        clusters[cluster.facility].append(plan)
    facilities = {}
    for name, spec in site.spec.facility.items():
        building = building_of(spec, site.values(spec.outdoor_temp_c), site.horizon.step_h)
        facilities[name] = FacilityPlan(name, building, tuple(clusters[name]))
        if not faults.found:
            with gathered(faults):
                _require_enough_cooling(facilities[name], site)
    _name_file(faults, site)
    faults.raise_if_any()
    return ComputePlan(facilities, tuple(notes))


def _served_in_order(
    site: Site, cluster: str, on_units: NDArray[np.float64], faults: Faults, notes: list[str]
) -> tuple[WorkPlan, ...]:
    """The classes of a cluster; each is served from what those before it leave."""
    names = [name for name, spec in site.spec.workload.items() if spec.cluster == cluster]
    names.sort(key=lambda name: (site.spec.workload[name].kind != "inference", -site.spec.workload[name].priority))
    left, work = on_units.copy(), []
    for name in names:
        with gathered(faults):
            plan, told = lower_work(site, name, on_units, left)
            work.append(plan)
            notes += [f"workload `{name}`: {note}" for note in told]
            left = np.maximum(left - plan.unshifted_units, 0.0)
    return tuple(work)


def _require_enough_cooling(facility: FacilityPlan, site: Site) -> None:
    cooling = facility.building.cooling
    if cooling is None or cooling.capacity_kw is None:
        return
    needed = facility.building.removed_kw(facility.unshifted_it_kw())
    worst = int(needed.argmax())
    if needed[worst] > cooling.capacity_kw * (1.0 + 1e-9):
        stamp = site.horizon.stamps[worst].strftime("%Y-%m-%d %H:%M")
        what = (
            f"the plant removes {cooling.capacity_kw:,.6g} kW of heat, unshifted work gives up to "
            f"{needed[worst]:,.6g} kW, at {stamp}"
        )
        refuse(f"facility.{facility.name}.cooling.capacity_kw", what, "raise it, or leave it out if it never limits")


def _name_file(faults: Faults, site: Site) -> None:
    file = site.source.name if site.source else ""
    faults.found[:] = [replace(fault, file=fault.file or file) for fault in faults.found]
