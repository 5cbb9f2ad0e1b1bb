"""Market settlement of imported energy: medium- and long-term contract, day-ahead and real-time market.

发改能源规〔2025〕1656号 (in force 2026-03-01) art. 74: settled as a contract for difference or by difference
quantities, which come to the same.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from storage_opt.spec.fields import PowerKwSeries, SignedPriceSeries, Spec
from storage_opt.spec.series import Constant

__all__ = ["MarketSpec"]


class MarketSpec(Spec):
    """Curve and prices of the market."""

    contract_kw: PowerKwSeries = Constant(0.0)
    """Medium- and long-term contract curve (中长期合约曲线)."""
    contract_price_per_kwh: SignedPriceSeries = Constant(0.0)
    """Price of the contract curve."""
    day_ahead_price_per_kwh: SignedPriceSeries
    """Day-ahead price (日前价格)."""
    day_ahead_kw: PowerKwSeries | None = None
    """Declared day-ahead curve (日前申报曲线); left out, what is imported is what was declared."""
    real_time_price_per_kwh: SignedPriceSeries | None = None
    """Real-time price (实时价格), for what differs from the day-ahead curve."""

    @model_validator(mode="after")
    def _real_time_is_whole(self) -> Self:
        if (self.day_ahead_kw is None) != (self.real_time_price_per_kwh is None):
            message = "day_ahead_kw and real_time_price_per_kwh belong together; give both, or neither"
            raise ValueError(message)
        return self
