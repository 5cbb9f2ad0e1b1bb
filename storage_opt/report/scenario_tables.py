"""What a terminal shows after a sizing for several years: sizes, each year with them, other choices, the proof."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from storage_opt.model.certificate import TOLERANCE
from storage_opt.report.layout import Column, bullets, heading, table
from storage_opt.report.numbers import Scale, money_scale, tiny
from storage_opt.report.scenario_document import scenario_document, scenario_rows
from storage_opt.report.view import View
from storage_opt.report.words import both

if TYPE_CHECKING:
    from storage_opt.studies.sizing.scenario_result import ScenarioOutcome, ScenarioSizing

__all__ = ["scenario_view"]


def scenario_view(result: ScenarioSizing) -> View:
    """What is printed: tables, the document, or a year a row."""
    return View(lambda: _tables(result), lambda: scenario_document(result), lambda: scenario_rows(result))


def _tables(result: ScenarioSizing) -> Sequence[RenderableType]:
    currency = result.site.spec.currency
    state = "sizes certified optimal" if result.certificate.certified else "SIZES NOT CERTIFIED"
    count, tried = len(result.inside), len(result.outside)
    detail = f"chosen for {count} year{'s' if count > 1 else ''}"
    detail += f", tried on {tried} more" if tried else ""
    if result.risk.weight_frac:
        share, tail = result.risk.weight_frac, 1.0 - result.risk.level_frac
        detail += f"; {share:.0%} of the objective is the mean of the worst {tail:.0%}"
    shown = [heading(f"{result.site.spec.name}: {state}", detail), _sizes(result, currency), _years(result, currency)]
    shown.append(_worth(result, currency))
    if result.candidates:
        shown.append(_choices(result, currency))
    shown.append(_proof(result))
    return shown


def _sizes(result: ScenarioSizing, currency: str) -> RenderableType:
    scale = money_scale((built.capex for built in result.sizes), currency)
    rows = [
        (
            built.size.name,
            f"{built.value:,.0f}",
            str(built.size.kind),
            scale.text(built.capex),
            scale.text(built.cost_per_year),
        )
        for built in result.sizes
    ]
    columns: list[Column] = [(both("size"), "left"), (both("best"), "right"), ("", "left")]
    columns += [(f"{both('capex')} [{currency}]", "right"), (f"{both('cost_of_size')} [{currency}/a]", "right")]
    capex = scale.text(sum(built.capex for built in result.sizes))
    cost = scale.text(sum(built.cost_per_year for built in result.sizes))
    return table(both("sizes"), columns, rows, (both("total"), "", "", capex, cost))


def _years(result: ScenarioSizing, currency: str) -> RenderableType:
    yearly = money_scale(
        (amount for o in result.outcomes for amount in (o.bill_before_per_year, o.cost_per_year)), currency
    )
    worth = money_scale((outcome.npv for outcome in result.outcomes), currency)
    rows = [
        (
            f"{outcome.name} *" if outcome.out_of_sample else outcome.name,
            f"{outcome.weight:.1%}",
            yearly.text(outcome.bill_before_per_year),
            _text(outcome.bill_per_year, yearly),
            _text(outcome.cost_per_year, yearly),
            _text(outcome.npv, worth),
        )
        for outcome in result.outcomes
    ]
    heads = ("probability", "bill_before", "bill_after", "cost")
    columns: list[Column] = [(both("scenario"), "left"), *((both(head), "right") for head in heads)]
    columns.append((f"{both('npv')} [{currency}]", "right"))
    note = "cost: bill as the objective weighs it, and sizes; net present value: if every year were like this one"
    note += f"; * {both('out_of_sample')}" if result.outside else ""
    return table(f"{both('scenarios')} [{currency}/a]", columns, rows, note=note)


def _text(amount: float, scale: Scale) -> str:
    return scale.text(amount) if math.isfinite(amount) else "no schedule"


def _worth(result: ScenarioSizing, currency: str) -> RenderableType:
    """Expectation, tail, and what the joint choice and information are worth, a year and over the project."""
    yearly: dict[str, float | None] = {
        "expected_cost": result.expected_cost_per_year,
        "cvar": result.cvar_per_year,
        "vss": result.vss_per_year,
        "over_single": result.over_best_single_per_year,
        "evpi": result.evpi_per_year,
    }
    whole = {"expected_npv": result.expected_npv, "expected_npv_outside": result.expected_npv_outside}
    known = [amount for amount in (*yearly.values(), *whole.values()) if amount is not None and math.isfinite(amount)]
    scale = money_scale(known, currency)
    rows = [(both(key), "", _text(amount, scale)) for key, amount in whole.items() if amount is not None]
    worst: ScenarioOutcome = result.worst
    rows.append((f"{both('worst_year')}: {worst.name}", "", _text(worst.npv, scale)))
    for key, amount in yearly.items():
        if amount is not None:
            is_gain = key in {"vss", "over_single", "evpi"}
            over = _text(amount * result.worth_of_saving, scale) if is_gain else ""
            rows.append((both(key), _text(amount, scale), over))
    columns: list[Column] = [("", "left"), (f"[{currency}/a]", "right"), (f"{both('npv')} [{currency}]", "right")]
    return table(both("worth_of_choosing"), columns, rows)


def _choices(result: ScenarioSizing, currency: str) -> RenderableType:
    """What other sizes cost more in each year than those that are best for it."""
    regrets = [result.regret_per_year(candidate) for candidate in result.candidates]
    scale = money_scale((float(r) for regret in regrets for r in regret if math.isfinite(r)), currency)
    rows = [
        (
            candidate.name,
            " / ".join(f"{value:,.0f}" for value in candidate.values),
            *(_regret(float(amount), scale) for amount in regret),
        )
        for candidate, regret in zip(result.candidates, regrets, strict=True)
    ]
    kinds = " / ".join(str(built.size.kind) for built in result.sizes)
    columns: list[Column] = [(both("chosen_for"), "left"), (kinds, "right")]
    columns += [(outcome.name, "right") for outcome in result.outcomes]
    return table(f"{both('regret')} [{currency}/a]", columns, rows)


def _regret(amount: float, scale: Scale) -> str:
    if math.isnan(amount):
        return ""
    return scale.text(amount) if math.isfinite(amount) else "no schedule"


def _proof(result: ScenarioSizing) -> RenderableType:
    certificate, timing = result.certificate, result.timing
    gap = f"gap {tiny(certificate.relative_gap)} of at most {tiny(TOLERANCE)}"
    solves = f"{certificate.solves} joint solve{'s' if certificate.solves > 1 else ''}"
    schedule = "schedules certified" if certificate.dispatch_certified else "schedules NOT certified"
    seconds = f"{timing.total_s:.1f} s: compile {timing.compile_s:.1f}, solve {timing.solve_s:.1f}, "
    seconds += f"dispatch {timing.dispatch_s:.1f}"
    return bullets(both("certificate"), [f"no other sizes are better: {gap}, {solves}; {schedule}", seconds])
