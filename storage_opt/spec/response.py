"""Demand response in events (需求响应): shaving peaks (削峰) and filling valleys (填谷) against a baseline.

Payment per kWh below or above the baseline, per kW that is promised, or both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKw, PowerKw, PowerKwSeries, PriceSeries, Spec
from storage_opt.spec.product import Hours, ProductSpec

__all__ = ["BaselineSpec", "EventSpec", "ResponseSpec"]


class EventSpec(Spec):
    """A call that is known: half-open, on the wall clock of the site."""

    start: datetime
    """First instant."""
    end: datetime
    """First instant after it."""


class BaselineSpec(Spec):
    """The import that would have been: what a reduction is measured from."""

    fixed_kw: PowerKwSeries | None = None
    """A declared curve. Left out, the mean of like days counts."""
    history_kw: PowerKwSeries | None = None
    """Metered import less export of the horizon without response. Left out, that of the site with storage at rest and
    work unshifted is taken; for filling valleys without export."""
    like_days: Annotated[int, Field(ge=1, le=60)] = 5
    """Number of days before the event, of the same day type and without event, whose mean counts."""
    adjustment_max_frac: Fraction = 0.0
    """How far the baseline may be scaled, up or down, by what the day itself shows before the event."""
    adjustment_h: Hours = 2.0
    """Length of the part of the day that decides the scaling."""
    adjustment_gap_h: Hours = 2.0
    """Time between the end of that part and the event."""
    ungamed: bool = True
    """True takes the baseline as given. False lets the plan raise its own baseline by importing more on like days,
    which shows what gaming would earn; no contract should be signed on it."""

    @model_validator(mode="after")
    def _is_told_once(self) -> Self:
        if self.fixed_kw is not None and self.history_kw is not None:
            message = "both `fixed_kw` and `history_kw` are given; keep the declared curve or the history"
            raise ValueError(message)
        if not self.ungamed and (self.fixed_kw is not None or self.history_kw is not None):
            message = "ungamed = false has no meaning for a curve that is given; leave it out"
            raise ValueError(message)
        if not self.ungamed and self.adjustment_max_frac:
            message = "ungamed = false with adjustment_max_frac multiplies two decisions; set adjustment_max_frac = 0"
            raise ValueError(message)
        return self


class ResponseSpec(ProductSpec):
    """Response in events that are called with notice, or that the site chooses within windows."""

    direction: Literal["shave", "fill"] = "shave"
    """``shave`` takes less than the baseline, ``fill`` takes more."""
    events: tuple[EventSpec, ...] = ()
    """Calls that are known; without any, each run of a window on a day is an event that may be chosen."""
    price_per_kwh: PriceSeries | None = None
    """Paid for each kWh of response, up to what is promised."""
    price_per_kw: MoneyPerKw | None = None
    """Paid for each kW that is promised, once an event."""
    committed_kw: PowerKw | None = None
    """Power promised in each event; left out, chosen event by event."""
    underdelivery_price_per_kwh: PriceSeries | None = None
    """Penalty for each kWh that is promised and not delivered."""
    max_events_per_month: Annotated[int, Field(ge=0)] | None = None
    """Most events that the site may take part in each billing period."""
    baseline: BaselineSpec = BaselineSpec()
    """What response is measured from."""

    @model_validator(mode="after")
    def _events_come_from_one_place(self) -> Self:
        if self.events and self.window:
            message = "both `events` and `window` are given; give calls that are known, or windows to choose from"
            raise ValueError(message)
        if not self.events and not self.window:
            message = "neither `events` nor `window` says when response may happen; give one"
            raise ValueError(message)
        for event in self.events:
            if (event.start.tzinfo is None) != (event.end.tzinfo is None) or event.end <= event.start:
                message = f"event from {event.start} to {event.end} does not end after it starts; correct it"
                raise ValueError(message)
        if self.max_kw is not None and self.committed_kw is not None and self.committed_kw > self.max_kw:
            message = f"committed_kw {self.committed_kw:g} kW is above max_kw {self.max_kw:g} kW; lower it"
            raise ValueError(message)
        if self.min_block_kw is not None and self.committed_kw is not None and self.committed_kw < self.min_block_kw:
            message = f"committed_kw {self.committed_kw:g} kW is below min_block_kw {self.min_block_kw:g} kW; raise it"
            raise ValueError(message)
        return self
