"""Maps, frontiers, tornado, break-even and marginal values on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType

from storage_opt.report.landscape_words import assumption_words, axis_words, size_words, told, value_words
from storage_opt.report.layout import Column, bullets, table
from storage_opt.report.numbers import Scale, money_scale, significant
from storage_opt.studies.sizing.break_even import BreakEven, Payment
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.frontier import FlatRange, Frontier
from storage_opt.studies.sizing.landscape import Landscape
from storage_opt.studies.sizing.marginal import MarginalWorth
from storage_opt.studies.sizing.tornado import Tornado

__all__ = ["break_even_tables", "frontier_tables", "landscape_tables", "marginal_tables", "tornado_tables"]

_MOST_COLUMNS = 8
_NONE = "–"


def landscape_tables(made: Landscape, flat: Sequence[FlatRange] = ()) -> Iterator[RenderableType]:
    """The net present value as a grid, thinned where it is wide, and the ranges that cost little."""
    currency = made.case.problem.site.spec.currency
    npv, scale = made.npv, _millions(made.npv, currency)
    across, along = _thinned(made.x.values.size), _thinned(made.y.values.size)
    columns: list[Column] = [(f"{made.y.name} ↓ {made.x.name} →", "right")]
    columns += [(value_words(made.x.unit, made.x.values[i]), "right") for i in across]
    rows = [
        (value_words(made.y.unit, made.y.values[j]), *(_money(scale, npv[i, j]) for i in across))
        for j in reversed(along)
    ]
    note = f"{told('optimum')}: {_best(made.case, made.best)}"
    yield table(f"{told('landscape')} [{scale.unit}]", columns, rows, note=note)
    if flat:
        yield bullets(told("flat"), (_flat(made.case, one) for one in flat))


def frontier_tables(made: Frontier) -> Iterator[RenderableType]:
    """A row for each value, with the sizes that are best there."""
    case = made.case
    scale = _millions(made.npv, case.problem.site.spec.currency)
    columns: list[Column] = [(axis_words(case, made.axis), "right"), (f"{told('npv')} [{scale.unit}]", "right")]
    columns += [(f"{size_words(case, n)} [{size.kind}]", "right") for n, size in enumerate(case.problem.sizes)]
    rows = [
        (
            value_words(made.axis.unit, value),
            _money(scale, np.nan if found is None else found.npv),
            *_sizes(case, found),
        )
        for value, found in zip(made.axis.values.tolist(), made.findings, strict=True)
    ]
    yield table(told("frontier"), columns, rows, note=f"{told('optimum')}: {_best(case, made.best)}")


def tornado_tables(made: Tornado) -> Iterator[RenderableType]:
    """A row for each assumption: its ends, and what they change with sizes held and with sizes that follow."""
    changes = [change for bar in made.bars for follow in (False, True) for change in bar.changes(sizes_follow=follow)]
    scale = _millions(np.array(changes or [0.0]), made.case.problem.site.spec.currency)
    columns: list[Column] = [(told("assumption"), "left"), (told("low"), "right"), (told("high"), "right")]
    columns += [(header, "right") for header in ("Held: low", "high", "Follow: low", "high")]
    rows = [
        (
            assumption_words(bar.assumption),
            value_words(bar.assumption.unit, bar.low.value),
            value_words(bar.assumption.unit, bar.high.value),
            *(_money(scale, change) for follow in (False, True) for change in bar.changes(sizes_follow=follow)),
        )
        for bar in made.bars
    ]
    note = f"Held: {told('held')}; follow: {told('followed')}\n{told('npv')}: {_best(made.case, made.best)}"
    if made.others:
        note += f"\nMatters less 影响较小: {', '.join(made.others)}"
    yield table(f"{told('tornado')}: {told('change')} [{scale.unit}]", columns, rows, note=note)


def break_even_tables(answers: Sequence[BreakEven], currency: str) -> Iterator[RenderableType]:
    """A sentence for each question."""
    yield bullets(told("break_even"), (_answer(one, currency) for one in answers))


def marginal_tables(worths: Sequence[MarginalWorth], currency: str) -> Iterator[RenderableType]:
    """A row for each number, and the same in sentences."""
    columns: list[Column] = [
        (told("one_more"), "left"),
        (told("now"), "right"),
        (f"{told('worth')} [{currency}]", "right"),
        (f"{told('costs')} [{currency}]", "right"),
        (told("holds"), "right"),
        (told("checked"), "right"),
    ]
    rows = [
        (
            f"{one.lever.unit}: {one.lever.words}",
            significant(one.lever.at_site),
            f"{one.per_year:z,.2f}",
            _NONE if one.cost_per_year is None else f"{one.cost_per_year:,.2f}",
            _range(one),
            " / ".join(_NONE if found is None else f"{found:z,.2f}" for found in (one.by_less, one.by_more)),
        )
        for one in worths
    ]
    yield table(told("marginal_worth"), columns, rows)
    yield bullets(told("in_words"), (one.sentence(currency) for one in worths))


def _answer(one: BreakEven, currency: str) -> str:
    name, unit = assumption_words(one.assumption), one.assumption.unit
    low, high = (value_words(unit, end) for end in one.bracket)
    of = "building anything" if one.is_of_building else "the project at these sizes"
    if one.payment is not Payment.CROSSES or one.value is None:
        return f"{name}: {of} {one.payment} from {low} to {high}"
    side = "above" if one.pays_above else "below"
    prices = ", ".join(f"{one.value * price:,.0f} {currency} per {of_what}" for of_what, price in one.assumption.prices)
    value = value_words(unit, one.value) + (f" ({prices})" if prices else "")
    return f"{name}: {of} pays {side} {value}; the site assumes {value_words(unit, one.assumption.at_site)}"


def _range(one: MarginalWorth) -> str:
    if one.holds_from is None or one.holds_to is None:
        return _NONE
    return f"{significant(one.holds_from)} – {significant(one.holds_to) if np.isfinite(one.holds_to) else '∞'}"


def _flat(case: Case, flat: FlatRange) -> str:
    size = case.problem.sizes[case.names.index(flat.name)]
    name = size_words(case, case.names.index(flat.name))
    ends = f"{significant(flat.low)} to {significant(flat.high)} {size.kind}"
    return f"{name}: {ends}, best {significant(flat.best)} {size.kind}"


def _best(case: Case, best: Finding) -> str:
    currency = case.problem.site.spec.currency
    built = ", ".join(
        f"{size.name} {significant(value)} {size.kind}"
        for size, value in zip(case.problem.sizes, best.sizes, strict=True)
    )
    return f"{money_scale([best.npv], currency).text(best.npv)} {currency} at {built}"


def _sizes(case: Case, found: Finding | None) -> list[str]:
    return [_NONE] * len(case.names) if found is None else [significant(value) for value in found.sizes]


def _millions(values: NDArray[np.float64], currency: str) -> Scale:
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return Scale(f"million {currency}", 1e6, 3) if largest >= 1e6 else money_scale([largest], currency)


def _money(scale: Scale, value: float) -> str:
    return scale.text(value) if np.isfinite(value) else _NONE


def _thinned(count: int) -> list[int]:
    """Places of at most so many values, both ends among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, _MOST_COLUMNS))})
