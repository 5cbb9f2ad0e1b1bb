"""The page of the catalog counts its rows rightly and names every mark and every way to float."""

from __future__ import annotations

import re

from storage_opt.catalog.china_tables import CHINA
from storage_opt.catalog.provenance_row import Confidence
from storage_opt.catalog.tou_calendar import calendar_codes, tou_calendars
from storage_opt.spec.floating_base import FloatingBase
from tests.support.source import DOCS

PAGE = (DOCS / "reference" / "catalog.md").read_text(encoding="utf-8")


def test_every_table_has_its_number_of_rows():
    written = {name: int(rows) for name, rows in re.findall(r"^\| `(\w+\.csv)` \| (\d+) \|", PAGE, re.MULTILINE)}
    counted = {path.name: len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in CHINA.glob("*.csv")}
    assert written == counted
    assert f"{len(tou_calendars())} calendars of {len(calendar_codes())} grids" in PAGE


def test_every_mark_and_base_is_explained():
    assert [str(word) for word in (*Confidence, *FloatingBase) if f"`{word}`" not in PAGE] == []
    assert [mark.meaning for mark in (Confidence.S, Confidence.S2) if mark.meaning not in PAGE] == []
