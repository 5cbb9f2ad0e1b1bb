"""The bill: entries settled from a schedule, and their sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from storage_opt.charges.base import SITE, Charge, Entry, Stream
from storage_opt.schedule import Schedule

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Ledger", "settle"]

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Ledger:
    """Entries of a bill; the site pays positive amounts and receives negative ones."""

    entries: tuple[Entry, ...]

    @property
    def total(self) -> float:
        """What the site pays in all. [money]"""
        return sum(entry.amount for entry in self.entries)

    def by_line(self) -> dict[str, float]:
        """Amount of each line, in the order of the charges. [money]"""
        return _summed((entry.line.name, entry.amount) for entry in self.entries)

    def by_stream(self) -> dict[Stream, float]:
        """Amount of each kind of money. [money]"""
        return _summed((entry.line.stream, entry.amount) for entry in self.entries)

    def by_period(self) -> dict[str, float]:
        """Amount of each billing period. [money]"""
        return _summed((entry.period, entry.amount) for entry in self.entries)

    def by_party(self) -> dict[str, float]:
        """What each party receives, the site's own outlay included; sums to zero. [money]"""
        pairs = [(entry.line.payee, entry.amount) for entry in self.entries]
        pairs += [(entry.line.payer or SITE, -entry.amount) for entry in self.entries]
        return _summed(pairs)

    def to_frame(self) -> pd.DataFrame:
        """One row an entry: line, period, band, quantity, unit, rate, amount, payer, payee."""
        import pandas as pd

        rows = [
            (e.line.name, e.period, e.band, e.quantity, e.unit, e.rate, e.amount, e.line.payer, e.line.payee)
            for e in self.entries
        ]
        columns = ["line", "period", "band", "quantity", "unit", "rate", "amount", "payer", "payee"]
        return pd.DataFrame(rows, columns=columns)


def settle(schedule: Schedule, charges: Iterable[Charge]) -> Ledger:
    """The bill of a schedule, planned or metered, under `charges`."""
    return Ledger(tuple(e for charge in charges for e in charge.settle(schedule, schedule.horizon)))


def _summed(pairs: Iterable[tuple[_Key, float]]) -> dict[_Key, float]:
    sums: dict[_Key, float] = {}
    for key, amount in pairs:
        sums[key] = sums.get(key, 0.0) + amount
    return sums
