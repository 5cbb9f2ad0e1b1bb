"""Compute on a terminal: what each class took and cost, its jobs, and what flexibility earns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from storage_opt.report.layout import Column, table
from storage_opt.report.numbers import energy_scale, money_scale, significant
from storage_opt.report.words import both
from storage_opt.studies.compute_result import ComputeResult
from storage_opt.studies.flexibility_result import Flexibility

__all__ = ["compute_tables", "flexibility_tables"]

_MANY = 1e6
"""Unit-hours from which they are shown in millions."""


def compute_tables(compute: ComputeResult, currency: str) -> Iterator[RenderableType]:
    """Work and energy of every class, what they cost before and after, and its jobs where it has a log."""
    yield _work_table(compute)
    yield _cost_table(compute, currency)
    if compute.jobs:
        yield _job_table(compute)


def _work_table(compute: ComputeResult) -> RenderableType:
    scale = energy_scale(use.energy_kwh for use in compute.after.values())
    most = max((use.work_unit_h for use in compute.after.values()), default=0.0)
    divisor, unit = (1e6, "M unit h") if most >= _MANY else (1.0, "unit h")
    rows = []
    for name, after in compute.after.items():
        before, is_work = compute.before[name], after.work_unit_h > 0
        rows.append(
            (
                name,
                significant(after.work_unit_h / divisor) if is_work else "",
                scale.text(before.energy_kwh),
                scale.text(after.energy_kwh),
                f"{after.mean_delay_h - before.mean_delay_h:.2f}" if is_work else "",
            )
        )
    columns: list[Column] = [
        ("", "left"),
        (f"Work 算力 [{unit}]", "right"),
        (f"{both('baseline')} [{scale.unit}]", "right"),
        (f"{both('optimized')} [{scale.unit}]", "right"),
        ("Waits 延后 [h]", "right"),
    ]
    return table(both("compute"), columns, rows)


def _cost_table(compute: ComputeResult, currency: str) -> RenderableType:
    """Money and origin of the energy of work, before and after."""
    has_tokens = any(use.tokens for use in compute.after.values())
    rows = []
    for name, after in compute.after.items():
        if after.work_unit_h <= 0:
            continue
        before = compute.before[name]
        cells = [name, f"{before.cost_per_unit_h:.4f}", f"{after.cost_per_unit_h:.4f}"]
        if has_tokens:
            cells += [_money(before.cost_per_million_tokens), _money(after.cost_per_million_tokens)]
        rows.append((*cells, f"{before.green_frac:.1%}", f"{after.green_frac:.1%}"))
    columns: list[Column] = [("", "left"), (f"{currency}/unit h 算力", "right"), ("→", "right")]
    if has_tokens:
        columns += [(f"{currency}/M tokens 词元", "right"), ("→", "right")]
    columns += [("Green 绿电", "right"), ("→", "right")]
    return table(both("compute_cost"), columns, rows)


def _money(amount: float | None) -> str:
    return "" if amount is None else significant(amount)


def _job_table(compute: ComputeResult) -> RenderableType:
    rows = [
        (
            name,
            f"{jobs.count:,}",
            f"{jobs.moved:,}",
            f"{int(jobs.pauses.sum()):,}",
            f"{jobs.mean_delay_h:.2f}",
            "kept" if not jobs.breaches else f"{len(jobs.breaches):,} BROKEN",
        )
        for name, jobs in compute.jobs.items()
    ]
    columns: list[Column] = [
        ("", "left"),
        ("Jobs 作业", "right"),
        ("Moved 移动", "right"),
        ("Pauses 暂停", "right"),
        ("Ends later 延后 [h]", "right"),
        ("Constraints 约束", "left"),
    ]
    return table(both("jobs"), columns, rows)


def flexibility_tables(found: Flexibility, currency: str) -> Iterator[RenderableType]:
    """What work, storage and both earn, and what a step more of each would."""
    earned = (
        ("by_work", found.by_work),
        ("by_storage", found.by_storage),
        ("by_both", found.by_both),
        ("together", found.together),
    )
    scale = money_scale((value for _, value in earned), currency)
    columns: list[Column] = [("", "left"), (f"{both('savings')} [{currency}]", "right")]
    rows = [(both(name), scale.text(value)) for name, value in earned]
    note = ""
    if found.without_rules:
        note = (
            f"no schedule keeps the contract with {', '.join(found.without_rules)}; its cost is that without the rules"
        )
    yield table(both("flexibility"), columns, rows, note=note)
    if found.steps:
        steps = [
            (step.words, f"{significant(step.before)} → {significant(step.after)}", significant(step.value))
            for step in found.steps
        ]
        more: list[Column] = [("", "left"), ("Value 取值", "right"), (f"{both('savings')} [{currency}]", "right")]
        yield table(both("more_flexibility"), more, steps)
