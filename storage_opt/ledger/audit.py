"""Does the bill of the schedule equal what the optimiser thought it minimised, line by line?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storage_opt.charges.base import Charge
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.quantity import PeriodCost
from storage_opt.ledger.ledger import Ledger

__all__ = ["ledger_mismatch"]


def ledger_mismatch(charges: Iterable[Charge], planned: Mapping[str, float], ledger: Ledger) -> float:
    """Largest difference between a line's settled amount and its planned cost, over the money moved.

    Lines under one minimum bill are compared together: below the minimum the optimiser is free to say which of
    them it paid, and only their sum is the bill.

    Parameters
    ----------
    charges : iterable of Charge
        The charges of the site.
    planned : mapping of line name to float
        Cost of each line at the optimum. [money]
    ledger : Ledger
        The settled schedule.
    """
    settled = ledger.by_line()
    together: dict[str, str] = {}
    for charge in charges:
        if isinstance(charge, DeviationBand) and isinstance(charge.quantity, PeriodCost):
            together |= {inner.line.name: charge.line.name for inner in charge.quantity.charges}
    difference: dict[str, float] = {}
    for name, cost in planned.items():
        group = together.get(name, name)
        difference[group] = difference.get(group, 0.0) + settled.get(name, 0.0) - cost
    # a bill of nothing is right when it is nothing to the cent
    moved = max(sum(abs(amount) for amount in settled.values()), 1.0)
    return max((abs(amount) for amount in difference.values()), default=0.0) / moved
