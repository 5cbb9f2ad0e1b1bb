"""Work that calls delay: what would have been done, and what is lost each time units are stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import incidence
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.rules.claims import Claim, called, called_measured, ends_within, intervals_of, products_of, touched_by
from storage_opt.schedule import Flow

__all__ = ["Delay", "spans"]

_Array = NDArray[np.float64]
_Ids = NDArray[np.intp]
_LONGEST_SPAN = 96
"""Intervals of a span at most, so that no column is long."""


def spans(horizon: Horizon) -> tuple[_Ids, int]:
    """Days, or parts of days with many intervals: span of each interval (T,), and their number."""
    parts = int(np.ceil(24 * 60 / horizon.step_minutes / _LONGEST_SPAN))
    part = horizon.minute_of_day * parts // (24 * 60)
    _, ids = np.unique(horizon.days.ids * parts + part, return_inverse=True)
    return ids.astype(np.intp), int(ids[-1]) + 1


def _felt_spans(intervals: _Ids, following: int, horizon: Horizon) -> tuple[_Ids, _Ids]:
    """Pairs of an interval and a later span (or its own) that it reaches within so many intervals."""
    ids, _ = spans(horizon)
    own, last = ids[intervals], ids[np.minimum(intervals + following, horizon.steps - 1)]
    interval, span = [intervals], [own]
    for ahead in range(1, int((last - own).max(initial=0)) + 1):
        reaches = own + ahead <= last
        interval.append(intervals[reaches])
        span.append(own[reaches] + ahead)
    return np.concatenate(interval), np.concatenate(span)


@dataclass(frozen=True, slots=True, eq=False)
class Delay:
    """Most work of a class that calls delay on a day, or on a part of a day with many intervals.

    Parameters
    ----------
    name : str
        Class of work.
    claims : tuple of Claim
        What products hold of its power.
    units_per_kw : (T,) array
        Units that stop for each kW. [unit/kW]
    checkpoint_h : float
        Work lost each time a unit stops. [h]
    recovery_h : float
        Time in which a call is caught up. [h]

    Notes
    -----
    ``delayed_work``:  ``Q_p[day] >= W_p[t] + checkpoint S_p[t]`` for every t of the day, W the work of a call of
    product p that ends with t, S the units that it stops: those at its start and every further one,
    ``stopped``:  ``v[t] >= u[t] - u[t-1]``. Calls of different products may follow one another before they are caught
    up, so their delays add up, ``delayed``:  ``Q[day] >= sum_p Q_p[day]``, unless their windows are too far apart.
    """

    name: str
    claims: tuple[Claim, ...]
    units_per_kw: _Array
    checkpoint_h: float
    recovery_h: float

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Work delayed by span (D,). [unit h]"""
        return model.shared(("delay", self.name), lambda: self._stated(model, flows))

    def _stated(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        parts = {
            product: self._of_product(product, claims, model, flows)
            for product, claims in products_of(self.claims).items()
        }
        delayed = model.variable(f"{self.name}.delayed_unit_h", spans(model.horizon)[1], lower=0.0)
        for number, products in enumerate(self._together(model.horizon), start=1):
            model.require(f"{self.name}.delayed_{number}", delayed - sum(parts[p] for p in products) >= 0)
        return delayed

    def _of_product(
        self, product: str, claims: tuple[Claim, ...], model: Modeler, flows: Mapping[Flow, Expression]
    ) -> Expression:
        horizon, owner = model.horizon, f"{self.name}.{product}"
        count = spans(horizon)[1]
        delayed = model.variable(f"{owner}.delayed_unit_h", count, lower=0.0)
        interval, span = self._felt(claims, horizon)
        to_span = incidence(span, count)
        lost: Expression = 0.0
        if self.checkpoint_h:
            lost = self.checkpoint_h * sum(self._stopped(owner, c, model, flows)[interval] for c in claims)
        for number, x in enumerate(ends_within(claims, horizon.step_h), start=1):
            work = called(claims, self.units_per_kw, self.name, model, flows, x)[interval]
            model.require(f"{owner}.delayed_work_{number}", work + lost - to_span @ delayed <= 0)
        return delayed

    def _stopped(self, owner: str, claim: Claim, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Units that a call stops which ends with an interval and began as early as it may (T,). [unit]"""
        steps, count = model.horizon.steps, _length(claim, model.horizon.step_h)
        units = (sp.diags_array(claim.share_frac * self.units_per_kw) @ flows[claim.flow]) if steps else 0.0
        first = sp.eye_array(steps, k=-(count - 1)).tocsr() @ units
        if count == 1:
            return first
        more = model.variable(f"{owner}.{claim.flow.owner}.{claim.flow.kind}.stopped_units", steps, lower=0.0)
        rises = (sp.eye_array(steps) - sp.eye_array(steps, k=-1)).tocsr() @ units
        model.require(f"{owner}.{claim.flow.owner}.{claim.flow.kind}.stopped", rises - more <= 0)
        offsets = -np.arange(count - 1)
        window = sp.diags_array([np.ones(steps + o) for o in offsets], offsets=offsets, shape=(steps, steps)).tocsr()
        return first + window @ more

    def measured(self, flows: Mapping[Flow, _Array], horizon: Horizon) -> _Array:
        """Work delayed by span (D,). [unit h]"""
        parts = {}
        for product, claims in products_of(self.claims).items():
            interval, span = self._felt(claims, horizon)
            points = ends_within(claims, horizon.step_h)
            work = np.max([called_measured(claims, self.units_per_kw, flows, horizon, x) for x in points], axis=0)
            if self.checkpoint_h:
                work = work + self.checkpoint_h * sum(self._stopped_measured(c, flows, horizon.step_h) for c in claims)
            parts[product] = np.zeros(spans(horizon)[1])
            np.maximum.at(parts[product], span, work[interval])
        sums = [np.sum([parts[p] for p in products], axis=0) for products in self._together(horizon)]
        delayed: _Array = np.max(sums, axis=0)
        return delayed

    def _stopped_measured(self, claim: Claim, flows: Mapping[Flow, _Array], step_h: float) -> _Array:
        units = claim.share_frac * self.units_per_kw * flows[claim.flow]
        count = _length(claim, step_h)
        first = np.append(np.zeros(count - 1), units)[: units.size]
        if count == 1:
            return first
        rises = np.maximum(np.diff(units, prepend=0.0), 0.0)
        total: _Array = first + np.convolve(rises, np.ones(count - 1))[: units.size]
        return total

    def _felt(self, claims: tuple[Claim, ...], horizon: Horizon) -> tuple[_Ids, _Ids]:
        """Intervals with which calls of a product may end, and the spans in which calls of others may meet them."""
        following = intervals_of([c for c in self.claims if c.product != claims[0].product], horizon.step_h)
        return _felt_spans(np.flatnonzero(touched_by(claims, horizon.step_h)), following, horizon)

    def _together(self, horizon: Horizon) -> list[list[str]]:
        """Products by whether calls of them may follow one another before they are caught up."""
        h = horizon.step_h
        products = products_of(self.claims)
        touched = {name: touched_by(claims, h) for name, claims in products.items()}
        reach = int(np.ceil(self.recovery_h / h - 1e-9))
        felt = {
            name: np.convolve(own.astype(float), np.ones(reach + 1))[: own.size] > 0 for name, own in touched.items()
        }
        groups: list[list[str]] = []
        for name in products:
            near = [
                group
                for group in groups
                if any((felt[name] & touched[o]).any() or (felt[o] & touched[name]).any() for o in group)
            ]
            groups = [group for group in groups if group not in near] + [[name, *(o for group in near for o in group)]]
        return groups


def _length(claim: Claim, step_h: float) -> int:
    """Intervals that a call touches which began with one."""
    return int(np.ceil(claim.duration_h / step_h - 1e-9))
