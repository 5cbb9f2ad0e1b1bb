"""A loan year by year: drawn in year 0, served at the ends of years."""

from __future__ import annotations

import numpy as np
import numpy_financial
from numpy.typing import NDArray

from storage_opt.finance.annuity import annuity_factor
from storage_opt.finance.project import Row
from storage_opt.spec.debt import DebtSpec

__all__ = ["debt_rows"]


def debt_rows(debt: DebtSpec, investment: float, available: Row) -> dict[str, Row]:
    """The loan of a borrower. [money]

    Parameters
    ----------
    debt : DebtSpec
        Its terms.
    investment : float
        What the borrower pays in year 0, subsidy taken off. [money]
    available : (N + 1,) array
        Cash flow available for debt service. [money]

    Returns
    -------
    dict of str to (N + 1,) array
        ``cfads``; ``draw`` (received), ``interest`` and ``principal`` (paid, negative); ``service`` (positive);
        ``balance`` at the ends of years; ``dscr`` (NaN in years without service). In a year in which a sculpted loan
        has no cash flow to live on, nothing is served and its interest is added to what is owed.
    """
    year = np.arange(available.size)
    running = (year >= 1) & (year <= debt.years)
    repaying = (year > debt.grace_years) & running
    if debt.repayment == "sculpted":
        service = np.where(running, np.maximum(0.0, available), 0.0) / (debt.target_dscr or 1.0)
        loan = float(numpy_financial.npv(debt.rate_frac, service))
    else:
        loan = (debt.share_frac or 0.0) * investment
        service = _service(debt, loan, repaying)
    interest, principal, balance = (np.zeros(available.size) for _ in range(3))
    balance[0] = loan
    for y in range(1, debt.years + 1):
        interest[y] = debt.rate_frac * balance[y - 1]
        if debt.repayment == "sculpted" or (debt.repayment == "level" and repaying[y]):
            principal[y] = service[y] - interest[y]
        else:
            principal[y] = service[y]
        balance[y] = balance[y - 1] - principal[y]
    paid = interest + principal
    dscr = np.divide(available, paid, out=np.full(paid.size, np.nan), where=paid > 0.0)
    draw = np.where(year == 0, loan, 0.0)
    return {
        "cfads": available,
        "draw": draw,
        "interest": -interest,
        "principal": -principal,
        "service": paid,
        "balance": balance,
        "dscr": dscr,
    }


def _service(debt: DebtSpec, loan: float, repaying: NDArray[np.bool_]) -> Row:
    """Level payments, or the principal part of equal ones, in the years of repayment."""
    left = debt.years - debt.grace_years
    each = loan / (annuity_factor(debt.rate_frac, left) if debt.repayment == "level" else left)
    return np.where(repaying, each, 0.0)
