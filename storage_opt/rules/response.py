"""Response against a baseline, and energy that is sold by the kWh only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import Groups, incidence
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.rules.headroom import checked_room
from storage_opt.schedule import Flow, Metered

__all__ = ["Baseline", "ResponseWithin", "SoldOnce"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Import less export that would have been.

    Parameters
    ----------
    fixed_kw : (T,) array or None
        As numbers. [kW]
    like_days : (T, T) sparse array or None
        As the mean of the plan's own like days.
    """

    fixed_kw: _Array | None
    like_days: sp.csr_array | None = None

    def at(self, where: NDArray[np.intp], net: Expression) -> Expression:
        """The baseline in some intervals, of numbers or of expressions. [kW]"""
        if self.fixed_kw is not None:
            return self.fixed_kw[where]
        assert self.like_days is not None
        return self.like_days[where] @ net


@dataclass(frozen=True, slots=True, eq=False)
class ResponseWithin:
    """Response is at most what the meter shows against the baseline, less what other products are paid for it.

    Parameters
    ----------
    rule : Rule
        Name and words.
    delivered : Flow
        Response that is sold. [kW]
    net : Metered
        Import less export. [kW]
    baseline : Baseline
        What it is measured from.
    sign : float
        1 where import is to fall, -1 where it is to rise.
    elsewhere : Metered
        Energy that other products are paid for in the same direction; may have no terms. [kW]
    events : Groups
        Event of each interval.
    most_kw : (T,) array
        By how much import may be on the wrong side of the baseline in an event that is left out. [kW]

    Notes
    -----
    ``response``:  ``v[t] + elsewhere[t] <= sign (baseline[t] - net[t]) + y[t]``;
    ``left_out``:  ``y[t] <= most (1 - z[event])`` with z whether the site takes part in the event.
    """

    equation: ClassVar[str] = "v[t] + elsewhere[t] <= sign (baseline[t] - net[t]) where the site takes part"

    rule: Rule
    delivered: Flow
    net: Metered
    baseline: Baseline
    sign: float
    elsewhere: Metered
    events: Groups
    most_kw: _Array

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add the rows of all events; whether the site takes part was stated with the product."""
        where = np.flatnonzero(self.events.ids >= 0)
        name = self.delivered.owner
        net = self.net.value(flows)
        sold = flows[self.delivered][where]
        if self.elsewhere.terms:
            sold = sold + self.elsewhere.value(flows)[where]
        taken = model.shared(("taken", name), lambda: None)
        beyond: Expression = 0.0
        if taken is not None:
            most = self.most_kw[where]
            beyond = model.variable(f"{name}.beyond_kw", where.size, lower=0.0)
            to_event = incidence(self.events.ids[where], self.events.count)
            model.require(f"{name}.left_out", beyond + sp.diags_array(most) @ (to_event @ taken) <= most)
        shown = self.sign * (self.baseline.at(where, net) - net[where])
        model.require(self.rule.name, sold - beyond - shown <= 0, self.rule)

    def check(self, flows: Mapping[Flow, _Array], horizon: Horizon) -> RuleCheck:
        """What the meter shows and what is sold, where they come closest in events that are sold. [kW]"""
        del horizon
        delivered = flows[self.delivered]
        is_sold = delivered > TOLERANCE_RELATIVE * float(np.max(delivered, initial=1.0))
        where = np.flatnonzero((self.events.ids >= 0) & is_sold)
        if not where.size:
            return RuleCheck(self.rule.name, self.rule.words, "<=", 0.0, 0.0, "kW", ok=True)
        net = self.net.value(flows)
        sold = flows[self.delivered][where]
        if self.elsewhere.terms:
            sold = sold + self.elsewhere.value(flows)[where]
        shown = self.sign * (self.baseline.at(where, net) - net[where])
        return checked_room(self.rule, sold, np.maximum(shown, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class SoldOnce:
    """Energy of a battery that is sold by the kWh is at most what flows.

    Parameters
    ----------
    rule : Rule
        Name and words.
    sold : Metered
        Energy that is paid by rule, of all payments. [kW]
    source : Metered
        What flows. [kW]
    where : (T,) bool array
        Intervals in which energy may be sold.

    Notes
    -----
    ``sold_once``:  ``sum v[t] <= f[t]``.
    """

    equation: ClassVar[str] = "sum v[t] <= f[t]"

    rule: Rule
    sold: Metered
    source: Metered
    where: NDArray[np.bool_]

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add the rows of the intervals in which energy may be sold."""
        where = np.flatnonzero(self.where)
        sold, source = self.sold.value(flows)[where], self.source.value(flows)[where]
        model.require(self.rule.name, sold - source <= 0, self.rule)

    def check(self, flows: Mapping[Flow, _Array], horizon: Horizon) -> RuleCheck:
        """What flows and what is sold of it, where they come closest. [kW]"""
        del horizon
        sold = np.where(self.where, self.sold.value(flows), 0.0)
        return checked_room(self.rule, sold, np.maximum(self.source.value(flows), 0.0))
