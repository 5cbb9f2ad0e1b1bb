"""Years between those that are solved: which ones to solve, and straight lines between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["between", "left_out", "spans", "years_to_solve"]

_Array = NDArray[np.float64]


def spans(changed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of the span of each year (Y,), from 0: a change of cells at the start of a year begins a new one."""
    begins = changed.copy()
    begins[0] = False
    return np.cumsum(begins)


def years_to_solve(chosen: Iterable[int], span: NDArray[np.intp]) -> tuple[int, ...]:
    """Chosen years together with the first and the last of each span, rising; all from 0."""
    edge = np.flatnonzero(np.diff(span))
    return tuple(sorted({*chosen, 0, span.size - 1, *edge.tolist(), *(edge + 1).tolist()}))


def between(solved: Sequence[int], values: _Array, span: NDArray[np.intp]) -> _Array:
    """Values of solved years (K, ...) on all years (Y, ...), by straight lines that never cross a change of cells.

    Parameters
    ----------
    solved : sequence of int
        Years that are known, rising, with the first and the last of each span.
    values : (K, ...) array
        What is known of them.
    span : (Y,) int array
        Span of each year.
    """
    known = np.asarray(solved)
    flat = values.reshape(known.size, -1)
    out = np.empty((span.size, flat.shape[1]))
    for number in range(int(span[-1]) + 1):
        years, inside = np.flatnonzero(span == number), span[known] == number
        for column in range(flat.shape[1]):
            out[years, column] = np.interp(years, known[inside], flat[inside, column])
    return out.reshape(span.size, *values.shape[1:])


def left_out(solved: Sequence[int], span: NDArray[np.intp], energy_frac: _Array) -> tuple[int, ...]:
    """Years in the middle of each gap, where straight lines have most room to be wrong, widest gap first.

    Gaps of one width come in the order of the share of rated energy that is lost across them, `energy_frac` (Y,).
    """
    gaps = [
        (left - right, -abs(float(energy_frac[left] - energy_frac[right])), left)
        for left, right in zip(solved, solved[1:], strict=False)
        if right - left > 1 and span[left] == span[right]
    ]
    return tuple(left + -width // 2 for width, _, left in sorted(gaps))
