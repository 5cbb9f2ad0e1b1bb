"""Whether the scales of a scenario have something at the site to act on; one that acts on nothing is a slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storage_opt.errors import Fault
from storage_opt.spec.scenario import ScenarioSpec
from storage_opt.spec.series import Constant, Series
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.supply import SupplySpec
from storage_opt.spec.tariff import EnergyChargeSpec, Meter, TariffSpec

__all__ = ["is_export", "is_import", "scenario_misfits", "supply_prices"]

_NOTHING = Constant(0.0)


def is_import(tariff: TariffSpec) -> bool:
    """Whether a tariff prices what the site takes; what it is paid by import, as a subsidy, stays."""
    return tariff.meter is not Meter.EXPORT and not tariff.paid_to_site


def is_export(tariff: TariffSpec) -> bool:
    """Whether a tariff prices what the site exports."""
    return tariff.meter is Meter.EXPORT


def supply_prices(supply: SupplySpec) -> dict[str, Series]:
    """Prices of imported energy in a contract that may change, by key; the price of a contract curve is agreed."""
    found: dict[str, Series] = {}
    if supply.energy_price_per_kwh is not None:
        found["energy_price_per_kwh"] = supply.energy_price_per_kwh
    if supply.market is not None:
        found["day_ahead_price_per_kwh"] = supply.market.day_ahead_price_per_kwh
        if supply.market.real_time_price_per_kwh is not None:
            found["real_time_price_per_kwh"] = supply.market.real_time_price_per_kwh
    return found


def scenario_misfits(spec: SiteSpec, file: str = "") -> Iterator[Fault]:
    """Every scale of every scenario that has nothing to act on.

    Parameters
    ----------
    spec : SiteSpec
        The site with its scenarios.
    file : str
        Name of the site file.
    """
    for name, scenario in ({} if spec.sizing is None else spec.sizing.scenario).items():
        for field, what, hint in _misfits(spec, scenario):
            yield Fault(what, hint, file, f"sizing.scenario.{name}.{field}")


def _misfits(spec: SiteSpec, scenario: ScenarioSpec) -> Iterator[tuple[str, str, str]]:
    if scenario.load_scale != 1.0 and not spec.load:
        what = "there is no [load] to scale; work of clusters is described by its own series"
        yield "load_scale", what, "replace the table of the work, or leave load_scale out"
    yield from _of_generation(spec, scenario)
    supply = None if spec.contract is None else spec.contract.supply
    energy = [charge for tariff in spec.tariff.values() if is_import(tariff) for charge in tariff.energy]
    if scenario.energy_price_scale != 1.0 and not energy and not (supply and supply_prices(supply)):
        what = "no price of imported energy stands in the site file"
        hint = "write it there, such as contract.supply.energy_price_per_kwh, or leave energy_price_scale out"
        yield "energy_price_scale", what, hint
    if scenario.spread_scale != 1.0:
        yield from _of_spread(energy, supply)
    exports = any(is_export(tariff) and tariff.energy for tariff in spec.tariff.values())
    netted = any(charge.net_billing for charge in energy)
    in_contract = supply is not None and supply.export_price_per_kwh != _NOTHING
    if scenario.export_price_scale != 1.0 and not (exports or netted or in_contract):
        what = "no price of exported energy stands in the site file"
        yield "export_price_scale", what, "write it there, or leave export_price_scale out"


def _of_generation(spec: SiteSpec, scenario: ScenarioSpec) -> Iterator[tuple[str, str, str]]:
    known = ", ".join(f"`{plant}`" for plant in spec.generator)
    if isinstance(scenario.generation_scale, Mapping):
        for plant in scenario.generation_scale:
            if plant not in spec.generator:
                hint = f"name one of {known}" if known else "leave it out: the site has no plants"
                yield "generation_scale", f"names {plant!r}, which is no plant of the site", hint
    elif scenario.generation_scale != 1.0 and not spec.generator:
        yield "generation_scale", "the site has no plant to scale", "leave it out"


def _of_spread(energy: list[EnergyChargeSpec], supply: SupplySpec | None) -> Iterator[tuple[str, str, str]]:
    if supply is not None and supply.tou is not None:
        what = "prices of the contract follow multipliers of periods, whose spread is agreed or set by the calendar"
        yield "spread_scale", what, "give multipliers of the year in a table and replace it"
        return
    prices: list[Series] = [] if supply is None else list(supply_prices(supply).values())
    prices += [charge.price_per_kwh for charge in energy if charge.price_per_kwh is not None]
    varies = any(not isinstance(price, Constant) for price in prices)
    if not varies and not any(len({rule.price_per_kwh for rule in charge.tou}) > 1 for charge in energy):
        yield "spread_scale", "no import price varies in time, so none has a spread", "leave spread_scale out"
