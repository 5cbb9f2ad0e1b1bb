"""What the network costs (输配电价): per kWh of import, of consumption, or by access capacity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand
from storage_opt.lowering.contract.bill import KEY, Bill
from storage_opt.lowering.contract.meters import IMPORT
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.supply import Regime

__all__ = ["least_capacity", "lower_network"]


def lower_network(bill: Bill) -> list[Charge]:
    """The network charge of a regime.

    Notes
    -----
    Ordinary: ``h sum I tau``; direct in two parts: ``h sum L tau``, self-use included (1192号, option B);
    single capacity: ``tau LF 730 S_access`` a month, whatever is drawn (option A).
    """
    spec = bill.spec
    tau = bill.price("transmission_per_kwh", spec.transmission_per_kwh)
    if spec.regime is Regime.DIRECT_SINGLE_CAPACITY:
        return [_single_capacity(bill, tau)]
    basis = bill.consumption if spec.regime is Regime.DIRECT_TWO_PART else IMPORT
    bands = bill.shape.bands if bill.shape is not None and np.any(bill.shape.rise("network_per_kwh")) else None
    line = bill.line("transmission", spec.grid_payee)
    return [bill.per_kwh(line, basis, bill.shaped("network_per_kwh", tau), bands)]


def least_capacity(bill: Bill, floor_kva: float = 0.0) -> PeakDemand:
    """The least access capacity that carries the horizon's import, the same in every billing period. [kVA]

    Notes
    -----
    ``S_g = max(floor, max_k max_(t in k) I_t / cos phi)`` over all periods k: a peak with a lookback of 100 % in both
    directions, so that a declared capacity is a convex function of the import.
    """
    periods = bill.site.horizon.billing
    groups = Groups(periods.ids, np.arange(periods.count), ("",) * periods.count)
    return PeakDemand(
        IMPORT.times(1.0 / bill.site.spec.grid.power_factor),
        groups,
        np.full(periods.count, floor_kva),
        np.zeros(periods.count),
        lookback=np.ones((periods.count, periods.count)),
        unit="kVA",
    )


def _single_capacity(bill: Bill, tau: NDArray[np.float64]) -> Charge:
    """``tau LF hours S_access`` a month; the price of a month is its mean, partial months pay their share."""
    spec, periods = bill.spec, bill.site.horizon.billing
    if spec.access_capacity_kva is None or spec.load_factor_frac is None:
        missing = "access_capacity_kva" if spec.access_capacity_kva is None else "load_factor_frac"
        hint = "give it, see the province's notice" if missing == "load_factor_frac" else 'give it, or write "optimal"'
        refuse(f"{KEY}.{missing}", "is missing, which the single capacity charge needs", hint)
    mean_tau = bill.mean_by_period(tau)
    billed_h = spec.load_factor_frac * spec.month_h * periods.covered_frac
    if isinstance(spec.access_capacity_kva, str):
        line = bill.line("transmission", spec.grid_payee, Stream.DEMAND)
        return PeakCharge(line, least_capacity(bill), mean_tau * billed_h)
    line = bill.line("transmission", spec.grid_payee, Stream.FIXED)
    return FixedCharge(line, billed_h * spec.access_capacity_kva, "kWh", mean_tau)
