"""Rows of the time-of-use calendars: hours, multipliers and floating base of some months of a year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.spec.floating_base import FloatingBase

__all__ = ["HALF_HOURS", "PRECEDENCE", "HalfHours", "Months", "Period", "TouRow", "VariantRow"]

HALF_HOURS = 48
"""Half hours of a day."""


class Period(StrEnum):
    """Price periods of a day."""

    TIP = "tip"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP = "deep"


PRECEDENCE = (Period.TIP, Period.DEEP, Period.PEAK, Period.VALLEY, Period.FLAT)
"""The first of these that claims a half hour has it."""


def _months(text: object) -> object:
    if not isinstance(text, str):
        return text
    found: list[int] = []
    for part in text.split(";"):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _half_hours(text: object) -> object:
    """``06:00-08:30;22:00-02:00`` as numbers of half hours."""
    if not isinstance(text, str):
        return text
    found: list[int] = []
    for window in text.split(";"):
        clock = re.fullmatch(r"(\d\d):([03]0)-(\d\d):([03]0)", window)
        if clock is None:
            message = f"window {window!r} must read like '06:00-08:30'"
            raise ValueError(message)
        begin, end = (int(clock[i]) * 2 + int(clock[i + 1]) // 30 for i in (1, 3))
        if begin == end or max(begin, end) > HALF_HOURS:
            message = f"window {window!r} is empty or reaches beyond 24:00"
            raise ValueError(message)
        found += range(begin, end) if begin < end else [*range(begin, HALF_HOURS), *range(end)]
    if len(found) != len(set(found)):
        message = f"windows {text!r} overlap"
        raise ValueError(message)
    return frozenset(found)


Months = Annotated[
    tuple[Annotated[int, Field(ge=1, le=12)], ...], BeforeValidator(_months), Field(min_length=1, max_length=12)
]
HalfHours = Annotated[
    frozenset[Annotated[int, Field(ge=0, lt=HALF_HOURS)]], BeforeValidator(_half_hours), Field(min_length=1)
]
_Multiplier = Annotated[float, Field(gt=0, lt=5)]
_NEVER: frozenset[int] = frozenset()
_MAY_NEST = {(Period.TIP, Period.PEAK), (Period.DEEP, Period.VALLEY)}


class TouRow(ProvenanceRow):
    """The day of some months: half hours of each period, what is left is flat."""

    grid: str
    """Code of the calendar."""
    scope: Literal["all", "two_part"]
    """Customers it holds for."""
    months: Months
    """Calendar months."""
    tip_hours: HalfHours = _NEVER
    """Half hours of the tip; inside the peak, or on its own."""
    peak_hours: HalfHours
    """Half hours of the peak."""
    valley_hours: HalfHours
    """Half hours of the valley."""
    deep_hours: HalfHours = _NEVER
    """Half hours of the deep valley; inside the valley, or on its own."""
    tip_multiplier: _Multiplier | None = None
    """Multiplier of the tip; None when there is none or the market forms it."""
    peak_multiplier: _Multiplier | None = None
    """Multiplier of the peak."""
    valley_multiplier: _Multiplier | None = None
    """Multiplier of the valley."""
    deep_multiplier: _Multiplier | None = None
    """Multiplier of the deep valley."""
    base: FloatingBase | None = None
    """What the multipliers multiply; None when that is not known."""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"time-of-use calendar of {self.grid}"

    @property
    def hours(self) -> Mapping[Period, frozenset[int]]:
        """Half hours that each period but flat claims; claims may nest."""
        return {
            Period.TIP: self.tip_hours,
            Period.DEEP: self.deep_hours,
            Period.PEAK: self.peak_hours,
            Period.VALLEY: self.valley_hours,
        }

    @property
    def multipliers(self) -> Mapping[Period, float]:
        """Multiplier of each period that has one; flat is 1."""
        known = {
            Period.TIP: self.tip_multiplier,
            Period.PEAK: self.peak_multiplier,
            Period.FLAT: 1.0 if self.peak_multiplier is not None else None,
            Period.VALLEY: self.valley_multiplier,
            Period.DEEP: self.deep_multiplier,
        }
        return {period: multiplier for period, multiplier in known.items() if multiplier is not None}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        claims = list(self.hours.items())
        for number, (first, its) in enumerate(claims):
            for second, others in claims[number + 1 :]:
                if its & others and (first, second) not in _MAY_NEST:
                    message = f"{first} and {second} claim the same half hours"
                    raise ValueError(message)
        if len(set(self.months)) != len(self.months):
            message = f"months {self.months} repeat one"
            raise ValueError(message)
        missing = [p for p, hours in claims if hours and self.multipliers and p not in self.multipliers]
        if missing:
            message = f"{missing[0]} has hours but no multiplier"
            raise ValueError(message)
        return self


class VariantRow(ProvenanceRow):
    """Half hours that another period takes on certain days, such as holidays."""

    grid: str
    """Code of the calendar."""
    variant: str
    """Name by which it is asked for."""
    applies_to: str
    """The days, in words."""
    months: Months
    """Calendar months in which such days differ."""
    period: Period
    """Period that takes the half hours."""
    hours: HalfHours
    """Half hours that change."""
    multiplier: _Multiplier
    """Multiplier of the period in those months."""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"variant `{self.variant}` of the time-of-use calendar of {self.grid}"
