"""All positive roots of a polynomial with real coefficients, found between its turning points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["positive_roots", "sign_changes"]

_Array = NDArray[np.float64]

_HALVINGS = 200
_TOUCHES = 1e-13
"""A turning point closer to zero than this share of the terms there is a double root: nearer, rounding decides."""


def sign_changes(coefficients: _Array) -> int:
    """Changes of sign along the coefficients; zeros do not count. No fewer than positive roots (Descartes)."""
    signs = np.sign(coefficients[coefficients != 0.0])
    return int(np.sum(signs[1:] != signs[:-1]))


def positive_roots(coefficients: _Array) -> tuple[float, ...]:
    """Positive roots of sum_k c[k] x^k in rising order; a root that is met without crossing zero is one root.

    Between two neighbouring roots of the derivative a polynomial is monotone, so one test of signs finds whether a root
    is there, and halving finds it. A companion matrix would be shorter, and would have to guess which of its complex
    eigenvalues were meant to be real.
    """
    scaled = np.trim_zeros(np.asarray(coefficients, dtype=np.float64))
    if scaled.size < 2:
        return ()
    scaled = scaled / np.abs(scaled).max()
    if sign_changes(scaled) == 0:
        return ()
    turning = positive_roots(scaled[1:] * np.arange(1, scaled.size))
    far = 1.0 + float(np.abs(scaled[:-1]).max() / abs(scaled[-1]))  # Cauchy: every root is nearer
    edges = [0.0, *(x for x in turning if x < far), far]
    # turning points may lie beyond all roots; those are no edges
    roots: list[float] = [x for x in edges[1:-1] if _touches(scaled, x)]
    for low, high in zip(edges, edges[1:], strict=False):
        if low in roots or high in roots:
            continue
        if _value(scaled, low) * _value(scaled, high) < 0.0:
            roots.append(_halved(scaled, low, high))
    return tuple(sorted(roots))


def _value(coefficients: _Array, x: float) -> float:
    """The polynomial over its largest power, so that nothing overflows far out."""
    if x <= 1.0:
        return float(np.polynomial.polynomial.polyval(x, coefficients))
    return float(np.polynomial.polynomial.polyval(1.0 / x, coefficients[::-1]))


def _touches(coefficients: _Array, x: float) -> bool:
    return abs(_value(coefficients, x)) <= _TOUCHES * coefficients.size * _value(np.abs(coefficients), x)


def _halved(coefficients: _Array, low: float, high: float) -> float:
    below = _value(coefficients, low) < 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if (_value(coefficients, middle) < 0.0) == below else (low, middle)
    return 0.5 * (low + high)
