"""Which column of a job log holds what: known layouts by their headers, and what the site file says beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from storage_opt.errors import Fault, InputError
from storage_opt.io.spec_faults import nearest

if TYPE_CHECKING:
    from storage_opt.io.table import Table
    from storage_opt.spec.workload import JobLogSpec

__all__ = ["LogColumns", "Role", "TimeUnit", "find_columns", "fold_header", "time_unit_in_header"]

Role = Literal["id", "submit", "duration", "units", "class", "deadline", "start", "end"]
"""What a column of a job log may hold."""
TimeUnit = Literal["ms", "s", "min", "h"]
"""Unit of a duration."""

_GIVABLE: tuple[Role, ...] = ("submit", "duration", "units", "class", "id", "deadline")
_SPACE = re.compile(r"[\s_\-]+")
_BRACKETED = re.compile(r"[\[(（【]\s*([^\])）】]+?)\s*[\])）】]")
_SUFFIX = re.compile(r"_(ms|sec|secs|seconds|s|min|mins|minutes|hours|hrs|h)$")
_UNIT_WORDS: dict[str, TimeUnit] = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds", "毫秒"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "分", "分钟"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "时", "小时"), "h"),
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """A known form of job logs.

    Parameters
    ----------
    name : str
        As the site file names it.
    signs : tuple of tuple of str
        Folded headers by which it is known: one of each group is there.
    headers : mapping of Role to tuple of str
        Folded headers that hold each thing, the best first.
    duration_unit : str or None
        Unit of its durations.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    headers: Mapping[Role, tuple[str, ...]]
    duration_unit: TimeUnit | None = None


_TIMES: dict[Role, tuple[str, ...]] = {"start": ("start_time",), "end": ("end_time",)}
_GPUS = ("gpus", "gpu_num", "num_gpus", "gpu_count")
_SLURM = _Layout(
    "slurm",
    (("jobid",), ("submit",), ("alloctres", "allocgres", "reqtres", "reqgres")),
    {
        "id": ("jobid",),
        "submit": ("submit",),
        "start": ("start",),
        "end": ("end",),
        "duration": ("elapsedraw", "elapsed"),
        "units": ("alloctres", "allocgres", "reqtres", "reqgres"),
        "class": ("partition",),
    },
    "s",
)
_ACME = _Layout(
    "acme",
    (("job_id",), ("gpu_num",), ("submit_offset_s", "gpu_time"), ("type", "job_type")),
    {
        "id": ("job_id",),
        "submit": ("submit_offset_s", "submit_time"),
        **_TIMES,
        "duration": ("duration_s", "duration"),
        "units": ("gpu_num",),
        "class": ("job_type", "type"),
    },
    "s",
)
_HELIOS = _Layout(
    "helios",
    (("job_id",), ("vc",), ("gpu_num",), ("submit_time",), ("duration",)),
    {
        "id": ("job_id",),
        "submit": ("submit_time",),
        **_TIMES,
        "duration": ("duration",),
        "units": ("gpu_num",),
        "class": ("vc",),
    },
    "s",
)
_PHILLY = _Layout(
    "philly",
    (("jobid", "job_id"), ("submitted_time",), _GPUS),
    {
        "id": ("jobid", "job_id"),
        "submit": ("submitted_time",),
        **_TIMES,
        "duration": ("duration", "run_time"),
        "units": _GPUS,
        "class": ("vc",),
    },
    "s",
)
_PLAIN = _Layout(
    "plain",
    (),
    {
        "id": ("id", "job_id", "jobid", "job", "作业", "作业号", "作业编号"),
        "submit": (
            "submit", "submit_time", "submit_offset", "submitted", "submitted_time", "submission", "arrival",
            "arrival_time", "提交", "提交时间",
        ),
        "duration": ("duration", "run_time", "runtime", "时长", "运行时长"),
        "units": ("units", "gpu", *_GPUS, "卡数", "gpu卡数", "gpu数"),
        "class": ("class", "job_type", "type", "类型"),
        "deadline": ("deadline", "截止时间"),
    },
)  # fmt: skip
_LAYOUTS = {layout.name: layout for layout in (_SLURM, _ACME, _HELIOS, _PHILLY, _PLAIN)}


@dataclass(frozen=True, slots=True)
class LogColumns:
    """Columns of a job log by what they hold.

    Parameters
    ----------
    layout : str
        Name of the layout.
    positions : mapping of Role to tuple of int
        Positions of the columns, the best first; a role without column is left out.
    given : frozenset of Role
        Roles whose column the site file names.
    duration_unit : str or None
        Unit of durations in this layout.
    """

    layout: str
    positions: Mapping[Role, tuple[int, ...]]
    given: frozenset[Role] = field(default_factory=frozenset)
    duration_unit: TimeUnit | None = None

    def first(self, role: Role) -> int | None:
        """Position of the column that holds it, or None."""
        return self.positions[role][0] if role in self.positions else None


