"""Small sites made in memory: hand-sized horizons on which results can be worked out on paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from storage_opt.charges.base import Line, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand
from storage_opt.horizon import Horizon
from storage_opt.schedule import GRID, Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

IMPORT = Metered.of(Flow(GRID, FlowKind.IMPORT_KW))
EXPORT = Metered.of(Flow(GRID, FlowKind.EXPORT_KW))


def small_site(load_kw: Any, *, days: int = 1, step_minutes: int = 60, **parts: Any) -> Site:
    """A site of `days` days from 1 January 2025, a Wednesday, in UTC."""
    start = date(2025, 1, 1)
    horizon = {"start": start, "end": start + timedelta(days=days), "step_minutes": step_minutes, "zone": "UTC"}
    tariff = {"flat": {"energy": [{"price_per_kwh": 0.1}]}}
    described = {
        "name": "small",
        "horizon": horizon | parts.pop("horizon", {}),
        "load": {"load": {"power_kw": load_kw}},
        "tariff": tariff,
    }
    spec = SiteSpec.model_validate(described | parts)
    return Site(spec, spec.horizon.build())


def line(name: str, stream: Stream = Stream.ENERGY) -> Line:
    """A line of a grid company's bill."""
    return Line(name, "grid company", stream)


def energy_charge(site: Site, price_per_kwh: Any, metered: Metered = IMPORT, name: str = "energy") -> EnergyCharge:
    """A charge per kWh at a price that may vary by interval."""
    return EnergyCharge(line(name), metered, np.broadcast_to(np.asarray(price_per_kwh, float), site.horizon.steps))


def whole_periods(horizon: Horizon) -> Groups:
    """Billing periods as groups, nothing excluded."""
    periods = horizon.billing
    return Groups(periods.ids, np.arange(periods.count), ("",) * periods.count)


def peak_demand(horizon: Horizon, metered: Metered = IMPORT, **options: Any) -> PeakDemand:
    """Plain demand of each billing period, with options of :class:`PeakDemand`."""
    groups = options.pop("groups", whole_periods(horizon))
    nothing = np.zeros(groups.count)
    return PeakDemand(metered, groups, options.pop("floor_kw", nothing), options.pop("carried_kw", nothing), **options)


def peak_charge(site: Site, price_per_kw: float, **options: Any) -> PeakCharge:
    """A demand charge at one price for all periods."""
    demand = peak_demand(site.horizon, **options)
    return PeakCharge(line("demand", Stream.DEMAND), demand, np.full(demand.groups.count, price_per_kw))
