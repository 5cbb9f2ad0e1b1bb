"""Green share and certificates: what of the consumption is renewable, and how what is missing is bought.

One green electricity certificate (绿证) stands for 1 MWh. 发改委令第42号 (in force 2026-08-01) sets a least share for
data centres, proven by certificates; self-use under direct supply counts through certificates that are not traded
(发改能源〔2026〕688号 art. 11). Green premium is outside time of use and power factor (1656号 art. 33).
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKwh, Spec

__all__ = ["GreenSpec"]


class GreenSpec(Spec):
    """Required share and prices of certificates."""

    min_share_frac: Fraction | None = None
    """Least share of consumption that is renewable; 0.80 for new data centres of national hubs."""
    certificate_price_per_kwh: MoneyPerKwh | None = None
    """Price at which missing certificates are bought, a thousandth of the price of one; left out, the share must be
    reached by own and contracted green energy."""
    market_green_frac: Fraction = 0.0
    """Share of imported energy that is bought as green power (绿电交易)."""
    green_premium_per_kwh: MoneyPerKwh = 0.0
    """Premium of that energy (绿电环境价值)."""
    exported_certificate_price_per_kwh: MoneyPerKwh = 0.0
    """What certificates of exported energy earn the site; 0 when they stay with the plant."""

    @model_validator(mode="after")
    def _premium_has_energy(self) -> Self:
        if self.green_premium_per_kwh and not self.market_green_frac:
            message = "green_premium_per_kwh is given, but no imported energy is green; give market_green_frac"
            raise ValueError(message)
        if self.certificate_price_per_kwh is not None and self.certificate_price_per_kwh < 0:
            message = f"certificate_price_per_kwh is {self.certificate_price_per_kwh:g}, below 0; give 0 or more"
            raise ValueError(message)
        return self
