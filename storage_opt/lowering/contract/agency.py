"""Agency prices and time of use a contract leaves out, from the newest price sheet of the region (代理购电)."""

from __future__ import annotations

from storage_opt.catalog.network_price import network_price
from storage_opt.catalog.price_sheets import ComponentPrices, PriceSheet
from storage_opt.catalog.region_tariff import RegionTariff, region_tariff
from storage_opt.errors import Fault, InputError
from storage_opt.spec.floating_base import FLOATS, FloatingBase
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant
from storage_opt.spec.supply import SupplySpec
from storage_opt.spec.tou_shape import TouShapeSpec

__all__ = ["agency_defaults"]

_SHEET_FIELDS = {
    "energy_price_per_kwh": "purchase_per_kwh",
    "deviation_per_kwh": "deviation_per_kwh",
    "capacity_compensation_per_kwh": "capacity_compensation_per_kwh",
    "line_loss_per_kwh": "loss_per_kwh",
    "system_operation_per_kwh": "system_per_kwh",
    "system_capacity_per_kwh": "system_capacity_per_kwh",
    "funds_per_kwh": "funds_per_kwh",
}
"""Field of the supply contract and its column on a price sheet."""


def agency_defaults(supply: SupplySpec, site: Site) -> tuple[dict[str, object], list[str]]:
    """Price components and calendar of an agency user, where they are missing.

    Parameters
    ----------
    supply : SupplySpec
        A contract with region and voltage; every price that is there stays. A purchase price that is written as a
        series is taken to have its own shape, so it gets no calendar.
    site : Site
        Whose horizon decides: the prices in force on its first day are taken.

    Returns
    -------
    dict, list of str
        Fields to fill, and a note for each.

    Raises
    ------
    InputError
        When the catalog has no prices of the region, or the market forms them.
    """
    until = site.horizon.end_instant.date()
    tariff = region_tariff(str(supply.region), str(supply.voltage), site.horizon.first_day, until=until)
    filled: dict[str, object] = {}
    notes = list(tariff.notes)
    price = supply.energy_price_per_kwh
    if supply.tou is None and (price is None or isinstance(price, Constant)):
        filled["tou"] = TouShapeSpec(calendar=tariff.grid.grid)
        notes.append(f"contract.supply.tou = calendar of {tariff.calendar.grid} from {tariff.calendar.row.document}")
    if price is not None:
        return filled, notes
    if tariff.sheet is None or tariff.sheet.floating_per_kwh is None:
        what = f"the catalog has no agency prices of {tariff.grid.grid} that fit its calendar"
        raise InputError([Fault(what, "give energy_price_per_kwh and the other components")])
    sheet = tariff.sheet
    parts = _from_components(sheet) if isinstance(sheet.row, ComponentPrices) else _from_totals(tariff, sheet)
    parts["transmission_per_kwh"] = _network(tariff, sheet)
    for name, value in parts.items():
        if name not in supply.model_fields_set or getattr(supply, name) is None:
            filled[name] = Constant(value)
            if value:
                notes.append(f"contract.supply.{name} = {value:g} per kWh from {sheet.row.document}")
    return filled, notes


def _from_components(sheet: PriceSheet) -> dict[str, float]:
    return {ours: float(getattr(sheet.row, theirs)) for ours, theirs in _SHEET_FIELDS.items()}


def _from_totals(tariff: RegionTariff, sheet: PriceSheet) -> dict[str, float]:
    """What floats, as purchase price; deviation, line loss and system fee together as system operation fee."""
    base = sheet.base or FloatingBase.PURCHASE_AVG
    funds = tariff.network.funds_per_kwh or 0.0
    network = tariff.network.energy_per_kwh
    floating = float(sheet.floating_per_kwh or 0.0)
    purchase = (
        floating - network * FLOATS[base].get("network_per_kwh", 0) - funds * FLOATS[base].get("funds_per_kwh", 0)
    )
    return {
        "energy_price_per_kwh": purchase,
        "line_loss_per_kwh": 0.0,
        "system_operation_per_kwh": sheet.flat_per_kwh - purchase - network - funds,
        "funds_per_kwh": funds,
    }


def _network(tariff: RegionTariff, sheet: PriceSheet) -> float:
    """Network price that stands with the sheet's other components at the wanted voltage. [CNY/kWh]"""
    if not isinstance(sheet.row, ComponentPrices):
        return tariff.network.energy_per_kwh
    published = network_price(sheet.row.grid, sheet.row.voltage_kv, tariff.on)
    return sheet.row.network_per_kwh + tariff.network.energy_per_kwh - published.energy_per_kwh
