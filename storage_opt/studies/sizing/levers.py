"""Numbers of a site whose worth is asked for: sizes, limits, percentage points of rules, an hour of delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from storage_opt.lowering.contract.defaults import contract_with_defaults
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


def _batteries(spec: SiteSpec) -> Iterator[Lever]:
    for name, battery in spec.battery.items():
        ratio = battery.discharge_limit_kw / battery.power_kw if battery.power_kw else 1.0
        has_own = battery.discharge_kw is not None

        def power(site: Site, to: float, name: str = name, ratio: float = ratio, has_own: bool = has_own) -> Site:
            update = {"power_kw": to, **({"discharge_kw": ratio * to} if has_own else {})}
            return _with(site, "battery", name, update)

        def energy(site: Site, to: float, name: str = name) -> Site:
            return _with(site, "battery", name, {"energy_kwh": to})

        kw, kwh = battery.power_kw, battery.energy_kwh
        yield Lever(f"battery.{name}.power_kw", f"power of {name}", "kW", 1.0, kw, float("inf"), power)
        yield Lever(f"battery.{name}.energy_kwh", f"energy of {name}", "kWh", 1.0, kwh, float("inf"), energy)


def _plants(spec: SiteSpec) -> Iterator[Lever]:
    for name, plant in spec.generator.items():

        def capacity(site: Site, to: float, name: str = name) -> Site:
            return _with(site, "generator", name, {"capacity_kw": to})

        at = plant.capacity_kw
        yield Lever(f"generator.{name}.capacity_kw", f"capacity of {name}", "kW", 1.0, at, float("inf"), capacity)


def _grid(spec: SiteSpec) -> Iterator[Lever]:
    if spec.grid.transformer_kva is not None:
        at = float(spec.grid.transformer_kva)
        yield Lever("grid.transformer_kva", "transformer", "kVA", 1.0, at, float("inf"), _with_transformer)
    supply = None if spec.contract is None else spec.contract.supply
    declared = None if supply is None or supply.basic is None else supply.basic.contract_kw
    if isinstance(declared, int | float):
        words, name = "declared demand", "contract.supply.basic.contract_kw"
        yield Lever(name, words, "kW", 1.0, float(declared), float("inf"), _with_declared)


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
            return _with(site, "workload", name, {"max_delay_h": to})

        words = f"delay that {name} admits"
        at, amount = work.max_delay_h, max(1.0, site.horizon.step_h)
        yield Lever(f"workload.{name}.max_delay_h", words, "h", amount, at, float("inf"), delay, is_structural=True)


def _with(site: Site, section: str, name: str, update: dict[str, float]) -> Site:
    assets = dict(getattr(site.spec, section))
    assets[name] = assets[name].model_copy(update=update)
    return replace(site, spec=site.spec.model_copy(update={section: assets}))


def _with_transformer(site: Site, to: float) -> Site:
    grid = site.spec.grid.model_copy(update={"transformer_kva": to})
    return replace(site, spec=site.spec.model_copy(update={"grid": grid}))


def _with_declared(site: Site, to: float) -> Site:
    assert site.spec.contract is not None
    assert site.spec.contract.supply is not None
    assert site.spec.contract.supply.basic is not None
    basic = site.spec.contract.supply.basic.model_copy(update={"contract_kw": to})
    supply = site.spec.contract.supply.model_copy(update={"basic": basic})
    contract = site.spec.contract.model_copy(update={"supply": supply})
    return replace(site, spec=site.spec.model_copy(update={"contract": contract}))