def fold_header(header: str) -> str:
    """A header regardless of case, space and hyphens.

    Examples
    --------
    >>> fold_header("GPU Num")
    'gpu_num'
    """
    return _SPACE.sub("_", header.strip()).casefold()


def time_unit_in_header(header: str) -> tuple[str, TimeUnit | None, str]:
    """Folded name of a time column without its unit, the unit, and the word for it where that is not known.

    Examples
    --------
    >>> time_unit_in_header("duration (min)"), time_unit_in_header("submit_offset_s"), time_unit_in_header("runtime")
    (('duration', 'min', ''), ('submit_offset', 's', ''), ('runtime', None, ''))
    """
    bracketed = _BRACKETED.search(header)
    if bracketed:
        word = bracketed.group(1)
        unit = _UNIT_WORDS.get(word.casefold())
        return fold_header(header[: bracketed.start()]), unit, "" if unit else word
    folded = fold_header(header)
    suffix = _SUFFIX.search(folded)
    if suffix:
        return folded[: suffix.start()], _UNIT_WORDS[suffix.group(1)], ""
    return folded, None, ""


def find_columns(table: Table, log: JobLogSpec, key: str) -> LogColumns:
    """Columns of a job log, by its layout and by what the site file says.

    Parameters
    ----------
    table : Table
        The log.
    log : JobLogSpec
        What the site file says about it.
    key : str
        Key of that in the site file.

    Raises
    ------
    InputError
        With every column that is missing, could be two, or is named but not there.
    """
    layout = _recognised(table) if log.layout == "auto" else _LAYOUTS[log.layout]
    faults: list[Fault] = []
    positions: dict[Role, tuple[int, ...]] = {}
    given = _given_columns(table, log, key, faults)
    for role in layout.headers:
        if role in given:
            positions[role] = (given[role],)
            continue
        found = _positions(table, layout, role)
        if layout is _PLAIN and len(found) > 1:
            both = " and ".join(f"`{table.headers[position]}`" for position in found)
            hint = f'say which with columns = {{ {role} = "{table.headers[found[0]]}" }}'
            faults.append(Fault(f"both {both} could hold the {role} of jobs", hint, table.name, key, 1))
        if found:
            positions[role] = found
    positions |= {role: (position,) for role, position in given.items()}
    faults += _missing(table, layout, positions, log, key)
    if faults:
        raise InputError(faults)
    return LogColumns(layout.name, positions, frozenset(given), layout.duration_unit)


def _recognised(table: Table) -> _Layout:
    folded = {fold_header(header) for header in table.headers}
    for layout in (_SLURM, _ACME, _HELIOS, _PHILLY):
        if all(folded & set(group) for group in layout.signs):
            return layout
    return _PLAIN


def _given_columns(table: Table, log: JobLogSpec, key: str, faults: list[Fault]) -> dict[Role, int]:
    given: dict[Role, int] = {}
    for written, header in log.columns.items():
        role = next((known for known in _GIVABLE if known == written), None)
        if role is None:
            close = nearest(written, _GIVABLE)
            listed = ", ".join(f"`{known}`" for known in _GIVABLE)
            hint = f"did you mean `{close}`?" if close else f"keys here are {listed}"
            faults.append(Fault(f"unknown key `{written}`", hint, key=f"{key}.columns.{written}"))
            continue
        try:
            given[role] = table.find(header, f"{key}.columns.{written}")
        except InputError as error:
            faults += error.faults
    return given


def _positions(table: Table, layout: _Layout, role: Role) -> tuple[int, ...]:
    """Columns with a header of the layout, in the layout's order."""
    folded = [fold_header(header) for header in table.headers]
    if layout is _PLAIN and role in {"submit", "duration", "deadline"}:
        folded = [time_unit_in_header(header)[0] for header in table.headers]
    elif layout is _PLAIN and role == "units":
        # (卡) and (gpu) behind the number of units say nothing new
        folded = [fold_header(_BRACKETED.sub("", header)) for header in table.headers]
    return tuple(place for wanted in layout.headers[role] for place, name in enumerate(folded) if name == wanted)


def _missing(
    table: Table, layout: _Layout, positions: Mapping[Role, tuple[int, ...]], log: JobLogSpec, key: str
) -> list[Fault]:
    needed: list[Role] = ["submit", "units"]
    if not {"start", "end"} <= positions.keys():
        needed.append("duration")
    if layout is _SLURM:
        # without it steps would count beside their jobs
        needed.append("id")
    if log.classes:
        needed.append("class")
    listed = ", ".join(f"`{header}`" for header in table.headers[:12])
    known = "" if layout is _PLAIN else f" of the layout {layout.name}"
    return [
        Fault(
            f"there is no column{known} for the {role} of jobs; the headers are {listed}",
            f'name it with columns = {{ {role} = "HEADER" }}' + ("" if role != "class" else ", or leave `classes` out"),
            table.name,
            key,
            1,
        )
        for role in needed
        if role not in positions and role not in log.columns
    ]
