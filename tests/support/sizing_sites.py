"""Small sites with open sizes, described as ``site.toml`` would be, and the same site with sizes written into it.

Sizes are written into the description here and read again, so that nothing of what moves sizes in the package is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["ONE_YEAR", "at_sizes", "bess", "built", "cost_of", "described", "finance", "scaled_money", "two_prices"]

Described = dict[str, Any]

ONE_YEAR: Described = {"years": 1, "discount_rate_frac": 0.0}
"""A project of one year without interest: a unit of money saved a year is worth one, as much as one of capex."""

_MONEY = ("price", "cost", "capex", "subsidy", "om_per", "land_per", "budget", "per_period", "per_day")
_NO_MONEY = ("price_frac",)


def bess(energy_kwh: float = 100.0, power_kw: float = 100.0, **changed: Any) -> Described:
    """A battery without losses and with its whole window."""
    plain = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}
    return {"energy_kwh": energy_kwh, "power_kw": power_kw} | plain | changed


def two_prices(low: float = 0.1, high: float = 0.5) -> list[float]:
    """Half a day at one price and half at the other."""
    return [low] * 12 + [high] * 12


def finance(cost: Mapping[str, Described], **changed: Any) -> Described:
    """The finance of a project of one year without interest, unless changed."""
    return ONE_YEAR | {"cost": dict(cost)} | changed


def described(
    load_kw: Any = 100.0, *, days: int = 1, step_minutes: int = 60, price: Any = None, **parts: Any
) -> Described:
    """A site of `days` days from 1 January 2025, a Wednesday, in UTC, at two prices a day unless changed."""
    start = date(2025, 1, 1)
    horizon = {"start": start, "end": start + timedelta(days=days), "step_minutes": step_minutes, "zone": "UTC"}
    energy = [{"price_per_kwh": two_prices() if price is None else price}]
    plain = {
        "name": "sizing",
        "horizon": horizon,
        "load": {"hall": {"power_kw": load_kw}},
        "tariff": {"supply": {"energy": energy}},
    }
    return plain | parts


def built(description: Described) -> Site:
    """The site that a description is read as."""
    spec = SiteSpec.model_validate(deepcopy(description))
    return Site(spec, spec.horizon.build())


def at_sizes(description: Described, sizes: Mapping[str, float]) -> Site:
    """The site with sizes written into its description and nothing open; names such as ``bess.power_kw``."""
    site = deepcopy({key: part for key, part in description.items() if key not in {"sizing", "finance"}})
    sizing = description["sizing"]
    for name, value in sizes.items():
        asset, field = name.split(".")
        if asset == "grid" and field == "transformer_kva":
            site["grid"][field] = value
        elif asset == "grid":
            site["contract"]["supply"][field] = value
        elif asset == "demand":
            site["contract"]["supply"]["basic"][field] = value
        elif asset == "plant":
            site["contract"]["supply"]["plant"][field] = value
        elif asset in sizing.get("battery", {}):
            _resize_battery(site["battery"][asset], field, value, sizing["battery"][asset].get("duration_h"))
        elif asset in sizing.get("generator", {}):
            site["generator"][asset][field] = value
        else:
            _resize_tank(site["facility"][asset]["cooling"]["tank"], field, value, sizing["tank"][asset])
    return built(site)


def _resize_battery(battery: Described, field: str, value: float, hours: float | None) -> None:
    power = value if field == "power_kw" else None if hours is None else value / hours
    if power is not None:
        if "discharge_kw" in battery:
            battery["discharge_kw"] *= power / battery["power_kw"]
        battery["power_kw"] = power
    energy = value if field == "energy_kwh" else None if hours is None else value * hours
    if energy is not None:
        if "auxiliary_kw" in battery:
            battery["auxiliary_kw"] *= energy / battery["energy_kwh"]
        battery["energy_kwh"] = energy


def _resize_tank(tank: Described, field: str, value: float, sizing: Described) -> None:
    if field == "energy_kwh" and "power_kw" not in sizing:
        times = value / tank["energy_kwh"]
        tank |= {"charge_kw": times * tank["charge_kw"], "discharge_kw": times * tank["discharge_kw"]}
    if field == "power_kw":
        tank |= {"discharge_kw": tank["discharge_kw"] * value / tank["charge_kw"], "charge_kw": value}
    else:
        tank["energy_kwh"] = value


def cost_of(description: Described, sizes: Mapping[str, float]) -> float:
    """What sizes cost a year in a project of plain capex: capex over the annuity factor. [money/year]"""
    project, total = description["finance"], 0.0
    rate, years = project["discount_rate_frac"], project["years"]
    annuity = sum((1.0 + rate) ** -year for year in range(1, years + 1))
    for name, value in sizes.items():
        asset, field = name.split(".")
        cost = project["cost"].get(asset)
        if cost is None or field == "access_capacity_kva":
            continue
        unit = field.rpartition("_")[2]
        total += cost.get(f"capex_per_{unit}", 0.0) * value
        hours = description["sizing"].get("battery", {}).get(asset, {}).get("duration_h")
        if hours is not None:
            total += cost.get("capex_per_kw", 0.0) * value / hours if unit == "kwh" else 0.0
            total += cost.get("capex_per_kwh", 0.0) * value * hours if unit == "kw" else 0.0
    return total / annuity


def scaled_money(part: Any, factor: float, *, money: bool = False) -> Any:
    """The same description with every amount of money multiplied by `factor`."""
    if isinstance(part, dict):
        return {key: scaled_money(value, factor, money=money or _is_money(key)) for key, value in part.items()}
    if isinstance(part, list):
        return [scaled_money(value, factor, money=money) for value in part]
    return factor * part if money and isinstance(part, int | float) else part


def _is_money(key: str) -> bool:
    return any(word in key for word in _MONEY) and not any(word in key for word in _NO_MONEY) and key != "cost"
