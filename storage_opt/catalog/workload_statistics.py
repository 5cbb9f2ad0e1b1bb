"""Statistics of compute load, as they ship: enough to make synthetic series and jobs, not the traces themselves."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.catalog.two_scale_noise import TwoScaleNoise
from storage_opt.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "WORKLOAD_FOLDER",
    "DurationPart",
    "JobClass",
    "JobStatistics",
    "SizeBand",
    "WorkloadStatistics",
    "load_job_statistics",
    "load_workload_statistics",
    "write_workload_json",
]

WORKLOAD_FOLDER = Path(__file__).parent / "statistics" / "workload"
"""Where the shipped statistics of compute load stand, one JSON file each."""

_WORKING_DAYS = 5


@dataclass(frozen=True, slots=True, eq=False)
class WorkloadStatistics:
    """How the units in use run through the week, and how they stray from it.

    Parameters
    ----------
    name : str
        ``training``, ``batch`` or ``inference``.
    mean_frac : float or None
        Mean share of the installed units in use; None where the source does not tell. [0-1]
    week_frac : (7, 24) array
        Mean of each weekday, Monday first, and hour over the mean of the week.
    spread_frac : float
        Standard deviation of the load around the mean of its day type and hour, as a share of that mean.
    lag_15min, lag_1h, lag_24h : float
        Autocorrelation of the series in steps of 15 minutes.
    noise : TwoScaleNoise
        Fitted to the autocorrelation of what strays from the mean of day type and hour.
    source : str
        Origin, licence and attribution; must stay with the numbers.
    """

    name: str
    mean_frac: float | None
    week_frac: NDArray[np.float64]
    spread_frac: float
    lag_15min: float
    lag_1h: float
    lag_24h: float
    noise: TwoScaleNoise
    source: str

    @property
    def working_day_frac(self) -> NDArray[np.float64]:
        """Mean of each hour of Monday to Friday over the mean of the week (24,)."""
        day: NDArray[np.float64] = self.week_frac[:_WORKING_DAYS].mean(axis=0)
        return day

    @property
    def day_off_frac(self) -> NDArray[np.float64]:
        """Mean of each hour of Saturday and Sunday over the mean of the week (24,)."""
        day: NDArray[np.float64] = self.week_frac[_WORKING_DAYS:].mean(axis=0)
        return day


@dataclass(frozen=True, slots=True)
class DurationPart:
    """A lognormal of durations, cut at the longest duration of all jobs.

    Parameters
    ----------
    share_frac : float
        Share of the jobs of the band. [0-1]
    median_s : float
        Median before the cut, which is the geometric mean. [s]
    log_std : float
        Standard deviation of the logarithm.
    mean_s : float
        Mean after the cut. [s]
    """

    share_frac: float
    median_s: float
    log_std: float
    mean_s: float


@dataclass(frozen=True, slots=True)
class SizeBand:
    """Jobs of a class with similar numbers of units.

    Parameters
    ----------
    share_frac : float
        Share of the jobs of the class. [0-1]
    units : tuple of int
        Numbers of units, powers of two.
    units_share_frac : tuple of float
        Share of the band's jobs with each of them; they sum to one. [0-1]
    durations : tuple of DurationPart
        Runs that end within the hour, and longer ones: one lognormal can't have the median of the
        former and the mean of the latter.
    """

    share_frac: float
    units: tuple[int, ...]
    units_share_frac: tuple[float, ...]
    durations: tuple[DurationPart, ...]


@dataclass(frozen=True, slots=True)
class JobClass:
    """Jobs of one kind.

    Parameters
    ----------
    name : str
        Such as ``pretrain``.
    share_frac : float
        Share of the number of jobs. [0-1]
    unit_time_share_frac : float
        Share of units times duration. [0-1]
    bands : tuple of SizeBand
        By number of units.
    """

    name: str
    share_frac: float
    unit_time_share_frac: float
    bands: tuple[SizeBand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class JobStatistics:
    """Jobs of a cluster that develops large models.

    Parameters
    ----------
    median_s, mean_s, longest_s, shortest_s : float
        Duration of all jobs. [s]
    classes : tuple of JobClass
        Kinds of jobs; shares sum to one.
    submissions_frac : (2, 24) array
        Jobs that start in each hour of working days and of days off, over the mean hour.
    source : str
        Origin, licence and attribution; must stay with the numbers.
    """

    median_s: float
    mean_s: float
    longest_s: float
    shortest_s: float
    classes: tuple[JobClass, ...]
    submissions_frac: NDArray[np.float64]
    source: str


def load_workload_statistics(name: str, folder: Path = WORKLOAD_FOLDER) -> WorkloadStatistics:
    """Read the statistics of ``training``, ``batch`` or ``inference``.

    Raises
    ------
    InputError
        When there are none of that name; the nearest name is suggested.
    """
    names = ("batch", "inference", "training")
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        hint = f"did you mean `{near[0]}`? There are: {', '.join(names)}"
        raise InputError([Fault(f"there are no workload statistics named `{name}`", hint)])
    raw = _read(folder / f"{name}.json")
    week = np.array(raw.pop("week_frac"), dtype=np.float64)
    return WorkloadStatistics(**raw | {"week_frac": week, "noise": TwoScaleNoise(**raw["noise"])})


def load_job_statistics(folder: Path = WORKLOAD_FOLDER) -> JobStatistics:
    """Read the statistics of jobs."""
    raw = _read(folder / "jobs.json")
    classes = tuple(_job_class(entry) for entry in raw.pop("classes"))
    submissions = np.array(raw.pop("submissions_frac"), dtype=np.float64)
    return JobStatistics(**raw, classes=classes, submissions_frac=submissions)


def _job_class(raw: dict[str, Any]) -> JobClass:
    return JobClass(**raw | {"bands": tuple(_size_band(band) for band in raw["bands"])})


def _size_band(raw: dict[str, Any]) -> SizeBand:
    parts = tuple(DurationPart(**part) for part in raw["durations"])
    return SizeBand(raw["share_frac"], tuple(raw["units"]), tuple(raw["units_share_frac"]), parts)


def _read(path: Path) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return raw


def write_workload_json(statistics: WorkloadStatistics | JobStatistics, path: Path) -> Path:
    """Write statistics as JSON, one day, band or key a line; the inverse of the functions that load."""
    raw = asdict(statistics)
    entries = {"source": raw.pop("source")} | raw
    lines = [f'  "{key}": {_value(value)}' for key, value in entries.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
    return path


def _value(value: Any, indent: str = "  ") -> str:  # noqa: ANN401
    """JSON of a value, nested lists and lists of objects one element a line."""
    plain = value.tolist() if isinstance(value, np.ndarray) else value
    inner = indent + "  "
    if isinstance(plain, list | tuple) and plain and isinstance(plain[0], list | tuple | dict):
        rows = f",\n{inner}".join(_value(row, inner) for row in plain)
        return f"[\n{inner}{rows}\n{indent}]"
    if isinstance(plain, dict) and plain.keys() & {"bands", "durations"}:
        pairs = f",\n{inner}".join(f'"{key}": {_value(item, inner)}' for key, item in plain.items())
        return f"{{\n{inner}{pairs}\n{indent}}}"
    return json.dumps(plain, ensure_ascii=False)
