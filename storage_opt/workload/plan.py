"""Everything the model, the baseline and the reports need to know about the compute of a site, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.workload import WorkloadSpec
from storage_opt.workload.building import Building
from storage_opt.workload.curves import Curves
from storage_opt.workload.jobs import Blocks, JobWindows, Placement
from storage_opt.workload.power import PowerModel

__all__ = ["ClusterPlan", "ComputePlan", "FacilityPlan", "WorkPlan"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WorkPlan:
    """One class of work.

    Parameters
    ----------
    name : str
        Name of the workload.
    spec : WorkloadSpec
        What the user wrote.
    room_units : (T,) array
        Units that the class may use. [unit]
    unshifted_units : (T,) array
        Units at full speed that it uses when nothing is shifted. [unit]
    curves : tuple of Curves
        Divisible work.
    late_curves : tuple of Curves or None
        The same with the latest deadlines, where lateness is priced.
    blocks : Blocks or None
        Jobs that are decided one by one.
    windows : JobWindows or None
        Windows of all jobs; None for work given as a series.
    unshifted_jobs : Placement or None
        Where jobs run when nothing is shifted.
    """

    name: str
    spec: WorkloadSpec
    room_units: _Array
    unshifted_units: _Array
    curves: tuple[Curves, ...] = ()
    late_curves: tuple[Curves, ...] | None = None
    blocks: Blocks | None = None
    windows: JobWindows | None = None
    unshifted_jobs: Placement | None = None

    def stream_name(self, number: int) -> str:
        """Name of a stream of divisible work in the model, from 0."""
        return self.name if len(self.curves) == 1 else f"{self.name}.stream_{number + 1}"

    @property
    def jobs_name(self) -> str:
        """Name of the jobs that are decided one by one in the model."""
        return f"{self.name}.jobs"

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Intervals in which the class may run (T,)."""
        if self.spec.allowed is None:
            return np.ones(self.room_units.size, dtype=np.bool_)
        allowed: NDArray[np.bool_] = self.room_units > 0
        return allowed

    @property
    def moves(self) -> bool:
        """Whether there is anything to decide about it."""
        spec = self.spec
        waits = any(np.any(curves.most_backlog_unit_h > 0) for curves in self.curves)
        return (
            waits
            or self.blocks is not None
            or self.late_curves is not None
            or bool(spec.speed_curve)
            or spec.value_per_unit_h is not None
        )

    @property
    def slowest_frac(self) -> float:
        """Least speed of a capped unit, as a share of full speed."""
        if not self.spec.speed_curve:
            return 1.0
        return max(self.spec.speed_curve[0].speed_frac, 1.0 - self.spec.max_slowdown_frac)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterPlan:
    """A cluster with its classes, in the order in which unshifted work is served."""

    name: str
    power: PowerModel
    ramp_kw_per_h: float | None
    work: tuple[WorkPlan, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FacilityPlan:
    """A building with its clusters."""

    name: str
    building: Building
    clusters: tuple[ClusterPlan, ...]

    def unshifted_it_kw(self) -> _Array:
        """Power of the servers when nothing is shifted (T,). [kW]"""
        total = np.zeros_like(self.building.outdoor_temp_c)
        for cluster in self.clusters:
            activity = np.zeros_like(total)
            for work in cluster.work:
                activity = activity + work.spec.power_frac * work.unshifted_units
            total = total + cluster.power.it_kw(activity)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class ComputePlan:
    """The compute of a site.

    Parameters
    ----------
    facilities : mapping of str to FacilityPlan
        By name.
    notes : tuple of str
        What was decided on the way.
    """

    facilities: Mapping[str, FacilityPlan]
    notes: tuple[str, ...] = ()

    @property
    def work(self) -> tuple[WorkPlan, ...]:
        """Every class of work."""
        return tuple(
            work for facility in self.facilities.values() for cluster in facility.clusters for work in cluster.work
        )
