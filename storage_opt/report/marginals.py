"""Binding limits told in words: ``one more kW of transformer rating in 2027-07 is worth 31.2 CNY``."""

from __future__ import annotations

from collections.abc import Sequence

from storage_opt.modeler import Sense
from storage_opt.report.numbers import significant
from storage_opt.studies.result import MarginalValue

__all__ = ["binding_words", "marginal_words"]


def marginal_words(value: MarginalValue, currency: str) -> str:
    """One binding limit in one period, as a sentence.

    A floor is eased by less of it and a cap by more; an exact value may move either way. A contract's ratio is told by
    what one more point of it costs or earns.
    """
    intervals = f"{value.binding_intervals:,} interval{'' if value.binding_intervals == 1 else 's'}"
    if value.unit == "percentage point":
        return _ratio_words(value, currency)
    match value.sense:
        case Sense.CAP:
            change = f"one more {value.unit} of {value.words}"
        case Sense.FLOOR:
            change = f"one {value.unit} less of {value.words}"
        case Sense.EXACT | Sense.SWITCH:
            change = f"moving {value.words} by one {value.unit}"
    worth = f"{significant(value.value)} {currency}"
    return f"{change} in {value.period} is worth {worth} (binds in {intervals})"


def _ratio_words(value: MarginalValue, currency: str) -> str:
    """A ratio of the year: ``one more percentage point of ... costs 112,000 CNY over the horizon``."""
    effect = "costs" if value.sense is Sense.FLOOR else "earns"
    when = "over the horizon" if value.period == "horizon" else f"in {value.period}"
    return f"one more {value.unit} of {value.words} {effect} {significant(value.value)} {currency} {when}"


def binding_words(values: Sequence[MarginalValue], currency: str) -> list[str]:
    """Every rule once, in its dearest period, with its worth over all periods.

    Parameters
    ----------
    values : sequence of MarginalValue
        Most valuable first.
    currency : str
        Currency of the values.
    """
    dearest: dict[str, MarginalValue] = {}
    total: dict[str, float] = {}
    for value in values:
        dearest.setdefault(value.rule, value)
        total[value.rule] = total.get(value.rule, 0.0) + value.value
    lines = []
    for rule in sorted(total, key=lambda rule: -total[rule]):
        several = sum(value.rule == rule for value in values) > 1
        over_all = f"; {significant(total[rule])} {currency} over all periods" if several else ""
        lines.append(marginal_words(dearest[rule], currency) + over_all)
    return lines
