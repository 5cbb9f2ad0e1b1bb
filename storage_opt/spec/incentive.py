"""Payments to storage by rule: for discharging, for charging on order, for capacity that is there.

The capacity price of 发改价格〔2026〕114号 (2026-01-30) is for independent storage on the grid side that stands on a
provincial list; storage behind a user's meter is not eligible. So eligibility is never assumed.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Name, PriceSeries, Quantity, Spec
from storage_opt.spec.tariff import Window

__all__ = ["IncentiveSpec"]

MoneyPerKwYear = Annotated[float, Quantity("money/(kW year)", None, 0.0), Field(ge=0)]
PeakHours = Annotated[float, Quantity("h", None, 0.0), Field(gt=0)]


class IncentiveSpec(Spec):
    """A payment to batteries by rule."""

    preset: str | None = None
    """Row of the product catalog that fills what is left out here."""
    kind: Literal["discharge", "charge", "capacity"] | None = None
    """What is paid for: kWh discharged, kWh charged, or kW that are there. Required unless a preset says it."""
    eligible: bool = False
    """That the batteries are eligible, for instance stand on the provincial list. Nothing is paid unless it is true."""
    batteries: tuple[Name, ...] = ()
    """Batteries that are paid; empty means all."""
    price_per_kwh: PriceSeries | None = None
    """Paid for each kWh at the AC side."""
    price_per_kw_year: MoneyPerKwYear | None = None
    """Paid for each kW of capacity a year, before the duration rule."""
    net_peak_h: PeakHours | None = None
    """Longest duration of the net peak load; capacity counts by full-power hours over it, at most fully."""
    window: tuple[Window, ...] = ()
    """When energy is paid; empty means always."""
    payee: str = "grid operator"
    """Who pays, as on the statement."""

    @model_validator(mode="after")
    def _prices_fit_the_kind(self) -> Self:
        if self.kind == "capacity" and (self.price_per_kwh is not None or self.window):
            message = "a capacity payment goes by price_per_kw_year and net_peak_h; leave out price_per_kwh and window"
            raise ValueError(message)
        if self.kind in {"discharge", "charge"} and (self.price_per_kw_year is not None or self.net_peak_h is not None):
            message = f"kind = {self.kind!r} is paid per kWh; leave out price_per_kw_year and net_peak_h"
            raise ValueError(message)
        return self
