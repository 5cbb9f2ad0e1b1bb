"""Power that may not exceed a limit in some intervals: exchange with the grid, export in named windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Limit, Modeler, Rule
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.schedule import Flow, Metered

__all__ = ["PowerCap"]


@dataclass(frozen=True, slots=True, eq=False)
class PowerCap:
    """A flow at most at its limit.

    Parameters
    ----------
    rule : Rule
        Name and words.
    metered : Metered
        Flow that is limited. [kW]
    limit_kw : (T,) array
        Limit of each interval, infinite where there is none. [kW]

    Notes
    -----
    ``f[t] <= limit[t]`` where the limit is finite.
    """

    equation: ClassVar[str] = "f[t] <= limit[t]"

    rule: Rule
    metered: Metered
    limit_kw: NDArray[np.float64]

    @property
    def bound(self) -> tuple[Flow, Limit] | None:
        """The cap as a limit of one flow; None when it is on a combination of flows."""
        if len(self.metered.terms) != 1 or self.metered.terms[0][1] != 1.0:
            return None
        return self.metered.terms[0][0], Limit(self.rule, self.limit_kw)

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each limited interval."""
        limited = np.flatnonzero(np.isfinite(self.limit_kw))
        if limited.size:
            values = self.metered.value(flows)
            values = values if limited.size == self.limit_kw.size else values[limited]
            model.require(self.rule.name, values <= self.limit_kw[limited], self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """The limit and the flow of the interval in which the flow comes closest to it, or exceeds it most. [kW]"""
        del horizon
        values = self.metered.value(flows)
        limited = np.flatnonzero(np.isfinite(self.limit_kw))
        if not limited.size:
            return RuleCheck(self.rule.name, self.rule.words, "<=", np.inf, float(values.max()), "kW", ok=True)
        worst = limited[np.argmax(values[limited] - self.limit_kw[limited])]
        required, achieved = float(self.limit_kw[worst]), float(values[worst])
        ok = achieved - required <= TOLERANCE_RELATIVE * max(required, float(values.max()), 1.0)
        return RuleCheck(self.rule.name, self.rule.words, "<=", required, achieved, "kW", ok)
