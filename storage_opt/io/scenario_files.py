"""Series of scenarios: the site's columns read from other tables, or for another calendar year."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage_opt.errors import Fault, Faults, InputError
from storage_opt.io.columns import ColumnReader
from storage_opt.io.spec_faults import nearest
from storage_opt.io.spec_walk import series_fields
from storage_opt.spec.fields import Quantity
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.resolved import ScenarioSeries
from storage_opt.spec.scenario import ScenarioSpec, horizon_of_year
from storage_opt.spec.series import FileColumn, parse_series
from storage_opt.spec.site import SiteSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["read_scenarios"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Everything that the site reads from tables."""

    folder: Path
    file: str
    currency: str
    columns: Mapping[FileColumn, Quantity]
    logs: frozenset[str]
    read: Mapping[FileColumn, NDArray[np.float64]]

    @property
    def tables(self) -> list[str]:
        return sorted({column.file for column in self.columns})


def read_scenarios(
    raw: Mapping[str, Any],
    file: Path,
    currency: str,
    columns: Mapping[FileColumn, NDArray[np.float64]],
    faults: Faults,
) -> dict[str, ScenarioSeries]:
    """Series of every scenario that has its own; those of a broken site too, so that a user sees all faults at once.

    Parameters
    ----------
    raw : mapping
        The site file as written.
    file : Path
        The site file.
    currency : str
        ISO 4217 code of the site's money.
    columns : mapping of FileColumn to (T,) array
        What has been read for the site itself.
    faults : Faults
        Takes what is wrong.
    """
    horizon = _horizon(raw)
    asked = _Asked(file.parent, file.name, currency, dict(_file_columns(raw)), _job_logs(raw), columns)
    found = {}
    for name, scenario in _scenarios(raw):
        if not scenario.has_other_series or horizon is None:
            continue
        try:
            found[name] = _read(f"sizing.scenario.{name}", scenario, horizon, asked)
        except InputError as error:
            faults.extend(error.faults)
    return found


def _read(key: str, scenario: ScenarioSpec, horizon: HorizonSpec, asked: _Asked) -> ScenarioSeries:
    faults = Faults()
    faults.extend(_misnamed(key, scenario, asked))
    try:
        intervals = horizon_of_year(horizon, scenario.year).build()
    except ValueError as error:
        what, _, hint = str(error).rpartition("; ")
        faults.add(Fault(what, hint, asked.file, f"{key}.year"))
        faults.raise_if_any()
        raise AssertionError from error
    is_moved = horizon_of_year(horizon, scenario.year) is not horizon
    reader = ColumnReader(asked.folder, intervals, asked.currency)
    values: dict[FileColumn, NDArray[np.float64]] = {}
    for column, quantity in asked.columns.items():
        other = scenario.replace.get(column.file)
        if other is None and not is_moved:
            if column in asked.read:
                values[column] = asked.read[column]
            continue
        read = column if other is None else column.model_copy(update={"file": other})
        try:
            values[column] = reader.read(read, quantity, f"{key}.{'year' if other is None else 'replace'}")
        except InputError as error:
            faults.extend(error.faults)
    faults.raise_if_any()
    return ScenarioSeries(intervals, values, tuple(reader.notes))


def _misnamed(key: str, scenario: ScenarioSpec, asked: _Asked) -> Iterator[Fault]:
    """Tables to replace that the site does not read as series."""
    for old in scenario.replace:
        if old in asked.logs:
            what = f"`{old}` is a log of jobs, which belongs to its own time"
            yield Fault(what, "describe the work of other years by a series", asked.file, f"{key}.replace")
        elif old not in asked.tables:
            close = nearest(old, asked.tables)
            known = ", ".join(f"`{table}`" for table in asked.tables)
            hint = f"did you mean `{close}`?" if close else f"tables here are {known}" if known else "leave it out"
            yield Fault(f"the site reads no table `{old}`", hint, asked.file, f"{key}.replace")
    if scenario.year is not None and asked.logs:
        what = "the site has jobs of a log, which belong to their own year"
        yield Fault(what, "describe the work by a series, or leave year out", asked.file, f"{key}.year")


def _file_columns(raw: Mapping[str, Any]) -> Iterator[tuple[FileColumn, Quantity]]:
    for _, written, quantity in series_fields(raw, SiteSpec):
        try:
            series = parse_series(written)
        except ValueError:
            # stands among the faults of the spec
            continue
        if isinstance(series, FileColumn):
            yield series, quantity


def _job_logs(raw: Mapping[str, Any]) -> frozenset[str]:
    workloads = raw.get("workload")
    logs = (
        (w.get("jobs") for w in workloads.values() if isinstance(w, Mapping)) if isinstance(workloads, Mapping) else ()
    )
    return frozenset(str(log["file"]) for log in logs if isinstance(log, Mapping) and "file" in log)


def _scenarios(raw: Mapping[str, Any]) -> Iterator[tuple[str, ScenarioSpec]]:
    """The scenarios that are sound by themselves; what is wrong with the others stands among the faults of the spec."""
    sizing = raw.get("sizing")
    written = sizing.get("scenario") if isinstance(sizing, Mapping) else None
    for name, table in written.items() if isinstance(written, Mapping) else ():
        try:
            yield str(name), ScenarioSpec.model_validate_json(json.dumps(table, default=str), strict=True)
        except (ValueError, OverflowError, RecursionError):
            continue


def _horizon(raw: Mapping[str, Any]) -> HorizonSpec | None:
    try:
        return HorizonSpec.model_validate_json(json.dumps(raw.get("horizon"), default=_iso), strict=True)
    except (ValueError, OverflowError, RecursionError, AttributeError):
        return None


def _iso(value: Any) -> str:
    return str(value.isoformat())
