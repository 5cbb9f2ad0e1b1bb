"""What a dispatch says of the compute of a site: use of every class before and after, and its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage_opt.studies.compute_use import WorkUse
from storage_opt.studies.job_schedule import JobSchedule

__all__ = ["ComputeResult"]


@dataclass(frozen=True, slots=True, eq=False)
class ComputeResult:
    """Compute of a site, unshifted and as planned.

    Parameters
    ----------
    before, after : mapping of str to WorkUse
        Use of every class, and of the units that wait in each cluster.
    jobs : mapping of str to JobSchedule
        Jobs of every class that is given by a log.
    """

    before: Mapping[str, WorkUse]
    after: Mapping[str, WorkUse]
    jobs: Mapping[str, JobSchedule] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the jobs."""
        return tuple(note for schedule in self.jobs.values() for note in schedule.notes)
