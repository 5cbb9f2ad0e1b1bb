"""Ratios of energy over a contract year: self-use of what is available or consumed, export, green share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.metered_energy import metered_energy
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule, Sense
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.schedule import Flow, Metered

__all__ = ["Counted", "ShareRule"]

_PERCENT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Where a ratio is counted, and what of its year lies before the horizon.

    Parameters
    ----------
    inside : (T,) bool array
        Intervals of the horizon that belong to the year.
    part_before_kwh, whole_before_kwh : float
        Energy of the year before the horizon. [kWh]
    """

    inside: NDArray[np.bool_]
    part_before_kwh: float = 0.0
    whole_before_kwh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ShareRule:
    """Energy of some flows as a share of that of others, bounded from below (floor) or above (cap).

    Parameters
    ----------
    rule : Rule
        Name and words; its unit is the percentage point, so that a multiplier is money a point and a relaxation is
        told in points.
    part, whole : Metered
        Flows whose energy counts, and flows it is compared with. [kW]
    share_frac : float
        The bound. [0-1]
    counted : Counted
        The intervals of one contract year.
    whole_kwh : float
        Typical energy of `whole`, which turns energy into percentage points: what it is where the schedule does not
        change it. [kWh]
    bought : bool
        Whether what is missing is made up with certificates: then nothing is required of the schedule.

    Notes
    -----
    ``100 (h sum_t (part_t - share whole_t)) / whole_kwh + 100 share >= 100 share`` for a floor, ``<=`` for a cap; the
    energy before the horizon is added to both sums. Linear in the flows, whatever they are.
    """

    equation: ClassVar[str] = "100 h sum_t part[t] / sum_t whole[t] >= (<=) 100 share"

    rule: Rule
    part: Metered
    whole: Metered
    share_frac: float
    counted: Counted
    whole_kwh: float
    bought: bool = False

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add the ratio as one row over sums that other rules share."""
        if self.bought:
            return
        year = np.where(self.counted.inside, 0, -1).astype(np.intp)
        ahead = self.part - self.whole.times(self.share_frac)
        total = metered_energy(model, flows, ahead, year, 1)
        before = self.counted.part_before_kwh - self.share_frac * self.counted.whole_before_kwh
        bound = _PERCENT * self.share_frac
        points = (_PERCENT / self.whole_kwh) * (total + before) + bound
        constraint = points >= bound if self.rule.sense is Sense.FLOOR else points <= bound
        model.require(self.rule.name, constraint, self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Required and achieved share. [%]"""
        inside = self.counted.inside
        part = float(self.part.value(flows)[inside].sum()) * horizon.step_h + self.counted.part_before_kwh
        whole = float(self.whole.value(flows)[inside].sum()) * horizon.step_h + self.counted.whole_before_kwh
        required = _PERCENT * self.share_frac
        achieved = _PERCENT * part / whole if whole > 0 else 0.0
        if self.bought:
            achieved = max(achieved, required)
        floor = self.rule.sense is Sense.FLOOR
        miss = required - achieved if floor else achieved - required
        ok = miss <= TOLERANCE_RELATIVE * _PERCENT
        return RuleCheck(self.rule.name, self.rule.words, ">=" if floor else "<=", required, achieved, "%", ok)
