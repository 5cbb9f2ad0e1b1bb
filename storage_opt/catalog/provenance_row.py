"""What every row of the tariff catalog carries: its document, its validity, and how far to trust it."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Confidence", "ProvenanceRow", "stale_note"]


class Confidence(StrEnum):
    """How a row is known."""

    S = "S"
    S2 = "S2"
    BH = "BH"
    BL = "BL"
    DERIVED = "derived"

    @property
    def meaning(self) -> str:
        """The mark in words."""
        return _MEANINGS[self]


_MEANINGS = {
    Confidence.S: "text of the named document read",
    Confidence.S2: "a public source that quotes the named document",
    Confidence.BH: "background knowledge, high confidence",
    Confidence.BL: "background knowledge, low confidence: verify before use",
    Confidence.DERIVED: "computed from other rows; the note shows how",
}


class ProvenanceRow(BaseModel):
    """A row of the catalog.

    Rows are no specs of a site: their fields are columns of shipped tables, so they stand outside the field table
    of `site.toml`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    document: str = Field(min_length=1)
    """Number of the document the numbers come from."""
    valid_from: date
    """First day on which the row holds."""
    valid_until: date | None = None
    """Last day on which the row holds; None while no end is known."""
    confidence: Confidence
    """How the row is known."""
    note: str = ""
    """What a reader must know beside the numbers."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            message = f"valid_until {self.valid_until} lies before valid_from {self.valid_from}"
            raise ValueError(message)
        return self

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return self.document

    def holds_on(self, day: date) -> bool:
        """Whether the row is in force on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def days_from(self, day: date) -> int:
        """How far a day lies outside the row's validity; 0 when it is in force. [days]"""
        before = (self.valid_from - day).days
        after = (day - self.valid_until).days if self.valid_until else 0
        return max(before, after, 0)


def stale_note(row: ProvenanceRow, start: date, end: date) -> str | None:
    """What to tell when a horizon reaches outside a row's validity; None when it does not.

    Parameters
    ----------
    row : ProvenanceRow
        A row of the catalog.
    start, end : date
        First day of the horizon, and the day after its last.
    """
    last = end - timedelta(days=1)
    if row.valid_from <= start and (row.valid_until is None or last <= row.valid_until):
        return None
    until = f" to {row.valid_until}" if row.valid_until else ""
    validity = f"{'from ' if not until else ''}{row.valid_from}{until}"
    used = f"{start} to {last}" if last > start else f"{start}"
    return f"the {row.title} ({row.document}) holds {validity}, but is used for {used}"
