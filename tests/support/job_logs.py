"""Job logs in a folder, read as a site reads them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from storage_opt.errors import Fault
from storage_opt.horizon import Horizon
from storage_opt.io.job_log import JobLogs, read_job_logs
from storage_opt.io.job_sorting import JobAccount
from storage_opt.spec.jobs import JobTable
from storage_opt.spec.workload import WorkloadSpec

WEEK = ("2026-01-01", "2026-01-08")
PLAIN = "id,submit,duration_h,gpus\n"


def write(folder: Path, text: str | bytes, name: str = "jobs.csv") -> None:
    """Write a log; text as UTF-8, packed when its name says so."""
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def horizon(start: str = WEEK[0], end: str = WEEK[1], zone: str = "Asia/Shanghai") -> Horizon:
    """Hours from one day to another."""
    return Horizon(date.fromisoformat(start), date.fromisoformat(end), 60, zone)


def workload(jobs: Mapping[str, Any], **others: Any) -> WorkloadSpec:
    """Training on the cluster `gpu`."""
    return WorkloadSpec.model_validate(
        {"cluster": "gpu", "kind": "training", "jobs": {"file": "jobs.csv", **jobs}, **others}
    )


def read(
    folder: Path,
    text: str | bytes,
    span: Horizon | None = None,
    name: str = "jobs.csv",
    installed: float = 64,
    max_units: float | None = None,
    **jobs: Any,
) -> JobLogs:
    """Read one log for one workload `train`."""
    write(folder, text, name)
    train = workload({"file": name, **jobs}, max_units=max_units)
    return read_job_logs(folder, span or horizon(), {"train": train}, {"gpu": installed})


def table(logs: JobLogs) -> JobTable:
    """The jobs of the only workload of a log without faults."""
    assert logs.faults == []
    (jobs,) = logs.tables.values()
    return jobs


def fault(logs: JobLogs) -> Fault:
    """The only fault."""
    assert logs.tables == {}
    (found,) = logs.faults
    return found


def unlost(logs: JobLogs) -> JobAccount:
    """The account of the only file, in which every row has its place."""
    (account,) = logs.accounts
    assert account.kept + sum(account.left_out.values()) + account.broken == account.rows
    return account
