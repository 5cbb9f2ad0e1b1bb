"""Events of demand response on the horizon: when they are, and what import would have been."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import Groups
from storage_opt.errors import Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.products.held import any_window
from storage_opt.lowering.products.like_days import like_day_mean
from storage_opt.lowering.products.net import net_bounds_kw, unshifted_net_kw
from storage_opt.lowering.products.presets import filled, preset_row
from storage_opt.lowering.products.roster import providers
from storage_opt.lowering.products.sizes import require_size
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.spec.response import BaselineSpec, EventSpec, ResponseSpec

__all__ = ["EventResponse", "event_responses"]

_SLIVER = 1e-9
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
    most_by_event_kw : (E,) array
        Most response that each event can see. [kW]
    notes : tuple of str
        What was left out.
    """

    name: str
    spec: ResponseSpec
    events: Groups
    fixed_kw: _Array | None
    like_days: sp.csr_array | None
    most_by_event_kw: _Array
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
    def most_kw(self) -> float:
        """Most response that any event can see. [kW]"""
        return float(self.most_by_event_kw.max(initial=0.0))

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
    _refuse_paid_promises(spec, kept, site, key)
    able = tuple(p for p in providers(site) if p.side("up" if spec.direction == "shave" else "down") is not None)
    require_size(able, ("up" if spec.direction == "shave" else "down",), preset_row(spec, key), key)
    product = EventResponse(name, spec, kept, fixed, like_days, np.zeros(kept.count), notes)
    product = replace(product, most_by_event_kw=_most_kw(site, product))
    _refuse_unbacked(product, site.horizon.step_h, key)
    return product


def _refuse_paid_promises(spec: ResponseSpec, events: Groups, site: Site, key: str) -> None:
    """Refuse terms under which promising and not delivering would earn."""
    if spec.price_per_kw is None or spec.underdelivery_price_per_kwh is None or spec.committed_kw is not None:
        return
    inside = np.flatnonzero(events.ids >= 0)
    penalty = site.values(spec.underdelivery_price_per_kwh)[inside] * site.horizon.step_h
    least = float(np.bincount(events.ids[inside], weights=penalty).min())
    if spec.price_per_kw > least:
        what = (
            f"pays {spec.price_per_kw:g} for each kW that is promised, not delivering it costs {least:g}: promising "
            "without delivering would earn"
        )
        hint = "give committed_kw, or leave underdelivery_price_per_kwh out, so that what is promised is delivered"
        refuse(f"{key}.price_per_kw", what, hint)


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
    if rules.history_kw is not None:
        reference = site.values(rules.history_kw)
    else:
        # output that would have been curtailed is no response when it is used, so filling counts from no export
        reference = unshifted_net_kw(site)
        reference = np.maximum(reference, 0.0) if spec.direction == "fill" else reference
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


def _most_kw(site: Site, product: EventResponse) -> _Array:
    """Most response that each event can see, batteries as far as their energy goes (E,). [kW]"""
    spec, inside, count = product.spec, product.inside, product.events.count
    ids = product.events.ids[inside]
    lowest, highest = net_bounds_kw(site)
    baseline = product.fixed_kw
    if baseline is None:
        assert product.like_days is not None
        baseline = product.like_days @ (highest if spec.direction == "shave" else lowest)
    hours = np.bincount(ids, minlength=count).astype(np.float64) * site.horizon.step_h
    # what a battery can't keep up for an event is no reach, and must not hide behind what the connection allows
    short = np.zeros(site.horizon.steps)
    short[inside] = _short_kw(site, spec.direction, hours)[ids]
    lowest, highest = net_bounds_kw(site, short)
    reach = (baseline - lowest if spec.direction == "shave" else highest - baseline)[inside]
    most = np.zeros(count)
    np.maximum.at(most, ids, reach)
    return most


def _short_kw(site: Site, direction: str, hours: _Array) -> _Array:
    """By how much batteries fall short of their rating over so many hours (E,). [kW]"""
    short = np.zeros(hours.size)
    for battery in site.spec.battery.values():
        window = float((site.values(battery.soc_max_frac) - site.values(battery.soc_min_frac)).max())
        window_kwh = window * battery.energy_kwh
        if direction == "shave":
            rating, lasting = battery.discharge_limit_kw, window_kwh * battery.discharge_efficiency / hours
        else:
            drained = battery.auxiliary_kw + battery.self_discharge_frac_per_h * battery.energy_kwh
            rating, lasting = battery.power_kw, (window_kwh / hours + drained) / battery.charge_efficiency
        short = short + np.maximum(rating - lasting, 0.0)
    return short


def _refuse_unbacked(product: EventResponse, step_h: float, key: str) -> None:
    """Refuse a promise that nothing at the site can keep, all day long or with full storage."""
    spec = product.spec
    hours = np.bincount(product.events.ids[product.inside], minlength=product.events.count) * step_h
    for field_name in ("committed_kw", "min_block_kw"):
        asked = getattr(spec, field_name)
        # calls that are known bind, each of them; events that may be chosen need not be
        binds = bool(spec.events) and field_name == "committed_kw"
        event = int(product.most_by_event_kw.argmin() if binds else product.most_by_event_kw.argmax())
        most = float(product.most_by_event_kw[event])
        if asked is not None and asked > most * (1.0 + _SLIVER):
            what = (
                f"{asked:,.6g} kW for {hours[event]:g} h is more than can be backed: the site gives at most "
                f"{most:,.6g} kW in the event of {product.events.labels[event]}"
            )
            refuse(f"{key}.{field_name}", what, "lower it, shorten the event, or add storage")
