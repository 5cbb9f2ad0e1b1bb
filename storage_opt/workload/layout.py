"""Runs of parts of an interval laid out inside it, so that no more units are in use at once than there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pieces", "laid_out"]

_Array = NDArray[np.float64]
_SLOTS = 360
"""Moments of an interval at which a run may start: ten seconds of an hour."""
_SLIVER = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Runs inside intervals (N,), as shares of the interval.

    Parameters
    ----------
    interval : (N,) int array
        Interval of each run.
    units : (N,) array
        Units that it uses. [unit]
    opens, closes : (N,) array
        Part of the interval in which it may run.
    share : (N,) array
        Its length.
    begin : (N,) array
        When it would like to start.
    """

    interval: NDArray[np.intp]
    units: _Array
    opens: _Array
    closes: _Array
    share: _Array
    begin: _Array


def laid_out(pieces: Pieces, room_units: _Array) -> _Array:
    """When each run starts, as a share of its interval (N,).

    Parameters
    ----------
    pieces : Pieces
        The runs.
    room_units : (T,) array
        Units that may be in use at once. [unit]

    Notes
    -----
    Only intervals whose runs together are wider than the room are touched. There the widest run is placed first, at the
    moment nearest to its wish at which enough units are free for all of its length; a run that finds none keeps its
    wish, and shows in the peak of units. Placing whole jobs in an interval is a packing problem; this is first fit.
    """
    begin = pieces.begin.copy()
    wide = np.bincount(pieces.interval, pieces.units, room_units.size)
    order = np.argsort(pieces.interval, kind="stable")
    bounds = np.searchsorted(pieces.interval[order], np.arange(room_units.size + 1))
    for interval in np.flatnonzero(wide > room_units * (1.0 + _SLIVER) + _SLIVER).tolist():
        _fit(pieces, begin, order[bounds[interval] : bounds[interval + 1]], float(room_units[interval]))
    return begin


def _fit(pieces: Pieces, begin: _Array, own: NDArray[np.intp], room: float) -> None:
    """First fit of the runs of one interval, whole ones and wide ones first; changes `begin`."""
    used = np.zeros(_SLOTS)
    slots = np.clip(np.ceil(pieces.share[own] * _SLOTS - _SLIVER), 1, _SLOTS).astype(int)
    for place in np.lexsort((-pieces.units[own], slots < _SLOTS)).tolist():
        run, length = int(own[place]), int(slots[place])
        first = int(np.ceil(pieces.opens[run] * _SLOTS - _SLIVER))
        last = int(np.floor(pieces.closes[run] * _SLOTS + _SLIVER)) - length
        wish = round(float(begin[run]) * _SLOTS)
        if last >= first and length < _SLOTS:
            busiest = np.lib.stride_tricks.sliding_window_view(used, length).max(axis=1)[first : last + 1]
            free = np.flatnonzero(busiest + pieces.units[run] <= room * (1.0 + _SLIVER) + _SLIVER)
            if free.size:
                start = first + int(free[np.abs(free + first - wish).argmin()])
                if start != wish:
                    begin[run] = start / _SLOTS
                wish = start
        used[max(wish, 0) : wish + length] += pieces.units[run]
