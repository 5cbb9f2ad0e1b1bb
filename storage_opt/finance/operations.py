"""What a project pays and earns before tax, line by line: each stream of savings, each asset.

Amounts are signed from the view of the project: positive is received. With e the yearly rise of a line, an amount in
prices of year 1 is multiplied by (1 + e)^(y - 1) in year y, and a price of year 0 by (1 + e)^y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from storage_opt.finance.project import AssetSize, Project, Row
from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.finance import FinanceSpec

__all__ = ["ITEMS", "AssetAmounts", "asset_amounts", "details", "escalated", "installed_year", "totals"]

ITEMS = ("savings", "capex", "subsidy", "om", "insurance", "land", "replacement", "augmentation", "salvage")
"""Kinds of money before tax, in the order of the cash flow."""


@dataclass(frozen=True, slots=True)
class AssetAmounts:
    """What an asset of a size costs.

    Parameters
    ----------
    capex, subsidy : float
        Paid and received in year 0. [money]
    om : float
        Upkeep of a year, in prices of year 1. [money]
    replacement : float
        A replacement, in prices of year 0. [money]
    """

    capex: float
    subsidy: float
    om: float
    replacement: float


def asset_amounts(cost: AssetCostSpec, size: AssetSize) -> AssetAmounts:
    """Prices times sizes. [money]"""
    kwh, kw, kva = size.energy_kwh, size.power_kw, size.capacity_kva
    capex = cost.capex_per_kwh * kwh + cost.capex_per_kw * kw + cost.capex_per_kva * kva + cost.capex
    replacement = capex
    if cost.replacement_per_kwh is not None or cost.replacement_per_kw is not None:
        replacement = (cost.replacement_per_kwh or 0.0) * kwh + (cost.replacement_per_kw or 0.0) * kw
    return AssetAmounts(
        capex=capex,
        subsidy=cost.subsidy_per_kwh * kwh + cost.subsidy_per_kw * kw + cost.subsidy,
        om=cost.om_per_kwh_year * kwh + cost.om_per_kw_year * kw + cost.om_per_kva_year * kva + cost.om_per_year,
        replacement=replacement,
    )


def escalated(row: Row, rise: float) -> Row:
    """Amounts of the years in prices of year 1 (N,) as a cash flow with its year 0 (N + 1,). [money]"""
    amounts = row * (1.0 + rise) ** np.arange(row.size)
    return np.concatenate([[0.0], amounts])


def installed_year(project: Project, name: str) -> int:
    """Year in which the unit of an asset that stands at the end was installed."""
    if name in project.replacements:
        return int(np.max(np.nonzero(project.replacements[name])[0], initial=-1)) + 1
    life = project.spec.cost[name].life_years
    return 0 if life is None else life * ((project.spec.years - 1) // life)


def details(project: Project) -> dict[str, Row]:
    """Every line before tax, such as ``savings.energy`` and ``om.bess``, in the order of :data:`ITEMS`. [money]"""
    spec = project.spec
    rows: dict[str, Row] = {
        f"savings.{stream.value}": escalated(row, spec.escalation_frac.get(stream.value, 0.0))
        for stream, row in project.cash_savings.items()
    }
    by_asset = {name: _of_asset(project, name) for name in project.sizes}
    for item in ITEMS[1:]:
        if item == "augmentation" and project.augmentation is not None:
            rise = _rise(spec, spec.augmentation_price_frac_per_year)
            rows["augmentation.cells"] = -escalated(project.augmentation * (1.0 + rise), rise)
        rows |= {f"{item}.{name}": lines[item] for name, lines in by_asset.items() if item in lines}
    return rows


def totals(rows: dict[str, Row], years: int) -> dict[str, Row]:
    """Sum of the lines of each item (N + 1,). [money]"""
    sums = {item: np.zeros(years + 1) for item in ITEMS}
    for name, row in rows.items():
        sums[name.partition(".")[0]] += row
    return sums


def _rise(spec: FinanceSpec, own: float | None) -> float:
    return spec.inflation_frac if own is None else own


def _of_asset(project: Project, name: str) -> dict[str, Row]:
    spec, cost = project.spec, project.spec.cost[name]
    amounts = asset_amounts(cost, project.sizes[name])
    first = np.eye(1, spec.years + 1)[0]
    each_year = escalated(np.ones(spec.years), spec.inflation_frac)
    lines = {
        "capex": -amounts.capex * first,
        "subsidy": amounts.subsidy * first,
        "om": -amounts.om * each_year,
        "insurance": -cost.insurance_frac * amounts.capex * each_year,
        "land": -cost.land_per_year * each_year,
        "replacement": -_replacements(project, name, amounts.replacement),
    }
    lines["salvage"] = _salvage(project, name, -(lines["capex"] + lines["replacement"]))
    return lines


def _replacements(project: Project, name: str, price: float) -> Row:
    spec, cost = project.spec, project.spec.cost[name]
    rise = _rise(spec, cost.replacement_price_frac_per_year)
    if name in project.replacements:
        prices = project.replacements[name]
    else:
        year = np.arange(1, spec.years + 1)
        life = cost.life_years or spec.years
        prices = np.where((year % life == 0) & (year < spec.years), price, 0.0)
    return escalated(prices * (1.0 + rise), rise)


def _salvage(project: Project, name: str, paid: Row) -> Row:
    """A worn-out share of the cost of what stands at the end, and of the rest the life that is left."""
    spec, cost = project.spec, project.spec.cost[name]
    installed = installed_year(project, name)
    life = cost.life_years or spec.years
    left = max(0.0, (life - (spec.years - installed)) / life)
    row = np.zeros(spec.years + 1)
    row[-1] = paid[installed] * (cost.salvage_frac + (1.0 - cost.salvage_frac) * left)
    return row
