"""The bill shared out to intervals of consumption, so that what a kWh cost can be asked of any of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.horizon import Horizon
from storage_opt.ledger.ledger import Ledger
from storage_opt.schedule import FlowKind, Schedule

__all__ = ["cost_per_kwh"]

_Array = NDArray[np.float64]


def cost_per_kwh(charges: Iterable[Charge], ledger: Ledger, schedule: Schedule) -> _Array:
    """What a kWh consumed in each interval cost (T,). [money/kWh]

    Parameters
    ----------
    charges : iterable of Charge
        What the ledger was settled with.
    ledger : Ledger
        The bill.
    schedule : Schedule
        What was settled.

    Notes
    -----
    Prices per kWh fall on the interval in which their flow runs: energy from the grid and from plants, export, wear of
    the batteries. Everything else, such as demand and capacity charges and wear by depth of cycle, is shared out by
    energy. What moved work costs its users (late, refused) is left out. Times consumption and summed, this is the bill
    without those lines. Energy from storage is charged where the battery was charged, so an interval that lives on
    storage is cheap here.
    """
    horizon = schedule.horizon
    kwh = schedule.total(FlowKind.LOAD_KW) * horizon.step_h
    charges = tuple(charges)
    at_once = _linear(charges, schedule, horizon, np.ones(horizon.steps))
    service = sum(entry.amount for entry in ledger.entries if entry.line.stream is Stream.SERVICE)
    rest = ledger.total - service - float(at_once.sum())
    whole = float(kwh.sum())
    spread = rest / whole if whole > 0 else 0.0
    # an interval without consumption has nothing to bear its cost; it joins what is shared out
    unborne = float(at_once[kwh <= 0].sum())
    spread += unborne / whole if whole > 0 else 0.0
    cost: _Array = np.divide(at_once, kwh, out=np.zeros_like(kwh), where=kwh > 0) + spread
    return cost


def _linear(charges: Iterable[Charge], schedule: Schedule, horizon: Horizon, share: _Array) -> _Array:
    """Amount of all prices per kWh by interval (T,). [money]"""
    total = np.zeros(horizon.steps)
    for charge in charges:
        if isinstance(charge, EnergyCharge) and charge.line.stream is not Stream.SERVICE:
            total += share * horizon.step_h * charge.price_per_kwh * charge.metered.value(schedule)
        if isinstance(charge, ProportionalCharge):
            inner = share * charge.share_frac[horizon.billing.ids]
            total += _linear(charge.charges, schedule, horizon, inner)
    return total
