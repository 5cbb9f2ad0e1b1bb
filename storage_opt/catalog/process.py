"""A Gaussian weather process with two time scales: systems that pass in days, and their hourly structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TwoScaleProcess"]

_HOURS_A_DAY = 24
_DAYS_A_MONTH = 30
_BURN_IN_TIME_CONSTANTS = 20


@dataclass(frozen=True, slots=True)
class TwoScaleProcess:
    """A stationary standard normal process in hourly steps.

    Parameters
    ----------
    slow_share_frac : float
        Share of the variance in the slow component. [0-1]
    slow_h, fast_h : float
        Time constants of the two components. [h]

    Notes
    -----
    ``z[t] = sqrt(w) s[t] + sqrt(1 - w) f[t]`` with ``w = slow_share_frac``,

    each a smooth AR(2) with the double root ``a = exp(-1/slow_h)`` or ``exp(-1/fast_h)``:

    ``s[t] = 2a s[t-1] - a^2 s[t-2] + e[t]``,  ``var e = (1-a^2)^3 / (1+a^2)``,
    autocorrelation ``r(k) = (1 + k (1-a^2)/(1+a^2)) a^k``.

    AR(1) components cannot do it: fitted to the day-to-day persistence of wind (0.37 at 24 h in Inner
    Mongolia) they correlate 0.97 from one hour to the next where the real series has 0.99.
    """

    slow_share_frac: float
    slow_h: float
    fast_h: float

    def autocorrelation(self, lags_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Autocorrelation at `lags_h`, of the same shape."""
        slow, fast = (_double_root_autocorrelation(np.abs(lags_h), tau) for tau in (self.slow_h, self.fast_h))
        return self.slow_share_frac * slow + (1.0 - self.slow_share_frac) * fast

    def anomaly_autocorrelation(self, lags_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Autocorrelation that remains once each month x hour has had its own sample mean taken off.

        Notes
        -----
        ``(r(k) - c(k)) / (1 - c(0))`` with ``c(k)`` the covariance of the mean over a month's days at one
        hour and at the hour k later: what statistics of a single year can see of the process.
        """
        days = np.arange(_DAYS_A_MONTH)
        apart = np.asarray((days[:, None] - days[None, :]).ravel() * _HOURS_A_DAY, dtype=np.float64)
        spaced: NDArray[np.float64] = apart[:, None] + np.mod(lags_h, _HOURS_A_DAY)[None, :]
        own = float(self.autocorrelation(apart).mean())
        seen: NDArray[np.float64] = (self.autocorrelation(lags_h) - self.autocorrelation(spaced).mean(axis=0)) / (
            1.0 - own
        )
        return seen

    def simulate(self, hours: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """A path of `hours` standard normal values, started from the stationary state."""
        burn_in = int(np.ceil(_BURN_IN_TIME_CONSTANTS * max(self.slow_h, self.fast_h)))
        shocks = rng.standard_normal((2, burn_in + hours))
        slow = np.sqrt(self.slow_share_frac) * _double_root_path(shocks[0], self.slow_h)
        fast = np.sqrt(1.0 - self.slow_share_frac) * _double_root_path(shocks[1], self.fast_h)
        result: NDArray[np.float64] = (slow + fast)[burn_in:]
        return result

    @classmethod
    def fit(cls, lags_h: NDArray[np.float64], observed: NDArray[np.float64]) -> TwoScaleProcess:
        """The process with the anomaly autocorrelation nearest to `observed` at `lags_h`.

        Nearest by least squares of the miss over ``1 - r``.
        """
        from scipy.optimize import least_squares

        def miss(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
            return (cls(*parameters).anomaly_autocorrelation(lags_h) - observed) / tolerance

        # ramps go with 1 - r: a miss of 0.01 is a tenth of them where r is 0.9 and nothing where r is 0.3
        tolerance = np.maximum(1.0 - observed, 0.05)
        bounds = ([0.0, 1.0, 1.0], [1.0, 100.0, 100.0])
        starts = ((0.5, 20.0, 5.0), (0.8, 15.0, 3.0), (0.3, 40.0, 8.0))
        found = [least_squares(miss, start, bounds=bounds, x_scale=(0.1, 5.0, 5.0)) for start in starts]
        best = min(found, key=lambda result: float(result.cost))
        return cls(*(float(value) for value in best.x))


def _double_root_autocorrelation(lags_h: NDArray[np.float64], time_constant_h: float) -> NDArray[np.float64]:
    root = np.exp(-1.0 / time_constant_h)
    values: NDArray[np.float64] = (1.0 + lags_h * (1.0 - root**2) / (1.0 + root**2)) * root**lags_h
    return values


def _double_root_path(shocks: NDArray[np.float64], time_constant_h: float) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    root = np.exp(-1.0 / time_constant_h)
    gain = np.sqrt((1.0 - root**2) ** 3 / (1.0 + root**2))
    path: NDArray[np.float64] = lfilter([gain], [1.0, -2.0 * root, root**2], shocks)
    return path
