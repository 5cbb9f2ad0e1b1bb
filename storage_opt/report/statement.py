"""The monthly statement: what the site owes to whom, laid out like an electricity bill.

How amounts are rounded. A bill is paid in whole cents. The unit that is rounded is the payment: what one party gets
for one billing period, computed from the exact amounts of the ledger and rounded once, half a cent away from zero.
Each printed line is rounded on its own; where the lines of a payment do not add to it, the difference stands below
them in a visible line, ``rounding`` 尾差, so that the printed column adds to the printed subtotal. Totals of a period
and of all periods are sums of payments, which is what is transferred; they differ from the exact cost in
``summary.json`` by at most half a cent a payment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from storage_opt.charges.base import SITE, Entry
from storage_opt.ledger.ledger import Ledger
from storage_opt.report.cents import cents, cents_text
from storage_opt.report.line_words import band_words, item_words
from storage_opt.report.party_words import party_words
from storage_opt.report.words import chinese, english

if TYPE_CHECKING:
    from storage_opt.report.view import Row

__all__ = ["Item", "Payment", "Statement", "shown_unit", "statement_of", "statement_rows"]

_DIGITS = 12
"""Significant digits of quantities and rates: their product still meets every cent."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the statement.

    Parameters
    ----------
    entry : Entry
        The settled amount, positive when the site pays.
    cents : int
        The amount as printed. [0.01 money]
    """

    entry: Entry
    cents: int


@dataclass(frozen=True, slots=True)
class Payment:
    """What one party gets from the site for one billing period; negative when the site gets it.

    Parameters
    ----------
    period : str
        Billing period.
    party : str
        The other side, by its name in the ledger.
    items : tuple of Item
        What it is for.
    cents : int
        The amount, rounded once from the exact one. [0.01 money]
    """

    period: str
    party: str
    items: tuple[Item, ...]
    cents: int

    @property
    def rounding_cents(self) -> int:
        """What the printed items lack of the payment. [0.01 money]"""
        return self.cents - sum(item.cents for item in self.items)


@dataclass(frozen=True)
class Statement:
    """All payments of a ledger, by billing period and then by party."""

    payments: tuple[Payment, ...]

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Billing periods in their order."""
        return tuple(dict.fromkeys(payment.period for payment in self.payments))

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Everyone but the site, in the order of the bill."""
        return tuple(dict.fromkeys(payment.party for payment in self.payments))

    def of_period(self, period: str) -> tuple[Payment, ...]:
        """Payments of a billing period."""
        return tuple(payment for payment in self.payments if payment.period == period)

    @property
    def total_cents(self) -> int:
        """What the site pays in all. [0.01 money]"""
        return sum(payment.cents for payment in self.payments)

    def balance(self) -> dict[str, tuple[int, ...]]:
        """What each party receives in each billing period, and in all, the site last. [0.01 money]

        Over all parties every column sums to zero, to the cent; the last entry of a row is the sum of the others.
        """
        position = {period: number for number, period in enumerate(self.periods)}
        received = {party: [0] * len(position) for party in (*self.parties, SITE)}
        for payment in self.payments:
            received[payment.party][position[payment.period]] += payment.cents
            received[SITE][position[payment.period]] -= payment.cents
        return {party: (*row, sum(row)) for party, row in received.items()}


def statement_of(ledger: Ledger) -> Statement:
    """The payments that settle a ledger.

    Parameters
    ----------
    ledger : Ledger
        The bill of a plan, a baseline or a metered schedule.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for party, entry in _seen_by_the_site(ledger.entries):
        groups.setdefault((entry.period, party), []).append(entry)
    # labels of billing periods are dates: sorted by text they are sorted by time, and sorting keeps the parties' order
    ordered = sorted(groups.items(), key=lambda group: group[0][0])
    return Statement(
        tuple(
            Payment(
                period,
                party,
                tuple(Item(entry, cents(entry.amount)) for entry in entries),
                cents(math.fsum(entry.amount for entry in entries)),
            )
            for (period, party), entries in ordered
        )
    )


def _seen_by_the_site(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    """Each entry that touches the site, with the other side; positive when the site pays."""
    for entry in entries:
        payer, payee = entry.line.payer or SITE, entry.line.payee
        if payer == SITE:
            yield payee, entry
        elif payee == SITE:
            yield payer, replace(entry, rate=-entry.rate, amount=-entry.amount)


def shown_unit(unit: str, currency: str) -> str:
    """The unit of a quantity; of money it is the currency."""
    return currency if unit == "money" else unit


def statement_rows(runs: Mapping[str, Ledger], currency: str) -> Iterator[Row]:
    """One row an item, then the rounding of the payment where there is any, its subtotal, and the totals.

    Parameters
    ----------
    runs : mapping of str to Ledger
        Ledgers by the name that the column `run` shows, such as ``plan`` and ``baseline``.
    currency : str
        Currency of rates and amounts.
    """
    for run, ledger in runs.items():
        statement = statement_of(ledger)
        for period in statement.periods:
            payments = statement.of_period(period)
            for payment in payments:
                yield from _payment_rows(run, payment, currency)
            yield _sum_row(run, "period_total", sum(payment.cents for payment in payments), currency, period)
        yield _sum_row(run, "grand_total", statement.total_cents, currency)


def _payment_rows(run: str, payment: Payment, currency: str) -> Iterator[Row]:
    period, party = payment.period, payment.party
    for item in payment.items:
        entry = item.entry
        name, its_chinese = item_words(entry.line)
        row = _row(run, "item", period, party, line=entry.line.name, item=name, item_chinese=its_chinese)
        row |= {"band": entry.band, "band_name": band_words(entry.band)}
        row |= {"quantity": _digits(entry.quantity), "unit": shown_unit(entry.unit, currency)}
        yield row | {"rate": _digits(entry.rate), "amount": cents_text(item.cents), "currency": currency}
    if payment.rounding_cents:
        yield _sum_row(run, "rounding", payment.rounding_cents, currency, period, party)
    yield _sum_row(run, "subtotal", payment.cents, currency, period, party)


def _sum_row(run: str, kind: str, whole: int, currency: str, period: str = "", party: str = "") -> Row:
    row = _row(run, kind, period, party, item=english(kind), item_chinese=chinese(kind))
    return row | {"amount": cents_text(whole), "currency": currency}


def _row(run: str, kind: str, period: str, party: str, **words: str) -> dict[str, object]:
    """A row with all columns in order; those of an item alone are empty unless given."""
    names = ("line", "item", "item_chinese", "band", "band_name", "quantity", "unit", "rate", "amount", "currency")
    head = {"run": run, "kind": kind, "period": period, "party": party, "party_name": party_words(party)}
    return {**head, **dict.fromkeys(names, ""), **words}


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0
