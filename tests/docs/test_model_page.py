"""The page of equations names every constraint the model states, and none that it does not."""

from __future__ import annotations

import re

from storage_opt.studies.equations import EQUATIONS
from tests.support.source import DOCS

PAGE = (DOCS / "reference" / "model.md").read_text(encoding="utf-8")


def _in_tables() -> set[str]:
    """Names in the first column of tables headed `constraint`, and in the column of the charges' table."""
    tables = re.findall(r"^\| constraint \|.*?\n\n", PAGE + "\n\n", re.MULTILINE | re.DOTALL)
    cells = [row.split("|")[1] for table in tables for row in table.splitlines()[2:] if row]
    cells += [row.split("|")[3] for row in PAGE.splitlines() if re.match(r"\| `[A-Z]\w+` \|", row)]
    return {name for cell in cells for name in re.findall(r"`([a-z_]+?)(?:_\d+)?`", cell)}


def test_every_constraint_is_on_the_page():
    # studies/equations.py is itself held to the constraints of compiled models
    assert sorted(name for name in EQUATIONS if f"`{name}" not in PAGE) == []


def test_every_constraint_on_the_page_exists():
    named = _in_tables()
    assert {"balance", "dynamics", "block", "ratchet"} <= named, "the search no longer finds the tables"
    assert sorted(named - EQUATIONS.keys()) == []
