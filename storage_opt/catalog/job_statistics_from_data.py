"""Statistics of the jobs of a cluster that develops large models, computed from its job log and summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.workload_statistics import DurationPart, JobClass, JobStatistics, SizeBand

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["job_statistics", "log_std_of", "truncated_mean"]

ACME = (
    "Computed statistics, not the log. Log: AcmeTrace, cluster Kalos of Shanghai AI Laboratory, 2023, 319 "
    "completed GPU jobs from hyunnnchoi/AcmeTrace, data/converted_trace/converted_kalos_trace.csv at commit "
    "30f09c6, and the summary of all jobs from InternLM/AcmeTrace, data/cluster_summary.csv at commit 6d6ac9c, CC "
    "BY 4.0, adapted: fields recovered from a simulator's columns. Q. Hu et al., Characterization of Large "
    "Language Model Development in the Datacenter, NSDI 2024. The 319 jobs hold nearly all GPU time of the "
    "completed jobs; the many others are the class `small`: its number and its GPU time are what is missing to "
    "the summary's completed jobs, its median and mean duration what is missing to those of all jobs. "
    "Submissions: rises of the number of running jobs of Helios, cluster Earth, May 2020, from "
    "S-Lab-System-Group/HeliosArtifact at commit bdaae10, data CC BY 4.0, Q. Hu et al., SC 2021."
)
_BANDS = {"pretrain": ((128, 256), (512,), (1024,)), "other_or_sft": ((1, 2, 4, 8), (16, 32, 64))}
"""Numbers of GPUs that share a distribution of durations."""
_SMALL_UNITS = (1, 2, 4, 8, 16, 32, 64)
"""Sizes of small jobs: up to the largest listed job that is no pretraining."""
_LOG_STDS = np.linspace(0.1, 3.0, 59)
_HOUR_S = 3600.0


def truncated_mean(median_s: float, log_std: float, longest_s: float) -> float:
    """Mean of a lognormal cut at the longest duration. [s]

    Notes
    -----
    ``m exp(s^2 / 2) Phi(c - s) / Phi(c)`` with ``c = log(longest / m) / s``, m the median before the cut.
    """
    from scipy.special import ndtr

    cut = np.log(longest_s / median_s) / log_std
    return float(median_s * np.exp(log_std**2 / 2.0) * ndtr(cut - log_std) / ndtr(cut))


def log_std_of(median_s: float, mean_s: float, longest_s: float) -> float:
    """Smallest standard deviation of the logarithm with which :func:`truncated_mean` gives `mean_s`.

    Durations that are all alike get a tenth.

    Raises
    ------
    ValueError
        When the cut takes so much that no spread gives the mean.
    """
    from scipy.optimize import brentq

    def miss(log_std: float) -> float:
        return truncated_mean(median_s, log_std, longest_s) - mean_s

    # the mean rises with the spread until the cut takes more than the spread adds
    above = np.array([miss(log_std) >= 0.0 for log_std in _LOG_STDS])
    if not above.any():
        message = f"no lognormal with median {median_s} s, cut at {longest_s} s, has the mean {mean_s} s"
        raise ValueError(message)
    first = int(np.argmax(above))
    return float(_LOG_STDS[0] if first == 0 else brentq(miss, *_LOG_STDS[first - 1 : first + 1], xtol=1e-10))


def job_statistics(data_dir: Path, starts: pd.Series[float], off: NDArray[np.bool_]) -> JobStatistics:
    """Statistics of jobs.

    Parameters
    ----------
    starts : Series of (T,)
        Jobs that start in each interval, stamped in local time; NaN where unknown.
    off : (T,) bool array
        Which intervals lie on days off.
    """
    import pandas as pd

    jobs = pd.read_csv(data_dir / "compute" / "acme_kalos_completed_jobs.csv")
    clusters = pd.read_csv(data_dir / "compute" / "acme_cluster_summary.csv", index_col="id")
    summary = {str(key): float(value) for key, value in clusters.T["Kalos"].items()}
    longest_s = summary["max_run_time_gpu"]
    completed = summary["complete_rate_gpu"] * summary["gpu_job_num"]
    gpu_time_s = summary["complete_gpu_time"]
    jobs["units"] = 2 ** np.round(np.log2(jobs["gpu_num"])).astype(int)
    jobs["gpu_time_s"] = jobs["gpu_num"] * jobs["duration_s"]
    listed = []
    for name, bands in _BANDS.items():
        mine = jobs[jobs["job_type"] == name]
        shares = len(mine) / completed, float(mine["gpu_time_s"].sum()) / gpu_time_s
        made = tuple(_band(mine, units, longest_s) for units in bands)
        listed.append(JobClass(name, round(shares[0], 5), round(shares[1], 5), made))
    return JobStatistics(
        median_s=summary["med_run_time_gpu"],
        mean_s=summary["avg_run_time_gpu"],
        longest_s=longest_s,
        shortest_s=float(jobs["duration_s"].min()),
        classes=(*listed, _small(jobs, summary, completed, gpu_time_s)),
        submissions_frac=_submissions(starts, off),
        source=ACME,
    )


def _band(jobs: pd.DataFrame, units: tuple[int, ...], longest_s: float) -> SizeBand:
    mine = jobs[jobs["units"].isin(units)]
    shares = mine["units"].value_counts(normalize=True).sort_index()
    seconds = mine["duration_s"].to_numpy(dtype=np.float64)
    long = seconds >= _HOUR_S
    return SizeBand(
        share_frac=round(len(mine) / len(jobs), 5),
        units=tuple(int(number) for number in shares.index),
        units_share_frac=_rounded_shares(np.asarray(shares, dtype=np.float64)),
        durations=tuple(
            _part(part.size / seconds.size, float(np.exp(np.log(part).mean())), float(part.mean()), longest_s)
            for part in (seconds[~long], seconds[long])
            if part.size
        ),
    )


def _part(share: float, median_s: float, mean_s: float, longest_s: float) -> DurationPart:
    log_std = log_std_of(median_s, mean_s, longest_s)
    return DurationPart(round(share, 5), round(median_s, 1), round(log_std, 4), round(mean_s, 1))


def _small(jobs: pd.DataFrame, summary: dict[str, float], completed: float, gpu_time_s: float) -> JobClass:
    """Completed jobs that are not listed.

    Notes
    -----
    Each doubling of the units divides the number of jobs by the same factor, chosen so that the mean number
    of units times the mean duration is the GPU time of a small job.
    """
    share = 1.0 - len(jobs) / completed
    left_s = gpu_time_s - float(jobs["gpu_time_s"].sum())
    mean_s = (summary["avg_run_time_gpu"] - (1.0 - share) * float(jobs["duration_s"].mean())) / share
    mean_units = left_s / (share * completed) / mean_s
    part = _part(1.0, summary["med_run_time_gpu"], mean_s, summary["max_run_time_gpu"])
    band = SizeBand(1.0, _SMALL_UNITS, _geometric(mean_units), (part,))
    return JobClass("small", round(share, 5), round(left_s / gpu_time_s, 5), (band,))


def _geometric(mean_units: float) -> tuple[float, ...]:
    """Shares of powers of two that fall by one ratio and have the mean."""
    from scipy.optimize import brentq

    units = np.array(_SMALL_UNITS, dtype=np.float64)

    def shares(ratio: float) -> NDArray[np.float64]:
        weights = np.power(ratio, np.arange(units.size, dtype=np.float64))
        scaled: NDArray[np.float64] = weights / weights.sum()
        return scaled

    ratio = brentq(lambda r: float(shares(r) @ units) - mean_units, 1e-6, 1.0, xtol=1e-12)
    return _rounded_shares(shares(ratio))


def _rounded_shares(shares: NDArray[np.float64]) -> tuple[float, ...]:
    """Shares with four decimals that sum to one; the largest takes what rounding leaves."""
    rounded = np.round(shares, 4)
    rounded[np.argmax(rounded)] += 1.0 - rounded.sum()
    return tuple(round(float(share), 4) for share in rounded)


def _submissions(starts: pd.Series[float], off: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Starts by hour of working days and days off (2, 24) over the mean of working days and days off, five to two."""
    import pandas as pd

    hours = pd.DatetimeIndex(starts.index).hour
    table = np.array([starts[kind].groupby(hours[kind]).mean().to_numpy() for kind in (~off, off)])
    mean = (5.0 * table[0].mean() + 2.0 * table[1].mean()) / 7.0
    result: NDArray[np.float64] = np.round(table / mean, 3)
    return result
