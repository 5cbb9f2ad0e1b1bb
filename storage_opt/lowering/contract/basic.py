"""The basic charge of two-part users (容(需)量电费): by capacity, by contract demand, by actual demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from storage_opt.charges.base import Charge, Line
from storage_opt.charges.fixed import FixedCharge
from storage_opt.lowering.demand import lower_demand
from storage_opt.lowering.refusal import refuse
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import BasicChargeSpec
from storage_opt.spec.tariff import DemandChargeSpec, DemandTier

__all__ = ["lower_basic"]

_DEMAND_MINUTES = 15


def lower_basic(spec: BasicChargeSpec, line: Line, metered: Metered, site: Site, key: str) -> tuple[Charge, ...]:
    """The basic charge of a connection.

    Parameters
    ----------
    spec : BasicChargeSpec
        The charge, prices filled.
    line : Line
        Line of the bill; a contract demand adds a line ending in ``_excess``.
    metered : Metered
        Flow whose demand counts. [kW]
    site : Site
        Horizon.
    key : str
        Where the charge stands in the site file.

    Raises
    ------
    InputError
        When the price of the mode is missing.

    Notes
    -----
    capacity: ``c S``;  actual demand: ``d D``, D the highest 15-minute mean of the period;
    contract demand: ``d max(D_con, floor S) + m d max(0, D - (1 + band) D_con)``, m the excess multiple
    (发改办价格〔2016〕1583号: contract pays up to 105 %, the excess twice).
    """
    periods = site.horizon.billing
    if spec.mode == "capacity":
        if spec.price_per_kva is None or spec.capacity_kva is None:
            refuse(f"{key}.price_per_kva", "is missing", "give it, or region and voltage")
        return (FixedCharge(line, spec.capacity_kva * periods.covered_frac, "kVA", spec.price_per_kva),)
    if spec.price_per_kw is None:
        refuse(f"{key}.price_per_kw", "is missing", "give it, or region and voltage")
    averaging = _DEMAND_MINUTES if site.horizon.step_minutes < _DEMAND_MINUTES else None
    if spec.mode == "actual_demand":
        demand = DemandChargeSpec(price_per_kw=spec.price_per_kw, averaging_minutes=averaging)
        return lower_demand(demand, line, metered, site, key)
    free = DemandTier(up_to_kw=(1.0 + spec.band_frac) * (spec.contract_kw or 0.0), price_per_kw=0.0)
    dear = DemandTier(price_per_kw=spec.excess_multiple * spec.price_per_kw)
    excess = DemandChargeSpec(tiers=(free, dear), averaging_minutes=averaging)
    excess_line = replace(line, name=f"{line.name}_excess")
    return (_declared(spec, spec.price_per_kw, line, site), *lower_demand(excess, excess_line, metered, site, key))


def _declared(spec: BasicChargeSpec, price_per_kw: float, line: Line, site: Site) -> FixedCharge:
    """The declared demand, or the floor below which it is not accepted; whole periods pay, as for demand."""
    billed_kw = max(spec.contract_kw or 0.0, spec.floor_frac * (spec.capacity_kva or 0.0))
    return FixedCharge(line, np.full(site.horizon.billing.count, billed_kw), "kW", price_per_kw)
