"""Prices of the public grid that a contract leaves out, from the catalog, each told with its source."""

from __future__ import annotations

from dataclasses import dataclass

from storage_opt.catalog.network_price import NetworkPrice, network_price
from storage_opt.catalog.provenance_row import stale_note
from storage_opt.errors import Fault, InputError
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant, InMemory
from storage_opt.spec.supply import BasicChargeSpec, SupplySpec

__all__ = ["Defaulted", "supply_notes", "with_defaults"]


@dataclass(frozen=True, slots=True)
class Defaulted:
    """A supply contract with its gaps filled, and what was filled from where."""

    supply: SupplySpec
    notes: tuple[str, ...]


def with_defaults(supply: SupplySpec, site: Site) -> Defaulted:
    """Fill network prices from the catalog where region and voltage are given.

    Parameters
    ----------
    supply : SupplySpec
        What the user wrote; every price that is there stays.
    site : Site
        Whose horizon decides: the prices in force on its first day are taken.

    Raises
    ------
    InputError
        When the catalog knows no such region or voltage.
    """
    if supply.region is None or supply.voltage is None:
        return Defaulted(supply, ())
    try:
        row = network_price(supply.region, supply.voltage, site.horizon.first_day)
    except InputError as error:
        raise InputError([Fault(f.what, f.hint, key="contract.supply.region") for f in error.faults]) from error
    filled: dict[str, object] = {}
    if supply.transmission_per_kwh is None:
        filled["transmission_per_kwh"] = Constant(row.energy_per_kwh)
    if supply.funds_per_kwh is None and row.funds_per_kwh is not None:
        filled["funds_per_kwh"] = Constant(row.funds_per_kwh)
    if supply.line_loss_per_kwh is None and supply.energy_price_per_kwh is not None:
        per_price = row.loss_frac / (1.0 - row.loss_frac)
        filled["line_loss_per_kwh"] = InMemory(per_price * site.values(supply.energy_price_per_kwh).clip(min=0.0))
    basic, basic_notes = _basic(supply.basic, row)
    source = f"{row.document} ({row.grid}, {row.voltage_kv} kV, confidence {row.confidence})"
    told = [f"contract.supply.{name} = {_told(value)} from {source}" for name, value in filled.items()]
    told += [f"contract.supply.basic.{name} = {value:g} from {source}" for name, value in basic_notes.items()]
    stale = stale_note(row, site.horizon.first_day, site.horizon.end_instant.date())
    filled["basic"] = basic
    return Defaulted(supply.model_copy(update=filled), (*told, *([stale] if stale else [])))


def _basic(basic: BasicChargeSpec | None, row: NetworkPrice) -> tuple[BasicChargeSpec | None, dict[str, float]]:
    if basic is None:
        return None, {}
    filled: dict[str, float] = {}
    if basic.mode == "capacity" and basic.price_per_kva is None:
        filled["price_per_kva"] = row.capacity_per_kva_month
    if basic.mode != "capacity" and basic.price_per_kw is None:
        filled["price_per_kw"] = row.demand_per_kw_month
    return basic.model_copy(update=filled), filled


def supply_notes(site: Site) -> tuple[str, ...]:
    """What the catalog filled in for a site's supply contract, with its source."""
    contract = site.spec.contract
    if contract is None or contract.supply is None:
        return ()
    return with_defaults(contract.supply, site).notes


def _told(value: object) -> str:
    return f"{value.value:g} per kWh" if isinstance(value, Constant) else "energy price x loss / (1 - loss)"
