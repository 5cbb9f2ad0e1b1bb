"""Rough Gaussian noise with two time scales: what lasts for hours and what lasts for days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TwoScaleNoise"]

_WINDOW_H = 720.0
"""Length of the series from which statistics are taken: a month. [h]"""


@dataclass(frozen=True, slots=True)
class TwoScaleNoise:
    """A stationary standard normal process, the sum of two of first order.

    Parameters
    ----------
    slow_share_frac : float
        Share of the variance in the slow component. [0-1]
    slow_h, fast_h : float
        Time constants of the two components. [h]

    Notes
    -----
    ``z = sqrt(w) s + sqrt(1 - w) f`` with autocorrelation ``r(k) = w exp(-k/slow) + (1 - w) exp(-k/fast)``.

    Units in use jump when jobs start and end, so the correlation falls linearly from lag zero; the smooth
    processes of the weather (:class:`~.process.TwoScaleProcess`) would not fit.
    """

    slow_share_frac: float
    slow_h: float
    fast_h: float

    def autocorrelation(self, lags_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Autocorrelation at `lags_h`, of the same shape."""
        slow, fast = np.exp(-lags_h / self.slow_h), np.exp(-lags_h / self.fast_h)
        values: NDArray[np.float64] = self.slow_share_frac * slow + (1.0 - self.slow_share_frac) * fast
        return values

    @property
    def hidden_frac(self) -> float:
        """Share of the variance that one month can't see, because it is in the month's own mean.

        Notes
        -----
        ``(2 / M^2) integral over 0..M of (M - k) r(k) dk``: the variance of the mean over a month of M hours.
        """
        parts = [
            2.0 * x * (1.0 - x * (1.0 - np.exp(-1.0 / x))) for x in np.array([self.slow_h, self.fast_h]) / _WINDOW_H
        ]
        return float(self.slow_share_frac * parts[0] + (1.0 - self.slow_share_frac) * parts[1])

    def seen_autocorrelation(self, lags_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Autocorrelation as one month shows it: ``(r(k) - h) / (1 - h)`` with h the hidden share."""
        hidden = self.hidden_frac
        return (self.autocorrelation(lags_h) - hidden) / (1.0 - hidden)

    def simulate(self, steps: int, step_h: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """A path of `steps` standard normal values (steps,), started from the stationary state."""
        from scipy.signal import lfilter

        path = np.zeros(steps)
        weights = (self.slow_share_frac, 1.0 - self.slow_share_frac)
        for weight, constant_h in zip(weights, (self.slow_h, self.fast_h), strict=True):
            memory = np.exp(-step_h / constant_h)
            shocks = np.sqrt(1.0 - memory**2) * rng.standard_normal(steps)
            shocks[0] /= np.sqrt(1.0 - memory**2)
            path += np.sqrt(weight) * lfilter([1.0], [1.0, -memory], shocks)
        return path

    @classmethod
    def fit(cls, lags_h: NDArray[np.float64], observed: NDArray[np.float64]) -> TwoScaleNoise:
        """The process whose autocorrelation, as one month shows it, is nearest to `observed` at `lags_h`.

        Nearest by least squares of the miss over ``1 - r``; time constants up to a week, since a month can't tell
        longer ones apart.
        """
        from scipy.optimize import least_squares

        def miss(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
            return (cls(*parameters).seen_autocorrelation(lags_h) - observed) / tolerance

        tolerance = np.maximum(1.0 - observed, 0.02)
        bounds = ([0.0, 12.0, 0.5], [1.0, 168.0, 12.0])
        starts = ((0.5, 60.0, 5.0), (0.8, 100.0, 3.0), (0.3, 30.0, 8.0))
        found = [least_squares(miss, start, bounds=bounds, x_scale=(0.1, 20.0, 2.0)) for start in starts]
        best = min(found, key=lambda result: float(result.cost))
        return cls(*(float(value) for value in best.x))
