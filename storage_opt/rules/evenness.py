"""Peak-valley difference rate of the exchange with the grid (交换功率峰谷差率), day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.grouping import Groups, incidence
from storage_opt.charges.quantity import PeakDemand
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.schedule import Flow, Metered

__all__ = ["DailyEvenness"]

_PERCENT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class DailyEvenness:
    """The lowest power of a day is at least a share of its highest.

    Parameters
    ----------
    rule : Rule
        Name and words.
    metered : Metered
        Flow that is to be even, non-negative. [kW]
    rate_frac : float
        Largest ``(highest - lowest) / highest`` of a day. [0-1]

    Notes
    -----
    ``day_peak``:  ``f[t] <= high[d]``, shared with demand charges;  ``low``:  ``f[t] >= low[d]``;
    ``low[d] >= (1 - rate) high[d]``; exact, since any highest and lowest that
    satisfy it bound the real ones. The documents name the rate without defining it (发改能源〔2025〕650号 art. 11,
    发改能源〔2026〕688号 art. 6); the day is an assumption.
    """

    equation: ClassVar[str] = "low[day] >= (1 - rate) high[day],  low[day] <= f[t] <= high[day]"

    rule: Rule
    metered: Metered
    rate_frac: float

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add lowest and ratio of each day to the peaks of the days."""
        days = model.horizon.days
        nothing, labels = np.zeros(days.count), ("",) * days.count
        by_day = PeakDemand(self.metered, Groups(days.ids, np.arange(days.count), labels), nothing, nothing)
        high, _ = by_day.day_peaks(model, flows)
        low = model.variable(f"{self.rule.name}.low_kw", days.count, lower=0.0)
        model.require(f"{self.rule.name}.low", self.metered.value(flows) >= incidence(days.ids, days.count) @ low)
        model.require(self.rule.name, (1.0 - self.rate_frac) * high - low <= 0.0, self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Required and achieved rate of the least even day. [%]"""
        values, days = self.metered.value(flows), horizon.days
        high, low = np.full(days.count, -np.inf), np.full(days.count, np.inf)
        np.maximum.at(high, days.ids, values)
        np.minimum.at(low, days.ids, values)
        rate = np.divide(high - low, high, out=np.zeros_like(high), where=high > 0)
        required, achieved = _PERCENT * self.rate_frac, _PERCENT * float(rate.max())
        ok = achieved - required <= TOLERANCE_RELATIVE * _PERCENT
        return RuleCheck(self.rule.name, self.rule.words, "<=", required, achieved, "%", ok)
