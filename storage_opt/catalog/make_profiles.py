"""Regenerate the synthetic series of the shipped profiles, bit for bit.

``python -m storage_opt.catalog.make_profiles [FOLDER]`` writes the series of every profile below FOLDER
(default: the shipped profiles). The site files are written by hand and stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.compute_series import write_compute_series
from storage_opt.catalog.profiles import profile_folder, profiles_root
from storage_opt.catalog.renewable_statistics import load_statistics
from storage_opt.catalog.synthetic import pv_profile, wind_profile
from storage_opt.catalog.synthetic_load import LoadShape, load_profile
from storage_opt.horizon import Horizon

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PROFILES", "guian", "industrial", "main", "mengxi_day_ahead", "stacking", "ulanqab", "yangtze"]

ULANQAB_DEG = (41.0, 113.1)
ULANQAB_WIND_H, ULANQAB_PV_H = 3000.0, 1650.0
DONGGUAN_DEG = (23.0, 113.7)
DONGGUAN_PV_H = 1050.0

_FACTORY_DAY = (
    *(0.42, 0.41, 0.40, 0.40, 0.41, 0.45, 0.55, 0.75, 0.96, 1.02, 1.04, 0.98),
    *(0.90, 0.97, 1.04, 1.05, 1.04, 1.00, 0.86, 0.80, 0.78, 0.72, 0.55, 0.45),
)
_FACTORY_DAY_OFF = (*(0.30,) * 8, *(0.33, 0.35, 0.36, 0.36, 0.35, 0.35, 0.36, 0.36, 0.35, 0.34), *(0.31,) * 6)
_FACTORY_MONTH = (0.92, 0.88, 0.96, 0.98, 1.03, 1.06, 1.08, 1.08, 1.05, 1.01, 0.98, 0.97)


_MENGXI_HOURS = (
    *(0.42, 0.38, 0.36, 0.35, 0.40, 0.55, 0.68, 0.70, 0.50, 0.30, 0.15, 0.05),
    *(0.00, 0.00, 0.05, 0.20, 0.40, 0.65, 0.90, 1.00, 1.00, 0.90, 0.75, 0.62),
)
_WINTER, _SPRING, _SUMMER, _AUTUMN = (0.200, 0.347), (-0.020, 0.214), (0.10, 0.30), (0.05, 0.25)
_MENGXI_MONTHS = (_WINTER, _WINTER, *(_SPRING,) * 3, *(_SUMMER,) * 3, *(_AUTUMN,) * 3, _WINTER)
_MENGXI_WIND, _MENGXI_FLOOR = 0.15, -0.020


def mengxi_day_ahead(horizon: Horizon, wind: NDArray[np.float64]) -> NDArray[np.float64]:
    """Synthetic day-ahead price of western Inner Mongolia (T,). [CNY/kWh]

    Parameters
    ----------
    horizon : Horizon
        Whole hours.
    wind : (T,) array
        Wind output as a share of capacity: the wind that blows at the site blows in the province.

    Notes
    -----
    ``max(low + (high - low) shape(hour) + 0.15 (mean wind - wind), -0.02)`` with low and high of the month.
    """
    low, high = np.array(_MENGXI_MONTHS).T[:, horizon.month - 1]
    calm = low + (high - low) * np.array(_MENGXI_HOURS)[horizon.hour]
    price: NDArray[np.float64] = np.maximum(calm + _MENGXI_WIND * (wind.mean() - wind), _MENGXI_FLOOR)
    return price


def ulanqab(folder: Path) -> None:
    """Wind and PV from Inner Mongolia's statistics, mostly training, the market; 2027 in 15-minute steps."""
    year = Horizon(date(2027, 1, 1), date(2028, 1, 1), 15, "Asia/Shanghai")
    wind = wind_profile(load_statistics("InnerMongolia_onwind"), year, 20271, ULANQAB_WIND_H)
    latitude, longitude = ULANQAB_DEG
    statistics = load_statistics("InnerMongolia_solar")
    pv = pv_profile(statistics, year, 20272, ULANQAB_PV_H, latitude_deg=latitude, longitude_deg=longitude)
    hours = Horizon(year.first_day, date(2028, 1, 1), 60, year.zone)
    day_ahead = mengxi_day_ahead(hours, wind.reshape(-1, 4).mean(axis=1))
    _write(folder / "synthetic_renewables.csv", year, {"wind_frac": (wind, 3), "pv_frac": (pv, 3)})
    _write(folder / "synthetic_prices.csv", hours, {"day_ahead_cny_per_kwh": (day_ahead, 3)})
    _write_compute("ulanqab", folder)


