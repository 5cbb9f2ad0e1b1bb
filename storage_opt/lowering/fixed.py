"""Charges that do not depend on the schedule, and the minimum bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.quantity import PeriodCost
from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.window import first_interval_of_day
from storage_opt.spec.tariff import FixedChargeSpec, MinimumBillSpec

__all__ = ["lower_fixed", "lower_minimum"]


def lower_fixed(
    spec: FixedChargeSpec, line: Line, horizon: Horizon, key: str, *, paid_to_site: bool
) -> tuple[FixedCharge, ...]:
    """Amounts a period, a day and a kVA; a period that lies in the horizon in part pays its share of days.

    Where one charge holds several of them, each has its own line with the ending ``_per_period``, ``_per_day`` or
    ``_capacity``.

    Parameters
    ----------
    spec : FixedChargeSpec
        The charge.
    line : Line
        Line of the bill.
    horizon : Horizon
        The intervals.
    key : str
        Where the charge stands in the site file.
    paid_to_site : bool
        Whether the site receives the amounts.

    Raises
    ------
    InputError
        When there is no amount, or a price per kVA without a capacity, or the reverse.
    """
    _require_amounts(spec, key)
    sign = -1.0 if paid_to_site else 1.0
    share = horizon.billing.covered_frac
    parts = (
        ("per_period", "per_period", share, "period", spec.per_period),
        ("per_day", "per_day", _days(horizon), "day", spec.per_day),
        ("price_per_kva", "capacity", spec.capacity_kva * share, "kVA", spec.price_per_kva),
    )
    used = [part for part in parts if part[-1]] or [part for part in parts if part[0] in spec.model_fields_set][:1]
    named = [line] if len(used) == 1 else [replace(line, name=f"{line.name}_{part[1]}") for part in used]
    return tuple(
        FixedCharge(its_line, quantity, unit, sign * price)
        for its_line, (_, _, quantity, unit, price) in zip(named, used, strict=True)
    )


def lower_minimum(spec: MinimumBillSpec, line: Line, charges: Sequence[Charge], horizon: Horizon) -> DeviationBand:
    """Top up a tariff's charges of each billing period to a minimum, in parts of a period to its share of days.

    Notes
    -----
    cost_g = max(0, minimum_g - sum of the charges in g).
    """
    low = spec.per_period * horizon.billing.covered_frac
    nothing = np.zeros(low.size)
    return DeviationBand(line, PeriodCost(tuple(charges)), low, np.full(low.size, np.inf), nothing + 1.0, nothing)


def _days(horizon: Horizon) -> NDArray[np.float64]:
    """Days in each billing period (G,), parts of a day as fractions."""
    periods, first = horizon.billing, first_interval_of_day(horizon)
    return np.bincount(periods.ids[first], horizon.days.covered_frac, periods.count).astype(np.float64)


def _require_amounts(spec: FixedChargeSpec, key: str) -> None:
    given = spec.model_fields_set
    if not given & {"per_period", "per_day", "price_per_kva", "capacity_kva"}:
        what = f"fixed charge {spec.name!r} has no amount"
        refuse(key, what, "give per_period, per_day, or price_per_kva with capacity_kva")
    if spec.price_per_kva and "capacity_kva" not in given:
        what = f"price_per_kva is {spec.price_per_kva:g} but there is no capacity to charge it on"
        refuse(f"{key}.capacity_kva", what, "give capacity_kva, such as the installed transformers")
    if spec.capacity_kva and "price_per_kva" not in given:
        what = f"capacity_kva is {spec.capacity_kva:g} kVA but has no price"
        refuse(f"{key}.price_per_kva", what, "give price_per_kva, per billing period")
