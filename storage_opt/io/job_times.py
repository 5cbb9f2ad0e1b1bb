"""Stamps of a job log to instants, row by row: unreadable ones and those of a clock change are told, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from storage_opt.io.job_cells import cell_texts, is_nothing, shown
from storage_opt.io.job_findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.io.table import Table

__all__ = ["US_PER_HOUR", "Moments", "instant_us", "local_clock", "moment_findings", "read_moments"]

US_PER_HOUR = 3_600_000_000
_UNKNOWN = np.iinfo(np.int64).min
_STRICT = re.compile(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$")
_LOOSE = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_YEARS = (1970, 2200)
_AS_ISO = "write stamps year first, like 2026-01-31 00:15, or with their offset, like 2026-01-31 00:15+08:00"
_WITH_OFFSET = "write the stamps of the log with their offset, such as +01:00"


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Instants of the rows of a log, as far as they can be told.

    Parameters
    ----------
    utc_us : (N,) int array
        Microseconds since 1970 in UTC; meaningless where not known. [us]
    known : (N,) bool array
        Rows with an instant.
    nothing : (N,) bool array
        Rows with a blank cell.
    skipped, doubled : (N,) bool array
        Rows whose wall clock the zone never shows, or shows twice.
    odd : (N,) bool array
        Rows that carry an offset where most do not, or none where most do.
    naive : bool
        Whether stamps were read as wall clock of the zone.
    """

    utc_us: NDArray[np.int64]
    known: NDArray[np.bool_]
    nothing: NDArray[np.bool_]
    skipped: NDArray[np.bool_]
    doubled: NDArray[np.bool_]
    odd: NDArray[np.bool_]
    naive: bool


def instant_us(moment: datetime | date, zone: str) -> int:
    """Microseconds from 1970 in UTC to a moment, which is wall clock of `zone` when naive. [us]

    Examples
    --------
    >>> instant_us(date(1970, 1, 2), "Asia/Shanghai") // US_PER_HOUR
    16
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    aware = moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment
    since = aware.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def local_clock(utc_us: int | np.int64, zone: str) -> str:
    """An instant as the clock of a zone shows it."""
    moment = datetime.fromtimestamp(int(utc_us) / 1e6, tz=ZoneInfo(zone))
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def read_moments(column: Any, zone: str) -> Moments:
    """Instants of a column of stamps; those without offset are wall clock of `zone`.

    Parameters
    ----------
    column : arrow array or (N,) object array
        Text, typed stamps or Python times.
    zone : str
        IANA zone of the horizon.
    """
    texts = cell_texts(column)
    written, aware = _parsed(texts)
    count = len(texts)
    utc_us = np.full(count, _UNKNOWN, dtype=np.int64)
    skipped, doubled, odd = (np.zeros(count, dtype=bool) for _ in range(3))
    naive = (written != _UNKNOWN) & ~aware
    if naive.any() and aware.any():
        # from which clock the fewer were read, nobody can tell
        odd = naive if np.count_nonzero(naive) <= np.count_nonzero(aware) else aware
        naive, aware = naive & ~odd, aware & ~odd
    utc_us[aware] = written[aware]
    if naive.any():
        utc_us[naive], skipped[naive], doubled[naive] = _in_zone(written[naive], zone)
    return Moments(utc_us, utc_us != _UNKNOWN, is_nothing(texts), skipped, doubled, odd, bool(naive.any()))


def _parsed(texts: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Microseconds since 1970 by the clock that each stamp (N,) was read from, and which stamps carry an offset."""
    import pandas as pd

    plain = [_iso(text) for text in texts]
    iso = np.array([text for text, _ in plain], dtype=object)
    aware = np.array([has_offset for _, has_offset in plain], dtype=bool)
    written = np.full(len(iso), _UNKNOWN, dtype=np.int64)
    for rows, as_utc in ((np.flatnonzero(aware), True), (np.flatnonzero(~aware & (iso != "")), False)):
        if rows.size:
            read = pd.to_datetime(pd.Series(iso[rows], dtype="str"), format="ISO8601", errors="coerce", utc=as_utc)
            written[rows] = pd.DatetimeIndex(read).as_unit("us").asi8
    low, high = (instant_us(date(year, 1, 1), "UTC") for year in _YEARS)
    written[(written < low) | (written >= high)] = _UNKNOWN
    return written, aware & (written != _UNKNOWN)


def _iso(text: str) -> tuple[str, bool]:
    """A stamp year first in ISO form, and whether it carries an offset; blank when it is none."""
    strict = _STRICT.match(text)
    if strict:
        return text, strict.group(1) is not None
    loose = _LOOSE.match(text)
    if not loose:
        return "", False
    year, month, day, hour, minute, second, fraction, offset = (part or "" for part in loose.groups())
    stamp = f"{year}-{month:0>2}-{day:0>2}"
    if hour:
        stamp += f"T{hour:0>2}:{minute}:{second or '00'}{fraction}{offset.replace('UTC', 'Z')}"
    return stamp, bool(offset)


def _in_zone(wall_us: NDArray[np.int64], zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Wall clock to instants, and which stamps the clock jumps over or shows twice."""
    import pandas as pd

    wall = pd.DatetimeIndex(wall_us.astype("datetime64[us]"))
    first = np.ones(len(wall), dtype=bool)
    summer = wall.tz_localize(zone, ambiguous=first, nonexistent="NaT").as_unit("us").asi8
    winter = wall.tz_localize(zone, ambiguous=~first, nonexistent="NaT").as_unit("us").asi8
    doubled = summer != winter
    return np.where(doubled, _UNKNOWN, summer), summer == _UNKNOWN, doubled


def moment_findings(
    table: Table, position: int, moments: Moments, used: NDArray[np.bool_], zone: str, *, may_be_blank: bool = False
) -> list[Finding]:
    """One finding for each reason why stamps have no instant.

    Parameters
    ----------
    table, position : Table, int
        The column.
    moments : Moments
        Its instants.
    used : (N,) bool array
        Rows that matter.
    zone : str
        IANA zone of the horizon.
    may_be_blank : bool
        Whether a blank cell is no fault.
    """
    texts = cell_texts(table.columns[position])
    named = moments.skipped | moments.doubled | moments.odd
    kinds = [
        (moments.skipped, "stamp", f"that the clock of {zone} jumps over", _WITH_OFFSET),
        (moments.doubled, "stamp", f"that the clock of {zone} shows twice", _WITH_OFFSET),
        (moments.odd, "stamp", "unlike most in having an offset or none", "write all stamps with an offset, or none"),
        (~moments.known & ~moments.nothing & ~named, "unreadable stamp", "", _AS_ISO),
    ]
    if not may_be_blank:
        kinds.append((moments.nothing, "blank cell", "", "fill them in the file; values are never made up here"))
    header = table.headers[position]
    return [
        Finding(np.flatnonzero(mask & used), noun, rest, hint, header, lambda row: shown(texts[row]))
        for mask, noun, rest, hint in kinds
        if (mask & used).any()
    ]
