"""Work behind what is sold: what a call delays stays within its deadlines and is caught up in the time allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.rules import sliding
from storage_opt.rules.base import RuleCheck
from storage_opt.rules.delays import Delay, spans
from storage_opt.rules.headroom import checked_room
from storage_opt.schedule import Flow, Metered

__all__ = ["CatchingUp", "DelayHeadroom"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DelayHeadroom:
    """Work that a call delays is not due before it is caught up.

    Parameters
    ----------
    rule : Rule
        Name and words.
    delay : Delay
        What a call delays.
    margin : Metered
        Minus the backlog. [unit h]
    constant_unit_h : (T,) array
        Largest backlog that keeps all deadlines. [unit h]
    following : int
        Intervals into the next day for which a call may still be felt.

    Notes
    -----
    ``deadline_room``:  ``Q[day] <= limit[t] - B[t]`` for every t of the day, and of the first hours of the next.
    """

    equation: ClassVar[str] = "Q[day] <= limit[t] - B[t]"

    rule: Rule
    delay: Delay
    margin: Metered
    constant_unit_h: _Array
    following: int

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval of a day, and for the first of the next."""
        delayed = self.delay.as_expression(model, flows)
        interval, span, count = self._pairs(model.horizon)
        left = self.margin.value(flows)[interval]
        model.require(
            self.rule.name,
            incidence(span, count) @ delayed - left <= self.constant_unit_h[interval],
            self.rule,
        )

    def check(self, flows: Mapping[Flow, _Array], horizon: Horizon) -> RuleCheck:
        """Backlog that may be added and work that a call delays, where they come closest. [unit h]"""
        interval, span, _ = self._pairs(horizon)
        left = self.constant_unit_h[interval] + self.margin.value(flows)[interval]
        return checked_room(self.rule, self.delay.measured(flows, horizon)[span], np.maximum(left, 0.0))

    def _pairs(self, horizon: Horizon) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
        """Intervals, the spans whose calls may be felt in them, and the number of spans."""
        ids, count = spans(horizon)
        earliest = ids[np.maximum(np.arange(horizon.steps) - self.following, 0)]
        back = [np.flatnonzero(ids - ahead >= earliest) for ahead in range(int((ids - earliest).max()) + 1)]
        return np.concatenate(back), np.concatenate([ids[t] - ahead for ahead, t in enumerate(back)]), count


@dataclass(frozen=True, slots=True, eq=False)
class CatchingUp:
    """Units that are free after a call do the work that it delayed.

    Parameters
    ----------
    rule : Rule
        Name and words.
    delays : tuple of Delay
        Classes that share the units.
    spare : Metered
        Minus the units at work. [unit]
    constant_units : (T,) array
        Units that may work. [unit]
    where : (T,) bool array
        Intervals with which a call may end.
    recovery_h : float
        Time allowed. [h]

    Notes
    -----
    ``catching_up``:  ``sum_c Q_c[day] <= h sum (on - u)`` over the hours allowed after t, which must lie in the
    horizon.
    """

    equation: ClassVar[str] = "sum_c Q_c[day] <= h sum_(hours allowed) (on[t] - u[t])"

    rule: Rule
    delays: tuple[Delay, ...]
    spare: Metered
    constant_units: _Array
    where: NDArray[np.bool_]
    recovery_h: float

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval with which a call may end."""
        horizon = model.horizon
        free = self.constant_units + self.spare.value(flows)
        name = f"{self.rule.name}.free"
        in_time = sliding.as_expression(model, name, (self.rule.name, "free"), free, self.recovery_h)
        ends, last = self._ends(horizon)
        owed = sum(delay.as_expression(model, flows) for delay in self.delays)
        ids, count = spans(horizon)
        model.require(self.rule.name, incidence(ids[ends], count) @ owed - in_time[last] <= 0, self.rule)

    def check(self, flows: Mapping[Flow, _Array], horizon: Horizon) -> RuleCheck:
        """Work that can be caught up and work that a call delays, where they come closest. [unit h]"""
        free = self.constant_units + self.spare.value(flows)
        in_time = sliding.measured(free, self.recovery_h, horizon.step_h)
        ends, last = self._ends(horizon)
        owed = sum((delay.measured(flows, horizon) for delay in self.delays), np.zeros(spans(horizon)[1]))
        return checked_room(self.rule, owed[spans(horizon)[0][ends]], np.maximum(in_time[last], 0.0))

    def _ends(self, horizon: Horizon) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Intervals with which a call may end, and the last of the time allowed."""
        ends = np.flatnonzero(self.where)
        allowed = int(np.floor(self.recovery_h / horizon.step_h + 1e-9))
        return ends, np.minimum(ends + allowed, horizon.steps - 1)
