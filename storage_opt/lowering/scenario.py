"""The sites that a choice of sizes has to be good for, from what `[sizing.scenario]` says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, Faults, InputError
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.tou import tou_prices
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.scenario import ScenarioSpec, horizon_of_year
from storage_opt.spec.scenario_fit import is_export, is_import, scenario_misfits, supply_prices
from storage_opt.spec.series import Constant, InMemory, Series
from storage_opt.spec.tariff import EnergyChargeSpec, TariffSpec

__all__ = ["Scenario", "site_scenarios"]

_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One year that may come.

    Parameters
    ----------
    name : str
        Its name.
    site : Site
        The site in that year.
    weight : float
        Relative probability, positive.
    out_of_sample : bool
        Whether the sizes are only tried on it.
    """

    name: str
    site: Site
    weight: float = 1.0
    out_of_sample: bool = False


def site_scenarios(site: Site) -> tuple[Scenario, ...]:
    """Every scenario of a site, in the order of the file.

    Raises
    ------
    InputError
        When there is none, a scale acts on nothing, or series of a scenario have not been read; lists all faults.

    Notes
    -----
    With import price p, its mean P over the horizon, spread k and scale e, a scenario pays ``e (P + k (p - P))``.
    Available output is ``min(g profile, 1) capacity``.
    """
    sizing, faults, found = site.spec.sizing, Faults(), []
    if sizing is None or not sizing.scenario:
        what = "the site names no scenario to size on"
        raise InputError([Fault(what, "write [sizing.scenario.NAME] tables", _file(site), "sizing.scenario")])
    faults.extend(scenario_misfits(site.spec, _file(site)))
    faults.raise_if_any()
    for name, scenario in sizing.scenario.items():
        with gathered(faults):
            other = _scaled(_with_series(site, name, scenario), scenario, f"sizing.scenario.{name}")
            found.append(Scenario(name, other, scenario.weight, scenario.out_of_sample))
    faults.raise_if_any()
    return tuple(found)


def _file(site: Site) -> str:
    return site.source.name if site.source else ""


def _with_series(site: Site, name: str, scenario: ScenarioSpec) -> Site:
    if not scenario.has_other_series:
        return replace(site, scenarios={})
    if name not in site.scenarios:
        what = "the tables of the scenario have not been read"
        refuse(f"sizing.scenario.{name}", what, "load the site from its folder, or hand over a site for each scenario")
    series = site.scenarios[name]
    spec = site.spec.model_copy(update={"horizon": horizon_of_year(site.spec.horizon, scenario.year)})
    return replace(
        site, spec=spec, horizon=series.horizon, columns=series.columns, notes=site.notes + series.notes, scenarios={}
    )


def _scaled(site: Site, scenario: ScenarioSpec, key: str) -> Site:
    site = _with_loads(site, scenario.load_scale)
    site = _with_plants(site, scenario.generation_scale)
    prices = _Prices(site, scenario, key)
    tariffs = {name: prices.tariff(name, tariff) for name, tariff in site.spec.tariff.items()}
    contract = None if site.spec.contract is None else prices.contract(site.spec.contract)
    return replace(site, spec=site.spec.model_copy(update={"tariff": tariffs, "contract": contract}))


def _with_loads(site: Site, scale: float) -> Site:
    if scale == 1.0:
        return site
    loads = {
        name: load.model_copy(update={"power_kw": _changed(site, load.power_kw, lambda values: values * scale)})
        for name, load in site.spec.load.items()
    }
    return replace(site, spec=site.spec.model_copy(update={"load": loads}))


def _with_plants(site: Site, scales: float | Mapping[str, float]) -> Site:
    plants, notes = dict(site.spec.generator), []
    for name, plant in plants.items():
        scale = scales.get(name, 1.0) if isinstance(scales, Mapping) else scales
        if scale == 1.0:
            continue
        capped = int(np.count_nonzero(site.values(plant.profile) * scale > 1.0))
        if capped:
            notes.append(f"`{name}` times {scale:g} is held at its capacity in {capped:,} intervals")
        profile = _changed(site, plant.profile, partial(_capped, scale))
        plants[name] = plant.model_copy(update={"profile": profile})
    return replace(site, spec=site.spec.model_copy(update={"generator": plants}), notes=(*site.notes, *notes))


