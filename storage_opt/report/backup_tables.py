"""Backup on a terminal: what holding it costs, and how long it lasts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.console import RenderableType

from storage_opt.lowering.backup import BackupPlan
from storage_opt.report.layout import Column, bullets, table
from storage_opt.report.numbers import energy_scale, money_scale, power_scale, significant
from storage_opt.report.words import both
from storage_opt.studies.backup_result import BackupResult
from storage_opt.studies.islanding import Survival

__all__ = ["backup_tables", "held_words"]

_SHOWN_H = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0, 48.0, 72.0, 168.0)


def backup_tables(backup: BackupResult, currency: str) -> Iterator[RenderableType]:
    """The reserve and its price in sentences, then survival without and with the generator set."""
    yield bullets(both("backup"), _held_lines(backup, currency))
    found = backup.islanding
    runs = {"without_genset": found.without_genset}
    if found.with_genset is not None:
        runs["with_genset"] = found.with_genset
    columns: list[Column] = [("", "left"), *((both(name), "right") for name in runs)]
    rows = [
        ("Shortest 最短 [h]", *(_hours(run, run.shortest_h) for run in runs.values())),
        ("  at 发生于", *(f"{run.shortest_at:%Y-%m-%d %H:%M}" for run in runs.values())),
        ("5 % of starts below 5%分位 [h]", *(_hours(run, run.percentile_h(5)) for run in runs.values())),
        ("Median 中位数 [h]", *(_hours(run, run.percentile_h(50)) for run in runs.values())),
        ("Mean 平均 [h]", *(_hours(run, run.mean_h) for run in runs.values())),
    ]
    durations = [hours for hours in _SHOWN_H if hours <= found.durations_h[-1]]
    for hours in durations:
        shares = (f"{float(run.share([hours])[0]):.1%}" for run in runs.values())
        rows.append((f"{hours:g} h survived 可支撑", *shares))
    yield table(both("survival"), columns, rows)


def held_words(plan: BackupPlan) -> str:
    """What has to run, for how long, and what is held for it at most."""
    most_kw, hours = float(plan.critical_kw.max()), plan.ride_through_h
    power, energy = power_scale([most_kw]), energy_scale(float(held.max()) for held in plan.reserve_kwh.values())
    held = ", ".join(
        f"{energy.text(float(kwh.max()))} {energy.unit} in {name}" for name, kwh in plan.reserve_kwh.items()
    )
    span = significant(float(hours.min()))
    if hours.max() > hours.min():
        span += f" to {significant(float(hours.max()))}"
    return f"critical load up to {power.text(most_kw)} {power.unit}, ride-through {span} h; holds up to {held}"


def _held_lines(backup: BackupResult, currency: str) -> list[str]:
    hours = backup.plan.ride_through_h
    kept = int(np.count_nonzero(backup.islanding.without_genset.keeps(hours)))
    cost = money_scale([backup.reserve_cost], currency).text(backup.reserve_cost)
    return [
        held_words(backup.plan),
        f"ride-through is survived from {kept:,} of {hours.size:,} starts",
        f"holding it costs {cost} {currency} of arbitrage 备电储备的套利损失",
    ]


def _hours(run: Survival, hours: float) -> str:
    """A survival time; where the simulation ended before the load was lost, at least so much."""
    return f"≥ {run.longest_h:g}" if hours >= run.longest_h else f"{hours:.2f}"
