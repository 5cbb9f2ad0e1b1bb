"""Compute of a solved site, unshifted and as planned."""

from __future__ import annotations

from collections.abc import Sequence

from storage_opt.charges.base import Charge
from storage_opt.ledger.ledger import Ledger
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.compute_result import ComputeResult
from storage_opt.studies.compute_use import energy_of_work, work_use
from storage_opt.studies.job_placing import schedule_jobs

__all__ = ["compute_result"]


def compute_result(
    site: Site,
    charges: Sequence[Charge],
    solved: tuple[Program, Point],
    plan: tuple[Schedule, Ledger],
    baseline: tuple[Schedule, Ledger],
) -> ComputeResult | None:
    """Use of compute in a plan and its baseline; None for a site without clusters.

    Parameters
    ----------
    site, charges
        What was solved.
    solved : Program and Point
        Where the decisions on single jobs are read.
    plan, baseline : Schedule and Ledger
        The two schedules with their bills.
    """
    if not site.spec.cluster:
        return None
    now, then = energy_of_work(site, charges, *plan), energy_of_work(site, charges, *baseline)
    jobs = schedule_jobs(compute_plan(site), site, solved, (plan[0], baseline[0]), (now, then))
    return ComputeResult(work_use(site, baseline[0], then), work_use(site, plan[0], now), jobs)
