"""Direct supply and grid backup as lines of a bill, by component and regime.

With import I, export X, used generation G, load L and step h, a billing period pays (1192号 and its neighbours):

| line | amount | regimes |
|---|---|---|
| grid_energy | h sum I p_energy | all but off-grid |
| line_loss | h sum I p_loss | all but off-grid |
| transmission | h sum I tau; or tau LF 730 S_access; or h sum L tau | ordinary; single capacity; two-part |
| system_operation | h sum I p_system | all but off-grid |
| funds | h sum I p_funds | all but off-grid |
| funds_self_use | h sum (G - X) p_funds, unless exempt | direct, off-grid |
| basic | capacity, contract demand or actual demand | all but off-grid |
| power_factor | share of energy, loss, network, system and basic lines | all but off-grid |
| plant_energy | h sum (G - X) p_plant, or h sum G p_plant | any |
| export | - h sum X p_export (1 - loss) | any |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.tiered import TieredCharge
from storage_opt.errors import Faults
from storage_opt.lowering.basic import lower_basic
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.supply_defaults import with_defaults
from storage_opt.schedule import GRID, Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Series
from storage_opt.spec.supply import Regime, SupplySpec

__all__ = ["lower_supply"]

_KEY = "contract.supply"
_IMPORT = Metered.of(Flow(GRID, FlowKind.IMPORT_KW))
_EXPORT = Metered.of(Flow(GRID, FlowKind.EXPORT_KW))
_FUNDS_PAYEE = "government funds"


@dataclass(frozen=True, slots=True)
class _Bill:
    """What every line needs."""

    site: Site
    spec: SupplySpec

    def price(self, name: str, series: Series | None) -> NDArray[np.float64]:
        """A price on the horizon (T,); refused when nobody gave it. [money/kWh]"""
        if series is None:
            hint = "give it, or region and voltage for what the catalog knows"
            refuse(f"{_KEY}.{name}", f"is missing, which regime `{self.spec.regime}` needs", hint)
        return self.site.values(series)

    def line(self, name: str, payee: str, stream: Stream = Stream.ENERGY) -> Line:
        """A line of the contract's bill."""
        return Line(f"contract.{name}", payee, stream)


def lower_supply(site: Site) -> tuple[Charge, ...]:
    """Every line of the supply contract; none without one.

    Parameters
    ----------
    site : Site
        A validated site.

    Raises
    ------
    InputError
        When a price that the regime needs is missing; lists all of them.
    """
    contract = site.spec.contract
    if contract is None or contract.supply is None:
        return ()
    bill = _Bill(site, with_defaults(contract.supply, site).supply)
    faults = Faults()
    charges: list[Charge] = []
    if bill.spec.regime is Regime.OFF_GRID:
        with gathered(faults):
            _require_no_exchange(site)
    else:
        for lines in (_grid_energy, _transmission, _basic):
            with gathered(faults):
                charges += lines(bill)
        with gathered(faults):
            charges += _power_factor(bill, charges)
        with gathered(faults):
            charges.append(
                _per_kwh(bill, "funds", _FUNDS_PAYEE, _IMPORT, bill.price("funds_per_kwh", bill.spec.funds_per_kwh))
            )
    with gathered(faults):
        charges += _own_plant(bill)
    faults.raise_if_any()
    return tuple(charges)


def _per_kwh(
    bill: _Bill, name: str, payee: str, metered: Metered, price: NDArray[np.float64], stream: Stream = Stream.ENERGY
) -> EnergyCharge:
    return EnergyCharge(bill.line(name, payee, stream), metered, price)


def _grid_energy(bill: _Bill) -> list[Charge]:
    spec = bill.spec
    parts = (
        ("grid_energy", spec.market_payee, "energy_price_per_kwh", spec.energy_price_per_kwh),
        ("line_loss", spec.grid_payee, "line_loss_per_kwh", spec.line_loss_per_kwh),
        ("system_operation", spec.grid_payee, "system_operation_per_kwh", spec.system_operation_per_kwh),
    )
    faults, charges = Faults(), []
    for name, payee, key, series in parts:
        with gathered(faults):
            charges.append(_per_kwh(bill, name, payee, _IMPORT, bill.price(key, series)))
    faults.raise_if_any()
    return list(charges)


