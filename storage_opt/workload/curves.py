"""Divisible work between the curve of what has arrived and the curve of what is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curves", "delayed_curves", "served_at_once"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Work of one group: any W with ``due <= W <= arrived`` is a schedule of it.

    Parameters
    ----------
    arrived_unit_h : (T,) array
        Work that has arrived by the end of each interval; what arrives in an interval may be done in it. [unit h]
    due_unit_h : (T,) array
        Work that must be done by the end of each interval, at most what has arrived. [unit h]
    members : (n,) int array
        Jobs of the group in the order in which they are served; empty for work given as a series.
    """

    arrived_unit_h: _Array
    due_unit_h: _Array
    members: NDArray[np.intp]

    @property
    def arriving_unit_h(self) -> _Array:
        """Work that arrives in each interval (T,). [unit h]"""
        return np.diff(self.arrived_unit_h, prepend=0.0)

    @property
    def most_backlog_unit_h(self) -> _Array:
        """Most work that may wait at the end of each interval (T,). [unit h]"""
        return np.maximum(self.arrived_unit_h - self.due_unit_h, 0.0)


def delayed_curves(arriving_units: _Array, delay_steps: int, step_h: float, served_unit_h: _Array) -> Curves:
    """Curves of work that is due a fixed delay after it arrives.

    Parameters
    ----------
    arriving_units : (T,) array
        Work that arrives, as units it keeps busy at full speed. [unit]
    delay_steps : int
        Delay in intervals.
    step_h : float
        Interval length. [h]
    served_unit_h : (T,) array
        What unshifted service has done by the end of each interval; nothing is due before that, and all of it is due
        at the end. [unit h]

    Notes
    -----
    ``A[t] = h sum_(s <= t) a[s]``,  ``D[t] = min(A[t - delay], W0[t])``,  ``D[T-1] = W0[T-1]``.

    Examples
    --------
    >>> delayed_curves(np.array([4.0, 0.0, 0.0]), 1, 1.0, np.array([4.0, 4.0, 4.0])).due_unit_h
    array([0., 4., 4.])
    """
    arrived = np.cumsum(arriving_units * step_h)
    shifted = np.concatenate([np.zeros(min(delay_steps, arrived.size)), arrived[: max(arrived.size - delay_steps, 0)]])
    due = np.minimum(shifted, served_unit_h)
    due[-1] = served_unit_h[-1]
    return Curves(arrived, due, np.zeros(0, dtype=np.intp))


def served_at_once(arriving_units: _Array, most_units: _Array, step_h: float) -> _Array:
    """Work done by the end of each interval when all of it runs as soon as there is room (T,). [unit h]

    Notes
    -----
    ``W[t] = min(A[t], W[t-1] + h c[t])`` is the min-plus convolution ``W = C + min(0, min_(s <= t) (A[s] - C[s]))``
    with C the cumulative room (Le Boudec and Thiran, Network Calculus, 2001).

    Examples
    --------
    >>> served_at_once(np.array([5.0, 0.0, 0.0]), np.array([2.0, 2.0, 2.0]), 1.0)
    array([2., 4., 5.])
    """
    arrived, room = np.cumsum(arriving_units * step_h), np.cumsum(most_units * step_h)
    done: _Array = np.minimum(room + np.minimum(np.minimum.accumulate(arrived - room), 0.0), arrived)
    return done
