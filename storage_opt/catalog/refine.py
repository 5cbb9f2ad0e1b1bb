"""From hourly means to finer steps, with the energy of every hour kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["refine"]

_VARIABILITY_MEMORY_H = 0.5


def refine(
    hourly: NDArray[np.float64],
    parts: int,
    rng: np.random.Generator,
    *,
    variability_frac: float,
    shape: NDArray[np.float64] | None = None,
    upper: float = np.inf,
) -> NDArray[np.float64]:
    """Split every hour into `parts` steps whose mean is the hour's value.

    Parameters
    ----------
    hourly : (H,) array
        Hourly means, within 0 and `upper`.
    parts : int
        Steps an hour; 1 returns the input.
    rng : Generator
        Source of the variability within the hour.
    variability_frac : float
        Standard deviation of the steps around the smooth course, as a share of it. [0-1]
    shape : (H * parts,) array or None
        Known course within the hour, such as the height of the sun; where it is zero, the result is zero.
    upper : float
        Bound of the result.

    Notes
    -----
    ``x = line * shape * exp(variability * n)`` with ``line`` linear between the centres of the hours
    (of ``hourly / mean shape`` where a shape is given) and ``n`` an AR(1) with half an hour of memory; then
    ``x <- x * hourly / mean of x in the hour``. Where that exceeds `upper`, the hour's course is drawn
    towards its mean over the steps with a shape above zero, just as far as needed.
    """
    if parts == 1:
        return hourly.copy()
    steps = hourly.size * parts
    course = np.ones(steps) if shape is None else shape
    weight = course.reshape(-1, parts).mean(axis=1)
    level = np.divide(hourly, weight, out=np.zeros_like(hourly), where=weight > 0.0)
    # a dark hour has no level of its own; its neighbour's keeps the line from falling towards the night
    level = _filled(level, weight > 0.0)
    centre = (np.arange(hourly.size) + 0.5) * parts - 0.5
    line = np.interp(np.arange(steps), centre, level)
    raw = (line * course * np.exp(variability_frac * _noise(steps, parts, rng))).reshape(-1, parts)
    mean = raw.mean(axis=1)
    scaled = raw * np.divide(hourly, mean, out=np.zeros_like(hourly), where=mean > 0.0)[:, None]
    open_steps = (course > 0.0).reshape(-1, parts)
    lit = open_steps.mean(axis=1)
    flat = np.where(open_steps, np.divide(hourly, lit, out=np.zeros_like(hourly), where=lit > 0.0)[:, None], 0.0)
    over = (scaled - flat).max(axis=1)
    room = np.maximum(upper - flat.max(axis=1), 0.0)
    keep = np.divide(room, over, out=np.ones_like(room), where=over > room)
    result: NDArray[np.float64] = (flat + keep[:, None] * (scaled - flat)).ravel()
    return np.clip(result, 0.0, upper)


def _filled(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    places = np.flatnonzero(known)
    if places.size == 0:
        return values
    everywhere = np.arange(values.size)
    before = places[np.clip(np.searchsorted(places, everywhere, side="right") - 1, 0, None)]
    after = places[np.clip(np.searchsorted(places, everywhere), None, places.size - 1)]
    nearest = np.where(np.abs(everywhere - before) <= np.abs(after - everywhere), before, after)
    return values[nearest]


def _noise(steps: int, parts: int, rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    memory = np.exp(-1.0 / (parts * _VARIABILITY_MEMORY_H))
    path: NDArray[np.float64] = lfilter([np.sqrt(1.0 - memory**2)], [1.0, -memory], rng.standard_normal(steps))
    return path
