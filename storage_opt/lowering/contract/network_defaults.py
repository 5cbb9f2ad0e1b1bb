"""Network prices a contract leaves out, from the catalog's table by grid and voltage."""

from __future__ import annotations

from storage_opt.catalog.network_price import NetworkPrice, network_price
from storage_opt.catalog.provenance_row import stale_note
from storage_opt.spec.basic_charge import BasicChargeSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant, InMemory, Series
from storage_opt.spec.supply import SupplySpec

__all__ = ["network_defaults"]


def network_defaults(supply: SupplySpec, site: Site) -> tuple[dict[str, object], list[str]]:
    """Network price, basic charge, line loss and funds of a grid at a voltage, where they are missing.

    Parameters
    ----------
    supply : SupplySpec
        A contract with region and voltage; every price that is there stays.
    site : Site
        Whose horizon decides: the prices in force on its first day are taken.

    Returns
    -------
    dict, list of str
        Fields to fill, and a note for each.

    Raises
    ------
    InputError
        When the catalog knows no such region or voltage.
    """
    row = network_price(str(supply.region), str(supply.voltage), site.horizon.first_day)
    filled: dict[str, object] = {}
    if supply.transmission_per_kwh is None:
        filled["transmission_per_kwh"] = Constant(row.energy_per_kwh)
    if supply.funds_per_kwh is None and row.funds_per_kwh is not None:
        filled["funds_per_kwh"] = Constant(row.funds_per_kwh)
    price = _market_price(supply)
    if supply.line_loss_per_kwh is None and price is not None:
        per_price = row.loss_frac / (1.0 - row.loss_frac)
        filled["line_loss_per_kwh"] = InMemory(per_price * site.values(price).clip(min=0.0))
    basic, basic_notes = _basic(supply.basic, row)
    source = f"{row.document} ({row.grid}, {row.voltage_kv} kV, confidence {row.confidence})"
    told = [f"contract.supply.{name} = {_told(value)} from {source}" for name, value in filled.items()]
    told += [f"contract.supply.basic.{name} = {value:g} from {source}" for name, value in basic_notes.items()]
    stale = stale_note(row, site.horizon.first_day, site.horizon.end_instant.date())
    return {**filled, "basic": basic}, [*told, *([stale] if stale else [])]


def _market_price(supply: SupplySpec) -> Series | None:
    """The price line loss is a share of: that of one more kWh."""
    if supply.market is None:
        return supply.energy_price_per_kwh
    return supply.market.real_time_price_per_kwh or supply.market.day_ahead_price_per_kwh


def _basic(basic: BasicChargeSpec | None, row: NetworkPrice) -> tuple[BasicChargeSpec | None, dict[str, float]]:
    if basic is None:
        return None, {}
    filled: dict[str, float] = {}
    if basic.mode == "capacity" and basic.price_per_kva is None:
        filled["price_per_kva"] = row.capacity_per_kva_month
    if basic.mode != "capacity" and basic.price_per_kw is None:
        filled["price_per_kw"] = row.demand_per_kw_month
    return basic.model_copy(update=filled), filled


def _told(value: object) -> str:
    return f"{value.value:g} per kWh" if isinstance(value, Constant) else "energy price x loss / (1 - loss)"
