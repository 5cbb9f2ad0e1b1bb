"""The least sizes that can hold what the backup asks for, below which a site is no site."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import InputError
from storage_opt.lowering.backup import backup_plan
from storage_opt.spec.resolved import Site

__all__ = ["least_backed"]

_Vector = NDArray[np.float64]

_HALVINGS = 40
_ROUNDING = 1e-8


def least_backed(site_at: Callable[[_Vector], Site], lowest: _Vector, highest: _Vector) -> _Vector:
    """The least value of each size with which the backup can be held when all others are as large as can be (K,).

    Parameters
    ----------
    site_at : callable
        The site with given sizes (K,).
    lowest, highest : (K,) array
        Range of each size. [unit]

    Raises
    ------
    InputError
        When not even the largest sizes can hold it.
    """
    if site_at(highest).spec.backup is None:
        return lowest
    backup_plan(site_at(highest))
    found = lowest.copy()
    for number in np.flatnonzero(lowest < highest):

        def holds(value: float, number: int = int(number)) -> bool:
            sizes = highest.copy()
            sizes[number] = value
            try:
                backup_plan(site_at(sizes))
            except InputError:
                return False
            return True

        low, high = float(lowest[number]), float(highest[number])
        if holds(low):
            continue
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if holds(middle) else (middle, high)
        # what is held may exceed what fits by rounding, and must not
        found[number] = min(high * (1.0 + _ROUNDING), highest[number])
    return found
