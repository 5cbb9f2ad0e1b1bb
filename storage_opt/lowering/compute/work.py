"""One class of work on the horizon: what arrives, when it is due, and what runs when nothing is shifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.compute.job_windows import lower_jobs
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.window import window_mask
from storage_opt.spec.resolved import Site
from storage_opt.spec.workload import WorkloadSpec
from storage_opt.workload.curves import delayed_curves, served_at_once
from storage_opt.workload.plan import WorkPlan

__all__ = ["lower_work"]

_Array = NDArray[np.float64]
_SLIVER = 1e-9


def lower_work(site: Site, name: str, on_units: _Array, left_units: _Array) -> tuple[WorkPlan, list[str]]:
    """A class of work in numbers, and what was decided on the way.

    Parameters
    ----------
    site : Site
        The site.
    name : str
        Name of the workload.
    on_units : (T,) array
        Units of its cluster that are switched on. [unit]
    left_units : (T,) array
        Units that classes before it leave when nothing is shifted. [unit]

    Raises
    ------
    InputError
        When inference finds too few units.
    """
    spec = site.spec.workload[name]
    allowed = np.ones(site.horizon.steps, dtype=np.bool_)
    if spec.allowed is not None:
        allowed = window_mask(spec.allowed, site.horizon, f"workload.{name}.allowed")
    most = np.inf if spec.max_units is None else spec.max_units
    room = np.where(allowed, np.minimum(on_units, most), 0.0)
    room_unshifted = np.minimum(room, left_units)
    if spec.jobs is not None:
        return lower_jobs(site, name, room, room_unshifted, allowed)
    arriving = _arriving_units(site, spec)
    if spec.kind == "inference":
        _require_room(site, name, arriving, room_unshifted)
        return WorkPlan(name, spec, room, arriving), []
    return _series(site, name, arriving, room, room_unshifted)


def _series(
    site: Site, name: str, arriving: _Array, room: _Array, room_unshifted: _Array
) -> tuple[WorkPlan, list[str]]:
    spec, h = site.spec.workload[name], site.horizon.step_h
    served = served_at_once(arriving, room_unshifted, h)
    unshifted = np.diff(served, prepend=0.0) / h
    notes = []
    total = float(arriving.sum()) * h
    undone = total - float(served[-1])
    if undone > _SLIVER * max(total, 1.0):
        notes.append(
            f"{undone:,.6g} of {total:,.6g} unit-hours find no units before the end of the horizon, even unshifted, "
            "and are left out"
        )
    steps = int(np.floor(spec.max_delay_h / h + _SLIVER))
    if abs(steps * h - spec.max_delay_h) > _SLIVER:
        notes.append(f"max_delay_h {spec.max_delay_h:g} h is taken as {steps * h:g} h, whole intervals")
    late = None
    if spec.late_cost_per_unit_h is not None:
        later = steps + int(np.floor(spec.max_late_h / h + _SLIVER))
        late = (delayed_curves(arriving, later, h, served),)
    curves = delayed_curves(arriving, steps, h, served)
    return WorkPlan(name, spec, room, unshifted, (curves,), late), notes


def _arriving_units(site: Site, spec: WorkloadSpec) -> _Array:
    if spec.units is not None:
        return site.values(spec.units)
    assert spec.tokens_per_s is not None
    assert spec.tokens_per_s_per_unit is not None
    return site.values(spec.tokens_per_s) / spec.tokens_per_s_per_unit


def _require_room(site: Site, name: str, needed: _Array, room: _Array) -> None:
    short = np.flatnonzero(needed > room * (1.0 + _SLIVER) + _SLIVER)
    if not short.size:
        return
    worst = int(short[(needed - room)[short].argmax()])
    first, stamp = (site.horizon.stamps[t].strftime("%Y-%m-%d %H:%M") for t in (int(short[0]), worst))
    spec = site.spec.workload[name]
    key = "units" if spec.units is not None else "tokens_per_s"
    what = (
        f"inference needs more units than cluster `{spec.cluster}` has in {short.size:,} intervals, first at {first}; "
        f"most at {stamp}: {needed[worst]:,.6g} of {room[worst]:,.6g} units"
    )
    refuse(f"workload.{name}.{key}", what, f"raise cluster.{spec.cluster}.installed_units, or mend the series")
