"""Settlement in the market: contract curve, day-ahead and real-time, as a contract for difference.

发改能源规〔2025〕1656号 art. 74, difference quantities:
``sum Qc Pc + (Qda - Qc) Pda + (Qrt - Qda) Prt``, which is the same as
``sum Qrt Prt + Qc (Pc - Pda) + Qda (Pda - Prt)``: energy at the last price, and two differences that no schedule
changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.fixed import FixedCharge
from storage_opt.lowering.contract.bill import Bill
from storage_opt.lowering.contract.meters import IMPORT
from storage_opt.spec.market import MarketSpec

__all__ = ["difference", "lower_market"]


def lower_market(bill: Bill, spec: MarketSpec) -> list[Charge]:
    """Energy at the real-time price (day-ahead where none is given), and the differences of the curves."""
    values = bill.site.values
    day_ahead = values(spec.day_ahead_price_per_kwh)
    contract_kw, contract_price = values(spec.contract_kw), values(spec.contract_price_per_kwh)
    last = day_ahead if spec.real_time_price_per_kwh is None else values(spec.real_time_price_per_kwh)
    charges: list[Charge] = [bill.per_kwh(bill.line("grid_energy", bill.seller), IMPORT, last)]
    if contract_kw.any():
        charges.append(difference(bill, "contract_difference", bill.seller, contract_kw, contract_price - day_ahead))
    if spec.day_ahead_kw is not None:
        declared = values(spec.day_ahead_kw)
        charges.append(difference(bill, "day_ahead_difference", bill.seller, declared, day_ahead - last))
    return charges


def difference(
    bill: Bill, name: str, payee: str, curve_kw: NDArray[np.float64], price: NDArray[np.float64]
) -> FixedCharge:
    """A curve times a difference of prices: a constant of each billing period, told as energy and mean difference."""
    periods, h = bill.site.horizon.billing, bill.site.horizon.step_h
    energy = periods.total(curve_kw) * h
    amount = periods.total(curve_kw * price) * h
    mean = np.divide(amount, energy, out=np.zeros_like(amount), where=energy != 0)
    return FixedCharge(bill.line(name, payee, Stream.FIXED), energy, "kWh", mean)
