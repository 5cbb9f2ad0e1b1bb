"""Power and energy behind what is sold: all products claim from the same room of a provider, so nothing is sold twice.

A plan is that of the mean: of the power held, a share is called on average. When all of it is called the output is
higher than planned by what is not expected, when nothing is called it is lower by what is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.rules.base import TOLERANCE_RELATIVE, RuleCheck
from storage_opt.rules.claims import Claim, called, called_measured, ends_within, touched_by
from storage_opt.rules.kept import kept
from storage_opt.rules.sliding import rest_frac
from storage_opt.schedule import Flow, Metered

__all__ = ["Drain", "EnergyHeadroom", "PowerHeadroom", "checked_room"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Drain:
    """A power limit that falls with the energy that calls take.

    Parameters
    ----------
    kw_per_kwh : float
        By how much, for each kWh of the store. [kW/kWh]
    energy : EnergyHeadroom
        The limit of the same store.
    """

    kw_per_kwh: float
    energy: EnergyHeadroom


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
    drain : Drain or None
        Where power tapers with the stored energy, which calls move.

    Notes
    -----
    ``room``:  ``sum_p share_p scale[t] r_p[t] + drain sum_p W_p[t] <= constant[t] + available[t]``, with what is kept
    (:mod:`storage_opt.rules.kept`) for W where products are called together.
    """

    equation: ClassVar[str] = "sum_p share_p scale[t] r_p[t] + drain sum_p W_p[t] <= constant[t] + available[t]"

    rule: Rule
    claims: tuple[Claim, ...]
    scale: _Array
    available: Metered
    constant_kw: _Array
    drain: Drain | None = None

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval in which something may be sold."""
        where = np.flatnonzero(np.any([c.where for c in self.claims], axis=0) & np.isfinite(self.constant_kw))
        if not where.size:
            return
        claimed = sum(claim.metered.value(flows)[where] for claim in self.claims)
        if np.any(self.scale != 1.0):
            claimed = sp.diags_array(self.scale[where]) @ claimed
        left = self.available.value(flows)[where] if self.available.terms else 0.0
        limit = self.constant_kw[where]
        if self.drain is None:
            model.require(self.rule.name, claimed - left <= limit, self.rule)
            return
        drain, energy = self.drain, self.drain.energy
        taken = energy.kept(model, flows)[1.0]
        model.require(self.rule.name, claimed + drain.kw_per_kwh * taken[where] - left <= limit, self.rule)
        begun = self._begun(model, flows)
        if begun is not None:
            name = _variant(self.rule.name, "begun")
            model.require(name, claimed + drain.kw_per_kwh * begun[where] - left <= limit, self.rule)

    def _begun(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression | None:
        """Energy of calls that began with an interval and end within one (T,); None when all end with one. [kWh]"""
        assert self.drain is not None
        energy, h = self.drain.energy, model.horizon.step_h
        if len(ends_within(self.claims, h)) == 1:
            return None
        return sum(
            called((c,), energy.scale, energy.rule.name, model, flows, rest_frac(c.duration_h, h)) for c in self.claims
        )

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Power left and power claimed of the interval in which they come closest. [kW]"""
        claimed = self.scale * sum((claim.metered.value(flows) for claim in self.claims), np.zeros(horizon.steps))
        if self.drain is not None:
            scale = self.drain.energy.scale
            ended = called_measured(self.claims, scale, flows, horizon)
            begun = sum(
                called_measured((c,), scale, flows, horizon, rest_frac(c.duration_h, horizon.step_h))
                for c in self.claims
            )
            claimed = claimed + self.drain.kw_per_kwh * np.maximum(ended, begun)
        sold = np.any([c.where for c in self.claims], axis=0)
        left = self.constant_kw + (self.available.value(flows) if self.available.terms else 0.0)
        return checked_room(self.rule, np.where(sold, claimed, 0.0), np.maximum(left, 0.0))


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
    change : Metered
        By how much the plan raises the energy left in an interval. [kWh]
    change_constant_kwh : (T,) array
        By how much it rises besides. [kWh]

    Notes
    -----
    ``energy``:  ``sum_p share_p W_p <= constant + margin`` with ``W_p`` the energy that a call of p takes if it ends
    there and began as early as it may (:mod:`storage_opt.rules.sliding`): at the end of each interval and, where a call
    that began with an interval ends within one, with what is left at its start (``energy_begun``) and at its end
    (``energy_after_begun``); in between the energy left goes straight from one to the other. Power held is never
    negative, so shorter calls take less. Where products are called together, what the shorter call took stays behind
    (:mod:`storage_opt.rules.kept`).
    """

    equation: ClassVar[str] = "sum_p share_p W_p[t] <= constant[t] + margin[t]"

    rule: Rule
    claims: tuple[Claim, ...]
    scale: _Array
    margin: Metered
    constant_kwh: _Array
    change: Metered
    change_constant_kwh: _Array

    def kept(self, model: Modeler, flows: Mapping[Flow, Expression]) -> dict[float, Expression]:
        """Energy taken by calls, ended ones included, by share of an interval, each (T,). [kWh of the store]"""
        name = self.rule.name
        return model.shared(("kept", name), lambda: kept(self.claims, self.scale, name, model, flows))

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add a row for each interval with which a call may end, and for each time within one."""
        where = np.flatnonzero(touched_by(self.claims, model.horizon.step_h) & np.isfinite(self.constant_kwh))
        if not where.size:
            return
        left, limit = self.margin.value(flows), self.constant_kwh
        later, first = where[where > 0], where[where == 0]
        for at_frac, taken in self.kept(model, flows).items():
            if at_frac == 1.0:
                model.require(self.rule.name, taken[where] - left[where] <= limit[where], self.rule)
                continue
            part = f"begun_{round(100 * at_frac)}"
            # at both ends, not a mixture of them: its rows would be nearly parallel to those of the dynamics
            before = np.minimum(limit[later - 1], limit[later])
            model.require(f"{self.rule.name}_{part}", taken[later] - left[later - 1] <= before, self.rule)
            if any(claim.duration_h > model.horizon.step_h for claim in self.claims):
                name = f"{self.rule.name}_after_{part}"
                model.require(name, taken[where] - left[where] <= limit[where], self.rule)
            if first.size:
                change = self.change.value(flows)[first] + self.change_constant_kwh[first]
                name = f"{self.rule.name}_first_{part}"
                model.require(name, taken[first] - left[first] + change <= limit[first], self.rule)

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Energy left and energy that calls which end together may take, where they come closest. [kWh]"""
        touched = touched_by(self.claims, horizon.step_h)
        taken, left = [], []
        for at_frac in ends_within(self.claims, horizon.step_h):
            taken.append(np.where(touched, called_measured(self.claims, self.scale, flows, horizon, at_frac), 0.0))
            ending = self.constant_kwh + self.margin.value(flows)
            if at_frac == 1.0:
                left.append(ending)
                continue
            starting = ending - self.change.value(flows) - self.change_constant_kwh
            starting[1:] = np.minimum(self.constant_kwh[:-1], self.constant_kwh[1:]) + self.margin.value(flows)[:-1]
            left.append(np.minimum(starting, ending))
        return checked_room(self.rule, np.concatenate(taken), np.maximum(np.concatenate(left), 0.0))


def _variant(name: str, part: str) -> str:
    """Name of a further row of a rule; a number stays at its end."""
    return re.sub(r"(_\d+)?$", rf"_{part}\1", name, count=1)


def checked_room(rule: Rule, claimed: _Array, left: _Array) -> RuleCheck:
    """What is left and what is claimed of it where they come closest; nothing is left where nothing is claimed."""
    limited = np.isfinite(left)
    if limited.any():
        claimed, left = claimed[limited], left[limited]
    worst = int(np.argmax(claimed - left)) if np.any(claimed > left) else int(np.argmax(claimed))
    scale = max(float(np.max(claimed, initial=0.0)), float(np.max(left[np.isfinite(left)], initial=0.0)), 1.0)
    ok = bool(np.all(claimed - left <= TOLERANCE_RELATIVE * scale))
    return RuleCheck(rule.name, rule.words, "<=", float(left[worst]), float(claimed[worst]), rule.unit, ok)
