"""`jobs.csv` and `job_runs.csv`: every job with what it took, and every run of it between two pauses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from storage_opt.horizon import Horizon
from storage_opt.report.view import Row
from storage_opt.studies.compute_result import ComputeResult

__all__ = ["job_rows", "run_rows"]


def job_rows(compute: ComputeResult, horizon: Horizon) -> Iterator[Row]:
    """A row a job, in the order of the log."""
    for name, jobs in compute.jobs.items():
        table, before, after = jobs.table, jobs.before, jobs.after
        for job in range(jobs.count):
            yield {
                "workload": name,
                "job": table.ids[job],
                "row": int(table.rows[job]),
                "submit": _clock(horizon, float(table.submit_h[job])),
                "due": _clock(horizon, float(jobs.due_h[job])),
                "start": _clock(horizon, float(after.start_h[job])),
                "end": _clock(horizon, float(after.end_h[job])),
                "pauses": int(jobs.pauses[job]),
                "units": _figure(table.units[job]),
                "duration_h": _figure(table.duration_h[job]),
                "delay_h": _figure(after.end_h[job] - before.end_h[job]),
                "refused_unit_h": _figure(jobs.refused_unit_h[job]),
                "energy_kwh": _figure(after.energy_kwh[job]),
                "cost": _figure(after.cost[job]),
                "green_frac": _figure(after.green_frac[job]),
                "energy_kwh_unshifted": _figure(before.energy_kwh[job]),
                "cost_unshifted": _figure(before.cost[job]),
            }


def run_rows(compute: ComputeResult, horizon: Horizon) -> Iterator[Row]:
    """A row a run: the same job at the same speed without a pause."""
    for name, jobs in compute.jobs.items():
        runs, table = jobs.segments, jobs.table
        for run in range(runs.job.size):
            job = int(runs.job[run])
            yield {
                "workload": name,
                "job": table.ids[job],
                "start": _clock(horizon, float(runs.start_h[run])),
                "end": _clock(horizon, float(runs.end_h[run])),
                "units": _figure(runs.units[run]),
                "speed_frac": _figure(runs.speed_frac[run]),
            }


def _clock(horizon: Horizon, hours: float) -> str:
    """Instant to the second, with its offset; empty for what never happens."""
    if not np.isfinite(hours):
        return ""
    # hours of the horizon are absolute, so they are added before the wall clock is read
    instant = horizon.start_instant.astimezone(ZoneInfo("UTC")) + timedelta(seconds=round(hours * 3600.0))
    return instant.astimezone(ZoneInfo(horizon.zone)).isoformat(timespec="seconds")


def _figure(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.9g}"
