"""What one more kWh costs in each interval, read from the charges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.charges.base import Charge
from storage_opt.charges.energy import EnergyCharge
from storage_opt.schedule import Flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["energy_price"]


def energy_price(charges: Iterable[Charge], flow: Flow, horizon: Horizon) -> NDArray[np.float64]:
    """Sum of all prices per kWh of one flow (T,). [money/kWh]

    Parameters
    ----------
    charges : iterable of Charge
        Charges of the site; those per kWh count, with their weight on `flow`.
    flow : Flow
        Flow that is priced; the price is negative when the site is paid.
    horizon : Horizon
        The intervals.

    Notes
    -----
    Tiers, demand charges and net billing have no price of their own in an interval and are left out.
    """
    total = np.zeros(horizon.steps)
    for charge in charges:
        if isinstance(charge, EnergyCharge):
            weight = sum(weight for term, weight in charge.metered.terms if term == flow)
            total += weight * charge.price_per_kwh
    return total
