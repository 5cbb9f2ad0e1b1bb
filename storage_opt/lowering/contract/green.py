"""Certificates and green premium: what renewable energy costs beyond its energy.

Renewable consumption is self-use and the green part of import; energy that a battery took from the grid does not add
to it. One certificate stands for 1 MWh; prices are a thousandth of it.
"""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.lowering.contract.bill import Bill
from storage_opt.lowering.contract.meters import EXPORT, IMPORT
from storage_opt.lowering.contract.ratios import green_energy
from storage_opt.spec.contract import YearToDateSpec

__all__ = ["lower_green"]

_MARKET = "certificate market"


def lower_green(bill: Bill) -> list[Charge]:
    """Premium of green power, certificates that are missing, certificates that are sold.

    Notes
    -----
    premium: ``h sum I share p``;  certificates of a contract year: ``p max(0, share h sum L - h sum green)``;
    sold: ``- h sum X p``.
    """
    green = bill.contract.green
    if green is None:
        return []
    charges: list[Charge] = []
    steps = bill.site.horizon.steps
    if green.green_premium_per_kwh:
        line = bill.line("green_premium", bill.seller)
        charges.append(
            bill.per_kwh(line, IMPORT.times(green.market_green_frac), np.full(steps, green.green_premium_per_kwh))
        )
    if green.min_share_frac and green.certificate_price_per_kwh is not None:
        charges.append(_missing_certificates(bill, green.min_share_frac, green.certificate_price_per_kwh))
    if green.exported_certificate_price_per_kwh:
        line = bill.line("certificates_sold", _MARKET, Stream.CERTIFICATES)
        charges.append(bill.per_kwh(line, EXPORT, np.full(steps, -green.exported_certificate_price_per_kwh)))
    return charges


def _missing_certificates(bill: Bill, share: float, price: float) -> DeviationBand:
    years = bill.years
    before = bill.contract.year_to_date or YearToDateSpec()
    ahead = green_energy(bill.site, bill.contract) - bill.consumption.times(share)
    low = (np.arange(years.count) == 0) * (share * before.consumption_kwh - before.green_kwh)
    nothing = np.zeros(years.count)
    line = bill.line("certificates", _MARKET, Stream.CERTIFICATES)
    return DeviationBand(line, PeriodEnergy(ahead, years), low, nothing + np.inf, nothing + price, nothing)
