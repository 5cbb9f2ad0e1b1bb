"""Backup as a part of `summary.json`, and the survival curve as rows of a table."""

from __future__ import annotations

from storage_opt.studies.backup_result import BackupResult
from storage_opt.studies.islanding import Survival

__all__ = ["PERCENTILES", "backup_document", "survival_rows"]

PERCENTILES = (5, 25, 50, 75, 95)
"""Of survival time over all starts."""


def backup_document(backup: BackupResult | None) -> dict[str, object] | None:
    """What is held for a loss of the grid, how long it lasts, and what it costs; None without backup."""
    if backup is None:
        return None
    plan, found = backup.plan, backup.islanding
    return {
        "critical_kw": {"mean": float(plan.critical_kw.mean()), "max": float(plan.critical_kw.max())},
        "ride_through_h": {"min": float(plan.ride_through_h.min()), "max": float(plan.ride_through_h.max())},
        "reserve_kwh": {
            name: {"mean": float(held.mean()), "max": float(held.max())} for name, held in plan.reserve_kwh.items()
        },
        "reserve_cost": backup.reserve_cost,
        "ride_through_kept_frac": found.ride_through_kept_frac,
        "without_genset": _survival(found.without_genset),
        "with_genset": None if found.with_genset is None else _survival(found.with_genset),
        "survival": survival_rows(backup),
    }


def survival_rows(backup: BackupResult) -> list[dict[str, object]]:
    """Share of the starts that survive each duration; the column with the generator set only where there is one."""
    found = backup.islanding
    durations = found.durations_h
    columns = {"without_genset_frac": found.without_genset.share(durations)}
    if found.with_genset is not None:
        columns["with_genset_frac"] = found.with_genset.share(durations)
    return [
        {"duration_h": float(hours), **{name: float(shares[row]) for name, shares in columns.items()}}
        for row, hours in enumerate(durations)
    ]


def _survival(survival: Survival) -> dict[str, object]:
    return {
        "shortest_h": survival.shortest_h,
        "shortest_at": survival.shortest_at.isoformat(),
        "mean_h": survival.mean_h,
        "percentiles_h": {str(percent): survival.percentile_h(percent) for percent in PERCENTILES},
        "longest_h": survival.longest_h,
    }
