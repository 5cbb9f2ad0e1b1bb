"""Charges per kWh: price series, time of use, rising tiers, net billing."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge, Line
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.grouping import Groups
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.charges.tiered import TieredCharge, Tiers
from storage_opt.horizon import Horizon
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.tou import tou_prices
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.tariff import EnergyChargeSpec, TariffSpec

__all__ = ["lower_energy"]


def lower_energy(
    spec: EnergyChargeSpec, tariff: TariffSpec, line: Line, metered: Metered, site: Site, key: str
) -> Charge:
    """One energy charge of a tariff.

    Blocks of a tiered price hold for whole billing periods: a period that lies in the horizon in part has the
    full blocks, because what was drawn before and after is unknown.

    Parameters
    ----------
    spec, tariff : EnergyChargeSpec, TariffSpec
        The charge, and the tariff it belongs to.
    line : Line
        Line of the bill.
    metered : Metered
        Flow that is charged. [kW]
    site : Site
        Horizon and series.
    key : str
        Where the charge stands in the site file.

    Raises
    ------
    InputError
        When the charge can't be applied to the horizon.

    Notes
    -----
    Net billing of a period's net import q is the convex cost max(price q, credit q).
    """
    sign = -1.0 if tariff.paid_to_site else 1.0
    if spec.tou:
        price, bands = tou_prices(spec.tou, site.horizon, f"{key}.tou")
        return EnergyCharge(line, metered, sign * price, bands)
    if spec.price_per_kwh is not None:
        try:
            price = site.values(spec.price_per_kwh)
        except ValueError as error:
            hint = "give one value for each interval of the horizon"
            refuse(f"{key}.price_per_kwh", str(error), hint)
        return EnergyCharge(line, metered, sign * price)
    quantity = PeriodEnergy(metered, billing_groups(site.horizon))
    if spec.net_billing:
        if tariff.paid_to_site:
            what = "net billing already credits a surplus, and paid_to_site would turn charge and credit round"
            refuse(f"{key}.net_billing", what, "leave out paid_to_site")
        prices = [spec.net_billing.credit_per_kwh, spec.net_billing.price_per_kwh]
        return TieredCharge(line, quantity, Tiers(np.zeros(1), np.array(prices)))
    ends = np.array([tier.up_to_kwh for tier in spec.tiers if tier.up_to_kwh is not None], dtype=np.float64)
    return TieredCharge(line, quantity, Tiers(ends, np.array([tier.price_per_kwh for tier in spec.tiers])))


def billing_groups(horizon: Horizon) -> Groups:
    """Every interval in the group of its billing period."""
    periods = horizon.billing
    return Groups(periods.ids, np.arange(periods.count), ("",) * periods.count)
