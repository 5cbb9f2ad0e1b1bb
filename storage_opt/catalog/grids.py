"""Grids and voltages of the tariff catalog, found by code or by name."""

from __future__ import annotations

import difflib
import re
from functools import cache

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, InputError

__all__ = ["VOLTAGES_KV", "Grid", "find_grid", "find_voltage_kv", "grids"]

VOLTAGES_KV = (10, 35, 110, 220)
"""Voltages of the price tables; 10 stands for 1 to 10 (20) kV, 220 for 220 kV and above. [kV]"""


class Grid(ProvenanceRow):
    """A grid or price zone with network prices of its own."""

    grid: str
    """Code, such as ``NM_W``."""
    english: str
    """English name."""
    chinese: str
    """Chinese name."""
    payee: str
    """Grid company that bills."""
    calendar: str
    """Code under which the time-of-use calendar stands."""


@cache
def grids() -> tuple[Grid, ...]:
    """All grids, in the order of the table."""
    return read_rows("grids.csv", Grid)


def find_grid(name: str) -> Grid:
    """The grid of a code, English or Chinese name; case and surrounding blanks do not matter.

    Raises
    ------
    InputError
        When there is none; the nearest name is suggested.
    """
    known = {word.lower(): grid for grid in grids() for word in (grid.grid, grid.english, grid.chinese)}
    wanted = name.strip().lower()
    if wanted in known:
        return known[wanted]
    holding = [word for word in known if len(wanted) > 1 and wanted in word]
    found = [known[word] for word in holding or difflib.get_close_matches(wanted, known, n=1)]
    advice = f"did you mean `{found[0].grid}` ({found[0].english} {found[0].chinese})? " if found else ""
    listed = f"`storage-opt tariff list` shows all: {', '.join(grid.grid for grid in grids())}"
    raise InputError([Fault(f"there is no grid named `{name}` in the catalog", f"{advice}{listed}")])


def find_voltage_kv(text: str | float) -> int:
    """The voltage of a text such as ``110kV``. [kV]

    Raises
    ------
    InputError
        When the tables have no such voltage; the nearest is suggested.

    Examples
    --------
    >>> find_voltage_kv("110 kV"), find_voltage_kv(35)
    (110, 35)
    """
    number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:kv|千伏)?\s*", str(text), re.IGNORECASE)
    value = float(number.group(1)) if number else 0.0
    if value in VOLTAGES_KV:
        return int(value)
    listed = ", ".join(f"{voltage}kV" for voltage in VOLTAGES_KV)
    near = f"did you mean {min(VOLTAGES_KV, key=lambda v: abs(v - value))}kV? " if number else ""
    raise InputError([Fault(f"there is no voltage `{text}` in the price tables", f"{near}There are {listed}")])
