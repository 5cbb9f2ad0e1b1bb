"""Recompute the shipped statistics from a folder with the real provincial series.

``python -m storage_opt.catalog.statistics_from_data DATA_DIR [--out FOLDER]`` reads
``DATA_DIR/renewables/cn_province_{onwind,solar}_cf_2020_1h.csv.gz`` (hourly capacity factors of 2020, one
column a province, China Standard Time) and writes one JSON file a province and kind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.catalog.process import TwoScaleProcess
from storage_opt.catalog.renewable_statistics import FOLDER, RenewableStatistics, write_statistics

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["REGIONS", "TECHNOLOGIES", "compute_statistics", "main", "read_province"]

REGIONS = ("InnerMongolia", "Jiangsu", "Guizhou", "Guangdong")
TECHNOLOGIES = ("onwind", "solar")
SOURCE = (
    "Computed statistics, not the series. Series: Rick10119/PyPSA-China, resources/profile_{technology}.nc at commit "
    "caf1d59, province mean of 2020, data CC0-1.0 as stated by the repository's README. Contains modified Copernicus "
    "Climate Change Service information 2020; neither the European Commission nor ECMWF is responsible for any use "
    "made of it. Modelled from ERA5 reanalysis, averaged over suitable land: smoother than any single plant.{shifted}"
)
_SHIFTED = {"solar": " Moved one hour back, from the end to the start of the hours they average."}
_FIT_LAGS_H = np.array([1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0])
_FEWEST_PAIRS = 300
"""Lags with fewer pairs stay out of the fit: 12 h apart the sun rarely shines at both ends."""
_DARK_FRAC = 0.02
"""Month x hours with a smaller mean say nothing about the weather and stay out of the fit."""


def read_province(data_dir: Path, technology: str, region: str) -> pd.Series[float]:
    """Hourly capacity factor of a province, stamped at interval starts in China Standard Time.

    Notes
    -----
    Solar values of the source are means over the hour *before* their stamp, as in ERA5: taken as interval
    starts, the sun of Guangdong, Jiangsu, Guizhou and Inner Mongolia would stand 15 to 16 degrees of
    longitude too far west, which is one hour. They are moved to the start of their hour here. Wind values
    are instantaneous and stay; their jumps between assimilation windows at 9 and 21 h UTC show that the
    stamps are China Standard Time.
    """
    import pandas as pd

    path = data_dir / "renewables" / f"cn_province_{technology}_cf_2020_1h.csv.gz"
    table = pd.read_csv(path, usecols=["time_cst", region], index_col="time_cst", parse_dates=True)
    series = table[region]
    # the year's last hour is dark
    return series.shift(-1, fill_value=0.0) if technology == "solar" else series


def compute_statistics(series: pd.Series[float], region: str, technology: str, source: str) -> RenewableStatistics:
    """Statistics of an hourly series that covers whole days.

    Parameters
    ----------
    series : Series of (T,)
        Capacity factor, stamped at the start of each hour in local time. [0-1]
    """
    stamps = series.index
    cells = series.groupby([stamps.month, stamps.hour])  # type: ignore[attr-defined]
    # groups come sorted: month by month, hour by hour
    mean, std, top = (cells.agg(how).to_numpy(dtype=np.float64).reshape(12, 24) for how in ("mean", "std", "max"))
    month, hour = stamps.month.to_numpy() - 1, stamps.hour.to_numpy()  # type: ignore[attr-defined]
    values = series.to_numpy(dtype=np.float64)
    lit = (mean > _DARK_FRAC)[month, hour]
    anomaly = np.where(lit, values - mean[month, hour], np.nan) / np.where(lit, std[month, hour], 1.0)
    lags = np.array([lag for lag in _FIT_LAGS_H if _pairs(anomaly, int(lag)).sum() > _FEWEST_PAIRS])
    process = TwoScaleProcess.fit(lags, np.array([_correlation(anomaly, int(lag)) for lag in lags]))
    daily: NDArray[np.float64] = np.asarray(values.reshape(-1, 24).mean(axis=1), dtype=np.float64)
    return RenewableStatistics(
        region,
        technology,
        round(float(values.mean()), 5),
        np.round(mean, 4),
        np.round(std, 4),
        np.round(top, 4),
        round(_correlation(values, 1), 4),
        round(_correlation(values, 24), 4),
        round(_correlation(daily, 1), 4),
        round(_correlation(daily, 2), 4),
        TwoScaleProcess(round(process.slow_share_frac, 4), round(process.slow_h, 3), round(process.fast_h, 3)),
        source,
    )


def _correlation(values: NDArray[Any], lag: int) -> float:
    """Correlation of the series with itself `lag` places later; pairs with a gap are left out."""
    known = _pairs(values, lag)
    return float(np.corrcoef(values[:-lag][known], values[lag:][known])[0, 1])


def _pairs(values: NDArray[Any], lag: int) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = ~(np.isnan(values[:-lag]) | np.isnan(values[lag:]))
    return known


def main(arguments: list[str] | None = None) -> int:
    """Command line: read the provincial series, write the statistics."""
    parser = argparse.ArgumentParser(prog="python -m storage_opt.catalog.statistics_from_data", description=__doc__)
    parser.add_argument("data_dir", type=Path, help="folder with renewables/cn_province_*_cf_2020_1h.csv.gz")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to (default: the shipped statistics)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for technology in TECHNOLOGIES:
        for region in REGIONS:
            series = read_province(options.data_dir, technology, region)
            source = SOURCE.format(technology=technology, shifted=_SHIFTED.get(technology, ""))
            path = write_statistics(compute_statistics(series, region, technology, source), options.out)
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
