"""An axis of a map or a frontier: a size that is open, or an assumption, with the values that are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InputError
from storage_opt.studies.sizing.assumptions import assumptions
from storage_opt.studies.sizing.case import Case, Finding

__all__ = ["Axis", "axis_of"]

_BEYOND = 2.0
"""Times the best size up to which an axis goes by default."""
_WITHOUT_BEST = 0.25
"""Share of its range to which the axis of a size goes that is best at its smallest."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One axis.

    Parameters
    ----------
    name : str
        Name of the size or of the assumption.
    unit : str
        Unit of its values; ``x`` for a factor.
    values : (n,) array
        What is looked at, rising; what is best stands among them. [unit]
    best : float
        The best size, or what the site assumes. [unit]
    number : int or None
        Which of the open sizes it is; None for an assumption.
    """

    name: str
    unit: str
    values: NDArray[np.float64]
    best: float
    number: int | None

    @property
    def is_size(self) -> bool:
        """Whether it is an open size."""
        return self.number is not None


def axis_of(case: Case, best: Finding, name: str, count: int, span: tuple[float, float] | None = None) -> Axis:
    """The axis of a name.

    Parameters
    ----------
    case, best : Case, Finding
        The problem, and its optimum.
    name : str
        Of an open size, such as ``bess.power_kw``, or of an assumption, such as ``discount_rate``.
    count : int
        Number of values, at least 2.
    span : tuple of float, optional
        First and last value; by default around the best. [unit]

    Raises
    ------
    InputError
        When nothing has that name, or the span lies outside of what is admissible.
    """
    if count < 2:
        raise InputError([Fault(f"{count} values are no axis", "take at least 2", key=name)])
    if name in case.names:
        number = case.names.index(name)
        size = case.problem.sizes[number]
        at, least, most = best.sizes[number], float(case.problem.lowest[number]), float(case.problem.highest[number])
        reach = at + (_BEYOND - 1.0) * (at - least)
        chosen = span or (least, min(most, reach if reach > least else least + _WITHOUT_BEST * (most - least)))
        return Axis(name, str(size.kind), _values(name, chosen, (least, most), at, count), at, number)
    known = {one.name: one for one in assumptions(case.problem.site)}
    if name not in known:
        listed = ", ".join(f"`{one}`" for one in (*case.names, *known))
        what = f"`{name}` is neither an open size nor anything that the site assumes"
        raise InputError([Fault(what, f"name one of {listed}", key="sizing")])
    one = known[name]
    values = _values(name, span or (one.low, one.high), (one.least, one.most), one.at_site, count)
    return Axis(name, one.unit, np.unique(np.round(values)) if one.is_whole else values, one.at_site, None)


def _values(
    name: str, span: tuple[float, float], within: tuple[float, float], best: float, count: int
) -> NDArray[np.float64]:
    """Evenly spaced values, the nearest one within moved to the best."""
    (low, high), (least, most) = span, within
    if not least <= low < high <= most:
        what = f"the axis of `{name}` from {low:g} to {high:g} does not lie within {least:g} and {most:g}, or is empty"
        raise InputError([Fault(what, "give a span that rises and lies within", key=name)])
    values = np.linspace(low, high, count)
    if low < best < high:
        inner = values[1:-1] if count > 2 else values
        nearest = int(np.argmin(np.abs(values - best)))
        if inner.size and 0 < nearest < count - 1:
            values[nearest] = best
    return values
