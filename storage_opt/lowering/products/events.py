"""Events of demand response on the horizon: when they are, and what import would have been."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import Groups
from storage_opt.errors import Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.consumption import consumption_kw
from storage_opt.lowering.products.held import any_window
from storage_opt.lowering.products.like_days import like_day_mean
from storage_opt.lowering.products.presets import filled, preset_row
from storage_opt.lowering.products.roster import providers
from storage_opt.lowering.products.sizes import rated_together_kw, require_size
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.spec.response import BaselineSpec, EventSpec, ResponseSpec

__all__ = ["EventResponse", "event_responses", "unshifted_net_kw"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class EventResponse:
    """Demand response in events.

    Parameters
    ----------
    name : str
        Name of the product.
    spec : ResponseSpec
        What the user wrote, gaps filled.
    events : Groups
        Event of each interval, -1 outside; its billing period and label.
    fixed_kw : (T,) array or None
        Baseline import less export; None where the plan decides it. [kW]
    like_days : (T, T) sparse array or None
        Mean over like days, where the plan decides its own baseline.
    most_kw : float
        Most that can be promised. [kW]
    notes : tuple of str
        What was left out.
    """

    name: str
    spec: ResponseSpec
    events: Groups
    fixed_kw: _Array | None
    like_days: sp.csr_array | None
    most_kw: float
    notes: tuple[str, ...] = ()

    @property
    def delivered(self) -> Flow:
        """Response in each interval. [kW]"""
        return Flow(self.name, FlowKind.DELIVERED_KW)

    @property
    def committed(self) -> Flow:
        """Response promised. [kW]"""
        return Flow(self.name, FlowKind.COMMITTED_KW)

    @property
    def sign(self) -> float:
        """1 where import is to fall, -1 where it is to rise."""
        return 1.0 if self.spec.direction == "shave" else -1.0

    @property
    def inside(self) -> NDArray[np.intp]:
        """Intervals of events."""
        return np.flatnonzero(self.events.ids >= 0)


def event_responses(site: Site) -> tuple[EventResponse, ...]:
    """Every product of response in events, worked out once for each site.

    Raises
    ------
    InputError
        When an event lies outside the horizon, has no baseline, or promises more than can be backed; lists all faults.
    """
    return site.once(_lowered)


def _lowered(site: Site) -> tuple[EventResponse, ...]:
    faults = Faults()
    found = []
    for name, spec in site.spec.response.items():
        with gathered(faults):
            found.append(_one(site, name, filled(spec, f"response.{name}")))
    faults.raise_if_any()
    return tuple(found)


def _one(site: Site, name: str, spec: ResponseSpec) -> EventResponse:
    key, horizon = f"response.{name}", site.horizon
    if spec.price_per_kwh is None and spec.price_per_kw is None:
        refuse(key, "is paid nothing", "give price_per_kwh or price_per_kw, or a preset")
    events = _called(spec, horizon, key) if spec.events else _chosen_from(spec, horizon, key)
    fixed, like_days, kept, notes = _baseline(site, spec, events, key)
    product = EventResponse(name, spec, kept, fixed, like_days, np.inf, notes)
    most_kw = _most_kw(site, product, key)
    return replace(product, most_kw=most_kw)


def _called(spec: ResponseSpec, horizon: Horizon, key: str) -> Groups:
    faults = Faults()
    ids = np.full(horizon.steps, -1, dtype=np.intp)
    labels = []
    for number, event in enumerate(spec.events):
        with gathered(faults):
            where = _within(event, horizon, f"{key}.events[{number}]")
            if np.any(ids[where] >= 0):
                refuse(f"{key}.events[{number}]", "overlaps another event", "merge them, or move one")
            ids[where] = number
            labels.append(str(horizon.stamps[where.start].strftime("%m-%d %H:%M")))
    faults.raise_if_any()
    first = np.array([np.flatnonzero(ids == number)[0] for number in range(len(labels))], dtype=np.intp)
    return Groups(ids, horizon.billing.ids[first], tuple(labels))


def _within(event: EventSpec, horizon: Horizon, key: str) -> slice:
    try:
        return horizon.between(event.start, event.end)[1]
    except ValueError as error:
        start, end = (moment.strftime("%Y-%m-%d %H:%M") for moment in (horizon.start_instant, horizon.end_instant))
        refuse(key, str(error), f"give an event between {start} and {end} that starts and ends with an interval")


def _chosen_from(spec: ResponseSpec, horizon: Horizon, key: str) -> Groups:
    """Each run of the windows on a day is an event."""
    inside = any_window(spec.window, horizon, f"{key}.window")
    starts = inside & ~(np.append(False, inside[:-1]) & np.append(False, np.diff(horizon.days.ids) == 0))
    ids = np.where(inside, np.cumsum(starts) - 1, -1).astype(np.intp)
    first = np.flatnonzero(starts)
    labels = tuple(str(stamp) for stamp in horizon.stamps[first].strftime("%m-%d %H:%M"))
    return Groups(ids, horizon.billing.ids[first], labels)


def _baseline(
    site: Site, spec: ResponseSpec, events: Groups, key: str
) -> tuple[_Array | None, sp.csr_array | None, Groups, tuple[str, ...]]:
    """Baseline, and the events that have one."""
    rules, horizon = spec.baseline, site.horizon
    if rules.fixed_kw is not None:
        return site.values(rules.fixed_kw), None, events, ()
    inside = np.flatnonzero(events.ids >= 0)
    event_days = np.unique(horizon.days.ids[inside]) if spec.events else np.zeros(0, dtype=np.intp)
    like_days = like_day_mean(horizon, np.arange(horizon.steps), rules.like_days, event_days)
    known = np.diff(like_days.indptr) > 0
    lacking = np.unique(events.ids[inside[~known[inside]]])
    if lacking.size and (spec.events or lacking.size == events.count):
        what = f"the event of {events.labels[lacking[0]]} has no like day before it in the horizon"
        refuse(f"{key}.baseline", what, "start the horizon earlier, or give baseline.fixed_kw")
    kept, notes = _without(events, lacking), tuple[str, ...]()
    if lacking.size:
        notes = (f"{key}: {lacking.size:,} events at the start have no like day before them and are left out",)
    if not rules.ungamed:
        return None, like_days, kept, (*notes, f"{key}: the plan may raise its own baseline (ungamed = false)")
    reference = unshifted_net_kw(site) if rules.history_kw is None else site.values(rules.history_kw)
    mean = like_days @ reference
    factor = _same_day_factor(rules, kept, reference, mean, known, horizon)
    return mean * factor, None, kept, notes


def _without(events: Groups, lacking: NDArray[np.intp]) -> Groups:
    keep = ~np.isin(np.arange(events.count), lacking)
    number = np.append(np.cumsum(keep) - 1, -1)
    kept = np.where((events.ids >= 0) & np.append(keep, False)[events.ids], number[events.ids], -1)
    labels = tuple(label for label, stays in zip(events.labels, keep, strict=True) if stays)
    return Groups(kept.astype(np.intp), events.period[keep], labels)


def _same_day_factor(
    rules: BaselineSpec,
    events: Groups,
    reference: _Array,
    mean: _Array,
    known: NDArray[np.bool_],
    horizon: Horizon,
) -> _Array:
    """What the hours before an event scale its baseline by (T,), between 1 - most and 1 + most."""
    factor = np.ones(horizon.steps)
    h, most_frac = horizon.step_h, rules.adjustment_max_frac
    if not most_frac:
        return factor
    gap, length = round(rules.adjustment_gap_h / h), max(1, round(rules.adjustment_h / h))
    for event in range(events.count):
        where = np.flatnonzero(events.ids == event)
        before = np.arange(max(where[0] - gap - length, 0), max(where[0] - gap, 0))
        before = before[known[before]]
        expected = float(mean[before].sum())
        if expected > 0:
            factor[where] = np.clip(float(reference[before].sum()) / expected, 1.0 - most_frac, 1.0 + most_frac)
    return factor


def unshifted_net_kw(site: Site) -> _Array:
    """Import less export with storage at rest, work unshifted and plants used as far as they can be (T,). [kW]"""
    available = np.zeros(site.horizon.steps)
    for plant in site.spec.generator.values():
        available += plant.capacity_kw * site.values(plant.profile)
    return np.maximum(consumption_kw(site) - available, -site.values(site.spec.grid.export_limit_kw))


def _most_kw(site: Site, product: EventResponse, key: str) -> float:
    """Most that can be promised, refused where a promise can't be kept by anything at the site."""
    spec, step_h = product.spec, site.horizon.step_h
    longest_h = float(np.bincount(product.events.ids[product.inside]).max()) * step_h
    direction = "up" if spec.direction == "shave" else "down"
    able = tuple(provider for provider in providers(site) if provider.side(direction) is not None)
    row = preset_row(spec, key)
    require_size(able, (direction,), row, key)
    by_site = rated_together_kw(able, direction, longest_h)
    slack = 0.0
    if product.fixed_kw is not None:
        slack = float(np.max(product.sign * (product.fixed_kw - unshifted_net_kw(site))[product.inside], initial=0.0))
    most = min(by_site + slack, np.inf if spec.max_kw is None else spec.max_kw)
    for field_name in ("committed_kw", "min_block_kw"):
        asked = getattr(spec, field_name)
        if asked is not None and asked > most * (1.0 + 1e-9) and (spec.max_kw is None or by_site + slack < spec.max_kw):
            what = (
                f"{asked:,.6g} kW for {longest_h:g} h is more than can be backed: the site gives at most {most:,.6g} kW"
            )
            refuse(f"{key}.{field_name}", what, "lower it, shorten the event, or add storage")
    return most
