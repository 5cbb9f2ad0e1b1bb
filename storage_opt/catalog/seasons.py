"""Month tables as smooth curves over the year, with the same month means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.horizon import Horizon

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Seasons"]

_MONTHS, _HOURS = 12, 24


@dataclass(frozen=True)
class Seasons:
    """Reads month x hour tables on the hours of one calendar year.

    Parameters
    ----------
    year : Horizon
        A calendar year in hourly steps.

    Notes
    -----
    A curve is linear between knots in the middle of each month, December joined to January. The knots
    ``k`` solve ``A k = table`` with ``A[m, n]`` the mean over month m of the hat function of knot n, so
    the month means of the curve are those of the table, without a jump at midnight of the month's end.
    """

    year: Horizon

    @cached_property
    def _hats(self) -> NDArray[np.float64]:
        """Weight of each knot on each day (D, 12)."""
        days = self.year.days
        months = days.months
        middles = np.array([np.flatnonzero(months == m).mean() for m in range(1, _MONTHS + 1)])
        knots = np.concatenate(([middles[-1] - days.count], middles, [middles[0] + days.count]))
        weights = np.array([np.interp(np.arange(days.count), knots, row) for row in np.eye(_MONTHS + 2)]).T
        hats: NDArray[np.float64] = weights[:, 1:-1].copy()
        hats[:, -1] += weights[:, 0]
        hats[:, 0] += weights[:, -1]
        return hats

    @cached_property
    def _means(self) -> NDArray[np.float64]:
        """Mean of each hat over each month (12, 12)."""
        member = self.year.days.months[None, :] == np.arange(1, _MONTHS + 1)[:, None]
        means: NDArray[np.float64] = (member / member.sum(axis=1, keepdims=True)) @ self._hats
        return means

    def curve(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """A month x hour table (12, 24) as a curve over the hours of the year (T,)."""
        knots = np.linalg.solve(self._means, table)
        by_day: NDArray[np.float64] = self._hats @ knots
        return by_day[self.year.days.ids, self.year.hour]

    def table(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of `values` (T,) in each month and hour (12, 24)."""
        cells = (self.year.month - 1) * _HOURS + self.year.hour
        count = np.bincount(cells, minlength=_MONTHS * _HOURS)
        means: NDArray[np.float64] = np.bincount(cells, weights=values, minlength=_MONTHS * _HOURS) / count
        return means.reshape(_MONTHS, _HOURS)
