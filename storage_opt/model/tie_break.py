"""Among schedules of equal cost: even flows, and work that does not wait."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.model.standard_form import Scaling, StandardForm

__all__ = ["TIE_BREAK_RELATIVE", "TieBreak"]

TIE_BREAK_RELATIVE = 1e-7
"""Most that the tie-break may add to the cost, as a share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class TieBreak:
    """Weights of a small term in the objective; see docs/explanation/tie-break.md.

    Parameters
    ----------
    even : (n,) array
        Weights of squares: small and even values are wanted.
    prompt : (n,) array
        Weights of values: small ones are wanted, such as work that waits.
    """

    even: NDArray[np.float64]
    prompt: NDArray[np.float64]

    def __bool__(self) -> bool:
        return bool(self.even.any() or self.prompt.any())

    def scaled(self, scaling: Scaling) -> TieBreak:
        """The same wishes in the variables of the scaled problem."""
        return TieBreak(self.even * scaling.column**2, self.prompt * scaling.column)

    def on(self, form: StandardForm, share: float) -> StandardForm:
        """The scaled problem with the term, as a share of the most that it may be.

        Notes
        -----
        ``x' diag(d) x / 2 + e' x``, each part about :data:`TIE_BREAK_RELATIVE` of the money that the schedule moves.
        """
        if not share:
            return form
        size = np.minimum(np.where(np.isfinite(form.upper), form.upper, 1.0), 1.0)
        admitted = share * TIE_BREAK_RELATIVE * float((np.abs(form.cost) * size).sum())
        squares = admitted / max(float(self.even.sum()), 1.0) * self.even
        values = admitted / max(float((self.prompt * size).sum()), 1.0) * self.prompt
        return replace(form.with_quadratic(squares), cost=form.cost + values)
