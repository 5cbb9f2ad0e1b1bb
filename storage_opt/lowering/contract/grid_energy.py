"""What imported energy costs: energy, capacity compensation, line loss, system operation fee, funds.

With import I, multiplier m of the period (1 without time of use) and h the step, a component p that floats with weight
w costs ``h sum I p (1 + w (m - 1))``. A purchase price e with a deviation d that does not float, as under
`purchase_avg`, costs ``h sum I (e + (e - d) (m - 1))``.
"""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.energy import Bands
from storage_opt.charges.fixed import FixedCharge
from storage_opt.errors import Faults
from storage_opt.lowering.contract.bill import FUNDS_PAYEE, KEY, Bill
from storage_opt.lowering.contract.market import lower_market
from storage_opt.lowering.contract.meters import IMPORT
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.spec.supply import Regime

__all__ = ["lower_cross_subsidy", "lower_funds", "lower_grid_energy"]


def lower_grid_energy(bill: Bill) -> list[Charge]:
    """Energy and what goes with it, funds excepted.

    Raises
    ------
    InputError
        When a price is missing; lists all of them.
    """
    faults, charges = Faults(), []
    for lines in (_energy, _capacity_compensation, _line_loss, _system_operation, _system_capacity_fee):
        with gathered(faults):
            charges += lines(bill)
    faults.raise_if_any()
    return list(charges)


def lower_funds(bill: Bill) -> list[Charge]:
    """Government funds on import, and on self-use unless the contract exempts it."""
    spec = bill.spec
    funds = bill.price("funds_per_kwh", spec.funds_per_kwh)
    charges: list[Charge] = []
    if spec.regime is not Regime.OFF_GRID:
        line = bill.line("funds", FUNDS_PAYEE)
        charges.append(bill.per_kwh(line, IMPORT, bill.shaped("funds_per_kwh", funds), _bands(bill, "funds_per_kwh")))
    if bill.site.spec.generator and spec.regime.is_direct and spec.funds_on_self_use:
        line = bill.line("funds_self_use", FUNDS_PAYEE, Stream.GENERATION)
        charges.append(bill.per_kwh(line, bill.self_use, funds))
    return charges


def _energy(bill: Bill) -> list[Charge]:
    if bill.spec.market is not None:
        return lower_market(bill, bill.spec.market)
    price = bill.price("energy_price_per_kwh", bill.spec.energy_price_per_kwh)
    if bill.shape is not None:
        deviation = bill.site.values(bill.spec.deviation_per_kwh)
        price = price + price * bill.shape.rise("purchase_per_kwh") + deviation * bill.shape.rise("deviation_per_kwh")
    return [bill.per_kwh(bill.line("grid_energy", bill.seller), IMPORT, price, _bands(bill, "purchase_per_kwh"))]


def _capacity_compensation(bill: Bill) -> list[Charge]:
    price = bill.site.values(bill.spec.capacity_compensation_per_kwh)
    if not price.any():
        return []
    component = "capacity_compensation_per_kwh"
    line = bill.line("capacity_compensation", bill.seller)
    return [bill.per_kwh(line, IMPORT, bill.shaped(component, price), _bands(bill, component))]


def _line_loss(bill: Bill) -> list[Charge]:
    price = bill.price("line_loss_per_kwh", bill.spec.line_loss_per_kwh)
    line = bill.line("line_loss", bill.spec.grid_payee)
    return [bill.per_kwh(line, IMPORT, bill.shaped("loss_per_kwh", price), _bands(bill, "loss_per_kwh"))]


def _system_operation(bill: Bill) -> list[Charge]:
    spec = bill.spec
    price = bill.price("system_operation_per_kwh", spec.system_operation_per_kwh)
    if bill.shape is not None:
        capacity = bill.site.values(spec.system_capacity_per_kwh)
        price = (
            price + price * bill.shape.rise("system_per_kwh") + capacity * bill.shape.rise("system_capacity_per_kwh")
        )
    basis = IMPORT if spec.system_operation_basis == "import" else bill.consumption
    return [bill.per_kwh(bill.line("system_operation", spec.grid_payee), basis, price)]


def _system_capacity_fee(bill: Bill) -> list[Charge]:
    spec = bill.spec
    if not spec.system_operation_per_kva:
        return []
    if not isinstance(spec.access_capacity_kva, float):
        what = f"{spec.system_operation_per_kva:g} per kVA needs a capacity to be levied on"
        refuse(f"{KEY}.access_capacity_kva", what, "give access_capacity_kva in kVA")
    line = bill.line("system_capacity", spec.grid_payee, Stream.FIXED)
    capacity = spec.access_capacity_kva * bill.site.horizon.billing.covered_frac
    return [FixedCharge(line, capacity, "kVA", spec.system_operation_per_kva)]


def _bands(bill: Bill, component: str) -> Bands | None:
    """Periods on the bill for a component that floats; a flat price needs none."""
    return bill.shape.bands if bill.shape is not None and np.any(bill.shape.rise(component)) else None


def lower_cross_subsidy(bill: Bill) -> list[Charge]:
    """The new cross-subsidy difference on self-use, from which 1192号 exempts for now."""
    price = bill.site.values(bill.spec.cross_subsidy_on_self_use_per_kwh)
    if not price.any() or not bill.site.spec.generator or not bill.spec.regime.is_direct:
        return []
    return [bill.per_kwh(bill.line("cross_subsidy", bill.spec.grid_payee, Stream.GENERATION), bill.self_use, price)]
