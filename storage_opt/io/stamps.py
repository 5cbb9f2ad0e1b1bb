"""Cells of a time column to instants: one strict format a column, offsets honoured, daylight saving resolved."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.table import FIRST_ROW, Table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "MOST_PLACES",
    "Instants",
    "cell_text",
    "counted",
    "is_time_header",
    "looks_like_time",
    "places",
    "read_instants",
]

MOST_PLACES = 20
"""Places listed for one kind of fault; the total is always counted."""
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?$")
_WITH_OFFSET = r":\d{2}(?:\.\d+)?\s*(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_DATES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"^\d{4}/\d{1,2}/\d{1,2}"), ("%Y/%m/%d",)),
    (re.compile(r"^\d{4}-\d{1,2}-\d{1,2}"), ("%Y-%m-%d",)),
    (re.compile(r"^\d{4}\.\d{1,2}\.\d{1,2}"), ("%Y.%m.%d",)),
    (re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日"), ("%Y年%m月%d日",)),
    (re.compile(r"^\d{1,2}\.\d{1,2}\.\d{4}"), ("%d.%m.%Y",)),
    (re.compile(r"^\d{1,2}/\d{1,2}/\d{4}"), ("%d/%m/%Y", "%m/%d/%Y")),
    (re.compile(r"^\d{1,2}-\d{1,2}-\d{4}"), ("%d-%m-%Y", "%m-%d-%Y")),
)
_TIMES = ((re.compile(r"\d{1,2}:\d{2}:\d{2}$"), ":%S"), (re.compile(r"\d{1,2}:\d{2}$"), ""))
_TIME_WORDS = re.compile(r"time|date|stamp|时间|时刻|日期|datum|zeit", re.IGNORECASE)
_ISO_HINT = "write stamps like 2026-01-31 00:15, one form in the whole column"


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """Instants of the rows of a table.

    Parameters
    ----------
    utc_us : (N,) int array
        Microseconds since 1970 in UTC.
    notes : tuple of str
        What was decided, such as the order of day and month.
    """

    utc_us: NDArray[np.int64]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Parsed:
    """Stamps before they are placed in a zone: `wall` (N,), NaT where a cell is not a stamp."""

    wall: pd.DatetimeIndex
    aware: bool
    note: str = ""


def is_time_header(header: str) -> bool:
    """Whether a header says that its column holds time."""
    return bool(_TIME_WORDS.search(header))


def looks_like_time(column: Any) -> bool:
    """Whether the first cell of a column that is not blank reads as a date or stamp."""
    if hasattr(column, "type"):
        import pyarrow as pa

        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            return True
    cell = _first(column)
    if isinstance(cell, str):
        return bool(_ISO.match(cell) or any(pattern.match(cell) for pattern, _ in _DATES))
    return hasattr(cell, "year")


def counted(count: int, noun: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "stamp"), counted(1200, "stamp")
    ('1 stamp', '1,200 stamps')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def places(rows: NDArray[np.intp], text: Callable[[int], str]) -> str:
    """The first rows of a fault, as `row n (text)`, and how many more there are."""
    listed = ", ".join(f"row {row + FIRST_ROW} ({text(int(row))})" for row in rows[:MOST_PLACES])
    more = rows.size - MOST_PLACES
    return f"{listed} and {more:,} more" if more > 0 else listed


def read_instants(table: Table, position: int, zone: str, key: str = "") -> tuple[Instants | None, list[Fault]]:
    """Instants of a time column; naive stamps are wall clock of `zone`.

    Parameters
    ----------
    table : Table
        The table.
    position : int
        Position of its time column.
    zone : str
        IANA zone of the site.
    key : str
        Key that names the table, for messages.

    Returns
    -------
    Instants or None
        None when there are faults.
    list of Fault
        Cells that are not stamps, stamps the zone's clock never or ambiguously shows.
    """
    cells, header = table.columns[position], table.headers[position]

    def fault(what: str, hint: str, row: int | None = None) -> Fault:
        return Fault(what, hint, table.name, key, None if row is None else row + FIRST_ROW, header)

    parsed = _parse(cells)
    if isinstance(parsed, tuple):
        return None, [fault(*parsed)]
    bad = np.flatnonzero(np.asarray(parsed.wall.isna()))
    if bad.size:
        what = f"{counted(bad.size, 'unreadable stamp')}: {places(bad, lambda row: repr(cell_text(cells, row)))}"
        midnight = "24:00" in str(cell_text(cells, int(bad[0])))
        hint = "write 24:00 as 00:00 of the following day" if midnight else _ISO_HINT
        return None, [fault(what, hint, int(bad[0]))]
    notes = (f"{table.name}, column `{header}`: {parsed.note}",) if parsed.note else ()
    if parsed.aware:
        return Instants(parsed.wall.as_unit("us").asi8, notes), []
    instants, problems = _in_zone(parsed.wall, zone)
    return (None, [fault(*problem) for problem in problems]) if problems else (Instants(instants, notes), [])


def _first(column: Any) -> Any:
    for cell in column[:50]:
        plain = cell.as_py() if hasattr(cell, "as_py") else cell
        if isinstance(plain, str):
            plain = plain.strip()
        if plain is not None and plain != "":
            return plain
    return None


def cell_text(column: Any, row: int) -> Any:
    """A cell as it stands in the file."""
    cell = column[row]
    return cell.as_py() if hasattr(cell, "as_py") else cell


def _parse(cells: Any) -> _Parsed | tuple[str, str]:
    import pandas as pd

    if hasattr(cells, "type"):
        import pyarrow as pa

        if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
            index = pd.DatetimeIndex(pd.to_datetime(cells.to_pandas()))
            return _Parsed(index, index.tz is not None)
        if pa.types.is_dictionary(cells.type):
            return _parse(cells.cast(cells.type.value_type))
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            return f"the column holds {cells.type}, not stamps", _ISO_HINT
        return _parse_text(cells.to_pandas())
    if all(cell is None or isinstance(cell, str) for cell in cells):
        return _parse_text(pd.Series(cells, dtype="str"))
    kept = [cell if hasattr(cell, "year") else pd.NaT for cell in cells]
    stamps = pd.to_datetime(pd.Series(kept, dtype=object), errors="coerce")
    return _Parsed(pd.DatetimeIndex(stamps).round("s"), aware=False)


def _parse_text(text: pd.Series) -> _Parsed | tuple[str, str]:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    first = next((cell.strip() for cell in text.head(50) if isinstance(cell, str) and cell.strip()), "")
    if _ISO.match(first):
        matches = pc.match_substring_regex(pa.array(text, pa.string(), from_pandas=True), _WITH_OFFSET)
        with_offset = pc.fill_null(matches, False).to_numpy(zero_copy_only=False)
        aware = bool(with_offset.any())
        blank = text.isna().to_numpy() | (text == "").to_numpy()
        if aware and not (with_offset | blank).all():
            row = int(np.flatnonzero(~with_offset & ~blank)[0])
            what = f"some stamps carry an offset and some do not, first row {row + FIRST_ROW} ({text.iloc[row]!r})"
            return what, "write all stamps with an offset, or none"
        try:
            parsed = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=aware)
        except ValueError:
            # an offset in a form that the pattern does not know, such as +8
            return (
                "some stamps carry an offset in an unusual form",
                "write offsets like +08:00 on all stamps, or on none",
            )
        return _Parsed(pd.DatetimeIndex(parsed), aware)
    for pattern, dates in _DATES:
        if pattern.match(first):
            return _parse_with([date + _time_format(first) for date in dates], text)
    return f"the first stamp {first!r} is in no known form", _ISO_HINT


def _time_format(stamp: str) -> str:
    for pattern, seconds in _TIMES:
        if pattern.search(stamp):
            return f"{'T' if 'T' in stamp else ' '}%H:%M{seconds}"
    return ""


def _parse_with(formats: list[str], text: pd.Series) -> _Parsed | tuple[str, str]:
    """The only format that reads the whole column; where day and month could be swapped, both are tried."""
    import pandas as pd

    tried = [pd.DatetimeIndex(pd.to_datetime(text.str.strip(), format=form, errors="coerce")) for form in formats]
    whole = [position for position, index in enumerate(tried) if not index.hasnans]
    if len(formats) > 1 and len(whole) > 1:
        what = f"stamps such as {text.iloc[0]!r} may be day first or month first"
        return what, "write stamps year first, like 2026-01-31 00:15"
    best = whole[0] if whole else int(np.argmin([np.count_nonzero(index.isna()) for index in tried]))
    note = f"stamps read as {formats[best]}, the only order of day and month that fits" if len(formats) > 1 else ""
    return _Parsed(tried[best], aware=False, note=note)


def _in_zone(wall: pd.DatetimeIndex, zone: str) -> tuple[NDArray[np.int64], list[tuple[str, str, int]]]:
    """Wall clock to instants: an hour shown twice must occur twice, the first time in summer time."""
    import pandas as pd

    everywhere = np.ones(len(wall), dtype=bool)
    summer = wall.tz_localize(zone, ambiguous=everywhere, nonexistent="NaT")
    problems: list[tuple[str, str, int]] = []
    missing = np.flatnonzero(np.asarray(summer.isna()))
    other_zone = "if the stamps are in another zone, write them with their offset, such as +00:00"
    if missing.size:
        listed = places(missing, lambda row: str(wall[row]))
        what = f"{counted(missing.size, 'stamp')} that the clock of {zone} jumps over: {listed}"
        problems.append((what, other_zone, int(missing[0])))
        return np.array([], dtype=np.int64), problems
    winter = wall.tz_localize(zone, ambiguous=~everywhere, nonexistent="NaT")
    instants = summer.as_unit("us").asi8.copy()
    doubled = np.flatnonzero(instants != winter.as_unit("us").asi8)
    if doubled.size:
        occurrence = pd.Series(wall[doubled]).groupby(wall[doubled])
        order, count = occurrence.cumcount().to_numpy(), occurrence.transform("size").to_numpy()
        once = doubled[count == 1]
        if once.size:
            listed = places(once, lambda row: str(wall[row]))
            what = f"{counted(once.size, 'stamp')} given once that the clock of {zone} shows twice: {listed}"
            problems.append((what, f"add the second hour; {other_zone}", int(once[0])))
        instants[doubled[order > 0]] = winter.as_unit("us").asi8[doubled[order > 0]]
    return instants, problems
