"""The power-factor adjustment (力调电费): a share of energy, network and basic charges, funds and premium excepted.

功率因数调整电费办法 (83)水电财字第215号; premium outside it: 发改能源规〔2025〕1656号 art. 33.
"""

from __future__ import annotations

import numpy as np

from storage_opt.catalog.two_part import power_factor_adjustment_frac
from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.errors import Fault, InputError
from storage_opt.lowering.contract.bill import KEY, Bill

__all__ = ["lower_power_factor"]


def lower_power_factor(bill: Bill, adjusted: tuple[Charge, ...]) -> list[Charge]:
    """A line for the adjustment; none at the standard power factor, or without a measured one.

    Parameters
    ----------
    bill : Bill
        The contract.
    adjusted : tuple of Charge
        What the share is taken of.

    Raises
    ------
    InputError
        When the catalog has no table for the standard.
    """
    spec, periods = bill.spec, bill.site.horizon.billing
    if spec.power_factor is not None:
        measured = np.broadcast_to(np.asarray(spec.power_factor, dtype=np.float64), (12,))[periods.months - 1]
        try:
            shares = [power_factor_adjustment_frac(float(cos), spec.power_factor_standard_frac) for cos in measured]
        except InputError as error:
            key = f"{KEY}.power_factor_standard_frac"
            raise InputError([Fault(f.what, f.hint, key=key) for f in error.faults]) from error
        share = np.array(shares)
    else:
        share = np.full(periods.count, spec.power_factor_adjustment_frac or 0.0)
    if not adjusted or not share.any():
        return []
    return [ProportionalCharge(bill.line("power_factor", spec.grid_payee, Stream.POWER_FACTOR), adjusted, share)]
