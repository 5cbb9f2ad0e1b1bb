"""Power held ready for calls: peak regulation (调峰), frequency and spinning reserve, demand response on call.

Rules and prices differ by region and year; `docs/reference/products.md` lists what the catalog knows, with dates.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKw, Name, PriceSeries, Quantity, SignedPriceSeries
from storage_opt.spec.product import Hours, ProductSpec

__all__ = ["RegulationSpec"]

MoneyPerKwDay = Annotated[float, Quantity("money/(kW day)", None, 0.0), Field(ge=0)]


class RegulationSpec(ProductSpec):
    """Power held ready, sold for as long as it is held and for what is called of it."""

    direction: Literal["up", "down", "symmetric"] | None = None
    """``up`` gives power to the grid (discharging, taking less), ``down`` takes more, ``symmetric`` holds as much of
    either. Required unless a preset says it."""
    providers: tuple[Name, ...] = ()
    """Batteries, classes of work, buildings with a tank of cold and loads that may provide it; empty takes all that
    can."""
    notice_h: Hours = 0.0
    """Time between a call and its start; providers that need longer do not take part."""
    commitment: Literal["interval", "day", "month"] = "day"
    """How long the power that is held stays the same, within the windows."""
    duration_h: Hours | None = None
    """How long a call may last; the energy for all of it is kept ready. Required unless a preset says it."""
    price_held_per_kwh: PriceSeries | None = None
    """Paid for each kW held for an hour."""
    price_held_per_kw_day: MoneyPerKwDay | None = None
    """Paid for each kW held through all windows of a day."""
    price_held_per_kw_month: MoneyPerKw | None = None
    """Paid for each kW held through all windows of a month."""
    price_called_per_kwh: SignedPriceSeries | None = None
    """Paid for each kWh that is called, besides what energy costs or earns at the meter."""
    call_probability_frac: Fraction = 0.0
    """Share of the power held that is called on average; the plan is then that of the mean."""
    recovery_h: Hours = 4.0
    """Time after a call in which work that it delayed is caught up; no second call of the product comes before."""

    @model_validator(mode="after")
    def _held_power_is_constant_for_what_is_paid(self) -> Self:
        if self.price_held_per_kw_day is not None and self.commitment == "interval":
            message = 'price_held_per_kw_day pays for power held all day; set commitment = "day" or "month"'
            raise ValueError(message)
        if self.price_held_per_kw_month is not None and self.commitment != "month":
            message = 'price_held_per_kw_month pays for power held all month; set commitment = "month"'
            raise ValueError(message)
        if self.min_block_kw and self.commitment == "interval":
            message = 'min_block_kw is asked of a bid for a day or a month; set commitment = "day" or "month"'
            raise ValueError(message)
        return self
