"""Power and energy behind what is sold: all products claim from the same room of a provider, so nothing is sold twice.

A plan is that of the mean: of the power held, a share is called on average. When all of it is called the output is
higher than planned by what is not expected, when nothing is called it is lower by what is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.rules import sliding
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.schedule import Flow, Metered

__all__ = ["Claim", "EnergyHeadroom", "PowerHeadroom", "checked_room"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Power that a product holds of a provider, as far as it may differ from the plan.

    Parameters
    ----------
    flow : Flow
        The power held. [kW]
    share_frac : float
        Share of it by which the output may differ from the plan. [0-1]
    duration_h : float
        How long a call lasts. [h]
    where : (T,) bool array
        Intervals in which it may be sold.
    """

    flow: Flow
    share_frac: float
    duration_h: float
    where: NDArray[np.bool_]

    @property
    def metered(self) -> Metered:
        """The difference from the plan. [kW]"""
        return Metered.of(self.flow).times(self.share_frac)


@dataclass(frozen=True, slots=True, eq=False)
class PowerHeadroom:
    """What all products claim of a provider at a time is at most the power it has left.

    Parameters
    ----------
    rule : Rule
        Name and words.
    claims : tuple of Claim
        What is sold.
    scale : (T,) array
        Power of the provider for each kW sold, such as cold for electricity.
    available : Metered
        Part of the power left that the plan decides, such as charge minus discharge. [kW]
    constant_kw : (T,) array
        The other part, such as the rating; infinite where there is no limit. [kW]
    drain_kw_per_kwh : float
        By how much the limit falls for each kWh called, where power tapers with the stored energy. [kW/kWh]

    Notes
    -----
    ``room``:  ``sum_p share_p (scale[t] r_p[t] + drain W_p[t]) <= constant[t] + available[t]``.
    """

    equation: ClassVar[str] = "sum_p share_p (scale[t] r_p[t] + drain W_p[t]) <= constant[t] + available[t]"

    rule: Rule
    claims: tuple[Claim, ...]
    scale: _Array
    available: Metered
    constant_kw: _Array
    drain_kw_per_kwh: float = 0.0

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval in which something may be sold."""
        where = np.flatnonzero(np.any([c.where for c in self.claims], axis=0) & np.isfinite(self.constant_kw))
        if not where.size:
            return
        claimed = sum(claim.metered.value(flows)[where] for claim in self.claims)
        if np.any(self.scale != 1.0):
            claimed = sp.diags_array(self.scale[where]) @ claimed
        if self.drain_kw_per_kwh:
            claimed = claimed + self.drain_kw_per_kwh * _taken(self.claims, model, flows)[where]
        left = self.available.value(flows)[where] if self.available.terms else 0.0
        model.require(self.rule.name, claimed - left <= self.constant_kw[where], self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Power left and power claimed of the interval in which they come closest. [kW]"""
        claimed = self.scale * sum((claim.metered.value(flows) for claim in self.claims), np.zeros(horizon.steps))
        claimed = claimed + self.drain_kw_per_kwh * _taken_measured(self.claims, flows, horizon)
        left = self.constant_kw + (self.available.value(flows) if self.available.terms else 0.0)
        return checked_room(self.rule, claimed, np.maximum(left, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class EnergyHeadroom:
    """What calls of all products may take, each for as long as it lasts, is there whenever they end.

    Parameters
    ----------
    rule : Rule
        Name and words.
    claims : tuple of Claim
        What is sold.
    scale : (T,) array
        Energy of the store for each kWh called.
    margin : Metered
        Part of the energy left at the end of an interval that the plan decides, such as the stored energy. [kWh]
    constant_kwh : (T,) array
        The other part, such as the least energy that must stay. [kWh]

    Notes
    -----
    ``energy``:  ``scale[t] sum_p share_p W_p[t] <= constant[t] + margin[t]`` with ``W_p[t]`` the energy that a call of
    p takes if it ends with interval t and began as early as it may (:mod:`storage_opt.rules.sliding`). Power held is
    never negative, so shorter calls take less. Calls begin with an interval.
    """

    equation: ClassVar[str] = "scale[t] sum_p share_p W_p[t] <= constant[t] + margin[t]"

    rule: Rule
    claims: tuple[Claim, ...]
    scale: _Array
    margin: Metered
    constant_kwh: _Array

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval with which a call may end."""
        h = model.horizon.step_h
        where = np.flatnonzero(
            np.any([sliding.touched(c.where, c.duration_h, h) for c in self.claims], axis=0)
            & np.isfinite(self.constant_kwh)
        )
        if not where.size:
            return
        taken = _taken(self.claims, model, flows)[where]
        if np.any(self.scale != 1.0):
            taken = sp.diags_array(self.scale[where]) @ taken
        model.require(self.rule.name, taken - self.margin.value(flows)[where] <= self.constant_kwh[where], self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Energy left and energy that calls may take, where they come closest. [kWh]"""
        taken = _taken_measured(self.claims, flows, horizon)
        left = self.constant_kwh + self.margin.value(flows)
        return checked_room(self.rule, self.scale * taken, np.maximum(left, 0.0))


def _taken(claims: tuple[Claim, ...], model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
    """Energy of calls that end with each interval (T,). [kWh]"""
    taken: Expression = 0.0
    for claim in claims:
        energy = sliding.as_expression(model, claim.flow.column, claim.flow, flows[claim.flow], claim.duration_h)
        taken = taken + claim.share_frac * energy
    return taken


def _taken_measured(claims: tuple[Claim, ...], flows: Mapping[Flow, _Array], horizon: Horizon) -> _Array:
    taken = np.zeros(horizon.steps)
    for claim in claims:
        taken += claim.share_frac * sliding.measured(flows[claim.flow], claim.duration_h, horizon.step_h)
    return taken


def checked_room(rule: Rule, claimed: _Array, left: _Array) -> RuleCheck:
    """What is left and what is claimed of it where they come closest; nothing is left where nothing is claimed."""
    worst = int(np.argmax(claimed - left)) if np.any(claimed > left) else int(np.argmax(claimed))
    scale = max(float(np.max(claimed, initial=0.0)), float(np.max(left[np.isfinite(left)], initial=0.0)), 1.0)
    ok = bool(np.all(claimed - left <= TOLERANCE_RELATIVE * scale))
    return RuleCheck(rule.name, rule.words, "<=", float(left[worst]), float(claimed[worst]), rule.unit, ok)
