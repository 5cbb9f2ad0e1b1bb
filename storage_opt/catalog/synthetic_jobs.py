"""Synthetic job logs from statistics only: many short jobs, and a few long, wide ones that take nearly all the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.catalog.workload_statistics import load_job_statistics
from storage_opt.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from storage_opt.catalog.workload_statistics import DurationPart, JobClass, JobStatistics

__all__ = ["synthetic_jobs"]

LARGEST_UTILISATION_FRAC = 0.9
_SERVER_UNITS = 8
_HOUR_S = 3600.0
_WORKING_DAYS = 5
_MOST_WIDER = 1e4
_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)


def synthetic_jobs(
    count: int,
    span_h: float,
    installed_units: int,
    seed: int,
    mean_frac: float = 0.7,
    *,
    classes: Sequence[str] = (),
    first_weekday: int = 0,
    statistics: JobStatistics | None = None,
) -> pd.DataFrame:
    """Jobs of a cluster in the plain layout, in the order of their submission.

    Parameters
    ----------
    count : int
        Number of jobs.
    span_h : float
        Time in which all of them start and, run on arrival, end. [h]
    installed_units : int
        Units of the cluster; no job is wider. [unit]
    seed : int
        Decides the jobs; the same call gives the same log.
    mean_frac : float
        Work of all jobs over what the units can do in the span, at most 0.9, met within about two per cent. [0-1]
    classes : sequence of str
        Classes to take, with the shares that they have among themselves; empty takes all.
    first_weekday : int
        Day of the week, Monday 0, at whose midnight the span begins.
    statistics : JobStatistics or None
        None takes those that ship.

    Returns
    -------
    DataFrame of (count,)
        ``job_id``, ``submit_offset_s`` from the start of the span [s], ``duration_s`` [s], ``gpu_num`` [unit] and
        ``job_type``.

    Notes
    -----
    Durations are the statistics', cut at half the span. They are drawn evenly over their distribution (one in each
    n-th of it), so that a log of n jobs has the distribution and not its own accidents. Jobs of more than one server
    of eight are made wider or narrower by one factor to reach `mean_frac`, in whole servers; all others keep the size
    that they have in the statistics. No job is wider than the cluster. Submissions follow the hours of working days
    and days off; wide jobs are spread over the span, or a few of them would decide when the cluster is full. Even so,
    run on arrival, the jobs need more than all units for a part of the time: they queue.

    Raises
    ------
    InputError
        When the jobs can't reach `mean_frac`, or exceed it whatever their width.
    """
    statistics = load_job_statistics() if statistics is None else statistics
    _require_sound(count, span_h, installed_units, mean_frac)
    rng = np.random.Generator(np.random.PCG64([seed, count]))
    longest_s = min(statistics.longest_s, 0.5 * span_h * _HOUR_S)
    drawn = list(_drawn(_chosen(statistics, classes), count, statistics.shortest_s, longest_s, rng))
    names = np.concatenate([np.full(seconds.size, name) for name, _, seconds in drawn])
    usual, seconds = (np.concatenate([entry[place] for entry in drawn]) for place in (1, 2))
    duration_s = np.maximum(np.round(seconds), 1.0)
    units = _widened(usual, duration_s, installed_units, mean_frac * span_h * _HOUR_S * installed_units)
    submit_s = _submitted(statistics, span_h, duration_s, first_weekday, _places(units, duration_s, rng))
    order = np.lexsort((np.arange(count), submit_s))
    return _table(names[order], units[order], duration_s[order], submit_s[order])


def _table(
    names: NDArray[np.str_], units: NDArray[np.float64], duration_s: NDArray[np.float64], submit_s: NDArray[np.float64]
) -> pd.DataFrame:
    import pandas as pd

    whole = {"submit_offset_s": submit_s, "duration_s": duration_s, "gpu_num": units}
    columns = {key: values.astype(np.int64) for key, values in whole.items()}
    return pd.DataFrame({"job_id": np.arange(names.size)} | columns | {"job_type": names})


def _chosen(statistics: JobStatistics, names: Sequence[str]) -> list[JobClass]:
    known = [entry.name for entry in statistics.classes]
    unknown = sorted(set(names) - set(known))
    if unknown:
        what = f"there is no class of jobs named `{unknown[0]}`"
        raise InputError([Fault(what, f"there are: {', '.join(known)}", key="classes")])
    return [entry for entry in statistics.classes if not names or entry.name in names]


def _drawn(
    classes: list[JobClass], count: int, shortest_s: float, longest_s: float, rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Class, usual units and durations of the jobs of each band and part."""
    cells = [(job, band, part) for job in classes for band in job.bands for part in band.durations]
    shares = np.array([job.share_frac * band.share_frac * part.share_frac for job, band, part in cells])
    for (job, band, part), number in zip(cells, _apportioned(shares, count), strict=True):
        by_size = _apportioned(np.array(band.units_share_frac), int(number))
        sizes = np.repeat(np.array(band.units, dtype=np.float64), by_size)
        yield job.name, rng.permutation(sizes), _durations(part, int(number), shortest_s, longest_s, rng)


