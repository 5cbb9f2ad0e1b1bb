"""Job logs of a site to jobs of its workloads: each file read once, every row accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault, InputError
from storage_opt.io.job_checks import UnitLimit
from storage_opt.io.job_rows import JobRows, read_rows
from storage_opt.io.job_slurm import pipe_table
from storage_opt.io.job_sorting import JobAccount, Sorting, Taker, sort_rows
from storage_opt.io.paths import table_path
from storage_opt.io.stamps import counted
from storage_opt.io.table import FIRST_ROW, Table
from storage_opt.io.tables import read_table
from storage_opt.spec.jobs import JobTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon
    from storage_opt.spec.workload import JobLogSpec, WorkloadSpec

__all__ = ["JobLogs", "read_job_logs"]

_SHARED = ("layout", "columns", "duration_unit", "first_submit", "quarantine")


@dataclass(eq=False)
class JobLogs:
    """Jobs of the workloads of a site.

    Parameters
    ----------
    tables : dict of str to JobTable
        Jobs by name of their workload, for logs without faults.
    notes : list of str
        What was decided, left out and set aside, with numbers.
    faults : list of Fault
        Everything that is wrong with the logs.
    accounts : list of JobAccount
        Rows of each file that could be read, by what became of them.
    """

    tables: dict[str, JobTable] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    accounts: list[JobAccount] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _User:
    """A workload that reads a log."""

    name: str
    spec: WorkloadSpec
    log: JobLogSpec

    @property
    def key(self) -> str:
        return f"workload.{self.name}.jobs"


def read_job_logs(
    folder: Path,
    horizon: Horizon,
    workloads: Mapping[str, WorkloadSpec],
    installed_units: Mapping[str, float],
    site_file: str = "site.toml",
) -> JobLogs:
    """Read the job logs of a site. Jobs count in whatever state they ended, because they used energy all the same.

    Times are counted from the start of the horizon; stamps without offset are wall clock of its zone.

    Parameters
    ----------
    folder : Path
        The site folder.
    horizon : Horizon
        The intervals.
    workloads : mapping of str to WorkloadSpec
        All workloads by name; those without `jobs` are passed over.
    installed_units : mapping of str to float
        Accelerators of each cluster, as far as they are known. [unit]
    site_file : str
        Name of the site file, for messages.

    Returns
    -------
    JobLogs
        Jobs, notes and faults; nothing is raised, so that all faults of a site can be told at once.
    """
    logs = JobLogs()
    for path, users in _by_file(folder, workloads, logs).items():
        disagreements = [*_described_twice(users, site_file), *_taken_twice(users, site_file)]
        if disagreements:
            logs.faults += disagreements
            continue
        try:
            first = users[0]
            rows = read_rows(_read(path, first), first.log, horizon, first.key)
        except InputError as error:
            # faults of the log's description belong to the site file, all others name the log
            logs.faults += [fault if fault.file else replace(fault, file=site_file) for fault in error.faults]
            continue
        takers = [_taker(user, installed_units) for user in users]
        sorting = sort_rows(rows, takers, first.key, quarantine=first.log.quarantine)
        _hand_out(rows, sorting, users, logs)
    return logs


def _by_file(folder: Path, workloads: Mapping[str, WorkloadSpec], logs: JobLogs) -> dict[Path, list[_User]]:
    """Workloads that read each file; a file that cannot be reached is told once."""
    by_file: dict[Path, list[_User]] = {}
    lost: set[str] = set()
    for name, spec in workloads.items():
        if spec.jobs is None or spec.jobs.file in lost:
            continue
        user = _User(name, spec, spec.jobs)
        try:
            by_file.setdefault(table_path(folder, user.log.file, f"{user.key}.file"), []).append(user)
        except InputError as error:
            lost.add(user.log.file)
            logs.faults += error.faults
    return by_file


def _read(path: Path, user: _User) -> Table:
    key = f"{user.key}.file"
    try:
        return pipe_table(path, user.log.file, key) or read_table(path, user.log.file, None, key)
    except InputError as error:
        hints = [fault.hint.replace("one row an interval", "one row a job") for fault in error.faults]
        told = [replace(fault, hint=hint) for fault, hint in zip(error.faults, hints, strict=True)]
        raise InputError(told) from error


def _described_twice(users: Sequence[_User], site_file: str) -> list[Fault]:
    """Workloads that read one file in different ways."""
    first = users[0]
    faults = []
    for other in users[1:]:
        for name in _SHARED:
            if getattr(other.log, name) != getattr(first.log, name):
                what = f"`{name}` of {first.log.file} is not the same in workloads `{first.name}` and `{other.name}`"
                hint = "describe the file in the same way in both"
                faults.append(Fault(what, hint, site_file, f"{other.key}.{name}"))
    return faults


def _taken_twice(users: Sequence[_User], site_file: str) -> list[Fault]:
    """Classes of one file that two workloads take, whose work would count twice."""
    faults = []
    for place, other in enumerate(users):
        for first in users[:place]:
            both = [name for name in first.log.classes if name in other.log.classes]
            if first.log.classes and other.log.classes and not both:
                continue
            shared = "all classes" if not both else ", ".join(f"class `{name}`" for name in both)
            if not both and (first.log.classes or other.log.classes):
                shared = ", ".join(f"class `{name}`" for name in (*first.log.classes, *other.log.classes))
            what = f"workloads `{first.name}` and `{other.name}` both take {shared} of {first.log.file}"
            hint = "let each class belong to one workload, or its work would count twice"
            faults.append(Fault(what, hint, site_file, f"{other.key}.classes"))
    return faults


def _taker(user: _User, installed_units: Mapping[str, float]) -> Taker:
    limits = []
    installed = installed_units.get(user.spec.cluster)
    if installed is not None:
        limits.append(UnitLimit(installed, f"the {installed:g} units installed in cluster `{user.spec.cluster}`"))
    if user.spec.max_units is not None:
        words = f"the max_units = {user.spec.max_units:g} of workload `{user.name}`"
        limits.append(UnitLimit(user.spec.max_units, words))
    return Taker(user.name, user.log.classes, tuple(limits))


def _hand_out(rows: JobRows, sorting: Sorting, users: Sequence[_User], logs: JobLogs) -> None:
    logs.accounts.append(sorting.account)
    logs.notes += [note for note in sorting.notes if note not in logs.notes]
    logs.faults += sorting.faults
    if sorting.faults:
        return
    for position, user in enumerate(users):
        kept = np.flatnonzero(sorting.owner == position)
        if kept.size == 0:
            logs.faults.append(_nothing_left(user, sorting))
            continue
        kept = kept[np.argsort(rows.submit_h[kept], kind="stable")]
        numbers = (rows.submit_h, rows.duration_h, rows.units.values, rows.deadline_h)
        logs.tables[user.name] = JobTable(tuple(rows.ids[kept]), kept + FIRST_ROW, *(_fixed(n[kept]) for n in numbers))


def _fixed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values.flags.writeable = False
    return values


def _nothing_left(user: _User, sorting: Sorting) -> Fault:
    account = sorting.account
    became = [f"{count:,} {words}" for words, count in account.left_out.items()]
    became += [f"{account.broken:,} set aside by quarantine"] if account.broken else []
    became += [f"{account.kept:,} of other workloads"] if account.kept else []
    what = f"no job is left for workload `{user.name}` of {counted(account.rows, 'row')}: {', '.join(became)}"
    hint = "set horizon.start, horizon.end or first_submit so that the log lies within, or correct `classes`"
    return Fault(what, hint, account.file, user.key)
