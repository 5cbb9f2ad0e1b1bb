"""Small sites with clusters, made in memory, whose results can be worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from storage_opt.spec.jobs import JobTable
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["compute_site", "job_table", "two_prices", "with_jobs"]


def two_prices(low_hours: str = "00:00-08:00", low: float = 0.2, high: float = 1.0) -> dict[str, Any]:
    """A tariff with a cheap part of the day."""
    rules = [
        {"period": "valley", "hours": [low_hours], "price_per_kwh": low},
        {"period": "peak", "price_per_kwh": high},
    ]
    return {"t": {"energy": [{"tou": rules}]}}


def compute_site(
    workload: dict[str, Any],
    *,
    days: int = 1,
    step_minutes: int = 60,
    units: float = 10.0,
    jobs: dict[str, JobTable] | None = None,
    facility: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    **parts: Any,
) -> Site:
    """A hall with one cluster of units that draw nothing idle and 1 kW at work, from 1 January 2025 in UTC."""
    start = date(2025, 1, 1)
    horizon = {"start": start, "end": start + timedelta(days=days), "step_minutes": step_minutes, "zone": "UTC"}
    gpu = {"facility": "hall", "installed_units": units, "idle_kw_per_unit": 0.0, "full_kw_per_unit": 1.0}
    described = {
        "name": "small compute",
        "horizon": horizon | parts.pop("horizon", {}),
        "facility": {"hall": facility or {}},
        "cluster": {"gpu": gpu | (cluster or {})},
        "workload": {name: {"cluster": "gpu"} | work for name, work in workload.items()},
        "tariff": two_prices(),
    }
    spec = SiteSpec.model_validate(described | parts)
    return Site(spec, spec.horizon.build(), jobs=jobs or {})


def job_table(*jobs: tuple[float, float, float], deadline_h: list[float] | None = None) -> JobTable:
    """Jobs of (submit_h, duration_h, units), in the order of submission."""
    columns = np.array(jobs, dtype=np.float64).reshape(-1, 3)
    deadline = np.full(len(jobs), np.nan) if deadline_h is None else np.array(deadline_h, dtype=np.float64)
    names = tuple(f"job {number}" for number in range(len(jobs)))
    return JobTable(names, np.arange(len(jobs)) + 2, columns[:, 0], columns[:, 1], columns[:, 2], deadline)


def with_jobs(site: Site, **jobs: JobTable) -> Site:
    """The site with other jobs."""
    return replace(site, jobs=jobs)