def _capped(scale: float, values: _Vector) -> _Vector:
    return np.minimum(values * scale, 1.0)


def _changed(site: Site, series: Series, change: Callable[[_Vector], _Vector]) -> Series:
    if isinstance(series, Constant):
        return Constant(float(change(np.array([series.value]))[0]))
    values = change(site.values(series))
    values.flags.writeable = False
    return InMemory(values)


@dataclass(frozen=True, slots=True)
class _Prices:
    """Prices of a scenario."""

    site: Site
    scenario: ScenarioSpec
    key: str

    def tariff(self, name: str, tariff: TariffSpec) -> TariffSpec:
        """The tariff with other prices of energy."""
        if is_import(tariff):
            charges = [
                self._import(charge, f"tariff.{name}.energy[{place}]") for place, charge in enumerate(tariff.energy)
            ]
        elif is_export(tariff):
            charges = [self._export(charge) for charge in tariff.energy]
        else:
            return tariff
        return tariff.model_copy(update={"energy": tuple(charges)})

    def contract(self, contract: ContractSpec) -> ContractSpec:
        """The contract with other prices of energy and export."""
        supply = contract.supply
        if supply is None:
            return contract
        prices = {key: self._series(price) for key, price in supply_prices(supply).items()}
        changed: dict[str, object] = {"export_price_per_kwh": self._exported(supply.export_price_per_kwh)}
        if "energy_price_per_kwh" in prices:
            changed["energy_price_per_kwh"] = prices.pop("energy_price_per_kwh")
        if supply.market is not None:
            changed["market"] = supply.market.model_copy(update=prices)
        return contract.model_copy(update={"supply": supply.model_copy(update=changed)})

    def _import(self, charge: EnergyChargeSpec, place: str) -> EnergyChargeSpec:
        scale = self.scenario.energy_price_scale
        if charge.price_per_kwh is not None:
            return charge.model_copy(update={"price_per_kwh": self._series(charge.price_per_kwh)})
        if charge.tou:
            mean = float(tou_prices(charge.tou, self.site.horizon, f"{place}.tou")[0].mean())
            rules = [
                rule.model_copy(update={"price_per_kwh": float(self._spread(np.array(rule.price_per_kwh), mean))})
                for rule in charge.tou
            ]
            return charge.model_copy(update={"tou": tuple(rules)})
        if charge.net_billing is not None:
            netting = charge.net_billing
            price, credit = netting.price_per_kwh * scale, netting.credit_per_kwh * self.scenario.export_price_scale
            if credit > price:
                what = f"credit {credit:g} of net billing would be above its price {price:g}"
                refuse(self.key, what, "lower export_price_scale, or raise energy_price_scale")
            changed = netting.model_copy(update={"price_per_kwh": price, "credit_per_kwh": credit})
            return charge.model_copy(update={"net_billing": changed})
        return charge.model_copy(update={"tiers": self._tiers(charge, scale)})

    def _export(self, charge: EnergyChargeSpec) -> EnergyChargeSpec:
        scale = self.scenario.export_price_scale
        if charge.price_per_kwh is not None:
            return charge.model_copy(update={"price_per_kwh": self._exported(charge.price_per_kwh)})
        rules = [rule.model_copy(update={"price_per_kwh": rule.price_per_kwh * scale}) for rule in charge.tou]
        return charge.model_copy(update={"tou": tuple(rules), "tiers": self._tiers(charge, scale)})

    def _tiers(self, charge: EnergyChargeSpec, scale: float) -> tuple[object, ...]:
        return tuple(tier.model_copy(update={"price_per_kwh": tier.price_per_kwh * scale}) for tier in charge.tiers)

    def _series(self, price: Series) -> Series:
        if self.scenario.energy_price_scale == 1.0 and self.scenario.spread_scale == 1.0:
            return price
        return _changed(self.site, price, lambda values: self._spread(values, float(values.mean())))

    def _exported(self, price: Series) -> Series:
        scale = self.scenario.export_price_scale
        return price if scale == 1.0 else _changed(self.site, price, lambda values: values * scale)

    def _spread(self, values: _Vector, mean: float) -> _Vector:
        price: _Vector = self.scenario.energy_price_scale * (mean + self.scenario.spread_scale * (values - mean))
        return price
