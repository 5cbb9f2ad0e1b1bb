"""Compute, jobs and flexibility as parts of `summary.json`."""

from __future__ import annotations

from dataclasses import asdict

from storage_opt.studies.compute_result import ComputeResult
from storage_opt.studies.compute_use import WorkUse
from storage_opt.studies.flexibility_result import Flexibility

__all__ = ["compute_document", "flexibility_document", "jobs_document"]


def compute_document(compute: ComputeResult | None) -> list[dict[str, object]]:
    """Use of every class and of units that wait, unshifted and as planned."""
    if compute is None:
        return []
    return [
        {"workload": name, "baseline": _use(compute.before[name]), "optimized": _use(after)}
        for name, after in compute.after.items()
    ]


def jobs_document(compute: ComputeResult | None) -> list[dict[str, object]]:
    """What happened to the jobs of every class with a log."""
    if compute is None:
        return []
    return [
        {
            "workload": name,
            "count": jobs.count,
            "moved": jobs.moved,
            "pauses": int(jobs.pauses.sum()),
            "mean_delay_h": jobs.mean_delay_h,
            "peak_units": jobs.peak_units,
            "room_units": jobs.room_units,
            "unplaced_unit_h": jobs.unplaced_unit_h,
            "moved_unit_h": jobs.moved_unit_h,
            "cost_of_whole_jobs": jobs.cost_of_whole_jobs,
            "breaches": list(jobs.breaches),
        }
        for name, jobs in compute.jobs.items()
    ]


def flexibility_document(found: Flexibility | None) -> dict[str, object] | None:
    """What flexibility earns; None where it was not asked for."""
    if found is None:
        return None
    return {
        "by_work": found.by_work,
        "by_storage": found.by_storage,
        "by_both": found.by_both,
        "together": found.together,
        "without_rules": list(found.without_rules),
        "steps": [asdict(step) for step in found.steps],
    }


def _use(use: WorkUse) -> dict[str, object]:
    return {
        **asdict(use),
        "kwh_per_unit_h": use.kwh_per_unit_h,
        "cost_per_unit_h": use.cost_per_unit_h,
        "kwh_per_million_tokens": use.kwh_per_million_tokens,
        "cost_per_million_tokens": use.cost_per_million_tokens,
    }
