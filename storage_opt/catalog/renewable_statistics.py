"""Statistics of hourly wind or PV output, as they ship: enough to make a synthetic year, not the year itself."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.process import TwoScaleProcess
from storage_opt.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FOLDER", "RenewableStatistics", "load_statistics", "statistics_names", "write_statistics"]

FOLDER = Path(__file__).parent / "statistics"
"""Where the shipped statistics stand, one JSON file each."""

_TABLES = ("mean_frac", "std_frac", "max_frac")


@dataclass(frozen=True, slots=True, eq=False)
class RenewableStatistics:
    """What is known of the output of a kind of plant in a region, as a share of capacity.

    Parameters
    ----------
    region, technology : str
        Such as ``InnerMongolia``, ``onwind`` or ``solar``.
    annual_mean_frac : float
        Mean of the year; times 8,760 h the full-load hours. [0-1]
    mean_frac, std_frac, max_frac : (12, 24) array
        Mean, standard deviation over the days, and maximum in each calendar month and hour. [0-1]
    lag_1h, lag_24h : float
        Autocorrelation of the hourly series.
    daily_lag_1d, daily_lag_2d : float
        Autocorrelation of the daily means.
    process : TwoScaleProcess
        Fitted to the autocorrelation of the standardised anomalies.
    source : str
        Origin, licence and attribution; must stay with the numbers.
    """

    region: str
    technology: str
    annual_mean_frac: float
    mean_frac: NDArray[np.float64]
    std_frac: NDArray[np.float64]
    max_frac: NDArray[np.float64]
    lag_1h: float
    lag_24h: float
    daily_lag_1d: float
    daily_lag_2d: float
    process: TwoScaleProcess
    source: str

    @property
    def name(self) -> str:
        """Name of the file, such as ``InnerMongolia_onwind``."""
        return f"{self.region}_{self.technology}"


def statistics_names() -> tuple[str, ...]:
    """Names of the statistics that ship, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_statistics(name: str, folder: Path = FOLDER) -> RenewableStatistics:
    """Read statistics by name, such as ``InnerMongolia_onwind``.

    Raises
    ------
    InputError
        When there are none of that name; the nearest name is suggested.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        names = sorted(found.stem for found in folder.glob("*.json"))
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        hint = f"did you mean `{near[0]}`? There are: {', '.join(names)}" if near else f"no statistics in {folder}"
        raise InputError([Fault(f"there are no statistics named `{name}`", hint)])
    raw = json.loads(path.read_text(encoding="utf-8"))
    tables = {key: np.array(raw.pop(key), dtype=np.float64) for key in _TABLES}
    return RenewableStatistics(**raw | tables | {"process": TwoScaleProcess(**raw["process"])})


def write_statistics(statistics: RenewableStatistics, folder: Path) -> Path:
    """Write statistics as JSON, one month a line; the inverse of :func:`load_statistics`."""
    raw = {key: getattr(statistics, key) for key in ("source", "region", "technology", "annual_mean_frac")}
    raw |= {key: getattr(statistics, key) for key in ("lag_1h", "lag_24h", "daily_lag_1d", "daily_lag_2d")}
    raw["process"] = asdict(statistics.process)
    parts = [f'  "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in raw.items()]
    for key in _TABLES:
        rows = ",\n    ".join(json.dumps(row) for row in getattr(statistics, key).tolist())
        parts.append(f'  "{key}": [\n    {rows}\n  ]')
    path = folder / f"{statistics.name}.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")
    return path
