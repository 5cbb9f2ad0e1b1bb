"""The rule of published tools that shift data-centre work by price or carbon, as an independent opponent.

Wiesner et al. ("Let's wait awhile", Middleware 2021) and tools after it choose, for each job as it arrives, the
cheapest intervals of its window; none knows demand charges, storage or ratios of a contract.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.jobs import JobTable

__all__ = ["greedy_rate"]

_Array = NDArray[np.float64]


def greedy_rate(
    table: JobTable, max_delay_h: float, price: _Array, room_units: _Array, step_h: float
) -> tuple[_Array, float]:
    """Units busy when every job takes the cheapest intervals of its window that still have room (T,). [unit]

    Also returns the work that found no room. [unit h]
    """
    steps = price.size
    left, rate, homeless = room_units.astype(float).copy(), np.zeros(steps), 0.0
    index = np.arange(steps)
    for job in range(table.count):
        start = table.submit_h[job] / step_h
        end = min((table.submit_h[job] + table.duration_h[job] + max_delay_h) / step_h, steps)
        inside = np.clip(np.minimum(index + 1.0, end) - np.maximum(index, start), 0.0, 1.0)
        owed = float(table.work_unit_h[job]) / step_h
        for interval in np.argsort(price, kind="stable"):
            most = min(inside[interval] * table.units[job], left[interval])
            given = min(most, owed)
            rate[interval] += given
            left[interval] -= given
            owed -= given
            if owed <= 1e-12:
                break
        homeless += owed * step_h
    return rate, homeless
