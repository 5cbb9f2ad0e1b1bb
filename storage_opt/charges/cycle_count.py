"""Cycles of stored energy, counted by rainflow: how deep each one went, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cycles", "counted_cycles"]


@dataclass(frozen=True, slots=True, eq=False)
class Cycles:
    """Counted cycles, each with one fall.

    Parameters
    ----------
    depth_kwh : (N,) array
        Depth of each. [kWh]
    interval : (N,) int array
        Interval at whose end its second turning point lies.
    """

    depth_kwh: NDArray[np.float64]
    interval: NDArray[np.intp]


def counted_cycles(stored_kwh: NDArray[np.float64], initial_kwh: float | None) -> Cycles:
    """Rainflow count of a series of stored energy.

    Parameters
    ----------
    stored_kwh : (T,) array
        Energy at the end of each interval. [kWh]
    initial_kwh : float or None
        Energy at the start; None where the series is closed, so that its last value is also its first. [kWh]

    Notes
    -----
    A closed series is rotated to its highest point and closed there. Of what does not close into full cycles, a fall
    counts one and a rise nothing: discharging wears, and a rise only fills again what fell. So the count costs what
    taking energy from the shallowest depth that is charged costs, for any convex depth stress.

    References
    ----------
    Counting after ASTM E1049-85 (2011), section 5.4.4. Xu, Zhao, Zheng, Litvinov, Kirschen (2018), *Factoring the
    cycle aging cost of batteries participating in electricity markets*, IEEE Transactions on Power Systems 33(2).

    Examples
    --------
    >>> import numpy as np
    >>> counted_cycles(np.array([10.0, 4.0, 6.0, 2.0, 10.0]), None).depth_kwh
    array([2., 8.])
    """
    import rainflow

    count = stored_kwh.size
    if initial_kwh is None:
        first = int(np.argmax(stored_kwh))
        series = np.concatenate([stored_kwh[first:], stored_kwh[: first + 1]])
        offset = first
    else:
        series = np.concatenate([[initial_kwh], stored_kwh])
        offset = -1
    if series.size == 2:
        series = np.append(series, series[-1])  # the package overlooks the end of a series of two values
    values = series.tolist()
    found = [
        (abs(values[start] - values[end]), (end + offset) % count)
        for _, _, share, start, end in rainflow.extract_cycles(values)
        if share == 1.0 or values[start] > values[end]
    ]
    depth, interval = zip(*found, strict=True) if found else ((), ())
    return Cycles(np.array(depth, dtype=np.float64), np.array(interval, dtype=np.intp))
