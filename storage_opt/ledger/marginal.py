"""What one more kWh of a flow costs or earns, read from the charges."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.charges.tiered import TieredCharge
from storage_opt.horizon import Horizon
from storage_opt.schedule import GRID, Flow, FlowKind, Metered

__all__ = ["cost_when_short", "least_gain_of_export", "price_per_kwh", "weight_of"]


def weight_of(metered: Metered, flow: Flow) -> float:
    """Weight of one flow in what a meter reads."""
    return sum(weight for term, weight in metered.terms if term == flow)


def price_per_kwh(charges: Iterable[Charge], flow: Flow, horizon: Horizon) -> NDArray[np.float64]:
    """Sum of all linear prices of one flow (T,), negative when the site is paid. [money/kWh]"""
    total = np.zeros(horizon.steps)
    for charge in charges:
        if isinstance(charge, EnergyCharge):
            total += weight_of(charge.metered, flow) * charge.price_per_kwh
        if isinstance(charge, ProportionalCharge):
            total += charge.share_frac[horizon.billing.ids] * price_per_kwh(charge.charges, flow, horizon)
    return total


def cost_when_short(charges: Iterable[Charge], flow: Flow, horizon: Horizon) -> NDArray[np.float64]:
    """Linear prices of one flow, less what is paid anyway while a take-or-pay is short (T,). [money/kWh]"""
    charges = tuple(charges)
    cost = price_per_kwh(charges, flow, horizon)
    for charge in charges:
        if isinstance(charge, DeviationBand) and isinstance(charge.quantity, PeriodEnergy):
            ids = charge.quantity.groups.ids
            saved = np.where(ids >= 0, np.append(charge.price_below, 0.0)[ids], 0.0)
            cost = cost - weight_of(charge.quantity.metered, flow) * saved
    return cost


def least_gain_of_export(charges: Iterable[Charge], horizon: Horizon) -> NDArray[np.float64]:
    """What one more kWh of export earns at least (T,). [money/kWh]

    Charges in tiers, and net billing, count with the block that is worst for the site, because which block a kWh falls
    in is known only when the period is over.
    """
    charges = tuple(charges)
    exported = Flow(GRID, FlowKind.EXPORT_KW)
    cost = cost_when_short(charges, exported, horizon)
    for charge in charges:
        if isinstance(charge, TieredCharge) and isinstance(charge.quantity, PeriodEnergy):
            weight = weight_of(charge.quantity.metered, exported)
            worst = float((weight * charge.tiers.prices).max())
            cost = cost + np.where(charge.quantity.groups.ids >= 0, worst, 0.0)
    return -cost
