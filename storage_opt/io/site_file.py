"""`site.toml` and its tables to a :class:`Site`: every fault of spec and series is found in one pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from storage_opt.errors import Fault, Faults, InputError
from storage_opt.horizon import Horizon
from storage_opt.io.columns import LARGEST, ColumnReader
from storage_opt.io.job_log import JobLogs, read_job_logs
from storage_opt.io.scenario_files import read_scenarios
from storage_opt.io.site_checks import site_faults
from storage_opt.io.spec_faults import misfit_fault, spec_faults, wrong_range
from storage_opt.io.spec_walk import Key, series_fields, write_key
from storage_opt.io.toml_text import find_site_file, parse_toml, read_toml
from storage_opt.spec.fields import Quantity
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.resolved import ScenarioSeries, Site
from storage_opt.spec.series import ByHour, ByMonth, ByMonthHour, Constant, FileColumn, Series, parse_series
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.site_names import names_misfits
from storage_opt.spec.workload import WorkloadSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_site", "parse_spec", "read_spec"]

_MOST_STEPS = 1_100_000
_YEARS = (1970, 2200)


def load_site(path: Path | str) -> Site:
    """Read a site: its spec and all tables it names, on its horizon.

    Parameters
    ----------
    path : Path or str
        A folder with `site.toml`, or that file.

    Returns
    -------
    Site
        With `notes` on everything that was converted or assumed.

    Raises
    ------
    InputError
        With every fault of spec, series and their combination.
    """
    file = find_site_file(path)
    raw = read_toml(file, file.name)
    faults = Faults()
    spec = _validated(raw, file.name, faults)
    horizon = spec.horizon.build() if spec is not None else _horizon_alone(raw)
    if horizon is not None and horizon.steps > _MOST_STEPS:
        what = f"the horizon has {horizon.steps:,} intervals, more than {_MOST_STEPS:,}"
        faults.add(Fault(what, "shorten it, or take a longer step", file.name, "horizon"))
        horizon = None
    currency = raw["currency"] if isinstance(raw.get("currency"), str) else "CNY"
    reader = None if horizon is None else ColumnReader(file.parent, horizon, currency)
    columns = _read_series(raw, reader, file.name, faults)
    notes: list[str] = []
    logs = JobLogs()
    scenarios: dict[str, ScenarioSeries] = {}
    if horizon is not None and reader is not None:
        logs = _read_jobs(raw, spec, horizon, file)
        faults.extend(logs.faults)
        notes = [*reader.notes, *logs.notes]
        scenarios = read_scenarios(raw, file, currency, columns, faults)
    if faults.found or spec is None or horizon is None:
        raise InputError(faults.found)
    site = Site(spec, horizon, columns, file, tuple(notes), logs.tables, scenarios)
    faults.extend(site_faults(site, file.name))
    faults.raise_if_any()
    return site


def read_spec(path: Path | str) -> SiteSpec:
    """The spec of a site file alone; its tables are not opened.

    Raises
    ------
    InputError
        With every fault of the spec.
    """
    file = find_site_file(path)
    return _spec_of(read_toml(file, file.name), file.name)


def parse_spec(text: str, name: str = "site.toml") -> SiteSpec:
    """The spec in the text of a site file.

    Raises
    ------
    InputError
        With every fault of the spec.
    """
    return _spec_of(parse_toml(text, name), name)


def _spec_of(raw: Mapping[str, Any], name: str) -> SiteSpec:
    faults = Faults()
    spec = _validated(raw, name, faults)
    if faults.found or spec is None:
        raise InputError(faults.found)
    return spec


def _validated(raw: Mapping[str, Any], name: str, faults: Faults) -> SiteSpec | None:
    try:
        # JSON is the form in which pydantic is strict about numbers, yet takes lists and dates as TOML has them
        spec = SiteSpec.model_validate_json(json.dumps(raw, default=_plain_time), strict=True)
    except ValidationError as error:
        faults.extend(dict.fromkeys([*spec_faults(error, raw, SiteSpec, name), *_names_faults(raw, name)]))
        return None
    except (OverflowError, RecursionError):
        faults.add(Fault("a date or number is beyond all bounds", "give dates from 1970 to 2200", name, "horizon"))
        return None
    for moment, key in ((spec.horizon.start, "horizon.start"), (spec.horizon.end, "horizon.end")):
        if not _YEARS[0] <= moment.year <= _YEARS[1]:
            faults.add(Fault(f"year {moment.year} is beyond all bounds", "give dates from 1970 to 2200", name, key))
            return None
    faults.extend(_huge_numbers(raw, (), name))
    return spec


def _names_faults(raw: Mapping[str, Any], name: str) -> list[Fault]:
    """Names that do not fit together at a broken site; a section under a wrong name is told by itself."""
    if not raw.keys() <= SiteSpec.model_fields.keys():
        return []
    return [misfit_fault(misfit, name) for misfit in names_misfits(raw)]


def _plain_time(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(value)


def _huge_numbers(value: Any, key: Key, name: str) -> list[Fault]:
    """Numbers no site can have; they would also ruin the scaling of the model."""
    if isinstance(value, Mapping):
        return [fault for part, inner in value.items() for fault in _huge_numbers(inner, (*key, str(part)), name)]
    if isinstance(value, list):
        return [fault for place, inner in enumerate(value) for fault in _huge_numbers(inner, (*key, place), name)]
    if isinstance(value, int | float) and abs(value) > LARGEST:
        what = f"{value:g} is beyond any plausible size ({LARGEST:g})"
        return [Fault(what, "check the unit; leave a limit out when there is none", name, write_key(key))]
    return []


def _horizon_alone(raw: Mapping[str, Any]) -> Horizon | None:
    """The horizon of a broken spec, so that its tables can be checked all the same."""
    try:
        text = json.dumps(raw.get("horizon"), default=_plain_time)
        spec = HorizonSpec.model_validate_json(text, strict=True)
        if not (_YEARS[0] <= spec.start.year and spec.end.year <= _YEARS[1]):
            return None
        return spec.build()
    except (ValueError, OverflowError, RecursionError):
        return None


def _read_jobs(raw: Mapping[str, Any], spec: SiteSpec | None, horizon: Horizon, file: Path) -> JobLogs:
    """Jobs of the site's logs; of a broken spec too, as far as its workloads are sound."""
    if spec is not None:
        installed = {name: cluster.installed_units for name, cluster in spec.cluster.items()}
        return read_job_logs(file.parent, horizon, spec.workload, installed, file.name)
    workloads: dict[str, WorkloadSpec] = {}
    try:
        for name, written in raw.get("workload", {}).items():
            text = json.dumps(written, default=_plain_time)
            workloads[name] = WorkloadSpec.model_validate_json(text, strict=True)
        installed = {
            name: float(cluster["installed_units"])
            for name, cluster in raw.get("cluster", {}).items()
            if isinstance(cluster, Mapping) and isinstance(cluster.get("installed_units"), int | float)
        }
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError):
        # which workload takes which class is known only when all of them are
        return JobLogs()
    return read_job_logs(file.parent, horizon, workloads, installed, file.name)