def _transmission(bill: _Bill) -> list[Charge]:
    spec = bill.spec
    tau = bill.price("transmission_per_kwh", spec.transmission_per_kwh)
    match spec.regime:
        case Regime.DIRECT_SINGLE_CAPACITY:
            return [_single_capacity(bill, tau)]
        case Regime.DIRECT_TWO_PART:
            consumed = Metered.of(*(Flow(name, FlowKind.LOAD_KW) for name in bill.site.spec.load))
            return [_per_kwh(bill, "transmission", spec.grid_payee, consumed, tau)]
        case _:
            return [_per_kwh(bill, "transmission", spec.grid_payee, _IMPORT, tau)]


def _single_capacity(bill: _Bill, tau: NDArray[np.float64]) -> FixedCharge:
    """``tau LF hours S_access`` a month; the price of a month is its mean, partial months pay their share."""
    spec, periods = bill.spec, bill.site.horizon.billing
    if spec.access_capacity_kva is None or spec.load_factor_frac is None:
        missing = "access_capacity_kva" if spec.access_capacity_kva is None else "load_factor_frac"
        refuse(
            f"{_KEY}.{missing}",
            "is missing, which the single capacity charge needs",
            "give it, see the province's notice",
        )
    mean_tau = periods.total(tau) / np.bincount(periods.ids)
    billed_kwh = spec.load_factor_frac * spec.month_h * spec.access_capacity_kva * periods.covered_frac
    level = float(mean_tau[0])
    line = bill.line("transmission", spec.grid_payee, Stream.FIXED)
    return FixedCharge(line, billed_kwh * mean_tau / level if level else billed_kwh, "kWh", level)


def _basic(bill: _Bill) -> list[Charge]:
    if bill.spec.basic is None:
        return []
    line = bill.line("basic", bill.spec.grid_payee, Stream.DEMAND)
    return list(lower_basic(bill.spec.basic, line, _IMPORT, bill.site, f"{_KEY}.basic"))


def _power_factor(bill: _Bill, base: list[Charge]) -> list[Charge]:
    """The same charges once more at a share of their price, as lines ending in ``_power_factor``."""
    share = bill.spec.power_factor_adjustment_frac
    if not share:
        return []
    return [_scaled(charge, share, f"{charge.line.name}_power_factor") for charge in base]


def _own_plant(bill: _Bill) -> list[Charge]:
    spec, site = bill.spec, bill.site
    exported = bill.price("export_price_per_kwh", spec.export_price_per_kwh) * (spec.export_loss_frac - 1.0)
    charges: list[Charge] = [_per_kwh(bill, "export", spec.market_payee, _EXPORT, exported, Stream.EXPORT)]
    if not site.spec.generator:
        return charges
    produced = Metered.of(*(Flow(name, FlowKind.USED_KW) for name in site.spec.generator))
    self_used = produced - _EXPORT
    price = bill.price("plant_price_per_kwh", spec.plant_price_per_kwh)
    basis = self_used if spec.plant_basis == "consumed" else produced
    if price.any():
        charges.append(_per_kwh(bill, "plant_energy", spec.plant_payee, basis, price, Stream.GENERATION))
    if spec.funds_on_self_use and spec.regime is not Regime.ORDINARY_MARKET:
        funds = bill.price("funds_per_kwh", spec.funds_per_kwh)
        charges.append(_per_kwh(bill, "funds_self_use", _FUNDS_PAYEE, self_used, funds, Stream.GENERATION))
    return charges


def _require_no_exchange(site: Site) -> None:
    grid = site.spec.grid
    if grid.import_limit_kw is None or site.values(grid.import_limit_kw).any():
        refuse("grid.import_limit_kw", "must be 0 for an off-grid site", "write import_limit_kw = 0")
    if site.values(grid.export_limit_kw).any():
        refuse("grid.export_limit_kw", "must be 0 for an off-grid site", "write export_limit_kw = 0")


def _scaled(charge: Charge, share: float, name: str) -> Charge:
    """The charge at a share of its price, under another name."""
    line = replace(charge.line, name=name)
    if isinstance(charge, EnergyCharge):
        return replace(charge, line=line, price_per_kwh=share * charge.price_per_kwh)
    if isinstance(charge, FixedCharge):
        return replace(charge, line=line, price=share * charge.price)
    if isinstance(charge, PeakCharge):
        return replace(charge, line=line, price_per_kw=share * charge.price_per_kw)
    if not isinstance(charge, TieredCharge):
        refuse(f"{_KEY}.power_factor_adjustment_frac", f"does not apply to line `{charge.line.name}`", "set it to 0")
    return replace(charge, line=line, tiers=replace(charge.tiers, prices=share * charge.tiers.prices))
