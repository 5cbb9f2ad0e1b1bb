"""Sums over the last hours, as an expression whose rows stay short and as numbers."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.modeler import Expression, Modeler

__all__ = ["as_expression", "measured", "touched"]

_LONGEST_ROW = 8
"""Intervals up to which a sum is written out instead of carried from one interval to the next."""
_SLIVER = 1e-9


def as_expression(model: Modeler, name: str, key: Hashable, values: Expression, duration_h: float) -> Expression:
    """Energy of `values` over the `duration_h` before the end of each interval (T,). [kWh]

    Notes
    -----
    ``W[t] = h (x[t] + ... + x[t-m+1]) + (duration - m h) x[t-m]``; where m is large it is carried,
    ``sliding``:  ``W[t] = W[t-1] + h x[t] - a x[t-m] - b x[t-m-1]``, so that no row is long.
    """
    return model.shared(("sliding", key, duration_h), lambda: _stated(model, name, values, duration_h))


def _stated(model: Modeler, name: str, values: Expression, duration_h: float) -> Expression:
    weights = _weights(duration_h, model.horizon.step_h, model.horizon.steps)
    steps = model.horizon.steps
    if weights.size <= _LONGEST_ROW:
        return _band(weights, steps) @ values
    total = model.variable(f"{name}.sliding_kwh", steps, lower=0.0)
    change = np.append(weights, 0.0) - np.append(0.0, weights)
    offsets = np.flatnonzero(np.abs(change) > _SLIVER)
    moved = sp.diags_array([change[n] * np.ones(steps - n) for n in offsets], offsets=-offsets, shape=(steps, steps))
    model.require(f"{name}.sliding", total - sp.eye_array(steps, k=-1) @ total == moved.tocsr() @ values)
    return total


def measured(values: NDArray[np.float64], duration_h: float, step_h: float) -> NDArray[np.float64]:
    """The same of numbers (T,). [kWh]

    Examples
    --------
    >>> measured(np.array([10.0, 20.0, 30.0]), 1.5, 1.0)
    array([10., 25., 40.])
    """
    weights = _weights(duration_h, step_h, values.size)
    total: NDArray[np.float64] = np.convolve(values, weights)[: values.size]
    return total


def touched(where: NDArray[np.bool_], duration_h: float, step_h: float) -> NDArray[np.bool_]:
    """Intervals whose sum may hold something of the intervals `where` (T,)."""
    found: NDArray[np.bool_] = measured(where.astype(np.float64), duration_h, step_h) > 0
    return found


def _weights(duration_h: float, step_h: float, steps: int) -> NDArray[np.float64]:
    """Hours of the intervals that lie in the window, the last interval first."""
    whole = int(np.floor(duration_h / step_h + _SLIVER))
    rest = duration_h - whole * step_h
    weights = np.full(whole, step_h)
    if rest > _SLIVER or not whole:
        weights = np.append(weights, max(rest, 0.0))
    return weights[:steps]


def _band(weights: NDArray[np.float64], steps: int) -> sp.csr_array:
    bands = [weight * np.ones(steps - n) for n, weight in enumerate(weights)]
    return sp.diags_array(bands, offsets=-np.arange(weights.size), shape=(steps, steps)).tocsr()
