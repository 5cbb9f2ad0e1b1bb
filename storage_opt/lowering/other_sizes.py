"""A site's description with another size, and whatever that size ties together moved with it."""

from __future__ import annotations

from collections.abc import Mapping

from storage_opt.spec.facility import TankSpec
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.supply import SupplySpec

__all__ = [
    "supply_of",
    "tank_of",
    "with_access_capacity",
    "with_asset",
    "with_battery_energy",
    "with_battery_power",
    "with_declared_demand",
    "with_plant_volume",
    "with_tank",
    "with_transformer",
]


def with_asset(spec: SiteSpec, section: str, name: str, changed: Mapping[str, object]) -> SiteSpec:
    """Other values of an asset, such as the capacity of a plant."""
    assets = dict(getattr(spec, section))
    assets[name] = assets[name].model_copy(update=dict(changed))
    return spec.model_copy(update={section: assets})


def with_battery_energy(spec: SiteSpec, name: str, to_kwh: float) -> SiteSpec:
    """Another rated energy; the auxiliary draw keeps its ratio to it. [kWh]"""
    battery = spec.battery[name]
    drawn_kw = battery.auxiliary_kw / battery.energy_kwh * to_kwh if battery.energy_kwh else battery.auxiliary_kw
    return with_asset(spec, "battery", name, {"energy_kwh": to_kwh, "auxiliary_kw": drawn_kw})


def with_battery_power(spec: SiteSpec, name: str, to_kw: float) -> SiteSpec:
    """Another rated power; discharging keeps its ratio to it. [kW]"""
    battery = spec.battery[name]
    changed = {"power_kw": to_kw}
    if battery.discharge_kw is not None:
        ratio = battery.discharge_kw / battery.power_kw if battery.power_kw else 1.0
        changed["discharge_kw"] = ratio * to_kw
    return with_asset(spec, "battery", name, changed)


def tank_of(spec: SiteSpec, name: str) -> TankSpec:
    """The cold tank of a building that has one."""
    cooling = spec.facility[name].cooling
    assert cooling is not None
    assert cooling.tank is not None
    return cooling.tank


def with_tank(spec: SiteSpec, name: str, changed: Mapping[str, float]) -> SiteSpec:
    """Other values of the cold tank of a building."""
    cooling = spec.facility[name].cooling
    assert cooling is not None
    tank = tank_of(spec, name).model_copy(update=dict(changed))
    return with_asset(spec, "facility", name, {"cooling": cooling.model_copy(update={"tank": tank})})


def with_transformer(spec: SiteSpec, to_kva: float) -> SiteSpec:
    """Another transformer rating, and the capacity that the basic charge counts by as much. [kVA]"""
    before = float(spec.grid.transformer_kva or 0.0)
    spec = spec.model_copy(update={"grid": spec.grid.model_copy(update={"transformer_kva": to_kva})})
    basic = None if spec.contract is None or spec.contract.supply is None else spec.contract.supply.basic
    if basic is None or basic.capacity_kva is None:
        return spec
    return _with_basic(spec, {"capacity_kva": max(basic.capacity_kva + to_kva - before, 0.0)})


def with_access_capacity(spec: SiteSpec, to_kva: float) -> SiteSpec:
    """Another access capacity of the contract. [kVA]"""
    return _with_supply(spec, {"access_capacity_kva": to_kva})


def with_declared_demand(spec: SiteSpec, to_kw: float) -> SiteSpec:
    """Another declared demand, the same in every month. [kW]"""
    return _with_basic(spec, {"contract_kw": to_kw})


def with_plant_volume(spec: SiteSpec, to_kwh_per_year: float) -> SiteSpec:
    """Another volume of the take-or-pay clause. [kWh/year]"""
    plant = supply_of(spec).plant.model_copy(update={"take_or_pay_volume_kwh_per_year": to_kwh_per_year})
    return _with_supply(spec, {"plant": plant})


def supply_of(spec: SiteSpec) -> SupplySpec:
    """The supply of a site that has a contract for it."""
    assert spec.contract is not None
    assert spec.contract.supply is not None
    return spec.contract.supply


def _with_basic(spec: SiteSpec, changed: Mapping[str, object]) -> SiteSpec:
    basic = supply_of(spec).basic
    assert basic is not None
    return _with_supply(spec, {"basic": basic.model_copy(update=dict(changed))})


def _with_supply(spec: SiteSpec, changed: Mapping[str, object]) -> SiteSpec:
    assert spec.contract is not None
    supply = supply_of(spec).model_copy(update=dict(changed))
    return spec.model_copy(update={"contract": spec.contract.model_copy(update={"supply": supply})})
