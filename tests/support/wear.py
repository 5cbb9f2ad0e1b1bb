"""Wear by depth computed twice more: by a stack of depths, and by a linear program, neither with the package."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = ["cost_by_program", "cost_by_stack"]

_Array = NDArray[np.float64]


def cost_by_stack(stored: _Array, start: float | None, width: _Array, price: _Array) -> float:
    """Take from the cheapest depth that holds energy, fill the cheapest that has room. [money]

    A closed series (no `start`) runs from its highest point once around; depths beyond the last have its price.
    """
    if start is None:
        first = int(np.argmax(stored))
        series = np.concatenate([stored[first:], stored[: first + 1]])
    else:
        series = np.concatenate([[start], stored])
    low = float(series.min())
    room = np.append(width[:-1], np.inf)
    held = np.zeros(room.size)
    paid = 0.0
    for change in np.diff(series, prepend=low):
        available = room - held if change > 0 else held
        before = np.concatenate([[0.0], np.cumsum(available)[:-1]])
        taken = np.clip(abs(change) - before, 0.0, available)
        held = held + np.sign(change) * taken
        paid += float(taken @ price) * (change < 0)
    return paid


def cost_by_program(stored: _Array, start: float | None, width: _Array, price: _Array) -> float:
    """Least cost over all ways of sharing the stored energy out over depths, by HiGHS. [money]

    Columns ``e_k[t]``, ``f_k[t]``; rows ``sum_k e_k[t] = E[t] - low`` and ``e_k[t-1] - e_k[t] - f_k[t] <= 0``: the
    published problem, with a fall for every depth. The start of an open series may be shared out freely.
    """
    series = stored if start is None else np.concatenate([[start], stored])
    steps, depths = series.size, price.size
    low = float(series.min())
    unit = sp.eye_array(steps)
    before = sp.coo_array((np.ones(steps), (np.arange(steps), np.roll(np.arange(steps), 1))), shape=(steps, steps))
    fall = sp.csr_array(before - unit)
    falls = sp.csr_array(-unit)
    if start is not None:
        fall, falls = fall[1:], falls[1:]
    shared = sp.hstack([*[unit] * depths, sp.coo_array((steps, steps * depths))])
    lowered = sp.hstack([sp.block_diag([fall] * depths), sp.block_diag([falls] * depths)])
    answer = linprog(
        np.concatenate([np.zeros(steps * depths), np.repeat(price, steps)]),
        A_ub=sp.csc_array(lowered),
        b_ub=np.zeros(lowered.shape[0]),
        A_eq=sp.csc_array(shared),
        b_eq=series - low,
        bounds=[(0.0, edge) for edge in np.repeat(np.append(width[:-1], np.inf), steps)]
        + [(0.0, None)] * steps * depths,
        method="highs",
    )
    assert answer.status == 0, answer.message
    return float(answer.fun)
