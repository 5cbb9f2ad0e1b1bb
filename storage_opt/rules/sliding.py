"""Sums over the last hours, as an expression whose rows stay short and as numbers."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.modeler import Expression, Modeler

__all__ = ["as_expression", "measured", "rest_frac", "touched"]

_Array = NDArray[np.float64]
_LONGEST_ROW = 8
"""Intervals up to which a sum is written out instead of carried from one interval to the next."""
_SLIVER = 1e-9


def as_expression(
    model: Modeler, name: str, key: Hashable, values: Expression, duration_h: float, at_frac: float = 1.0
) -> Expression:
    """Energy of `values` over the `duration_h` before a share `at_frac` of each interval has passed (T,). [kWh]

    Notes
    -----
    ``W[t] = h (x[t] + ... + x[t-m+1]) + (duration - m h) x[t-m]`` at the end of an interval; where m is large it is
    carried, ``sliding``:  ``W[t] = W[t-1] + h x[t] - a x[t-m] - b x[t-m-1]``, so that no row is long.
    """
    at_end = model.shared(("sliding", key, duration_h), lambda: _stated(model, name, values, duration_h))
    if at_frac == 1.0:
        return at_end
    h, steps = model.horizon.step_h, model.horizon.steps
    earlier, last = _weights(duration_h, h, steps, at_frac), _weights(duration_h, h, steps)
    longest = max(earlier.size, last.size)
    change = _padded(earlier, longest) - _padded(last, longest)
    return at_end + _band(change, steps) @ values if np.any(np.abs(change) > _SLIVER) else at_end


def _stated(model: Modeler, name: str, values: Expression, duration_h: float) -> Expression:
    weights = _weights(duration_h, model.horizon.step_h, model.horizon.steps)
    steps = model.horizon.steps
    if weights.size <= _LONGEST_ROW:
        return _band(weights, steps) @ values
    total = model.variable(f"{name}.sliding_kwh", steps, lower=0.0)
    change = np.append(weights, 0.0) - np.append(0.0, weights)
    moved = _band(change[:steps], steps)
    model.require(f"{name}.sliding", total - sp.eye_array(steps, k=-1) @ total == moved @ values)
    return total


def measured(values: _Array, duration_h: float, step_h: float, at_frac: float = 1.0) -> _Array:
    """The same of numbers (T,). [kWh]

    Examples
    --------
    >>> measured(np.array([10.0, 20.0, 30.0]), 1.5, 1.0)
    array([10., 25., 40.])
    >>> measured(np.array([10.0, 20.0, 30.0]), 1.5, 1.0, 0.5)
    array([ 5., 20., 35.])
    """
    weights = _weights(duration_h, step_h, values.size, at_frac)
    total: _Array = np.convolve(values, weights)[: values.size]
    return total


def touched(where: NDArray[np.bool_], duration_h: float, step_h: float) -> NDArray[np.bool_]:
    """Intervals whose sum may hold something of the intervals `where` (T,)."""
    found: NDArray[np.bool_] = measured(where.astype(np.float64), duration_h, step_h) > 0
    return found


def rest_frac(duration_h: float, step_h: float) -> float:
    """Share of its last interval that a call takes which began with an interval. [0-1]

    Examples
    --------
    >>> rest_frac(1.5, 1.0), rest_frac(2.0, 0.25)
    (0.5, 1.0)
    """
    rest = duration_h / step_h - np.floor(duration_h / step_h + _SLIVER)
    return float(rest) if rest > _SLIVER else 1.0


def _weights(duration_h: float, step_h: float, steps: int, at_frac: float = 1.0) -> _Array:
    """Hours of the intervals that lie in the window, the last interval first."""
    first = min(at_frac * step_h, duration_h)
    whole = int(np.floor((duration_h - first) / step_h + _SLIVER))
    rest = duration_h - first - whole * step_h
    weights = np.append(first, np.full(whole, step_h))
    if rest > _SLIVER:
        weights = np.append(weights, rest)
    return weights[:steps]


def _padded(weights: _Array, size: int) -> _Array:
    return np.append(weights, np.zeros(size - weights.size))


def _band(weights: _Array, steps: int) -> sp.csr_array:
    """Matrix (T, T) that weighs an interval and those before it; weights that are nothing are left out."""
    offsets = np.flatnonzero(np.abs(weights) > _SLIVER)
    bands = [weights[n] * np.ones(steps - n) for n in offsets]
    return sp.diags_array(bands, offsets=-offsets, shape=(steps, steps)).tocsr()
