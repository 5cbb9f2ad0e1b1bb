"""The numbers on the page about stacking are those the program gives, and its sentences hold."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

import storage_opt
from storage_opt import DispatchResult
from storage_opt.schedule import GRID, Flow, FlowKind
from tests.support.shipped import optimised, shipped
from tests.support.source import DOCS

PAGE = (DOCS / "sites" / "stacking.md").read_text(encoding="utf-8")
IMPORT = Flow(GRID, FlowKind.IMPORT_KW)
HELD = Flow("reserve.bess", FlowKind.UP_KW)


@cache
def without_products() -> DispatchResult:
    site = shipped("stacking")
    return storage_opt.optimize(replace(site, spec=site.spec.model_copy(update={"response": {}, "regulation": {}})))


def cells_of(head: str) -> list[list[str]]:
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table[1].splitlines()]


def assert_told(text: str, value: float) -> None:
    number = text.split(maxsplit=1)[0].replace(",", "")
    half_a_digit = 0.5 * 10.0 ** -len(number.partition(".")[2])
    assert float(number) == pytest.approx(value, abs=half_a_digit * 1.001), text


def test_figures_of_the_year():
    result, bare = optimised("stacking"), without_products()
    reserve = result.schedule[HELD]
    values = {
        "cost at rest": result.baseline_ledger.total / 1e6,
        "cost with the optimum": result.ledger.total / 1e6,
        "saved": result.savings / 1e6,
        "saved without products": bare.savings / 1e6,
        "paid for products": result.streams["reserve"] / 1e3,
        "saved more with products": (result.savings - bare.savings) / 1e3,
        "full cycles of the battery": result.batteries["bess"].equivalent_cycles,
        "highest import at rest": result.baseline[IMPORT].max() / 1e3,
        "highest import in the optimum": result.schedule[IMPORT].max() / 1e3,
        "reserve, mean": reserve[reserve > 1.0].mean() / 1e3,
    }
    told = dict(cells_of("figure"))
    assert told.keys() == values.keys()
    for label, value in values.items():
        assert_told(told[label], value)


def test_lines_of_the_bills():
    result = optimised("stacking")
    ledgers = [ledger.by_line() for ledger in (result.baseline_ledger, result.ledger, without_products().ledger)]
    rows = cells_of("line")
    assert [cells[0].strip("`") for cells in rows] == list(ledgers[1])
    for line, *cells in rows:
        for text, ledger in zip(cells, ledgers, strict=True):
            assert_told(text, ledger.get(line.strip("`"), 0.0) / 1e3)


def test_sentences_of_the_page():
    result, bare = optimised("stacking"), without_products()
    load = result.baseline.energy_kwh(FlowKind.LOAD_KW), result.baseline[IMPORT].max()
    assert (round(load[0] / 1e6), round(load[1] / 1e3, 1)) == (33, 7.6)
    hour = result.site.horizon.hour
    held = result.schedule[HELD]
    assert set(hour[held > 1.0]) == {4, 5, 6, 7}
    charging = result.schedule[Flow("bess", FlowKind.CHARGE_KW)]
    assert held.max() > 2_000.0
    assert charging[held > 2_001.0].min() > 0.0
    stamps = pd.DatetimeIndex(result.site.horizon.stamps)
    event = (stamps.hour >= 15) & (stamps.hour < 17) & stamps.strftime("%m-%d").isin(["07-14", "08-05"])
    given = Flow("bess", FlowKind.DISCHARGE_KW)
    assert bare.schedule[given][event].sum() > 0.7 * result.schedule[given][event].sum() > 0
    demand = result.ledger.by_line()["supply.demand"] - bare.ledger.by_line()["supply.demand"]
    assert "2.9 k CNY in demand" in PAGE
    assert demand == pytest.approx(2_900.0, abs=50.0)
    assert any("guangdong" in note.lower() and "is used for 2027-01-01 to 2027-12-31" in note for note in result.notes)
