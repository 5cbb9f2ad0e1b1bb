"""Ratios of energy over the horizon: self-use of what is available or consumed, export of what is available."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule, Sense
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.schedule import Flow, Metered

__all__ = ["ShareRule"]

_PERCENT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class ShareRule:
    """Energy of some flows as a share of a given energy, bounded from below (floor) or above (cap).

    Parameters
    ----------
    rule : Rule
        Name and words; its unit is the percentage point, so that a multiplier is money a point and a relaxation is
        told in points.
    part : Metered
        Flows whose energy counts. [kW]
    whole_kwh : float
        Energy it is compared with: the same whatever the schedule. [kWh]
    share_frac : float
        The bound. [0-1]

    Notes
    -----
    ``100 h sum_t part_t / whole >= 100 share`` for a floor, ``<=`` for a cap, over the whole horizon. A horizon that is
    a part of the contract's year has to keep the ratio of the year within itself.
    """

    equation: ClassVar[str] = "100 h sum_t part[t] / whole >= (<=) 100 share"

    rule: Rule
    part: Metered
    whole_kwh: float
    share_frac: float

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add the ratio as one row over chained sums."""
        everything = np.zeros(model.horizon.steps, dtype=np.intp)
        name = f"{self.rule.name}.energy_kwh"
        total = model.group_totals(name, model.horizon.step_h * self.part.value(flows), everything, 1)
        points = (_PERCENT / self.whole_kwh) * total
        bound = _PERCENT * self.share_frac
        constraint = points >= bound if self.rule.sense is Sense.FLOOR else points <= bound
        model.require(self.rule.name, constraint, self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Required and achieved share. [%]"""
        achieved = _PERCENT * float(self.part.value(flows).sum()) * horizon.step_h / self.whole_kwh
        required = _PERCENT * self.share_frac
        floor = self.rule.sense is Sense.FLOOR
        miss = required - achieved if floor else achieved - required
        ok = miss <= TOLERANCE_RELATIVE * _PERCENT
        return RuleCheck(self.rule.name, self.rule.words, ">=" if floor else "<=", required, achieved, "%", ok)
