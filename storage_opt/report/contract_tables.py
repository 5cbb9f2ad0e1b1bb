"""What a terminal shows of a contract: the price of its rules, what to declare, where green energy went."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import RenderableType

from storage_opt.ledger.provenance import Provenance
from storage_opt.report.layout import Column, table
from storage_opt.report.numbers import energy_scale, money_scale, significant
from storage_opt.report.words import both
from storage_opt.studies.declared import Declared
from storage_opt.studies.result import Compliance

__all__ = ["compliance_words", "declared_words", "green_table"]

_NOTHING = 1e-7
"""Share of all energy below which a row is rounding."""

_ROWS = {
    "green_to_load": "Generation to load 新能源直供负荷",
    "green_to_storage": "Generation to storage 新能源充电",
    "green_to_export": "Generation to export 新能源上网",
    "curtailed": "Curtailed 弃电",
    "grid_to_load": "Grid to load 下网供负荷",
    "grid_to_storage": "Grid to storage 下网充电",
    "grid_to_export": "Grid to export 下网转上网",
    "stored_green_to_load": "Stored green energy to load 储能绿电供负荷",
    "stored_green_to_export": "Stored green energy to export 储能绿电上网",
    "stored_grid_to_load": "Stored grid energy to load 储能网电供负荷",
    "stored_grid_to_export": "Stored grid energy to export 储能网电上网",
    "stored_to_storage": "From storage to storage 储能互充",
}


def compliance_words(compliance: Compliance, savings: float, currency: str) -> str:
    """The price of the rules in a sentence, and what the savings would be without it."""
    scale = money_scale((compliance.cost, savings), currency)
    cost, without = scale.text(compliance.cost), scale.text(savings + compliance.cost)
    broken = (
        f"; the baseline breaks {', '.join(compliance.broken_by_baseline)}" if compliance.broken_by_baseline else ""
    )
    return f"keeping the rules costs {cost} {currency}: without them the savings would be {without} {currency}{broken}"


def declared_words(declared: Sequence[Declared]) -> list[str]:
    """What to declare, a line a quantity; periods of equal value together."""
    lines = []
    for key, quantities in groupby(declared, key=lambda quantity: quantity.key):
        values = list(quantities)
        if len({round(quantity.value, 6) for quantity in values}) == 1:
            shown = f"{significant(values[0].value)} {values[0].unit} in every period"
        else:
            shown = ", ".join(f"{q.period} {significant(q.value)}" for q in values) + f" {values[0].unit}"
        lines.append(f"`{key}`: {shown}")
    return lines


def green_table(provenance: Provenance) -> RenderableType:
    """Where green energy went and where stored energy came from."""
    energy = provenance.energy_kwh
    scale, total = energy_scale(energy.values()), sum(energy.values())
    rows = [(words, scale.text(energy[name])) for name, words in _ROWS.items() if energy[name] > _NOTHING * total]
    columns: list[Column] = [("", "left"), (f"Energy 电量 [{scale.unit}]", "right")]
    return table(both("green_energy"), columns, rows)
