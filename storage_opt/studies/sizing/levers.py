"""Numbers of a site whose worth is asked for: sizes, limits, percentage points of rules, an hour of delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from storage_opt.lowering.contract.defaults import contract_with_defaults
from storage_opt.lowering.other_sizes import (
    with_asset,
    with_battery_energy,
    with_battery_power,
    with_declared_demand,
    with_transformer,
)
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["Lever", "levers"]

_RATIOS = {
    "self_use_of_available_min_frac": "least self-use of available generation",
    "self_use_of_consumption_min_frac": "least self-use of consumption",
    "export_of_available_max_frac": "most export of available generation",
    "exchange_peak_valley_max_frac": "most unevenness of import within a day",
}


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """One number of a site.

    Parameters
    ----------
    name : str
        Where it stands, such as ``battery.bess.power_kw``.
    words : str
        What it is.
    unit : str
        What one more of it is.
    amount : float
        One more of it, in the number of the site: 0.01 of a share for a percentage point.
    at_site : float
        What it is.
    most : float
        Largest value that has a meaning.
    change : callable
        The site with another value.
    is_structural : bool
        Whether another value is another model, so that its worth is found by solving again.
    """

    name: str
    words: str
    unit: str
    amount: float
    at_site: float
    most: float
    change: Callable[[Site, float], Site]
    is_structural: bool = False


def levers(site: Site) -> tuple[Lever, ...]:
    """Every such number that a site has."""
    return (*_batteries(site.spec), *_plants(site.spec), *_grid(site.spec), *_rules(site), *_work(site))


_Resize = Callable[[SiteSpec, float], SiteSpec]


def _size(name: str, words: str, unit: str, at_site: float, resize: _Resize) -> Lever:
    """A size that the site has, changed as sizing changes it."""
    return Lever(
        name, words, unit, 1.0, at_site, float("inf"), lambda site, to: replace(site, spec=resize(site.spec, to))
    )


def _batteries(spec: SiteSpec) -> Iterator[Lever]:
    for name, battery in spec.battery.items():

        def power(spec: SiteSpec, to: float, name: str = name) -> SiteSpec:
            return with_battery_power(spec, name, to)

        def energy(spec: SiteSpec, to: float, name: str = name) -> SiteSpec:
            return with_battery_energy(spec, name, to)

        yield _size(f"battery.{name}.power_kw", f"power of {name}", "kW", battery.power_kw, power)
        yield _size(f"battery.{name}.energy_kwh", f"energy of {name}", "kWh", battery.energy_kwh, energy)


def _plants(spec: SiteSpec) -> Iterator[Lever]:
    for name, plant in spec.generator.items():

        def capacity(spec: SiteSpec, to: float, name: str = name) -> SiteSpec:
            return with_asset(spec, "generator", name, {"capacity_kw": to})

        yield _size(f"generator.{name}.capacity_kw", f"capacity of {name}", "kW", plant.capacity_kw, capacity)


def _grid(spec: SiteSpec) -> Iterator[Lever]:
    kva = spec.grid.transformer_kva
    if kva is not None:
        yield _size("grid.transformer_kva", "transformer", "kVA", float(kva), with_transformer)
    supply = None if spec.contract is None else spec.contract.supply
    declared = None if supply is None or supply.basic is None else supply.basic.contract_kw
    if isinstance(declared, int | float):
        name = "contract.supply.basic.contract_kw"
        yield _size(name, "declared demand", "kW", float(declared), with_declared_demand)


def _rules(site: Site) -> Iterator[Lever]:
    if site.spec.contract is None:
        return
    contract = contract_with_defaults(site).contract
    for field, words in _RATIOS.items():
        value = getattr(contract, field)
        if value is None:
            continue

        def ratio(site: Site, to: float, field: str = field) -> Site:
            assert site.spec.contract is not None
            changed = site.spec.contract.model_copy(update={field: to})
            return replace(site, spec=site.spec.model_copy(update={"contract": changed}))

        yield Lever(f"contract.{field}", words, "percentage point", 0.01, float(value), 1.0, ratio)


def _work(site: Site) -> Iterator[Lever]:
    for name, work in site.spec.workload.items():
        if work.kind == "inference":
            continue

        def delay(site: Site, to: float, name: str = name) -> Site:
            return replace(site, spec=with_asset(site.spec, "workload", name, {"max_delay_h": to}))

        words = f"delay that {name} admits"
        at, amount = work.max_delay_h, max(1.0, site.horizon.step_h)
        yield Lever(f"workload.{name}.max_delay_h", words, "h", amount, at, float("inf"), delay, is_structural=True)
