"""Compute load and outdoor temperature of the profiles as one synthetic table each, bit for bit the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.climate import find_climate, outdoor_temp_degc
from storage_opt.catalog.synthetic_workload import arriving_units_frac, inference_units_frac
from storage_opt.catalog.workload_statistics import load_workload_statistics
from storage_opt.errors import Fault, InputError
from storage_opt.horizon import Horizon

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["COMPUTE_FILE", "RECIPES", "ComputeColumn", "ComputeRecipe", "compute_series", "write_compute_series"]

COMPUTE_FILE = "synthetic_compute.csv"
_ZONE = "Asia/Shanghai"
_YEAR = 2027
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ComputeColumn:
    """Work of one kind on one cluster.

    Parameters
    ----------
    name : str
        ``inference``, ``training``, ``fine_tuning`` or ``batch``; the header adds the unit.
    cluster : str
        Cluster whose units count.
    statistics : str
        ``inference``, ``training`` or ``batch``.
    level_frac : float
        Use in the busiest hour of a mean working day for inference, mean of the year for all else, as a share of
        the installed units of the cluster [assumed]. [0-1]
    seed : int
        Decides the noise.
    """

    name: str
    cluster: str
    statistics: str
    level_frac: float
    seed: int


@dataclass(frozen=True, slots=True)
class ComputeRecipe:
    """Work and climate of a profile.

    Parameters
    ----------
    step_minutes : int
        Step of the profile. [min]
    climate : str
        Name of a climate.
    columns : tuple of ComputeColumn
        Kinds of work.
    climate_seed : int
        Decides the weather.
    """

    step_minutes: int
    climate: str
    columns: tuple[ComputeColumn, ...]
    climate_seed: int


RECIPES: Mapping[str, ComputeRecipe] = {
    "ulanqab": ComputeRecipe(
        15,
        "ulanqab",
        (
            ComputeColumn("inference", "serving_gpus", "inference", 0.70, 20281),
            ComputeColumn("training", "training_gpus", "training", 0.74, 20298),
            ComputeColumn("fine_tuning", "training_gpus", "batch", 0.08, 20283),
            ComputeColumn("batch", "serving_gpus", "batch", 0.15, 20284),
        ),
        20285,
    ),
    "yangtze": ComputeRecipe(
        60,
        "shanghai",
        (
            ComputeColumn("inference", "serving_gpus", "inference", 0.75, 20286),
            ComputeColumn("batch", "serving_gpus", "batch", 0.10, 20289),
        ),
        20290,
    ),
    "guian": ComputeRecipe(
        60,
        "guiyang",
        (
            ComputeColumn("inference", "serving_gpus", "inference", 0.60, 20291),
            ComputeColumn("training", "training_gpus", "training", 0.68, 20292),
            ComputeColumn("batch", "serving_gpus", "batch", 0.25, 20293),
        ),
        20294,
    ),
}
"""Mostly training in Ulanqab, services with little to shift in the Yangtze delta, both with much to shift in Gui'an.
Levels are assumptions. The training cluster of Ulanqab is full for a seventh of the year: work queues there."""


def compute_series(profile: str, installed_units: Mapping[str, float]) -> pd.DataFrame:
    """Compute load and outdoor temperature of a profile in 2027.

    Parameters
    ----------
    profile : str
        ``ulanqab``, ``yangtze`` or ``guian``.
    installed_units : mapping of str to float
        Units of the clusters ``serving_gpus`` and, where there is training, ``training_gpus``. [unit]

    Returns
    -------
    DataFrame of (T,)
        ``time``, the start of the interval by wall clock; ``inference (GPU)``, units that services keep busy;
        ``batch (GPU)`` and where the recipe has them ``training (GPU)`` and ``fine_tuning (GPU)``, units that arriving
        work would keep busy at once; ``outdoor (degC)``. Units to four digits, temperature to a tenth.

    Raises
    ------
    InputError
        When there is no such profile, or a cluster is missing or without units.
    """
    import pandas as pd

    recipe = _recipe(profile)
    _require_clusters(recipe, installed_units)
    horizon = Horizon(date(_YEAR, 1, 1), date(_YEAR + 1, 1, 1), recipe.step_minutes, _ZONE)
    table = pd.DataFrame({"time": horizon.stamps.tz_localize(None).strftime("%Y-%m-%d %H:%M")})
    for column in recipe.columns:
        units = installed_units[column.cluster]
        table[f"{column.name} (GPU)"] = _rounded(units * _share(column, horizon), units)
    climate = find_climate(recipe.climate)
    table["outdoor (degC)"] = np.round(outdoor_temp_degc(climate, horizon, recipe.climate_seed), 1) + 0.0
    return table


def write_compute_series(profile: str, installed_units: Mapping[str, float], folder: Path) -> Path:
    """Write the table of :func:`compute_series` as ``synthetic_compute.csv`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / COMPUTE_FILE
    compute_series(profile, installed_units).to_csv(path, index=False, lineterminator="\n")
    return path


def _share(column: ComputeColumn, horizon: Horizon) -> NDArray[np.float64]:
    statistics = load_workload_statistics(column.statistics)
    if column.name == "inference":
        return inference_units_frac(statistics, horizon, column.seed, busiest_frac=column.level_frac)
    return arriving_units_frac(statistics, horizon, column.seed, column.level_frac)


def _rounded(values: NDArray[np.float64], units: float) -> NDArray[np.float64] | NDArray[np.int64]:
    """To four digits of the installed units, whole numbers from a thousand units on."""
    decimals = max(_DIGITS - 1 - int(np.floor(np.log10(units))), 0)
    rounded = np.round(values, decimals)
    return rounded.astype(np.int64) if decimals == 0 else rounded


def _recipe(profile: str) -> ComputeRecipe:
    if profile not in RECIPES:
        what = f"there is no compute series for profile `{profile}`"
        raise InputError([Fault(what, f"there are: {', '.join(RECIPES)}")])
    return RECIPES[profile]


def _require_clusters(recipe: ComputeRecipe, installed_units: Mapping[str, float]) -> None:
    needed = sorted({column.cluster for column in recipe.columns})
    faults = [
        Fault(f"cluster `{name}` has {installed_units.get(name, 'no')} units", "give its installed units", key=name)
        for name in needed
        if not installed_units.get(name, 0.0) > 0.0
    ]
    if faults:
        raise InputError(faults)
