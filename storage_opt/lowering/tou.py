"""Time-of-use rules as a price and a band for each interval; every interval is covered exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.energy import Bands
from storage_opt.errors import Fault, Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.window import window_mask
from storage_opt.spec.tariff import TouRule

__all__ = ["tou_prices"]


def tou_prices(rules: Sequence[TouRule], horizon: Horizon, key: str) -> tuple[NDArray[np.float64], Bands]:
    """Price of each interval (T,) [money/kWh], and the periods as bands of the bill.

    Parameters
    ----------
    rules : sequence of TouRule
        Time-of-use periods; one without months, days and hours fills what the others leave. Rules with the same
        period name, such as a peak of summer and one of winter, share a band.
    horizon : Horizon
        The intervals.
    key : str
        Where the rules stand in the site file, such as ``tariff.two_part.energy[0].tou``.

    Raises
    ------
    InputError
        When rules overlap, leave an interval uncovered, cut an interval, or more than one rule fills the rest.
    """
    masks = _masks(rules, horizon, key)
    rest = [number for number, rule in enumerate(rules) if rule.is_rest]
    if len(rest) > 1:
        names = " and ".join(f"`tou[{n}]` ({rules[n].period})" for n in rest)
        refuse(key, f"{names} both fill what the other rules leave", "keep one of them, or give them hours")
    covered = masks.sum(axis=0)
    _require_no_overlap(rules, masks, covered, horizon, key)
    if rest:
        masks[rest[0]] = covered == 0
    else:
        _require_coverage(covered, horizon, key)
    rule_of = masks.argmax(axis=0)
    periods = tuple(dict.fromkeys(rule.period for rule in rules))
    band_of_rule = np.array([periods.index(rule.period) for rule in rules], dtype=np.intp)
    prices = np.array([rule.price_per_kwh for rule in rules], dtype=np.float64)
    return prices[rule_of], Bands(band_of_rule[rule_of], periods)


def _masks(rules: Sequence[TouRule], horizon: Horizon, key: str) -> NDArray[np.bool_]:
    masks = np.zeros((len(rules), horizon.steps), dtype=np.bool_)
    faults = Faults()
    for number, rule in enumerate(rules):
        if not rule.is_rest:
            with gathered(faults):
                masks[number] = window_mask(rule, horizon, f"{key}[{number}]")
    faults.raise_if_any()
    return masks


def _require_no_overlap(
    rules: Sequence[TouRule],
    masks: NDArray[np.bool_],
    covered: NDArray[np.intp],
    horizon: Horizon,
    key: str,
) -> None:
    clashing = np.flatnonzero(covered > 1)
    if not clashing.size:
        return
    faults = Faults()
    among = masks[:, clashing]
    for a, b in combinations(range(len(rules)), 2):
        both = clashing[among[a] & among[b]]
        if both.size:
            what = (
                f"rules `tou[{a}]` ({rules[a].period}) and `tou[{b}]` ({rules[b].period}) overlap in {both.size:,} "
                f"intervals, first in {_moment(horizon, both[0])}"
            )
            hint = "separate their months, days or hours; a rule without any of them fills what the others leave"
            faults.add(Fault(what, hint, key=f"{key}[{b}]"))
    faults.raise_if_any()


def _require_coverage(covered: NDArray[np.intp], horizon: Horizon, key: str) -> None:
    missing = np.flatnonzero(covered == 0)
    if missing.size:
        what = f"no rule covers {missing.size:,} intervals, first in {_moment(horizon, missing[0])}"
        hint = "add a rule for them, or one without months, days and hours, which fills what the others leave"
        refuse(key, what, hint)


def _moment(horizon: Horizon, interval: int) -> str:
    stamp = horizon.stamps[interval]
    kind = str(horizon.day_types[interval])
    return f"month {stamp.month} at {stamp.strftime('%H:%M')} on {stamp.strftime('%Y-%m-%d')} ({kind})"
