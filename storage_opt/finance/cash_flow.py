"""The cash flow of a project: every line of every year, before and after tax, of the project and of each party.

Year 0 is the investment; all other amounts stand at the ends of years 1 to N. Taxes are paid by parties: with an energy
management contract investor and host each have books of their own, and the project is the sum of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from storage_opt.finance.debt import debt_rows
from storage_opt.finance.operations import details, totals
from storage_opt.finance.project import Project, Row
from storage_opt.finance.taxes import income_tax, tax_rate, taxed
from storage_opt.spec.finance import FinanceSpec

__all__ = ["HOST", "INVESTOR", "OWNER", "CashFlow", "cash_flow"]

OWNER, INVESTOR, HOST = "owner", "investor", "host"
_RUNNING_COSTS = ("om", "insurance", "land")


@dataclass(frozen=True, slots=True, eq=False)
class CashFlow:
    """Rows (N + 1,) from year 0, positive when received. [money]

    Parameters
    ----------
    project : Project
        What it is the cash flow of.
    details : mapping of str to array
        Lines before tax, such as ``savings.energy``, ``capex.bess``, ``om.bess``, ``augmentation.cells``.
    parties : mapping of str to mapping of str to array
        Books of the ``owner``, or of ``investor`` and ``host``: what :func:`storage_opt.finance.taxes.taxed` gives.
    whole : mapping of str to array
        The project: the same rows, summed over the parties.
    tax_rate : array
        Income tax of each year. [1]
    debt : mapping of str to array
        What :func:`storage_opt.finance.debt.debt_rows` gives; empty without a loan.
    equity : mapping of str to array
        Of the party that borrows: ``profit`` after interest, its ``taxable`` and ``income_tax`` with what is carried,
        and ``cash``, what is left for it. Without a loan, `cash` is its cash flow after tax.
    """

    project: Project
    details: Mapping[str, Row]
    parties: Mapping[str, Mapping[str, Row]]
    whole: Mapping[str, Row]
    tax_rate: Row
    debt: Mapping[str, Row]
    equity: Mapping[str, Row]

    @property
    def borrower(self) -> str:
        """The party that builds the project: the owner, or the investor."""
        return next(iter(self.parties))

    @property
    def pre_tax(self) -> Row:
        """Cash flow of the project before tax and loan (N + 1,). [money]"""
        return self.whole["pre_tax"]

    @property
    def after_tax(self) -> Row:
        """Cash flow of the project after tax, before loan (N + 1,). [money]"""
        return self.whole["after_tax"]

    @property
    def equity_cash(self) -> Row:
        """What is left for the party that borrows (N + 1,). [money]"""
        return self.equity["cash"]


def cash_flow(project: Project) -> CashFlow:
    """The cash flow of a project.

    Parameters
    ----------
    project : Project
        Spec, sizes and savings.

    Returns
    -------
    CashFlow
        All rows.
    """
    spec = project.spec
    lines = details(project)
    books = _books(totals(lines, spec.years), spec)
    parties = {party: taxed(items, spec.tax, end) for party, (items, end) in books.items()}
    first, *others = parties.values()
    whole = {name: sum((other[name] for other in others), start=row) for name, row in first.items()}
    debt, equity = _levered(spec, first)
    return CashFlow(project, lines, parties, whole, tax_rate(spec.tax, spec.years), debt, equity)


def _books(items: dict[str, Row], spec: FinanceSpec) -> dict[str, tuple[dict[str, Row], int]]:
    """Lines before tax of each party, and the last year of its books."""
    if spec.sharing is None:
        return {OWNER: (items, spec.years)}
    year = np.arange(spec.years + 1)
    within = np.where(year <= spec.sharing.years, 1.0, 0.0)
    running = within if spec.sharing.om_payer == INVESTOR else np.zeros_like(within)
    share = dict.fromkeys(items, within) | dict.fromkeys(_RUNNING_COSTS, running)
    share |= {"savings": spec.sharing.investor_frac * within, "salvage": np.zeros_like(within)}
    investor = {name: row * share[name] for name, row in items.items()}
    host = {name: row - investor[name] for name, row in items.items()}
    return {INVESTOR: (investor, spec.sharing.years), HOST: (host, spec.years)}


def _levered(spec: FinanceSpec, book: Mapping[str, Row]) -> tuple[dict[str, Row], dict[str, Row]]:
    """The loan of a party, and what is left for it after interest, principal and the tax that interest saves."""
    if spec.debt is None:
        return {}, {"cash": book["after_tax"]}
    operating = book["after_tax"] - book["salvage"]
    operating[0] = 0.0
    debt = debt_rows(spec.debt, -float(book["capex"][0] + book["subsidy"][0]), operating)
    loan = debt["draw"] + debt["interest"] + debt["principal"]
    if spec.tax is None:
        return debt, {"cash": book["pre_tax"] + loan}
    profit = book["profit"] + debt["interest"]
    equity = {"profit": profit, **income_tax(profit, spec.tax)}
    equity["cash"] = book["pre_tax"] + book["vat"] + book["surcharge"] + equity["income_tax"] + loan
    return debt, equity
