"""What a difference is above nothing: a column, of which the slack below it is the other part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.modeler import Expression, Modeler

__all__ = ["Parts", "state_parts"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The part above (T,), and the pair that makes it exact.

    Parameters
    ----------
    above : (T,) expression
        ``max(0, difference)`` once the pair excludes each other; before that, no less.
    opposites : Opposites
        The column and the slack.
    """

    above: Expression
    opposites: Opposites


def state_parts(model: Modeler, variable: str, row: str, difference: Expression, most: _Array, least: _Array) -> Parts:
    """State the part of a difference that is above nothing.

    Parameters
    ----------
    model : Modeler
        The model under construction.
    variable, row : str
        Names of the column and of the inequality.
    difference : (T,) expression
        Affine.
    most, least : (T,) array
        What it can be; they follow from other limits.

    Notes
    -----
    ``above[t] >= difference[t]``, ``above >= 0``. With its slack the row is ``above - below = difference``. A cost on
    the part above alone is convex, so the problem without binaries overstates it only where that pays; then one of the
    two is held at zero, and their bounds, ``max(0, most)`` and ``max(0, -least)``, are stated too.
    """
    above = model.variable(variable, most.size, lower=0.0)
    model.require(row, difference - above <= 0)
    return Parts(above, Opposites(variable, row, (np.maximum(most, 0.0), np.maximum(-least, 0.0))))
