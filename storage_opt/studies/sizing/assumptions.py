"""What a sizing assumes that is not a size: each a named change of the site or of its finance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from storage_opt.errors import Fault, InputError
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing import bill_changes as change

__all__ = ["Assumption", "AssumptionKind", "assumption_of", "assumptions"]

_SHARE, _NARROW = 0.2, 0.1
_RATE_SPAN, _YEAR_SPAN, _EFFICIENCY_SPAN, _RISE_SPAN = 0.02, 5.0, 0.03, 0.01
_NEARLY_FREE = 1e-3
"""Least factor of a capital cost: what costs nothing at all is refused as forgotten."""
_LONGEST_YEARS = 40.0


class AssumptionKind(StrEnum):
    """What is assumed. A factor multiplies what the site file says; the others are the values themselves."""

    CAPEX = "capex"
    UPKEEP = "upkeep"
    REPLACEMENT = "replacement"
    DISCOUNT_RATE = "discount_rate"
    PROJECT_YEARS = "project_years"
    ENERGY_RISE = "energy_rise"
    BUDGET = "budget"
    PRICE_SPREAD = "price_spread"
    ENERGY_PRICE = "energy_price"
    DEMAND_PRICE = "demand_price"
    PLANT_PRICE = "plant_price"
    EXPORT_PRICE = "export_price"
    LOAD_LEVEL = "load_level"
    EFFICIENCY = "efficiency"
    YIELD = "yield"
    WEAR_COST = "wear_cost"


@dataclass(frozen=True, slots=True, eq=False)
class Assumption:
    """One assumption of a site.

    Parameters
    ----------
    kind : AssumptionKind
        What is assumed.
    asset : str
        Of which asset; empty where it is one of the whole site.
    unit : str
        Unit of its values; ``x`` for a factor.
    at_site : float
        What the site assumes.
    low, high : float
        A span to look at by default.
    least, most : float
        Values beyond which it has no meaning.
    change : callable
        The site with another value.
    is_financial : bool
        Whether the bill and its schedule are the same at any value, so that nothing is compiled again.
    is_whole : bool
        Whether only whole numbers have a meaning.
    prices : tuple of (str, float)
        What a factor of a capital cost multiplies, by the unit that it is the price of. [money/unit]
    """

    kind: AssumptionKind
    asset: str
    unit: str
    at_site: float
    low: float
    high: float
    least: float
    most: float
    change: Callable[[Site, float], Site]
    is_financial: bool = False
    is_whole: bool = False
    prices: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """Its name, such as ``capex of bess``."""
        return f"{self.kind} of {self.asset}" if self.asset else str(self.kind)


def assumptions(site: Site) -> tuple[Assumption, ...]:
    """Every assumption that a site makes: what it does not have, it does not assume.

    Parameters
    ----------
    site : Site
        A site with ``[sizing]`` and ``[finance]``.
    """
    finance = site.spec.finance
    return (*(() if finance is None else _of_finance(site, finance)), *_of_prices(site), *_of_assets(site))


def assumption_of(site: Site, name: str) -> Assumption:
    """The assumption of a name.

    Raises
    ------
    InputError
        When the site makes no such assumption; names those that it makes.
    """
    known = {one.name: one for one in assumptions(site)}
    if name not in known:
        listed = ", ".join(f"`{one}`" for one in known)
        raise InputError([Fault(f"`{name}` is nothing that the site assumes", f"name one of {listed}", key="finance")])
    return known[name]


def _factor(
    kind: AssumptionKind,
    change: Callable[[Site, float], Site],
    asset: str = "",
    *,
    span: float = _SHARE,
    range_: tuple[float, float] = (0.0, 5.0),
    is_financial: bool = False,
) -> Assumption:
    return Assumption(kind, asset, "x", 1.0, 1.0 - span, 1.0 + span, *range_, change, is_financial)


def _of_finance(site: Site, finance: FinanceSpec) -> Iterator[Assumption]:
    for name, cost in finance.cost.items():
        span = (_NEARLY_FREE, 10.0)
        capex = _factor(AssumptionKind.CAPEX, _capex_of(name), name, range_=span, is_financial=True)
        units = {"kWh": cost.capex_per_kwh, "kW": cost.capex_per_kw, "kVA": cost.capex_per_kva, "asset": cost.capex}
        yield replace(capex, prices=tuple((unit, price) for unit, price in units.items() if price))
        if any(getattr(cost, field) for field in _UPKEEP):
            yield _factor(AssumptionKind.UPKEEP, _times_fields(name, _UPKEEP), name, is_financial=True)
        if any(getattr(cost, field) for field in _REPLACEMENT):
            yield _factor(AssumptionKind.REPLACEMENT, _times_fields(name, _REPLACEMENT), name, is_financial=True)
    yield from _of_time(finance)
    sizing = site.spec.sizing
    if sizing is not None and sizing.budget is not None:
        budget, unit = sizing.budget, site.spec.currency
        low, high = (1.0 - _SHARE) * budget, (1.0 + _SHARE) * budget
        ends = (1e-9 * budget, 100.0 * budget)
        yield Assumption(AssumptionKind.BUDGET, "", unit, budget, low, high, *ends, _with_budget, is_financial=True)


def _of_time(finance: FinanceSpec) -> Iterator[Assumption]:
    """What is assumed of the years of the project."""
    rate, years = finance.discount_rate_frac, float(finance.years)
    yield Assumption(
        AssumptionKind.DISCOUNT_RATE,
        "",
        "1/year",
        rate,
        max(rate - _RATE_SPAN, 0.0),
        min(rate + _RATE_SPAN, 0.5),
        0.0,
        0.5,
        lambda site, value: _with_finance(site, discount_rate_frac=value),
        is_financial=True,
    )
    spans = (finance.debt and finance.debt.years, finance.tax and finance.tax.depreciation_years)
    shortest = float(max([1, finance.sharing.years if finance.sharing else 1, *(span or 1 for span in spans)]))
    yield Assumption(
        AssumptionKind.PROJECT_YEARS,
        "",
        "year",
        years,
        max(years - _YEAR_SPAN, shortest),
        years + _YEAR_SPAN,
        shortest,
        max(_LONGEST_YEARS, years),
        lambda site, value: _with_finance(site, years=round(value)),
        is_financial=True,
        is_whole=True,
    )
    rise = finance.escalation_frac.get("energy", 0.0)
    yield Assumption(
        AssumptionKind.ENERGY_RISE,
        "",
        "1/year",
        rise,
        rise - _RISE_SPAN,
        rise + _RISE_SPAN,
        -0.5,
        0.5,
        _with_energy_rise,
        is_financial=True,
    )


_UPKEEP = ("om_per_kwh_year", "om_per_kw_year", "om_per_kva_year", "om_per_year", "insurance_frac", "land_per_year")
_REPLACEMENT = ("replacement_per_kwh", "replacement_per_kw")
_CAPEX = ("capex_per_kwh", "capex_per_kw", "capex_per_kva", "capex")
_SUBSIDY = ("subsidy_per_kwh", "subsidy_per_kw", "subsidy")


def _capex_of(name: str) -> Callable[[Site, float], Site]:
    """Investment less subsidy times a factor; a replacement without a price of its own costs as much less or more."""
    return _times_fields(name, (*_CAPEX, *_SUBSIDY))


def _times_fields(name: str, fields: tuple[str, ...]) -> Callable[[Site, float], Site]:
    def changed(site: Site, factor: float) -> Site:
        assert site.spec.finance is not None
        cost: AssetCostSpec = site.spec.finance.cost[name]
        values = {field: getattr(cost, field) for field in fields}
        update = {field: factor * value for field, value in values.items() if value is not None}
        return _with_finance(site, cost={**site.spec.finance.cost, name: cost.model_copy(update=update)})

    return changed


def _with_finance(site: Site, **update: object) -> Site:
    assert site.spec.finance is not None
    finance = site.spec.finance.model_copy(update=update)
    return replace(site, spec=site.spec.model_copy(update={"finance": finance}))


def _with_energy_rise(site: Site, value: float) -> Site:
    assert site.spec.finance is not None
    return _with_finance(site, escalation_frac={**site.spec.finance.escalation_frac, "energy": value})


def _with_budget(site: Site, value: float) -> Site:
    assert site.spec.sizing is not None
    sizing = site.spec.sizing.model_copy(update={"budget": value})
    return replace(site, spec=site.spec.model_copy(update={"sizing": sizing}))


def _of_prices(site: Site) -> Iterator[Assumption]:
    spec, supply = site.spec, change.filled_supply(site)
    buys = any(tariff.energy and not tariff.paid_to_site for tariff in spec.tariff.values()) or supply is not None
    if buys:
        yield _factor(AssumptionKind.PRICE_SPREAD, change.with_price_spread)
        yield _factor(AssumptionKind.ENERGY_PRICE, change.with_energy_price)
    demand = any(
        tariff.demand or any(charge.price_per_kva for charge in tariff.fixed) for tariff in spec.tariff.values()
    )
    if demand or (supply is not None and supply.basic is not None):
        yield _factor(AssumptionKind.DEMAND_PRICE, change.with_demand_price)
    bought = any(plant.energy_cost_per_kwh for plant in spec.generator.values())
    if bought or (supply is not None and spec.generator and site.values(supply.plant.price_per_kwh).any()):
        yield _factor(AssumptionKind.PLANT_PRICE, change.with_plant_price)
    sold = any(tariff.paid_to_site and tariff.energy for tariff in spec.tariff.values())
    if sold or (supply is not None and spec.generator and site.values(supply.export_price_per_kwh).any()):
        yield _factor(AssumptionKind.EXPORT_PRICE, change.with_export_price)


def _of_assets(site: Site) -> Iterator[Assumption]:
    if site.spec.load:
        yield _factor(AssumptionKind.LOAD_LEVEL, change.with_load, span=_NARROW, range_=(0.01, 5.0))
    for name, battery in site.spec.battery.items():
        both = battery.charge_efficiency * battery.discharge_efficiency
        yield Assumption(
            AssumptionKind.EFFICIENCY,
            name,
            "1",
            both,
            both - _EFFICIENCY_SPAN,
            min(both + _EFFICIENCY_SPAN, 1.0),
            0.1,
            1.0,
            _named(change.with_efficiency, name),
        )
        if battery.wear_cost_per_kwh or battery.wear is not None:
            yield _factor(AssumptionKind.WEAR_COST, _named(change.with_wear_cost, name), name)
    for name in site.spec.generator:
        yield _factor(AssumptionKind.YIELD, _named(change.with_yield, name), name, span=_NARROW, range_=(0.0, 5.0))


def _named(change: Callable[[Site, str, float], Site], name: str) -> Callable[[Site, float], Site]:
    return lambda site, value: change(site, name, value)
