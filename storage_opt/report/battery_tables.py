"""What batteries did, and what it took of their life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import RenderableType

from storage_opt.report.layout import Column, table
from storage_opt.report.numbers import energy_scale, money_scale
from storage_opt.report.words import both
from storage_opt.studies.result import BatteryWear, DispatchResult

__all__ = ["battery_tables"]

_LIFE_NOTE = (
    "share of life taken by cycles and by time; years until both have taken it; cost of cycles as planned, and counted "
    "with the depth stress as given"
)


def battery_tables(result: DispatchResult) -> Iterator[RenderableType]:
    """Use of every battery; its cycles by depth; its life, where it is described."""
    yield _use_table(result)
    counted = {name: use.wear for name, use in result.batteries.items() if use.wear is not None}
    if any(any(wear.cycles_by_depth) for wear in counted.values()):
        yield _depth_table(counted)
    described = {name: wear for name, wear in counted.items() if wear.years_to_end_of_life is not None}
    if described:
        yield _life_table(described, result.site.spec.currency)


def _use_table(result: DispatchResult) -> RenderableType:
    specs = result.site.spec.battery
    scale = energy_scale(use.throughput_kwh for use in result.batteries.values())
    rated = energy_scale(spec.energy_kwh for spec in specs.values())
    rows = [
        (
            name,
            rated.text(specs[name].energy_kwh) if name in specs else "",
            scale.text(use.throughput_kwh),
            f"{use.equivalent_cycles:,.1f}",
            scale.text(use.losses_kwh),
            "" if use.wear is None else f"{use.wear.mean_soc_frac:.0%}",
        )
        for name, use in result.batteries.items()
    ]
    columns: list[Column] = [
        ("", "left"),
        (f"Rated 额定 [{rated.unit}]", "right"),
        (f"Delivered 放电量 [{scale.unit}]", "right"),
        ("Full cycles 等效循环", "right"),
        (f"Losses 损耗 [{scale.unit}]", "right"),
        ("Mean SoC 平均荷电", "right"),
    ]
    return table(both("batteries"), columns, rows)


def _depth_table(counted: Mapping[str, BatteryWear]) -> RenderableType:
    bins = len(next(iter(counted.values())).cycles_by_depth)
    columns: list[Column] = [("", "left")]
    columns += [(f"{100 * (number + 1) // bins} %", "right") for number in range(bins)]
    rows = [(name, *(f"{count:,}" for count in wear.cycles_by_depth)) for name, wear in counted.items()]
    return table(both("cycles_by_depth"), columns, rows, note="number of cycles up to each depth, counted by rainflow")


def _life_table(described: Mapping[str, BatteryWear], currency: str) -> RenderableType:
    costs = [cost for wear in described.values() for cost in (wear.planned_cost, wear.counted_cost) if cost is not None]
    scale = money_scale(costs, currency)
    rows = [
        (
            name,
            _share(wear.cycle_life_frac),
            _share(wear.calendar_life_frac),
            f"{wear.years_to_end_of_life:,.1f}",
            "-" if wear.planned_cost is None else scale.text(wear.planned_cost),
            "-" if wear.counted_cost is None else scale.text(wear.counted_cost),
            "-" if wear.relative_difference is None else f"{wear.relative_difference:+.2%}",
        )
        for name, wear in described.items()
    ]
    columns: list[Column] = [
        ("", "left"),
        ("Cycles 循环", "right"),
        ("Time 日历", "right"),
        ("Years 寿命", "right"),
        (f"Planned 计划 [{scale.unit}]", "right"),
        (f"Counted 核算 [{scale.unit}]", "right"),
        ("Difference 偏差", "right"),
    ]
    return table(both("battery_life"), columns, rows, note=_LIFE_NOTE)


def _share(frac: float | None) -> str:
    return "-" if frac is None else f"{frac:.2%}"
