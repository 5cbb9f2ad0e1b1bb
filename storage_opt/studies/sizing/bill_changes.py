"""Changes of what the bill is made of: prices, load, efficiency, yield. Each takes a site and returns another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.contract.defaults import contract_with_defaults
from storage_opt.lowering.contract.tou import tou_shape
from storage_opt.lowering.tou import tou_prices
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import InMemory, Series
from storage_opt.spec.supply import SupplySpec
from storage_opt.spec.tariff import DemandChargeSpec, EnergyChargeSpec, Meter, TariffSpec
from storage_opt.spec.tou_shape import TouShapeSpec

__all__ = [
    "filled_supply",
    "with_demand_price",
    "with_efficiency",
    "with_energy_price",
    "with_export_price",
    "with_load",
    "with_plant_price",
    "with_price_spread",
    "with_wear_cost",
    "with_yield",
]

_Vector = NDArray[np.float64]
_Reprice = Callable[[_Vector], _Vector]


def with_price_spread(site: Site, factor: float) -> Site:
    """Every price of energy from the grid moved away from its mean over time, or towards it.

    Notes
    -----
    ``p'[t] = mean p + factor (p[t] - mean p)``; blocks and net billing have no time of use and stay.
    """
    return _with_import_prices(site, lambda price: price.mean() + factor * (price - price.mean()), is_spread=True)


def with_energy_price(site: Site, factor: float) -> Site:
    """Every price of energy from the grid times a factor; network charges and surcharges of a contract stay."""
    return _with_import_prices(site, lambda price: factor * price, is_spread=False)


def _with_import_prices(site: Site, reprice: _Reprice, *, is_spread: bool) -> Site:
    tariffs = {
        name: tariff if tariff.paid_to_site or tariff.meter is Meter.EXPORT else _repriced(site, name, tariff, reprice)
        for name, tariff in site.spec.tariff.items()
    }
    changed = replace(site, spec=site.spec.model_copy(update={"tariff": tariffs}))
    supply = filled_supply(site)
    return (
        changed
        if supply is None
        else _with_supply(changed, _repriced_supply(site, supply, reprice, is_spread=is_spread))
    )


def _repriced(site: Site, name: str, tariff: TariffSpec, reprice: _Reprice) -> TariffSpec:
    charges = [
        _repriced_charge(site, charge, f"tariff.{name}.energy[{number}]", reprice)
        for number, charge in enumerate(tariff.energy)
    ]
    return tariff.model_copy(update={"energy": tuple(charges)})


def _repriced_charge(site: Site, charge: EnergyChargeSpec, key: str, reprice: _Reprice) -> EnergyChargeSpec:
    if charge.price_per_kwh is not None:
        return charge.model_copy(update={"price_per_kwh": _series(site, charge.price_per_kwh, reprice)})
    if not charge.tou:
        return charge
    # one price for each rule, so that the periods stay on the bill: rules are repriced where they hold
    before = tou_prices(charge.tou, site.horizon, f"{key}.tou")[0]
    after = reprice(before)
    new = {float(price): float(after[np.flatnonzero(before == price)[0]]) for price in np.unique(before)}
    rules = tuple(
        rule.model_copy(update={"price_per_kwh": new.get(rule.price_per_kwh, rule.price_per_kwh)})
        for rule in charge.tou
    )
    return charge.model_copy(update={"tou": rules})


def _repriced_supply(site: Site, supply: SupplySpec, reprice: _Reprice, *, is_spread: bool) -> dict[str, object]:
    changed: dict[str, object] = {}
    if supply.energy_price_per_kwh is not None:
        changed["energy_price_per_kwh"] = _series(site, supply.energy_price_per_kwh, reprice)
    if supply.market is not None:
        names = ("contract_price_per_kwh", "day_ahead_price_per_kwh", "real_time_price_per_kwh")
        prices = {name: getattr(supply.market, name) for name in names}
        repriced = {name: _series(site, price, reprice) for name, price in prices.items() if price is not None}
        changed["market"] = supply.market.model_copy(update=repriced)
    shape = tou_shape(supply.tou, site) if is_spread else None
    if shape is not None:
        changed["tou"] = TouShapeSpec.model_construct(
            calendar=None, multiplier=InMemory(reprice(shape.multiplier)), variants=(), base=shape.base
        )
    return changed


def with_demand_price(site: Site, factor: float) -> Site:
    """Every price of demand and of declared or installed capacity times a factor."""
    tariffs = {
        name: tariff.model_copy(
            update={
                "demand": tuple(_dearer_demand(charge, factor) for charge in tariff.demand),
                "fixed": tuple(
                    charge.model_copy(update={"price_per_kva": factor * charge.price_per_kva})
                    for charge in tariff.fixed
                ),
            }
        )
        for name, tariff in site.spec.tariff.items()
    }
    changed = replace(site, spec=site.spec.model_copy(update={"tariff": tariffs}))
    supply = filled_supply(site)
    if supply is None or supply.basic is None:
        return changed
    prices = {name: getattr(supply.basic, name) for name in ("price_per_kva", "price_per_kw")}
    update = {name: factor * price for name, price in prices.items() if price is not None}
    return _with_supply(changed, {"basic": supply.basic.model_copy(update=update)})


def _dearer_demand(charge: DemandChargeSpec, factor: float) -> DemandChargeSpec:
    price = charge.price_per_kw
    tiers = tuple(tier.model_copy(update={"price_per_kw": factor * tier.price_per_kw}) for tier in charge.tiers)
    if price is None:
        return charge.model_copy(update={"tiers": tiers})
    dearer = tuple(factor * month for month in price) if isinstance(price, tuple) else factor * price
    return charge.model_copy(update={"price_per_kw": dearer})


def with_export_price(site: Site, factor: float) -> Site:
    """Every price of exported energy times a factor."""
    tariffs = {
        name: _repriced(site, name, tariff, lambda price: factor * price)
        if tariff.paid_to_site or tariff.meter is Meter.EXPORT
        else tariff
        for name, tariff in site.spec.tariff.items()
    }
    changed = replace(site, spec=site.spec.model_copy(update={"tariff": tariffs}))
    supply = filled_supply(site)
    if supply is None:
        return changed
    return _with_supply(changed, {"export_price_per_kwh": _times(site, supply.export_price_per_kwh, factor)})


def with_plant_price(site: Site, factor: float) -> Site:
    """Price of the energy of plants times a factor: of the contract with their owner, or of a plant itself."""
    plants = {
        name: plant.model_copy(update={"energy_cost_per_kwh": factor * plant.energy_cost_per_kwh})
        for name, plant in site.spec.generator.items()
    }
    changed = replace(site, spec=site.spec.model_copy(update={"generator": plants}))
    supply = filled_supply(site)
    if supply is None:
        return changed
    price = _times(site, supply.plant.price_per_kwh, factor)
    return _with_supply(changed, {"plant": supply.plant.model_copy(update={"price_per_kwh": price})})


def with_load(site: Site, factor: float) -> Site:
    """Every fixed load times a factor; work that is planned stays."""
    loads = {
        name: load.model_copy(update={"power_kw": _times(site, load.power_kw, factor)})
        for name, load in site.spec.load.items()
    }
    return replace(site, spec=site.spec.model_copy(update={"load": loads}))


def with_yield(site: Site, name: str, factor: float) -> Site:
    """Available output of a plant times a factor, at most its capacity."""
    plant = site.spec.generator[name]
    profile = InMemory(np.minimum(factor * site.values(plant.profile), 1.0))
    plants = {**site.spec.generator, name: plant.model_copy(update={"profile": profile})}
    return replace(site, spec=site.spec.model_copy(update={"generator": plants}))


def with_efficiency(site: Site, name: str, round_trip: float) -> Site:
    """A battery with another efficiency of a round trip; the losses of both ways keep their ratio."""
    battery = site.spec.battery[name]
    share = float(np.sqrt(round_trip / (battery.charge_efficiency * battery.discharge_efficiency)))
    charge = min(battery.charge_efficiency * share, 1.0)
    update = {"charge_efficiency": charge, "discharge_efficiency": round_trip / charge}
    batteries = {**site.spec.battery, name: battery.model_copy(update=update)}
    return replace(site, spec=site.spec.model_copy(update={"battery": batteries}))


def with_wear_cost(site: Site, name: str, factor: float) -> Site:
    """A battery whose wear costs another amount."""
    battery = site.spec.battery[name]
    update: dict[str, object] = {"wear_cost_per_kwh": factor * battery.wear_cost_per_kwh}
    if battery.wear is not None:
        dearer = {"replacement_cost_per_kwh": factor * battery.wear.replacement_cost_per_kwh}
        update["wear"] = battery.wear.model_copy(update=dearer)
    batteries = {**site.spec.battery, name: battery.model_copy(update=update)}
    return replace(site, spec=site.spec.model_copy(update={"battery": batteries}))


def filled_supply(site: Site) -> SupplySpec | None:
    """The supply of a site with what it leaves out filled in; None without one."""
    if site.spec.contract is None or site.spec.contract.supply is None:
        return None
    return contract_with_defaults(site).contract.supply


def _with_supply(site: Site, update: dict[str, object]) -> Site:
    assert site.spec.contract is not None
    assert site.spec.contract.supply is not None
    supply = site.spec.contract.supply.model_copy(update=update)
    contract = site.spec.contract.model_copy(update={"supply": supply})
    return replace(site, spec=site.spec.model_copy(update={"contract": contract}))


def _series(site: Site, series: Series, reprice: _Reprice) -> InMemory:
    return InMemory(reprice(site.values(series)))


def _times(site: Site, series: Series, factor: float) -> InMemory:
    return InMemory(factor * site.values(series))
