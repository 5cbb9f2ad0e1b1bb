"""Taxes on what a party pays and earns: value added tax with its credit, depreciation, losses, income tax."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from storage_opt.finance.project import Row
from storage_opt.spec.tax import TaxSpec

__all__ = ["income_tax", "tax_rate", "taxed"]


def tax_rate(tax: TaxSpec | None, years: int) -> Row:
    """Income tax of each year (N + 1,), with the years that are free and halved. [1]"""
    year = np.arange(years + 1)
    if tax is None:
        return np.zeros(years + 1)
    free = (year >= 1) & (year <= tax.exempt_years)
    half = (year > tax.exempt_years) & (year <= tax.exempt_years + tax.half_years)
    return tax.income_tax_frac * np.where(free, 0.0, np.where(half, 0.5, 1.0))


def taxed(items: Mapping[str, Row], tax: TaxSpec | None, end: int) -> dict[str, Row]:
    """The lines of a party before tax with everything that follows from them. [money]

    Parameters
    ----------
    items : mapping of str to (N + 1,) array
        The lines of `operations.ITEMS`.
    tax : TaxSpec or None
        Taxes; None when every figure is before tax.
    end : int
        Last year of the party, in which what is not depreciated is written off.

    Returns
    -------
    dict of str to (N + 1,) array
        The lines, ``pre_tax`` and ``after_tax``; with taxes also ``vat_output``, ``vat_input``, ``vat``,
        ``vat_carried``, ``surcharge``, ``additions``, ``depreciation``, ``write_off``, ``profit``, and what
        :func:`income_tax` gives.
    """
    pre_tax = sum(items.values(), start=np.zeros_like(items["savings"]))
    rows = {**items, "pre_tax": pre_tax}
    if tax is None:
        return {**rows, "after_tax": pre_tax}
    net = 1.0 / (1.0 + tax.vat_frac)
    rows["vat_output"] = (items["savings"] + items["salvage"]) * tax.vat_frac * net
    bought = -(items["capex"] + items["replacement"] + items["augmentation"])
    rows["vat_input"] = (bought - items["om"]) * tax.vat_frac * net
    rows["vat"], rows["vat_carried"] = _vat(rows["vat_output"] - rows["vat_input"], tax)
    rows["surcharge"] = rows["vat"] * tax.surcharge_frac
    rows["additions"] = bought * net - items["subsidy"]
    rows["depreciation"], rows["write_off"] = _depreciation(rows["additions"], tax, end)
    rows["profit"] = (
        (items["savings"] + items["salvage"] + items["om"]) * net
        + items["insurance"]
        + items["land"]
        + rows["surcharge"]
        + rows["depreciation"]
        + rows["write_off"]
    )
    rows |= income_tax(rows["profit"], tax)
    rows["after_tax"] = rows["pre_tax"] + rows["vat"] + rows["surcharge"] + rows["income_tax"]
    return rows


def income_tax(profit: Row, tax: TaxSpec) -> dict[str, Row]:
    """Taxable income and tax of profits and losses (N + 1,). [money]

    Losses that are carried are used oldest first and fall away after `carry_forward_years`. ``loss_gone`` is the sum of
    all losses used or fallen away, so that ``loss_available`` is the losses of earlier years less that sum: both only
    grow, and the oldest are always the ones that are gone.
    """
    rate = tax_rate(tax, profit.size - 1)
    if tax.losses == "offset":
        taxable, zero = profit, np.zeros_like(profit)
        loss = available = used = gone = zero
    else:
        loss = np.maximum(0.0, -profit)
        until = np.concatenate([np.zeros(tax.carry_forward_years + 1), np.cumsum(loss)])
        available, used, gone = np.zeros_like(profit), np.zeros_like(profit), np.zeros_like(profit)
        before = 0.0
        for year in range(profit.size):
            before = max(before, until[year])
            available[year] = until[year + tax.carry_forward_years] - before
            used[year] = min(max(0.0, profit[year]), available[year])
            before = gone[year] = before + used[year]
        taxable = np.maximum(0.0, profit) - used
    return {
        "loss": loss,
        "loss_available": available,
        "loss_used": used,
        "loss_gone": gone,
        "taxable": taxable,
        "income_tax": -rate * taxable,
    }


def _vat(due: Row, tax: TaxSpec) -> tuple[Row, Row]:
    """Value added tax as a cash flow, and input tax that is carried to the next year."""
    carried = np.zeros_like(due)
    if tax.vat_credit == "at_once":
        return -due, carried
    paid, credit = np.zeros_like(due), 0.0
    for year, amount in enumerate(due):
        paid[year] = max(0.0, amount - credit)
        credit = carried[year] = max(0.0, credit - amount)
    return -paid, carried


def _depreciation(additions: Row, tax: TaxSpec, end: int) -> tuple[Row, Row]:
    """Depreciation of each year, and what is left in the last one; both are negative."""
    share = (1.0 - tax.depreciation_residual_frac) / tax.depreciation_years
    begun = np.concatenate([np.zeros(tax.depreciation_years + 1), np.cumsum(additions)])
    year = np.arange(additions.size)
    # what was bought in the last `depreciation_years` years, this one not counted
    running = begun[year + tax.depreciation_years] - begun[year]
    depreciation = np.where(year <= end, -share * running, 0.0)
    write_off = np.zeros_like(additions)
    write_off[end] = -(additions.sum() + depreciation.sum())
    return depreciation, write_off
