"""Charges per kW of peak: flat, in windows, coincident, averaged, top-N, ratcheted, tiered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand
from storage_opt.charges.tiered import TieredCharge, Tiers
from storage_opt.errors import Fault, Faults
from storage_opt.horizon import Horizon
from storage_opt.lowering.averaging import averaging_blocks, require_whole_blocks
from storage_opt.lowering.coincident import coincident_mask
from storage_opt.lowering.ratchet import ratchet
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.window import first_interval_of_day, window_mask
from storage_opt.lowering.years import counted_years
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.tariff import DemandChargeSpec

__all__ = ["lower_demand"]


def lower_demand(spec: DemandChargeSpec, line: Line, metered: Metered, site: Site, key: str) -> tuple[Charge, ...]:
    """One demand charge of a tariff; no charge at all when its window does not occur on the horizon.

    A demand is billed in each billing period (or day, or year) in which the window occurs, in full also where the
    horizon holds only a part of it. Of 12 monthly prices, the month in which the billing period (or day) starts
    decides. `carried_kw` belongs to the billing period (or day, or year) in which the site's whole horizon starts.

    Parameters
    ----------
    spec : DemandChargeSpec
        The charge.
    line : Line
        Line of the bill.
    metered : Metered
        Flow whose peak is charged. [kW]
    site : Site
        Horizon and series.
    key : str
        Where the charge stands in the site file.

    Raises
    ------
    InputError
        When the charge can't be applied to the horizon; lists all reasons.
    """
    horizon, whole = site.horizon, _whole_horizon(site)
    _require_sense(spec, key)
    mask, blocks = _counted(spec, horizon, whole, key)
    spans = _spans(spec, horizon, whole)
    carries = spec.carried_kw > 0 and spans.begins_the_whole
    kept = np.union1d(np.unique(spans.ids[mask]), np.zeros(int(carries), dtype=np.intp)).astype(np.intp)
    if not kept.size:
        return ()
    floor, lookback = np.zeros(len(spans.labels)), None
    if spec.ratchet is not None:
        floor, shares = ratchet(spec.ratchet, horizon, whole, f"{key}.ratchet")
        lookback = shares[np.ix_(kept, kept)]
    demand = PeakDemand(
        metered,
        spans.groups(mask, kept),
        np.maximum(floor[kept], spec.floor_kw),
        np.where(kept == 0, spec.carried_kw * carries, 0.0),
        blocks,
        spec.top_n,
        spec.top_n_of == "day",
        lookback,
    )
    return (_charge(spec, line, demand, spans.months[kept]),)


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Spans of which each has a demand: billing periods, days or years (S of them).

    Parameters
    ----------
    ids : (T,) int array
        Span of each interval.
    labels : tuple of str
        Band of each span's entries; empty for whole billing periods.
    period : (S,) int array
        Billing period in which each is billed.
    months : (S,) int array
        Month whose price holds. [1-12]
    begins_the_whole : bool
        Whether the first is the one in which the site's whole horizon starts.
    """

    ids: NDArray[np.intp]
    labels: tuple[str, ...]
    period: NDArray[np.intp]
    months: NDArray[np.intp]
    begins_the_whole: bool

    def groups(self, mask: NDArray[np.bool_], kept: NDArray[np.intp]) -> Groups:
        """The intervals that count, of the spans that are kept."""
        position = np.full(len(self.labels), -1, dtype=np.intp)
        position[kept] = np.arange(kept.size)
        ids = np.where(mask, position[self.ids], -1)
        return Groups(ids, self.period[kept], tuple(self.labels[span] for span in kept))


def _spans(spec: DemandChargeSpec, horizon: Horizon, whole: Horizon) -> _Spans:
    billing, days = horizon.billing, horizon.days
    match spec.per:
        case "day":
            begins = days.labels[0] == whole.days.labels[0]
            return _Spans(days.ids, days.labels, billing.ids[first_interval_of_day(horizon)], days.months, begins)
        case "year":
            return _years(spec, horizon, whole)
        case _:
            begins = billing.labels[0] == whole.billing.labels[0]
            return _Spans(billing.ids, ("",) * billing.count, np.arange(billing.count), billing.months, begins)


