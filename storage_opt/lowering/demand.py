"""Charges per kW of peak: flat, in windows, coincident, averaged, top-N, ratcheted, tiered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand
from storage_opt.charges.tiered import TieredCharge, Tiers
from storage_opt.errors import Fault, Faults
from storage_opt.horizon import Horizon, Periods
from storage_opt.lowering.averaging import averaging_blocks, require_whole_blocks
from storage_opt.lowering.coincident import coincident_mask
from storage_opt.lowering.ratchet import ratchet
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.window import first_interval_of_day, window_mask
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.tariff import DemandChargeSpec

__all__ = ["lower_demand"]


def lower_demand(spec: DemandChargeSpec, line: Line, metered: Metered, site: Site, key: str) -> tuple[Charge, ...]:
    """One demand charge of a tariff; no charge at all when its window does not occur on the horizon.

    A demand is billed in each billing period (or day) in which the window occurs, in full also where the horizon
    holds only a part of the period. Of 12 monthly prices, the month in which the billing period (or day) starts
    decides. `carried_kw` belongs to the billing period (or day) in which the site's whole horizon starts.

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
    daily = spec.per == "day"
    parts = horizon.days if daily else horizon.billing
    carries = spec.carried_kw > 0 and parts.labels[0] == (whole.days if daily else whole.billing).labels[0]
    kept = np.union1d(np.unique(parts.ids[mask]), np.zeros(int(carries), dtype=np.intp)).astype(np.intp)
    if not kept.size:
        return ()
    floor, lookback = np.zeros(parts.count), None
    if spec.ratchet is not None:
        floor, shares = ratchet(spec.ratchet, horizon, whole, f"{key}.ratchet")
        lookback = shares[np.ix_(kept, kept)]
    demand = PeakDemand(
        metered,
        _groups(mask, kept, parts, horizon, daily=daily),
        np.maximum(floor[kept], spec.floor_kw),
        np.where(kept == 0, spec.carried_kw * carries, 0.0),
        blocks,
        spec.top_n,
        spec.top_n_of == "day",
        lookback,
    )
    return (_charge(spec, line, demand, parts.months[kept]),)


def _charge(spec: DemandChargeSpec, line: Line, demand: PeakDemand, months: NDArray[np.intp]) -> Charge:
    if spec.tiers:
        ends = np.array([tier.up_to_kw for tier in spec.tiers if tier.up_to_kw is not None], dtype=np.float64)
        return TieredCharge(line, demand, Tiers(ends, np.array([tier.price_per_kw for tier in spec.tiers])))
    price = np.broadcast_to(np.asarray(spec.price_per_kw, dtype=np.float64), (12,))
    return PeakCharge(line, demand, price[months - 1])


def _require_sense(spec: DemandChargeSpec, key: str) -> None:
    faults = Faults()
    if spec.per == "day" and spec.ratchet is not None:
        what = "a ratchet looks back at billing periods, but this demand is billed each day"
        faults.add(Fault(what, 'leave out the ratchet, or set per = "billing_period"', key=f"{key}.ratchet"))
    if spec.per == "day" and spec.top_n_of == "day" and spec.top_n > 1:
        what = f"the mean of the {spec.top_n} highest daily peaks needs more than the one day that is billed"
        faults.add(Fault(what, 'set top_n_of = "interval", or per = "billing_period"', key=f"{key}.top_n"))
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


def _groups(
    mask: NDArray[np.bool_], kept: NDArray[np.intp], parts: Periods, horizon: Horizon, *, daily: bool
) -> Groups:
    position = np.full(parts.count, -1, dtype=np.intp)
    position[kept] = np.arange(kept.size)
    ids = np.where(mask, position[parts.ids], -1)
    if not daily:
        return Groups(ids, kept, ("",) * kept.size)
    period_of_day = horizon.billing.ids[first_interval_of_day(horizon)]
    return Groups(ids, period_of_day[kept], tuple(parts.labels[day] for day in kept))


def _whole_horizon(site: Site) -> Horizon:
    """The site's whole horizon; a site put together by a program on other intervals has no other."""
    whole, part = site.spec.horizon.build(), site.horizon
    inside = whole.start_instant <= part.start_instant and part.end_instant <= whole.end_instant
    return whole if inside and whole != part else part
