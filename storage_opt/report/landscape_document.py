"""Maps, frontiers, tornado, break-even and marginal values as documents for JSON and rows for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from storage_opt.report.view import Document, Row
from storage_opt.studies.sizing.axis import Axis
from storage_opt.studies.sizing.break_even import BreakEven
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.frontier import FlatRange, Frontier
from storage_opt.studies.sizing.landscape import Landscape
from storage_opt.studies.sizing.marginal import MarginalWorth
from storage_opt.studies.sizing.tornado import Tornado, TornadoEnd

__all__ = [
    "break_even_document",
    "frontier_document",
    "frontier_rows",
    "landscape_document",
    "landscape_rows",
    "marginal_document",
    "marginal_rows",
    "tornado_document",
    "tornado_rows",
]


def landscape_document(made: Landscape, flat: Sequence[FlatRange] = ()) -> Document:
    """A map: axes, optimum, and every point."""
    return {
        "currency": made.case.problem.site.spec.currency,
        "x": _axis(made.x),
        "y": _axis(made.y),
        "best": _finding(made.case, made.best),
        "bounded_between_points": made.is_bounded,
        "flat": [{"size": one.name, "low": one.low, "high": one.high, "best": one.best} for one in flat],
        "points": list(landscape_rows(made)),
    }


def landscape_rows(made: Landscape) -> Iterator[Row]:
    """A row for each point of a map."""
    for x, line in zip(made.x.values.tolist(), made.findings, strict=True):
        for y, found in zip(made.y.values.tolist(), line, strict=True):
            yield {"x": x, "y": y, **_numbers(made.case, found), **_slopes(made, found)}


def frontier_document(made: Frontier) -> Document:
    """A frontier: its axis, the optimum, and every value."""
    return {
        "currency": made.case.problem.site.spec.currency,
        "axis": _axis(made.axis),
        "best": _finding(made.case, made.best),
        "points": list(frontier_rows(made)),
    }


def frontier_rows(made: Frontier) -> Iterator[Row]:
    """A row for each value of a frontier."""
    for value, found in zip(made.axis.values.tolist(), made.findings, strict=True):
        yield {"value": value, **_numbers(made.case, found)}


def tornado_document(made: Tornado) -> Document:
    """A tornado: the optimum, and every bar."""
    return {
        "currency": made.case.problem.site.spec.currency,
        "best": _finding(made.case, made.best),
        "bars": [
            {
                "assumption": bar.assumption.name,
                "unit": bar.assumption.unit,
                "assumed": bar.assumption.at_site,
                "low": _end(made.case, bar.low),
                "high": _end(made.case, bar.high),
            }
            for bar in made.bars
        ],
        "others": list(made.others),
    }


def tornado_rows(made: Tornado) -> Iterator[Row]:
    """A row for each bar of a tornado, changes of the net present value in it."""
    for bar in made.bars:
        (low, high), (low_follow, high_follow) = (bar.changes(sizes_follow=follow) for follow in (False, True))
        yield {
            "assumption": bar.assumption.name,
            "unit": bar.assumption.unit,
            "assumed": bar.assumption.at_site,
            "low": bar.low.value,
            "high": bar.high.value,
            "change_low_sizes_held": low,
            "change_high_sizes_held": high,
            "change_low_sizes_follow": low_follow,
            "change_high_sizes_follow": high_follow,
        }


def break_even_document(made: BreakEven) -> Document:
    """A break-even: the value, or that there is none in the range."""
    return {
        "assumption": made.assumption.name,
        "unit": made.assumption.unit,
        "assumed": made.assumption.at_site,
        "of": "building" if made.is_of_building else "held sizes",
        "answer": str(made.payment),
        "value": made.value,
        "pays": None if made.pays_above is None else "above" if made.pays_above else "below",
        "bracket": list(made.bracket),
        "npv_at_ends": list(made.npv_at_ends),
        "sizes": list(made.sizes),
    }


def marginal_document(worths: Sequence[MarginalWorth], currency: str) -> Document:
    """Marginal values, each with its sentence."""
    return {
        "currency": currency,
        "values": [
            {**row, "words": one.sentence(currency)} for row, one in zip(marginal_rows(worths), worths, strict=True)
        ],
    }


def marginal_rows(worths: Sequence[MarginalWorth]) -> Iterator[Row]:
    """A row for each marginal value; an open end of a range is infinite."""
    for one in worths:
        yield {
            "name": one.lever.name,
            "unit": one.lever.unit,
            "now": one.lever.at_site,
            "worth_per_year": one.per_year,
            "cost_per_year": one.cost_per_year,
            "holds_from": one.holds_from,
            "holds_to": one.holds_to,
            "one_less_solved": one.by_less,
            "one_more_solved": one.by_more,
            "by_multipliers": one.by_multipliers,
        }


def _axis(axis: Axis) -> Document:
    return {"name": axis.name, "unit": axis.unit, "best": axis.best, "values": axis.values.tolist()}


def _finding(case: Case, found: Finding | None) -> Document | None:
    if found is None:
        return None
    return {
        "npv": found.npv,
        "cash_npv": found.cash_npv,
        "objective_per_year": found.cost / case.problem.site.horizon.years,
        "sizes": dict(zip(case.names, found.sizes, strict=True)),
    }


def _end(case: Case, end: TornadoEnd) -> Document:
    return {"value": end.value, "held": _finding(case, end.held), "followed": _finding(case, end.followed)}


def _numbers(case: Case, found: Finding | None) -> dict[str, object]:
    nothing = [np.nan] * len(case.names)
    return {
        "npv": np.nan if found is None else found.npv,
        "cash_npv": np.nan if found is None else found.cash_npv,
        "objective_per_year": np.nan if found is None else found.cost / case.problem.site.horizon.years,
        "keeps_limits": found is not None and found.keeps_limits,
        **dict(zip(case.names, nothing if found is None else found.sizes, strict=True)),
    }


def _slopes(made: Landscape, found: Finding | None) -> dict[str, float]:
    slopes = {}
    for letter, axis in (("x", made.x), ("y", made.y)):
        slopes[f"npv_per_{letter}"] = np.nan if found is None or axis.number is None else found.slopes[axis.number]
    return slopes
