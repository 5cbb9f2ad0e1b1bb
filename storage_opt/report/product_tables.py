"""Products on a terminal: what was sold and by whom, the worth of headroom, and the stack of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from storage_opt.report.layout import Column, table
from storage_opt.report.numbers import money_scale, power_scale, significant
from storage_opt.report.words import both
from storage_opt.studies.product_result import Headroom, ProductUse, ValueStack
from storage_opt.studies.result import DispatchResult

__all__ = ["headroom_table", "product_table", "product_tables", "stack_table"]


def product_tables(result: DispatchResult, currency: str) -> Iterator[RenderableType]:
    """Every table about products that there is something to say in."""
    if result.products:
        yield product_table(result.products, currency)
    if result.headroom:
        yield headroom_table(result.headroom, currency)
    if result.stack is not None:
        yield stack_table(result.stack, currency)


def product_table(uses: Sequence[ProductUse], currency: str) -> RenderableType:
    """Revenue, hours and power of every product, and who provides it."""
    money = money_scale((use.revenue for use in uses), currency)
    power = power_scale([use.most_kw for use in uses])
    rows = [
        (
            use.name,
            money.text(use.revenue),
            f"{use.committed_h:,.0f}",
            f"{use.events:,}" if use.events else "",
            power.text(use.mean_kw),
            power.text(use.most_kw),
            ", ".join(f"{name} {share:.0%}" for name, share in use.by_provider.items()),
        )
        for use in uses
    ]
    columns: list[Column] = [
        ("", "left"),
        (f"Revenue 收益 [{currency}]", "right"),
        ("Hours 小时", "right"),
        ("Events 次数", "right"),
        (f"Mean 平均 [{power.unit}]", "right"),
        (f"Most 最大 [{power.unit}]", "right"),
        ("Provided by 提供方", "left"),
    ]
    return table(both("products"), columns, rows, (both("total"), money.text(sum(u.revenue for u in uses)), *[""] * 5))


def headroom_table(rooms: Sequence[Headroom], currency: str) -> RenderableType:
    """What one more kW or kWh of headroom is worth over the horizon."""
    rows = [
        (room.name, *map(_worth, (room.up_per_kw, room.up_per_kwh, room.down_per_kw, room.down_per_kwh)))
        for room in rooms
    ]
    columns: list[Column] = [
        ("", "left"),
        (f"Up 上调 [{currency}/kW]", "right"),
        (f"[{currency}/kWh]", "right"),
        (f"Down 下调 [{currency}/kW]", "right"),
        (f"[{currency}/kWh]", "right"),
    ]
    note = "one more kW, or kWh behind it, all through the horizon; grid: of the connection; work: unit and unit h"
    return table(both("headroom"), columns, rows, note=note)


def stack_table(stack: ValueStack, currency: str) -> RenderableType:
    """What each product adds by itself, and last."""
    amounts = [stack.without_products, stack.together, *(value.alone for value in stack.products)]
    money = money_scale(amounts, currency)
    rows = [(both("without_products"), money.text(stack.without_products), "")]
    rows += [(value.name, money.text(value.alone), money.text(value.last)) for value in stack.products]
    rows.append((both("products_together"), money.text(stack.together), ""))
    rows.append((both("overlap"), money.text(-stack.overlap), ""))
    columns: list[Column] = [
        ("", "left"),
        (f"Alone 单独 [{currency}]", "right"),
        (f"On top of the others 叠加 [{currency}]", "right"),
    ]
    total = money.text(stack.without_products + stack.together)
    note = "savings without products, what all add together, and what they add alone less that, which they compete for"
    return table(both("stack"), columns, rows, (both("savings"), total, ""), note=note)


def _worth(value: float) -> str:
    return significant(value) if value else ""