def _apportioned(shares: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Whole numbers that sum to `count` and follow `shares`, by largest remainder."""
    exact = shares / shares.sum() * count
    whole: NDArray[np.intp] = np.floor(exact).astype(np.intp)
    short = count - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return whole


def _durations(
    part: DurationPart, number: int, shortest_s: float, longest_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Durations in no order, one drawn from each n-th of the distribution. [s]"""
    from scipy.special import ndtr, ndtri

    cut = ndtr(np.log(longest_s / part.median_s) / part.log_std)
    places = (rng.permutation(number) + rng.uniform(size=number)) / max(number, 1)
    seconds = part.median_s * np.exp(part.log_std * ndtri(places * cut))
    clipped: NDArray[np.float64] = np.clip(seconds, min(shortest_s, longest_s), longest_s)
    return clipped


def _widened(
    usual: NDArray[np.float64], duration_s: NDArray[np.float64], installed: int, target_s: float
) -> NDArray[np.float64]:
    """Units of each job so that the work of all comes to `target_s`. [unit]"""
    wide = usual > _SERVER_UNITS

    def units(factor: float) -> NDArray[np.float64]:
        servers = np.maximum(np.round(factor * usual / _SERVER_UNITS), 1.0)
        return np.minimum(np.where(wide, servers * _SERVER_UNITS, usual), float(installed))

    def work_s(factor: float) -> float:
        return float(units(factor) @ duration_s)

    low, high = 0.0, _MOST_WIDER
    if work_s(high) < target_s or work_s(low) > target_s:
        bound, hint = ("at most", "give more jobs") if work_s(high) < target_s else ("at least", "give fewer jobs")
        reached = work_s(high if bound == "at most" else low) / _HOUR_S
        what = f"these jobs make {bound} {reached:,.0f} unit-hours, and {target_s / _HOUR_S:,.0f} are asked for"
        raise InputError([Fault(what, f"{hint}, or another span or mean_frac", key="count")])
    # the work is a staircase in the factor: halving finds the step on which the target lies
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if work_s(middle) < target_s else (low, middle)
    nearest = min((low, high), key=lambda factor: abs(work_s(factor) - target_s))
    return units(nearest)


def _places(
    units: NDArray[np.float64], duration_s: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Place of each job in the order of submissions, 0 to 1: at random, jobs wider than a server spread out.

    Notes
    -----
    From the one with most work down, each takes the place of the one before plus the golden ratio, modulo one.
    """
    places: NDArray[np.float64] = rng.uniform(size=units.size)
    wide = np.flatnonzero(units > _SERVER_UNITS)
    heaviest_first = wide[np.argsort(-(units * duration_s)[wide], kind="stable")]
    places[heaviest_first] = np.mod(rng.uniform() + _GOLDEN * np.arange(wide.size), 1.0)
    return places


def _submitted(
    statistics: JobStatistics,
    span_h: float,
    duration_s: NDArray[np.float64],
    first_weekday: int,
    places: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Submission of each job after the start of the span, early enough for it to end within the span. [s]"""
    hours = np.arange(int(np.ceil(span_h)))
    weekday = (first_weekday + hours // 24) % 7
    rate = statistics.submissions_frac[(weekday >= _WORKING_DAYS).astype(np.intp), hours % 24]
    edges_s = np.minimum(np.arange(hours.size + 1), span_h) * _HOUR_S
    reached = np.concatenate(([0.0], np.cumsum(rate * np.diff(edges_s))))
    latest = np.interp(span_h * _HOUR_S - duration_s, edges_s, reached)
    submit_s: NDArray[np.float64] = np.floor(np.interp(places * latest, reached, edges_s))
    return submit_s


def _require_sound(count: int, span_h: float, installed_units: int, mean_frac: float) -> None:
    faults = []
    if count < 1:
        faults.append(Fault(f"count is {count}", "give one job or more", key="count"))
    if span_h < 1.0:
        faults.append(Fault(f"span_h is {span_h} h", "give an hour or more", key="span_h"))
    if installed_units < 1:
        faults.append(Fault(f"installed_units is {installed_units}", "give one unit or more", key="installed_units"))
    if not 0.0 < mean_frac <= LARGEST_UTILISATION_FRAC:
        what = f"mean_frac is {mean_frac}"
        faults.append(Fault(what, f"give a share above 0 and up to {LARGEST_UTILISATION_FRAC}", key="mean_frac"))
    if faults:
        raise InputError(faults)
