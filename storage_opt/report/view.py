"""One answer in three forms: tables for a terminal, a document for JSON, rows for CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Document", "Row", "View", "as_csv", "as_json"]

Document: TypeAlias = Mapping[str, object]
Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class View:
    """An answer that is laid out only in the form that is asked for.

    Parameters
    ----------
    tables : callable
        Returns what a terminal shows, in order.
    document : callable
        Returns what JSON holds.
    rows : callable
        Returns what CSV holds; every row has the keys of the first.
    """

    tables: Callable[[], Sequence[RenderableType]]
    document: Callable[[], Document]
    rows: Callable[[], Iterable[Row]]


def as_json(document: Document) -> str:
    """The document as JSON text; what is not a finite number becomes null, as JSON knows no other."""
    return json.dumps(_finite(document), ensure_ascii=False, indent=2, allow_nan=False)


def as_csv(rows: Iterable[Row]) -> str:
    """The rows as CSV text with a header and plain line feeds."""
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return text.getvalue()


def _finite(value: object) -> object:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value
