"""The assumptions of a project as lines of a sheet: every number that its cash flow is calculated from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from storage_opt.finance.operations import asset_amounts, installed_year
from storage_opt.finance.project import Project, Row
from storage_opt.report.finance_words import row_words
from storage_opt.report.formula_sheet import Line
from storage_opt.report.sheet import MONEY, PERCENT, QUANTITY, RATE, Look

__all__ = ["assumption_lines", "heading"]

_WHOLE = "0"
_UNITS = {"kwh": "kWh", "kw": "kW", "kva": "kVA"}


def heading(key: str, of: str = "") -> Line:
    """A line that opens a part of a sheet."""
    return Line("", row_words(key, of), look=Look.SUBTOTAL)


def assumption_lines(project: Project, currency: str) -> list[Line]:
    """All inputs, and for each asset what it costs at its size.

    Parameters
    ----------
    project : Project
        What is calculated.
    currency : str
        Currency of all money.
    """
    lines = [*_general(project)]
    for name in project.sizes:
        lines += _asset(project, name, currency)
    lines += [*_tax(project), *_debt(project), *_sharing(project), *_by_year(project, currency)]
    return lines


def _share(key: str, word: str, value: float, of: str = "") -> Line:
    return Line(key, row_words(word, of), "", value, number_format=PERCENT)


def _rise(key: str, word: str, own: float | None, inflation: float, of: str = "") -> Line:
    """A yearly change of its own, or a cell that follows inflation."""
    if own is not None:
        return _share(key, word, own, of)
    return Line(key, row_words(word, of), "", inflation, "={#inflation}", number_format=PERCENT)


def _years(key: str, word: str, value: int, of: str = "") -> Line:
    return Line(key, row_words(word, of), "years 年", float(value), number_format=_WHOLE)


def _general(project: Project) -> Iterator[Line]:
    spec = project.spec
    yield heading("general")
    yield _years("years", "years", spec.years)
    yield _share("discount", "discount", spec.discount_rate_frac)
    yield _share("inflation", "inflation", spec.inflation_frac)
    for stream in project.cash_savings:
        rise = spec.escalation_frac.get(stream.value, 0.0)
        yield _share(f"escalation.{stream.value}", "escalation", rise, stream.value)
    if "energy" not in project.cash_savings:
        yield _share("escalation.energy", "escalation", spec.escalation_frac.get("energy", 0.0), "energy")
    if project.augmentation is not None:
        own = spec.augmentation_price_frac_per_year
        yield _rise("augmentation_rise", "augmentation_rise", own, spec.inflation_frac)


def _asset(project: Project, name: str, currency: str) -> Iterator[Line]:
    spec, cost = project.spec, project.spec.cost[name]
    of = f"asset.{name}"
    yield Line("", (name, ""), look=Look.SUBTOTAL)
    yield from _prices(project, name, currency)
    own = cost.replacement_price_frac_per_year
    yield _rise(f"{of}.replacement_rise", "replacement_rise", own, spec.inflation_frac, name)
    yield _share(f"{of}.insurance_frac", "insurance_frac", cost.insurance_frac, name)
    yield Line(f"{of}.land", row_words("land_fixed", name), currency, cost.land_per_year)
    yield _years(f"{of}.life", "life", cost.life_years or spec.years, name)
    last = float(installed_year(project, name))
    formula = None if name in project.replacements else f"={{#{of}.life}}*INT(({{#years}}-1)/{{#{of}.life}})"
    yield Line(f"{of}.installed", row_words("installed", name), "", last, formula, number_format=_WHOLE)
    yield _share(f"{of}.salvage_frac", "salvage_frac", cost.salvage_frac, name)


def _prices(project: Project, name: str, currency: str) -> Iterator[Line]:
    """Sizes, prices for each unit of them, and what both make."""
    cost, size = project.spec.cost[name], project.sizes[name]
    of, amounts = f"asset.{name}", asset_amounts(cost, size)
    prices = {
        "capex": (cost.capex_per_kwh, cost.capex_per_kw, cost.capex_per_kva, cost.capex),
        "subsidy": (cost.subsidy_per_kwh, cost.subsidy_per_kw, 0.0, cost.subsidy),
        "om": (cost.om_per_kwh_year, cost.om_per_kw_year, cost.om_per_kva_year, cost.om_per_year),
    }
    worth = {"capex": amounts.capex, "subsidy": amounts.subsidy, "om": amounts.om}
    if cost.replacement_per_kwh is not None or cost.replacement_per_kw is not None:
        prices["replacement"] = (cost.replacement_per_kwh or 0.0, cost.replacement_per_kw or 0.0, 0.0, 0.0)
        worth["replacement"] = amounts.replacement
    for (unit, shown), amount, priced in zip(
        _UNITS.items(),
        (size.energy_kwh, size.power_kw, size.capacity_kva),
        zip(*prices.values(), strict=True),
        strict=False,
    ):
        if amount or any(priced):
            yield Line(f"{of}.{unit}", row_words(f"size_{unit}", name), shown, amount, number_format=QUANTITY)
    for item, of_item in prices.items():
        terms = []
        for unit, price in zip((*_UNITS, ""), of_item, strict=True):
            if not price:
                continue
            key = f"{item}_per_{unit}" if unit else f"{item}_fixed"
            per = f"{currency}/{_UNITS[unit]}" if unit else currency
            yield Line(f"{of}.{key}", row_words(key, name), per, price, number_format=RATE)
            terms.append(f"{{#{of}.{key}}}*{{#{of}.{unit}}}" if unit else f"{{#{of}.{key}}}")
        word = "replacement_price" if item == "replacement" else item
        yield Line(f"{of}.{item}", row_words(word, name), currency, worth[item], f"={'+'.join(terms) or '0'}")
    if "replacement" not in prices:
        words = row_words("replacement_price", name)
        yield Line(f"{of}.replacement", words, currency, amounts.replacement, f"={{#{of}.capex}}")


def _tax(project: Project) -> Iterator[Line]:
    tax = project.spec.tax
    if tax is None:
        return
    yield heading("tax")
    yield _share("vat_frac", "vat_frac", tax.vat_frac)
    yield _share("surcharge_frac", "surcharge_frac", tax.surcharge_frac)
    yield _share("income_tax_frac", "income_tax_frac", tax.income_tax_frac)
    yield _years("exempt_years", "exempt_years", tax.exempt_years)
    yield _years("half_years", "half_years", tax.half_years)
    yield _years("depreciation_years", "depreciation_years", tax.depreciation_years)
    yield _share("residual_frac", "residual_frac", tax.depreciation_residual_frac)
    if tax.losses == "carry_forward":
        yield _years("carry_years", "carry_years", tax.carry_forward_years)


def _debt(project: Project) -> Iterator[Line]:
    debt = project.spec.debt
    if debt is None:
        return
    yield heading("debt")
    if debt.share_frac is not None:
        yield _share("share_frac", "share_frac", debt.share_frac)
    yield _share("rate_frac", "rate_frac", debt.rate_frac)
    yield _years("debt_years", "debt_years", debt.years)
    yield _years("grace_years", "grace_years", debt.grace_years)
    if debt.target_dscr is not None:
        yield Line("target_dscr", row_words("target_dscr"), "", debt.target_dscr, number_format=QUANTITY)


def _sharing(project: Project) -> Iterator[Line]:
    sharing = project.spec.sharing
    if sharing is None:
        return
    yield heading("sharing")
    yield _share("investor_frac", "investor_frac", sharing.investor_frac)
    yield _years("sharing_years", "sharing_years", sharing.years)


def _by_year(project: Project, currency: str) -> Iterator[Line]:
    yield heading("inputs")
    for stream, row in project.cash_savings.items():
        yield Line(f"in.savings.{stream.value}", row_words("saved", stream.value), currency, _from_year_0(row))
    for name, row in project.replacements.items():
        yield Line(f"in.replacement.{name}", row_words("replaced", name), currency, _from_year_0(row))
    rows = {"added": (project.augmentation, currency), "throughput": (project.throughput_kwh, "kWh")}
    rows["charging"] = (project.charging_cost, currency)
    for word, (given, unit) in rows.items():
        if given is not None:
            yield Line(f"in.{word}", row_words(word), unit, _from_year_0(given), number_format=MONEY)


def _from_year_0(row: Row) -> Row:
    return np.concatenate([[0.0], row])
