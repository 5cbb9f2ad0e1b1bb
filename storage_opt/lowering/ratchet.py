"""Lookback of demand charges: what each billing period owes to the demand of other periods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.tariff import RatchetSpec

__all__ = ["ratchet"]


def ratchet(
    spec: RatchetSpec, horizon: Horizon, whole: Horizon, key: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Floor that past demand sets (P,) [kW], and shares of the demand measured in other periods (P, P).

    With `last_periods` = n, period g looks at the n periods before it, of which those before the horizon are
    `history_kw`. Without, every period looks at all periods of the horizon and all of the history: the ratchet of a
    year that repeats. On a part of the site's horizon, the periods of the whole that lie outside are unknown and
    do not count.

    Parameters
    ----------
    spec : RatchetSpec
        Share, months and reach.
    horizon, whole : Horizon
        The intervals, and the site's whole horizon, which the history precedes.
    key : str
        Where the ratchet stands in the site file.

    Raises
    ------
    InputError
        When months are chosen but the months of the history are unknown, because periods are not monthly.

    Notes
    -----
    ``billed_g >= lookback_gk measured_k``,  ``billed_g >= share history_j``.
    """
    periods = horizon.billing
    offset = whole.billing.labels.index(periods.labels[0])
    number = np.arange(periods.count)
    looked_at = np.broadcast_to(_chosen(spec, periods.months), (periods.count, periods.count))

    past = np.array(spec.history_kw[::-1], dtype=np.float64)
    back = np.arange(1, past.size + 1)
    if spec.months and past.size:
        _require_monthly(whole, key)
    past_months = (whole.billing.months[0] - 1 - back) % 12 + 1
    remembered = np.broadcast_to(_chosen(spec, past_months), (periods.count, past.size))

    if spec.last_periods is not None:
        distance = number[:, None] - number[None, :]
        looked_at = looked_at & (distance >= 1) & (distance <= spec.last_periods)
        remembered = remembered & (number[:, None] + offset + back[None, :] <= spec.last_periods)
    floor: NDArray[np.float64] = spec.share_frac * np.where(remembered, past, 0.0).max(axis=1, initial=0.0)
    shares: NDArray[np.float64] = spec.share_frac * looked_at.astype(np.float64)
    return floor, shares


def _chosen(spec: RatchetSpec, months: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.isin(months, spec.months) if spec.months else np.ones(months.size, dtype=np.bool_)


def _require_monthly(whole: Horizon, key: str) -> None:
    if np.any(np.diff(whole.billing.months) % 12 != 1):
        what = "billing periods are not one a month, so the months of history_kw are unknown"
        refuse(f"{key}.history_kw", what, "leave out months, or history_kw, of this ratchet")
