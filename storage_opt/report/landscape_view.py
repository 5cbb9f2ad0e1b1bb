"""Maps, frontiers, tornado, break-even and marginal values as views: tables, JSON, CSV."""

from __future__ import annotations

from collections.abc import Sequence

from storage_opt.report import landscape_document as document
from storage_opt.report import landscape_tables as tables
from storage_opt.report.view import View
from storage_opt.studies.sizing.break_even import BreakEven
from storage_opt.studies.sizing.frontier import FlatRange, Frontier
from storage_opt.studies.sizing.landscape import Landscape
from storage_opt.studies.sizing.marginal import MarginalWorth
from storage_opt.studies.sizing.tornado import Tornado

__all__ = ["break_even_view", "frontier_view", "landscape_view", "marginal_view", "tornado_view"]


def landscape_view(made: Landscape, flat: Sequence[FlatRange] = ()) -> View:
    """A map, and the ranges of each size that cost little."""
    return View(
        lambda: tuple(tables.landscape_tables(made, flat)),
        lambda: document.landscape_document(made, flat),
        lambda: document.landscape_rows(made),
    )


def frontier_view(made: Frontier) -> View:
    """The best net present value along one axis."""
    return View(
        lambda: tuple(tables.frontier_tables(made)),
        lambda: document.frontier_document(made),
        lambda: document.frontier_rows(made),
    )


def tornado_view(made: Tornado) -> View:
    """The assumptions that matter."""
    return View(
        lambda: tuple(tables.tornado_tables(made)),
        lambda: document.tornado_document(made),
        lambda: document.tornado_rows(made),
    )


def break_even_view(answers: Sequence[BreakEven], currency: str) -> View:
    """Where something begins or ceases to pay."""
    return View(
        lambda: tuple(tables.break_even_tables(answers, currency)),
        lambda: {"currency": currency, "answers": [document.break_even_document(one) for one in answers]},
        lambda: [_flat_row(one) for one in answers],
    )


def marginal_view(worths: Sequence[MarginalWorth], currency: str) -> View:
    """What one more of each number is worth."""
    return View(
        lambda: tuple(tables.marginal_tables(worths, currency)),
        lambda: document.marginal_document(worths, currency),
        lambda: document.marginal_rows(worths),
    )


def _flat_row(one: BreakEven) -> dict[str, object]:
    row = dict(document.break_even_document(one))
    low, high = one.bracket
    return {name: value for name, value in row.items() if not isinstance(value, list)} | {"from": low, "to": high}