def yangtze(folder: Path) -> None:
    """Services for users with a little batch work, in the climate of Shanghai; 2027 in hourly steps."""
    _write_compute("yangtze", folder)


def guian(folder: Path) -> None:
    """Training, services and batch work in a cool climate; 2027 in hourly steps."""
    _write_compute("guian", folder)


def industrial(folder: Path) -> None:
    """Rooftop PV from Guangdong's statistics, a factory of two shifts; 2027 in hourly steps."""
    year = Horizon(date(2027, 1, 1), date(2028, 1, 1), 60, "Asia/Shanghai")
    latitude, longitude = DONGGUAN_DEG
    statistics = load_statistics("Guangdong_solar")
    pv = pv_profile(statistics, year, 20274, DONGGUAN_PV_H, latitude_deg=latitude, longitude_deg=longitude)
    shape = LoadShape(
        6_000.0, _FACTORY_DAY, _FACTORY_DAY_OFF, _FACTORY_MONTH, noise_frac=0.04, noise_h=3.0, variability_frac=0.03
    )
    load_kw = load_profile(shape, year, 20275)
    _write(folder / "synthetic_series.csv", year, {"load_kw": (load_kw, 0), "pv_frac": (pv, 4)})


def stacking(folder: Path) -> None:
    """The factory of two shifts without its roofs, another year of it; 2027 in hourly steps."""
    year = Horizon(date(2027, 1, 1), date(2028, 1, 1), 60, "Asia/Shanghai")
    shape = LoadShape(
        6_000.0, _FACTORY_DAY, _FACTORY_DAY_OFF, _FACTORY_MONTH, noise_frac=0.04, noise_h=3.0, variability_frac=0.03
    )
    _write(folder / "synthetic_series.csv", year, {"load_kw": (load_profile(shape, year, 20276), 0)})


PROFILES: Mapping[str, Callable[[Path], None]] = {
    "guian": guian,
    "industrial": industrial,
    "stacking": stacking,
    "ulanqab": ulanqab,
    "yangtze": yangtze,
}
"""What makes the series of each profile."""


def _write_compute(profile: str, folder: Path) -> None:
    """Work and outdoor temperature of a profile, for the units that its site file installs."""
    with (profile_folder(profile) / "site.toml").open("rb") as file:
        clusters = tomllib.load(file)["cluster"]
    write_compute_series(profile, {name: cluster["installed_units"] for name, cluster in clusters.items()}, folder)


def _write(path: Path, horizon: Horizon, columns: Mapping[str, tuple[NDArray[np.float64], int]]) -> None:
    """A table stamped at interval starts in local time, each column rounded to its decimals."""
    import pandas as pd

    table = pd.DataFrame({"time": horizon.stamps.tz_localize(None).strftime("%Y-%m-%d %H:%M")})
    for name, (values, decimals) in columns.items():
        rounded = np.round(values, decimals)
        table[name] = rounded.astype(np.int64) if decimals == 0 else rounded
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def main(arguments: list[str] | None = None) -> int:
    """Command line: write the series of all profiles."""
    parser = argparse.ArgumentParser(prog="python -m storage_opt.catalog.make_profiles", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=None, help="folder of the profiles")
    options = parser.parse_args(arguments)
    root = options.folder or profiles_root()
    for name, make in PROFILES.items():
        make(root / name)
        sys.stdout.write(f"{root / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
