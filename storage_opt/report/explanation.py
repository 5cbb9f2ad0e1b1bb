"""What `explain` shows: the model in equations, and after a solve what binds and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from storage_opt.report.layout import Column, bullets, heading, table
from storage_opt.report.marginals import marginal_words
from storage_opt.report.view import Row, View
from storage_opt.report.words import both
from storage_opt.studies.explanation import ConstraintRow, Explanation

if TYPE_CHECKING:
    from rich.console import RenderableType

    from storage_opt.studies.result import DispatchResult

__all__ = ["explanation_view"]

_NOTHING_BINDS = "no limit binds: one more unit of any of them is worth nothing"


def explanation_view(model: Explanation, solved: DispatchResult | None = None) -> View:
    """What `storage-opt explain` prints.

    Parameters
    ----------
    model : Explanation
        The model in rows.
    solved : DispatchResult or None
        The solved site, whose binding limits are added.
    """
    return View(lambda: _tables(model, solved), lambda: _document(model, solved), lambda: _rows(model, solved))


def _document(model: Explanation, solved: DispatchResult | None) -> dict[str, object]:
    document = asdict(model)
    if solved is not None:
        document["currency"] = solved.site.spec.currency
        document["marginals"] = [asdict(value) for value in solved.marginals]
        document["binding"] = _sentences(solved)
    return document


def _sentences(solved: DispatchResult) -> list[str]:
    return [marginal_words(value, solved.site.spec.currency) for value in solved.marginals]


def _rows(model: Explanation, solved: DispatchResult | None) -> Iterator[Row]:
    for variable in model.variables:
        yield _row("variable", variable.name, variable.size, unit=variable.unit)
    for constraint in model.constraints:
        yield _row(
            "constraint", constraint.name, constraint.rows, constraint.equation, constraint.words, constraint.unit
        )
    for charge in model.charges:
        yield _row("charge", charge.line, 1, charge.equation, charge.primitive)
    for value in solved.marginals if solved else ():
        name = f"{value.rule} {value.period}"
        row = _row("binding", name, value.binding_intervals, words=value.words, unit=value.unit)
        yield {**row, "worth": value.value}


def _row(kind: str, name: str, rows: int, equation: str = "", words: str = "", unit: str = "") -> Row:
    return {"kind": kind, "name": name, "rows": rows, "equation": equation, "words": words, "unit": unit, "worth": ""}


def _tables(model: Explanation, solved: DispatchResult | None) -> Sequence[RenderableType]:
    sizes = model.sizes
    size_words = (
        f"{sizes.variables:,} variables, {sizes.rows:,} rows, {sizes.nonzeros:,} entries; "
        f"longest row {sizes.longest_row:,}, longest column {sizes.longest_column:,}"
    )
    shown: list[RenderableType] = [
        heading(model.title, size_words),
        table(
            both("charges"),
            [(both("line"), "left"), ("Charge 计费方式", "left"), ("Levied on 计量", "left"), ("Cost 公式", "left")],
            [(row.line, row.primitive, row.flow, row.equation) for row in model.charges],
            note="the objective is the sum of these costs",
        ),
        table(
            both("variables"),
            [("", "left"), ("Size 个数", "right"), ("Unit 单位", "left")],
            [(row.name, f"{row.size:,}", row.unit) for row in model.variables],
        ),
        *(_owner_table(owner, rows) for owner, rows in _by_owner(model)),
    ]
    if solved is not None:
        shown.append(bullets(both("marginals"), _sentences(solved) or [_NOTHING_BINDS]))
    return shown


def _by_owner(model: Explanation) -> list[tuple[str, list[ConstraintRow]]]:
    """Constraints by asset, in the order in which assets first occur."""
    order = {row.name.partition(".")[0]: None for row in model.constraints}
    position = {owner: number for number, owner in enumerate(order)}
    ranked = sorted(model.constraints, key=lambda row: position[row.name.partition(".")[0]])
    return [(owner, list(rows)) for owner, rows in groupby(ranked, key=lambda row: row.name.partition(".")[0])]


def _owner_table(owner: str, rows: Sequence[ConstraintRow]) -> RenderableType:
    columns: list[Column] = [("", "left"), ("Rows 行数", "right"), ("Equation 公式", "left"), ("Rule 规则", "left")]
    cells = []
    for row in rows:
        rule = f"{row.words} [{row.unit}]" if row.words and row.unit else row.words
        cells.append((row.name, f"{row.rows:,}", row.equation, f"{rule} (`{row.key}`)" if row.key else rule))
    return table(f"{both('constraints')}: {owner}", columns, cells)