def _years(spec: DemandChargeSpec, horizon: Horizon, whole: Horizon) -> _Spans:
    """Years of the whole horizon as far as they lie in this part; billed in their last billing period here."""
    years = counted_years(whole, spec.year_start_month)
    inside = whole.between(horizon.start_instant, horizon.end_instant)[1]
    kept, first, ids = np.unique(years.ids[inside], return_index=True, return_inverse=True)
    last = np.searchsorted(ids, np.arange(kept.size), side="right") - 1
    labels = tuple(years.labels[year] for year in kept)
    return _Spans(ids.astype(np.intp), labels, horizon.billing.ids[last], horizon.month[first], bool(kept[0] == 0))


def _charge(spec: DemandChargeSpec, line: Line, demand: PeakDemand, months: NDArray[np.intp]) -> Charge:
    if spec.tiers:
        ends = np.array([tier.up_to_kw for tier in spec.tiers if tier.up_to_kw is not None], dtype=np.float64)
        return TieredCharge(line, demand, Tiers(ends, np.array([tier.price_per_kw for tier in spec.tiers])))
    price = np.broadcast_to(np.asarray(spec.price_per_kw, dtype=np.float64), (12,))
    return PeakCharge(line, demand, price[months - 1])


def _require_sense(spec: DemandChargeSpec, key: str) -> None:
    faults = Faults()
    if spec.per != "billing_period" and spec.ratchet is not None:
        what = f"a ratchet looks back at billing periods, but this demand is billed each {spec.per}"
        faults.add(Fault(what, 'leave out the ratchet, or set per = "billing_period"', key=f"{key}.ratchet"))
    if spec.per == "day" and spec.top_n_of == "day" and spec.top_n > 1:
        what = f"the mean of the {spec.top_n} highest daily peaks needs more than the one day that is billed"
        faults.add(Fault(what, 'set top_n_of = "interval", or per = "billing_period"', key=f"{key}.top_n"))
    if spec.per == "year" and isinstance(spec.price_per_kw, tuple):
        what = "12 monthly prices do not say what the peak of a year costs"
        faults.add(Fault(what, 'give one price a kW and year, or per = "billing_period"', key=f"{key}.price_per_kw"))
    if spec.per != "year" and spec.year_start_month is not None:
        what = f"year_start_month says when years start, but this demand is billed each {spec.per.replace('_', ' ')}"
        faults.add(Fault(what, 'leave it out, or set per = "year"', key=f"{key}.year_start_month"))
    faults.raise_if_any()


def _counted(
    spec: DemandChargeSpec, horizon: Horizon, whole: Horizon, key: str
) -> tuple[NDArray[np.bool_], NDArray[np.intp] | None]:
    """Intervals that count, and the averaging blocks they lie in."""
    faults = Faults()
    blocks: NDArray[np.intp] | None = None
    mask = np.ones(horizon.steps, dtype=np.bool_)
    with gathered(faults):
        mask = window_mask(spec, horizon, key)
    with gathered(faults):
        if spec.averaging_minutes not in {None, horizon.step_minutes}:
            blocks = averaging_blocks(int(spec.averaging_minutes or 0), horizon, f"{key}.averaging_minutes")
    faults.raise_if_any()
    if blocks is not None:
        require_whole_blocks(mask, blocks, horizon, f"{key}.averaging_minutes")
    if not spec.coincident_at:
        return mask, blocks
    peaks = coincident_mask(spec.coincident_at, horizon, whole, blocks, f"{key}.coincident_at")
    outside = np.flatnonzero(peaks & ~mask)
    if outside.size:
        when = horizon.stamps[int(outside[0])].strftime("%Y-%m-%d %H:%M")
        what = f"the system peak of {when} lies outside the charge's own months, days or hours"
        refuse(f"{key}.coincident_at", what, "leave it out, or widen months, days and hours")
    return peaks, blocks


def _whole_horizon(site: Site) -> Horizon:
    """The site's whole horizon; a site put together by a program on other intervals has no other."""
    whole, part = site.spec.horizon.build(), site.horizon
    inside = whole.start_instant <= part.start_instant and part.end_instant <= whole.end_instant
    return whole if inside and whole != part else part
