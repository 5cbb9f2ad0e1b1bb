"""Regenerate the synthetic series of the shipped profiles, bit for bit.

``python -m storage_opt.catalog.make_profiles [FOLDER]`` writes the series of every profile below FOLDER
(default: the shipped profiles). The site files are written by hand and stay as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.profiles import profiles_root
from storage_opt.catalog.renewable_statistics import load_statistics
from storage_opt.catalog.synthetic import pv_profile, wind_profile
from storage_opt.catalog.synthetic_load import LoadShape, data_centre, load_profile
from storage_opt.horizon import Horizon

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PROFILES", "industrial", "main", "ulanqab"]

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


def ulanqab(folder: Path) -> None:
    """Wind and PV from Inner Mongolia's statistics, a data centre of some 90 MW; 2027 in 15-minute steps."""
    year = Horizon(date(2027, 1, 1), date(2028, 1, 1), 15, "Asia/Shanghai")
    wind = wind_profile(load_statistics("InnerMongolia_onwind"), year, 20271, ULANQAB_WIND_H)
    latitude, longitude = ULANQAB_DEG
    statistics = load_statistics("InnerMongolia_solar")
    pv = pv_profile(statistics, year, 20272, ULANQAB_PV_H, latitude_deg=latitude, longitude_deg=longitude)
    load_kw = load_profile(data_centre(88_000.0), year, 20273)
    _write(folder / "synthetic_renewables.csv", year, {"wind_frac": (wind, 3), "pv_frac": (pv, 3)})
    _write(folder / "synthetic_load.csv", year, {"load_mw": (load_kw / 1000.0, 2)})


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


PROFILES: Mapping[str, Callable[[Path], None]] = {"industrial": industrial, "ulanqab": ulanqab}
"""What makes the series of each profile."""


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
