"""Figures that sum a cash flow up. A cash flow holds year 0 first; every amount stands at the end of its year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy_financial

from storage_opt.finance.annuity import annuity_factor
from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.operations import escalated
from storage_opt.finance.project import Row
from storage_opt.finance.roots import positive_roots

__all__ = [
    "Dscr",
    "Irr",
    "annuity_factor",
    "cumulative",
    "discounted",
    "discounted_payback",
    "dscr",
    "irr",
    "lcos",
    "lcos_rows",
    "mirr",
    "npv",
    "profitability_index",
    "roi",
    "simple_payback",
]

_NOTHING = 1e-12
"""A sum this small beside what was added is zero."""


@dataclass(frozen=True, slots=True)
class Irr:
    """Internal rate of return, or why there is none.

    Parameters
    ----------
    rate : float or None
        The rate at which the present worth is zero, when there is exactly one above -1. [1/year]
    reason : str
        ``none`` or ``several`` when there is not exactly one; empty otherwise.
    roots : tuple of float
        All such rates above -1, in rising order. [1/year]
    """

    rate: float | None
    reason: str
    roots: tuple[float, ...]

    def __str__(self) -> str:
        if self.rate is not None:
            return f"{self.rate:.2%}"
        listed = ", ".join(f"{root:.2%}" for root in self.roots)
        return f"several: {listed}" if self.roots else "none: no rate makes the present worth zero"


@dataclass(frozen=True, slots=True)
class Dscr:
    """Debt service cover ratio: cash flow available over debt service.

    Parameters
    ----------
    least, average : float or None
        Over the years with debt service; None without any. [1]
    """

    least: float | None
    average: float | None


def npv(rate: float, cash: Row) -> float:
    """Net present value: sum_y cash[y] / (1 + i)^y. [money]

    Examples
    --------
    >>> round(npv(0.10, np.array([-1000.0, 600.0, 600.0])), 2)
    41.32
    """
    return float(numpy_financial.npv(rate, cash))


def irr(cash: Row) -> Irr:
    """Internal rate of return: every rate above -1 at which the net present value is zero.

    Examples
    --------
    >>> str(irr(np.array([-1000.0, 2500.0, -1540.0])))
    'several: 10.00%, 40.00%'
    """
    # what rounding leaves in a year without cash would be a change of sign, and a rate near -1
    told = np.where(np.abs(cash) <= _NOTHING * np.abs(cash).max(initial=0.0), 0.0, cash)
    roots = tuple(sorted(1.0 / x - 1.0 for x in positive_roots(told)))
    if len(roots) == 1:
        return Irr(roots[0], "", roots)
    return Irr(None, "several" if roots else "none", roots)


def mirr(cash: Row, finance_rate: float, reinvest_rate: float) -> float | None:
    """Modified internal rate of return; None unless money is both paid and received. [1/year]

    What is received is compounded to the last year at the rate of reinvestment, what is paid discounted to year 0 at
    the rate of finance.
    """
    if not (np.any(cash > 0.0) and np.any(cash < 0.0)):
        return None
    return float(numpy_financial.mirr(cash, finance_rate, reinvest_rate))


def discounted(rate: float, cash: Row) -> Row:
    """Present worth of each year (N + 1,). [money]"""
    worth: Row = cash / (1.0 + rate) ** np.arange(cash.size)
    return worth


def cumulative(cash: Row) -> Row:
    """Sum up to each year (N + 1,), with what only rounding leaves taken as zero. [money]"""
    sums: Row = np.cumsum(cash)
    return np.where(np.abs(sums) <= _NOTHING * np.abs(cash).sum(), 0.0, sums)


def simple_payback(cash: Row) -> float | None:
    """Years after which the sum of the cash flow is not negative **and stays so**, interpolated within the year. [year]

    A project whose replacement makes the sum negative again is paid back when it has come up for the last time. None
    when the sum ends negative, 0 when it never is.
    """
    sums = cumulative(cash)
    if sums[-1] < 0.0:
        return None
    below = np.nonzero(sums < 0.0)[0]
    if below.size == 0:
        return 0.0
    last = int(below[-1])
    return float(last + sums[last] / (sums[last] - sums[last + 1]))


def discounted_payback(cash: Row, rate: float) -> float | None:
    """:func:`simple_payback` of the discounted cash flow. [year]"""
    return simple_payback(discounted(rate, cash))


def profitability_index(cash: Row, rate: float) -> float | None:
    """Present worth of years 1 to N over the investment of year 0; None without one. [1]"""
    return (npv(rate, cash) - float(cash[0])) / -float(cash[0]) if cash[0] < 0.0 else None


def roi(cash: Row) -> float | None:
    """Sum of the whole cash flow over the investment of year 0, not discounted; None without one. [1]"""
    return float(cash.sum()) / -float(cash[0]) if cash[0] < 0.0 else None


def lcos_rows(flow: CashFlow) -> tuple[Row, Row, Row]:
    """Cost without charging, cost of charging, and energy of each year (N + 1,). [money, money, kWh]"""
    project = flow.project
    nothing = np.zeros(project.spec.years)
    rise = project.spec.escalation_frac.get("energy", 0.0)
    charging = escalated(nothing if project.charging_cost is None else project.charging_cost, rise)
    energy = nothing if project.throughput_kwh is None else project.throughput_kwh
    return flow.whole["savings"] - flow.pre_tax, charging, np.concatenate([[0.0], energy])


def lcos(flow: CashFlow) -> float | None:
    """Levelised cost of storage, before tax; None when no energy is told. [money/kWh]

    Present worth of investment less subsidy, upkeep, insurance, land, replacements, added cells and charging, less
    salvage, over the discounted energy that is discharged (Schmidt et al. 2019, without a tax term).
    """
    rate = flow.project.spec.discount_rate_frac
    cost, charging, energy = lcos_rows(flow)
    worth = npv(rate, energy)
    return npv(rate, cost + charging) / worth if worth > 0.0 else None


def dscr(flow: CashFlow) -> Dscr:
    """Least and average debt service cover ratio of the loan. [1]"""
    ratios = flow.debt.get("dscr", np.array([np.nan]))
    found = ratios[np.isfinite(ratios)]
    return Dscr(float(found.min()), float(found.mean())) if found.size else Dscr(None, None)
