"""The basic charge of two-part users (容(需)量电费): by capacity, by declared demand, by actual demand; its rebate.

capacity: ``c S``;  actual demand: ``d D``, D the highest 15-minute mean of the period;
declared demand: ``d B + (m d) max(0, D - (1 + band) B)``, B = max(D_con, floor S), m the excess multiple
(发改办价格〔2016〕1583号: the declaration pays up to 105 %, the excess twice). Where demand within the band is not
free, ``d max(0, D - B) + (m - 1) d max(0, D - (1 + band) B)`` takes the place of the second term.

The best declaration of a period is ``D / (1 + band)`` (``D`` where the band is not free), because a kW declared costs
less than a kW of excess; so an optimal declaration is billed as ``d max(floor S, D / (1 + band))``, a convex charge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand, PeriodEnergy
from storage_opt.charges.rebate import Assumed, EnergyRebate, RebatedCharge
from storage_opt.lowering.contract.bill import KEY, Bill
from storage_opt.lowering.contract.meters import IMPORT
from storage_opt.lowering.contract.network import least_capacity
from storage_opt.lowering.demand import lower_demand
from storage_opt.lowering.energy import billing_groups
from storage_opt.lowering.refusal import refuse
from storage_opt.schedule import Metered
from storage_opt.spec.basic_charge import BasicChargeSpec, RebateSpec
from storage_opt.spec.tariff import DemandChargeSpec

__all__ = ["lower_basic"]

_KEY = f"{KEY}.basic"
_DEMAND_MINUTES = 15


def lower_basic(bill: Bill) -> list[Charge]:
    """The basic charge of a connection; none where the contract has none.

    Raises
    ------
    InputError
        When the price or the quantity of the mode is missing.
    """
    spec = bill.spec.basic
    if spec is None:
        return []
    if spec.mode == "capacity":
        return [_by_capacity(bill, spec)]
    if spec.price_per_kw is None:
        refuse(f"{_KEY}.price_per_kw", "is missing", "give it, or region and voltage")
    match spec.mode, spec.contract_kw:
        case "actual_demand", _:
            charges = [_by_demand(bill, spec, spec.price_per_kw, declared=1.0)]
        case _, "optimal":
            band = spec.band_frac if spec.band_is_free else 0.0
            charges = [_by_demand(bill, spec, spec.price_per_kw, declared=1.0 / (1.0 + band))]
        case _:
            charges = _declared(bill, spec, spec.price_per_kw)
    if spec.rebate is None:
        return charges
    rebate = _rebate(bill, spec, spec.rebate)
    return [RebatedCharge(charge, rebate) for charge in charges]


def _line(bill: Bill, ending: str = "") -> Line:
    return bill.line(f"basic{ending}", bill.spec.grid_payee, Stream.DEMAND)


def _by_capacity(bill: Bill, spec: BasicChargeSpec) -> Charge:
    periods = bill.site.horizon.billing
    if spec.price_per_kva is None:
        refuse(f"{_KEY}.price_per_kva", "is missing", "give it, or region and voltage")
    if spec.capacity_kva is not None:
        return FixedCharge(_line(bill), spec.capacity_kva * periods.covered_frac, "kVA", spec.price_per_kva)
    if bill.spec.access_capacity_kva != "optimal":
        what = 'is missing, which mode "capacity" needs'
        refuse(f"{_KEY}.capacity_kva", what, "give the installed transformers and high-voltage motors in kVA")
    return PeakCharge(_line(bill), least_capacity(bill), spec.price_per_kva * periods.covered_frac)


def _peak(bill: Bill, metered: Metered, floor_kw: float = 0.0) -> PeakDemand:
    """Highest 15-minute mean of each billing period. [kW]"""
    averaging = _DEMAND_MINUTES if bill.site.horizon.step_minutes < _DEMAND_MINUTES else None
    plain = DemandChargeSpec(price_per_kw=1.0, averaging_minutes=averaging, floor_kw=floor_kw)
    (charge,) = lower_demand(plain, _line(bill), metered, bill.site, _KEY)
    assert isinstance(charge, PeakCharge)
    return charge.demand


def _by_demand(bill: Bill, spec: BasicChargeSpec, price_per_kw: float, declared: float) -> Charge:
    """Demand, or the share of it that is declared, at the plain price."""
    least = spec.floor_frac * (spec.capacity_kva or 0.0) if spec.mode == "contract_demand" else 0.0
    demand = _peak(bill, IMPORT.times(declared), least)
    return PeakCharge(_line(bill), demand, np.full(demand.groups.count, price_per_kw))


def _declared(bill: Bill, spec: BasicChargeSpec, price_per_kw: float) -> list[Charge]:
    """A given declaration, or the floor below which it is not accepted, and the excess; whole periods pay."""
    periods = bill.site.horizon.billing
    contract = np.broadcast_to(np.asarray(spec.contract_kw, dtype=np.float64), (12,))[periods.months - 1]
    billed = np.maximum(contract, spec.floor_frac * (spec.capacity_kva or 0.0))
    demand = _peak(bill, IMPORT)
    charges: list[Charge] = [FixedCharge(_line(bill), billed, "kW", price_per_kw)]
    beyond_band = price_per_kw * spec.excess_multiple
    if not spec.band_is_free:
        charges.append(_excess(_line(bill, "_band"), demand, billed, price_per_kw))
        beyond_band -= price_per_kw
    charges.append(_excess(_line(bill, "_excess"), demand, (1.0 + spec.band_frac) * billed, beyond_band))
    return charges


def _excess(line: Line, demand: PeakDemand, free_kw: NDArray[np.float64], price_per_kw: float) -> DeviationBand:
    nothing = np.zeros(free_kw.size)
    return DeviationBand(line, demand, nothing - np.inf, free_kw, nothing, nothing + price_per_kw)


def _rebate(bill: Bill, spec: BasicChargeSpec, rebate: RebateSpec) -> EnergyRebate:
    periods = bill.site.horizon.billing
    if spec.capacity_kva is None:
        refuse(f"{_KEY}.capacity_kva", "is missing, which the rebate needs", "give the contracted transformers in kVA")
    metered = IMPORT if rebate.energy == "import" else bill.consumption
    threshold = rebate.threshold_kwh_per_kva * spec.capacity_kva * periods.covered_frac
    open_ = np.full(periods.count, Assumed.OPEN)
    return EnergyRebate(PeriodEnergy(metered, billing_groups(bill.site.horizon)), threshold, rebate.price_frac, open_)
