"""The table of the page on wear: what is planned against what rainflow counts, solved again."""

from __future__ import annotations

import re

import pytest

from storage_opt import optimize
from tests.support.source import DOCS
from tests.support.spot_battery import XU_LIFE, XU_REPLACEMENT, shipped_prices, spot_site

PAGE = (DOCS / "explanation" / "wear.md").read_text(encoding="utf-8")
ROWS = [
    [float(cell.strip(" %").replace(",", "")) for cell in row.strip("|").split("|")]
    for row in re.findall(r"^\| \d.*\|$", PAGE, re.MULTILINE)
]


def test_the_table_has_the_segments_it_should():
    assert [row[0] for row in ROWS] == [1, 2, 4, 8, 16]


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]:.0f} segments")
def test_a_row_of_the_table(row):
    segments, planned, counted, difference, cycles, earned = row
    wear = {"replacement_cost_per_kwh": XU_REPLACEMENT, "cycle_life": XU_LIFE, "segments": int(segments)}
    result = optimize(spot_site(shipped_prices(), wear))
    assert result.certificate.certified
    found = result.batteries["bess"].wear
    # the optimum is one number, the schedules that reach it differ by a cycle here and there
    assert -result.ledger.total == pytest.approx(earned, abs=1.0)
    assert found.planned_cost == pytest.approx(planned, rel=2e-3)
    assert found.counted_cost == pytest.approx(counted, rel=2e-3)
    assert 100 * (found.relative_difference or 0.0) == pytest.approx(difference, abs=0.02)
    assert found.full_cycles == pytest.approx(cycles, rel=2e-3)