def _read_series(
    raw: Mapping[str, Any], reader: ColumnReader | None, name: str, faults: Faults
) -> dict[FileColumn, NDArray[np.float64]]:
    """Columns of tables, and faults of what is written out; without a reader no table is opened."""
    columns: dict[FileColumn, NDArray[np.float64]] = {}
    for key, written, quantity in series_fields(raw, SiteSpec):
        try:
            series = parse_series(written)
        except ValueError:
            # stands among the faults of the spec
            continue
        if not isinstance(series, FileColumn):
            faults.extend(_plain_range_faults(series, quantity, name, key))
            continue
        if reader is None:
            continue
        try:
            columns[series] = reader.read(series, quantity, write_key(key))
        except InputError as error:
            faults.extend(error.faults)
    return columns


def _plain_range_faults(series: Series, quantity: Quantity, name: str, key: Key) -> list[Fault]:
    match series:
        case Constant(value):
            numbers = [(value, key)]
        case ByMonth(values) | ByHour(values):
            numbers = [(value, (*key, place)) for place, value in enumerate(values)]
        case ByMonthHour(values=rows):
            numbers = [(value, (*key, m, h)) for m, row in enumerate(rows) for h, value in enumerate(row)]
        case _:
            return []
    low, high = quantity.minimum, quantity.maximum
    faults = []
    for value, place in numbers:
        if low is not None and value < low:
            faults.append(wrong_range(value, f"at least {low:g}", quantity, name, place))
        elif high is not None and value > high:
            faults.append(wrong_range(value, f"at most {high:g}", quantity, name, place))
    return faults
