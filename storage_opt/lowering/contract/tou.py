"""Time-of-use multipliers on a horizon: a calendar of the catalog, or multipliers of the user's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.catalog.provenance_row import stale_note
from storage_opt.catalog.tou_calendar import TouCalendar, tou_calendar, variants_of
from storage_opt.catalog.tou_rows import HALF_HOURS, Period
from storage_opt.charges.energy import Bands
from storage_opt.errors import Fault, InputError
from storage_opt.horizon import DayType, Horizon
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.floating_base import FLOATS, FloatingBase
from storage_opt.spec.resolved import Site
from storage_opt.spec.tou_shape import TouShapeSpec

__all__ = ["Shape", "shape_notes", "tou_shape"]

_KEY = "contract.supply.tou"
_PERIODS = tuple(Period)
_DAYS_OF_VARIANT = {
    "holiday": (DayType.HOLIDAY,),
    "rest_day": (DayType.HOLIDAY, DayType.WEEKEND),
}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Multipliers of the intervals, and what they multiply.

    Parameters
    ----------
    multiplier : (T,) array
        1 in flat periods.
    base : FloatingBase
        Components that float.
    bands : Bands or None
        Periods, for the bill; None for multipliers of the user's own.
    """

    multiplier: NDArray[np.float64]
    base: FloatingBase
    bands: Bands | None

    def rise(self, component: str) -> NDArray[np.float64]:
        """Share by which a component is above its flat price (T,): zero where it does not float."""
        weight = FLOATS[self.base].get(component, 0)
        return weight * (self.multiplier - 1.0)


def tou_shape(spec: TouShapeSpec | None, site: Site) -> Shape | None:
    """The shape of a site's prices; None without time of use.

    Raises
    ------
    InputError
        When the catalog has no such calendar, the market forms its prices, or a boundary falls inside an interval.
    """
    if spec is None:
        return None
    if spec.multiplier is not None:
        return Shape(site.values(spec.multiplier), spec.base or FloatingBase.PURCHASE_AVG, None)
    try:
        calendar = tou_calendar(str(spec.calendar), site.horizon.first_day)
        varied = {
            name: tou_calendar(str(spec.calendar), site.horizon.first_day, variant=name) for name in spec.variants
        }
    except InputError as error:
        raise InputError([Fault(f.what, f.hint, key=f"{_KEY}.calendar") for f in error.faults]) from error
    if not calendar.has_multipliers:
        what = f"the calendar of {calendar.grid} has hours but no multipliers, because the market forms prices"
        refuse(f"{_KEY}.calendar", what, "give multiplier instead of calendar")
    base = spec.base or calendar.base
    if base is None:
        what = f"it is not known which components float in {calendar.grid} ({calendar.row.document})"
        refuse(f"{_KEY}.base", what, "give base")
    period, multiplier = _on_horizon(calendar, site.horizon)
    for name, variant in varied.items():
        days = _days_of(name, site.horizon)
        changed_period, changed_multiplier = _on_horizon(variant, site.horizon)
        period, multiplier = np.where(days, changed_period, period), np.where(days, changed_multiplier, multiplier)
    return Shape(multiplier, base, Bands(period.astype(np.intp), tuple(str(name) for name in _PERIODS)))


def shape_notes(spec: TouShapeSpec | None, site: Site) -> tuple[str, ...]:
    """What a reader must know of the calendar: validity that the horizon leaves, kinds of day that are not applied."""
    if spec is None or spec.calendar is None:
        return ()
    calendar = tou_calendar(spec.calendar, site.horizon.first_day)
    stale = stale_note(calendar.row, site.horizon.first_day, site.horizon.end_instant.date())
    left_out = {row.variant: row for row in variants_of(calendar) if row.variant not in spec.variants}
    told = [
        f"not applied: {row.period} on {row.applies_to} (variant `{name}`, {row.document})"
        for name, row in left_out.items()
    ]
    return (*([stale] if stale else []), *told)


def _on_horizon(calendar: TouCalendar, horizon: Horizon) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Period number and multiplier of each interval (T,)."""
    period = np.array([[_PERIODS.index(p) for p in day] for day in calendar.days], dtype=np.intp)
    multiplier = np.array(
        [[calendar.multipliers(m)[p] for p in day] for m, day in enumerate(calendar.days, start=1)], dtype=np.float64
    )
    months = np.unique(horizon.month) - 1
    halves = period[months].reshape(months.size, HALF_HOURS // 2, 2)
    if horizon.step_minutes > 30 and np.any(halves[:, :, 0] != halves[:, :, 1]):
        what = f"periods of {calendar.grid} begin at half past, but intervals are {horizon.step_minutes} min long"
        refuse("horizon.step_minutes", what, "set step_minutes = 30 or less")
    half_hour = horizon.minute_of_day // 30
    return period[horizon.month - 1, half_hour], multiplier[horizon.month - 1, half_hour]


def _days_of(variant: str, horizon: Horizon) -> NDArray[np.bool_]:
    if variant not in _DAYS_OF_VARIANT:
        what = f"days of kind `{variant}` are not known from the calendar"
        refuse(f"{_KEY}.variants", what, f"name {' or '.join(_DAYS_OF_VARIANT)}, or give multiplier as a series")
    types = horizon.day_types[np.searchsorted(horizon.days.ids, np.arange(horizon.days.count))].astype(str)
    chosen: NDArray[np.bool_] = np.isin(types, [str(day) for day in _DAYS_OF_VARIANT[variant]])[horizon.days.ids]
    return chosen
