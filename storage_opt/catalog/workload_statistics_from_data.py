"""Recompute the shipped statistics of compute load from a folder with the real traces.

``python -m storage_opt.catalog.workload_statistics_from_data DATA_DIR [--out FOLDER]`` reads from
``DATA_DIR/compute``: units in use of a cluster, CPU use of virtual machines, jobs of a cluster for large models; and
writes four JSON files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.job_statistics_from_data import job_statistics
from storage_opt.catalog.two_scale_noise import TwoScaleNoise
from storage_opt.catalog.workload_statistics import (
    WORKLOAD_FOLDER,
    JobStatistics,
    WorkloadStatistics,
    write_workload_json,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "batch_statistics",
    "days_off",
    "inference_statistics",
    "main",
    "read_gpus",
    "read_virtual_machines",
    "training_statistics",
    "week_statistics",
]

HELIOS = (
    "Computed statistics, not the trace. Trace: Helios, cluster Earth of SenseTime, GPUs in use in May 2020, from "
    "S-Lab-System-Group/HeliosArtifact, analysis/2_cluster characterization/Earth_vcs/*/cluster_sequence_vc.csv "
    "at commit bdaae10, data CC BY 4.0, adapted: minutes averaged to quarters of an hour. Q. Hu et al., "
    "Characterization and Prediction of Deep Learning Workloads in Large-Scale GPU Datacenters, SC 2021. 16 of 25 "
    "virtual clusters. Gaps of the log on 10 and 12 May are left out; 1 to 5 May were holidays and 9 May a "
    "working Saturday, left out of the week.{subset}"
)
_GROUPS = " Means over the virtual clusters that use 8 to 64 GPUs on average: the work of single groups."
AZURE_VM = (
    "Computed statistics, not the trace. Trace: Azure Public Dataset V2 (2019), CPU use of all virtual machines "
    "over 30 days, Microsoft, CC BY 4.0, aggregated by A. Fernandez-Montes and D. Fernandez-Cerero, "
    "doi:10.5281/zenodo.14564847, from alejandrofdez-us/DataCenter-Traces-Datasets, "
    "azure_v2/vm_cpu_readings_month_aggregated_cpu_mem.csv at commit 003bb8e. It has no calendar and no clock: "
    "the two quiet days of each week are taken for the weekend, and hour 0 is the hour in which the trace starts. "
    "Virtual machines of all kinds, so much flatter than a service for people."
)
HOLIDAYS = tuple(date(2020, 5, day) for day in range(1, 6))
"""Labour Day holidays of 2020."""
WORKDAYS = (date(2020, 5, 9),)
"""The Saturday worked in exchange."""
_FIT_LAGS_H = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0])
_STEPS_AN_HOUR = 4
_SATURDAY = 5
_ASSUMED_START = "2019-01-04"
"""A Friday: the second and third day of the trace are the quiet ones."""


def read_gpus(data_dir: Path) -> pd.DataFrame:
    """GPUs in use by virtual cluster in steps of 15 minutes, China Standard Time, NaN in the gaps of the log.

    Column ``all`` is their sum, as a share of the installed GPUs; ``jobs`` counts running jobs.

    Notes
    -----
    Steps in which nothing runs anywhere are gaps, and so are their neighbours, which average a part of one.
    """
    import pandas as pd

    path = data_dir / "compute" / "helios_earth_gpu_15min.csv.gz"
    table = pd.read_csv(path, index_col="time_cst", parse_dates=True)
    down = table["running_gpu"] == 0.0
    down = down | down.shift(1, fill_value=False) | down.shift(-1, fill_value=False)
    groups = table.filter(regex="^running_gpu_(?!jobs)").rename(columns=lambda name: name.removeprefix("running_gpu_"))
    groups["all"] = table["running_gpu"] / table["installed_gpu"]
    groups["jobs"] = table["running_gpu_jobs"]
    return groups.mask(down)


def read_virtual_machines(data_dir: Path) -> pd.DataFrame:
    """CPU use of virtual machines in steps of 15 minutes, one column, on a calendar that starts on a Friday."""
    import pandas as pd

    table = pd.read_csv(data_dir / "compute" / "azure_v2_vm_cpu_5min.csv")
    stamps = pd.Timestamp(_ASSUMED_START) + pd.to_timedelta(table["timestamp"], unit="s")
    series = pd.Series(table["cpu_usage"].to_numpy(), index=pd.DatetimeIndex(stamps), name="all")
    return series.resample("15min").mean().to_frame()


def days_off(
    stamps: pd.DatetimeIndex, holidays: Collection[date] = (), workdays: Collection[date] = ()
) -> NDArray[np.bool_]:
    """Which intervals lie on weekends and holidays (T,), but not on weekend days worked in exchange."""
    weekend = stamps.day_of_week >= _SATURDAY
    off: NDArray[np.bool_] = (weekend | _on(stamps, holidays)) & ~_on(stamps, workdays)
    return off


def _on(stamps: pd.DatetimeIndex, days: Collection[date]) -> NDArray[np.bool_]:
    """Which intervals lie on the days (T,)."""
    import pandas as pd

    found: NDArray[np.bool_] = stamps.normalize().isin(pd.DatetimeIndex(sorted(days)))
    return found


def week_statistics(
    table: pd.DataFrame,
    name: str,
    source: str,
    holidays: Collection[date] = (),
    workdays: Collection[date] = (),
) -> WorkloadStatistics:
    """Statistics of series in steps of 15 minutes, each taken of every column and averaged over the columns.

    Parameters
    ----------
    table : DataFrame of (T, groups)
        Load in any unit, stamped at interval starts in local time, NaN where unknown. Its mean is
        reported as the mean share in use when there is one column.
    holidays, workdays : collection of date
        Left out of the week; elsewhere they count as days off and as working days.
    """
    import pandas as pd

    stamps = pd.DatetimeIndex(table.index)
    off = days_off(stamps, holidays, workdays)
    share = table / table.mean()
    special = _on(stamps, (*holidays, *workdays))
    plain, when = share[~special], stamps[~special]
    week = plain.groupby([when.day_of_week, when.hour]).mean().mean(axis=1).to_numpy().reshape(7, 24)
    usual = plain.groupby([off[~special], when.hour]).mean()
    anomaly = share / usual.loc[pd.MultiIndex.from_arrays([off, stamps.hour])].set_axis(stamps) - 1.0
    observed = np.array([_mean_correlation(anomaly, lag) for lag in _FIT_LAGS_H])
    noise = TwoScaleNoise.fit(_FIT_LAGS_H, observed)
    lags = {f"lag_{key}": round(_mean_correlation(table, lag), 4) for key, lag in _NAMED_LAGS_H.items()}
    return WorkloadStatistics(
        name=name,
        mean_frac=round(float(table.iloc[:, 0].mean()), 4) if name == "training" else None,
        week_frac=np.round(week / week.mean(), 4),
        spread_frac=round(float(anomaly.std().mean()), 4),
        noise=TwoScaleNoise(round(noise.slow_share_frac, 3), round(noise.slow_h, 1), round(noise.fast_h, 2)),
        source=source,
        **lags,
    )


_NAMED_LAGS_H = {"15min": 0.25, "1h": 1.0, "24h": 24.0}


def _mean_correlation(table: pd.DataFrame, lag_h: float) -> float:
    """Correlation of each column with itself `lag_h` later, pairs with a gap left out; mean over the columns."""
    moved = table.shift(round(lag_h * _STEPS_AN_HOUR))
    return float(table.corrwith(moved).mean())


def training_statistics(gpus: pd.DataFrame) -> WorkloadStatistics:
    """The whole cluster, from :func:`read_gpus`."""
    return week_statistics(gpus[["all"]], "training", HELIOS.format(subset=""), HOLIDAYS, WORKDAYS)


def batch_statistics(gpus: pd.DataFrame) -> WorkloadStatistics:
    """Single groups of the cluster, from :func:`read_gpus`: rougher than the whole."""
    groups = gpus.drop(columns=["all", "jobs"])
    usual = groups.loc[:, groups.mean().between(8.0, 64.0)]
    return week_statistics(usual, "batch", HELIOS.format(subset=_GROUPS), HOLIDAYS, WORKDAYS)


def inference_statistics(machines: pd.DataFrame) -> WorkloadStatistics:
    """Machines that serve, from :func:`read_virtual_machines`."""
    return week_statistics(machines, "inference", AZURE_VM)


def main(arguments: list[str] | None = None) -> int:
    """Command line: read the traces, write the statistics."""
    import pandas as pd

    prog = "python -m storage_opt.catalog.workload_statistics_from_data"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("data_dir", type=Path, help="folder with compute/*.csv and compute/*.csv.gz")
    parser.add_argument("--out", type=Path, default=WORKLOAD_FOLDER, help="folder to write to (default: the shipped)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    gpus = read_gpus(options.data_dir)
    starts = gpus["jobs"].diff().clip(lower=0.0)
    made: dict[str, WorkloadStatistics | JobStatistics] = {
        "training": training_statistics(gpus),
        "batch": batch_statistics(gpus),
        "inference": inference_statistics(read_virtual_machines(options.data_dir)),
        "jobs": job_statistics(options.data_dir, starts, days_off(pd.DatetimeIndex(gpus.index), HOLIDAYS, WORKDAYS)),
    }
    for name, statistics in made.items():
        sys.stdout.write(f"{write_workload_json(statistics, options.out / f'{name}.json')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
