"""Time of use as multipliers of price components: an agency tariff, or a retail contract that copies its shape.

发改能源规〔2025〕1656号 art. 35: for users that trade in the market, government no longer sets periods and levels;
there a shape is a private agreement.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from storage_opt.spec.fields import MultiplierSeries, Spec
from storage_opt.spec.floating_base import FloatingBase

__all__ = ["TouShapeSpec"]


class TouShapeSpec(Spec):
    """Multipliers by period, and what they multiply."""

    calendar: str | None = None
    """Calendar of the catalog, such as ``NM_W``."""
    multiplier: MultiplierSeries | None = None
    """Multipliers of your own instead of a calendar; 1 is the flat period."""
    variants: tuple[str, ...] = ()
    """Kinds of day of the calendar that apply: ``holiday`` on holidays, ``rest_day`` on weekends and holidays."""
    base: FloatingBase | None = None
    """Components that float; left out, those of the calendar, or the purchase price alone."""

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.calendar is None) == (self.multiplier is None):
            message = "needs exactly one of calendar, multiplier; give the code of a grid, or multipliers of your own"
            raise ValueError(message)
        if self.multiplier is not None and self.variants:
            message = "variants belong to a calendar; write the multipliers of such days into the series"
            raise ValueError(message)
        return self
