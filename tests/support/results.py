"""A dispatch result made without a solver: two months of a small site, a daily rule-based plan, a true bill.

The plan charges in the valley and discharges in the peak, so every balance holds and the ledger is settled by
the real charges; only optimality is missing, and the certificate's figures are invented.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.energy import Bands, EnergyCharge
from storage_opt.charges.grouping import Groups
from storage_opt.charges.peak import PeakCharge
from storage_opt.charges.quantity import PeakDemand
from storage_opt.ledger.ledger import settle
from storage_opt.model.certificate import Attempt, Certificate, Repair
from storage_opt.rules.base import RuleCheck
from storage_opt.schedule import GRID, Flow, FlowKind, Metered, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.result import BatteryUse, BatteryWear, DispatchResult, MarginalValue, Timing

__all__ = ["charges_of", "fake_result", "small_site"]

ENERGY_KWH, POWER_KW = 4000.0, 1000.0
PRICES = {"valley": 0.25, "flat": 0.55, "peak": 1.05}


def small_site(
    name: str = "teahouse", start: date = date(2027, 6, 1), end: date = date(2027, 8, 1), step_minutes: int = 60
) -> Site:
    """A site with a load, PV, a battery and a two-part tariff, without files."""
    tou = [
        {"period": "valley", "hours": ["23:00-07:00"], "price_per_kwh": PRICES["valley"]},
        {"period": "peak", "hours": ["17:00-22:00"], "price_per_kwh": PRICES["peak"]},
        {"period": "flat", "price_per_kwh": PRICES["flat"]},
    ]
    load_kw = [900.0] * 7 + [1500.0] * 10 + [2100.0] * 5 + [1200.0] * 2
    sun_frac = [0.0] * 6 + [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1] + [0.0] * 6
    spec = SiteSpec.model_validate(
        {
            "name": name,
            "horizon": {"start": start, "end": end, "step_minutes": step_minutes},
            "grid": {"import_limit_kw": 4000.0, "export_limit_kw": 500.0},
            "load": {"hall": {"power_kw": load_kw}},
            "generator": {"pv": {"capacity_kw": 2500.0, "profile": sun_frac}},
            "battery": {"bess": {"energy_kwh": ENERGY_KWH, "power_kw": POWER_KW}},
            "tariff": {
                "two_part": {
                    "energy": [{"tou": tou}],
                    "demand": [{"price_per_kw": 38.0}],
                },
                "sale": {
                    "meter": "export",
                    "paid_to_site": True,
                    "energy": [{"price_per_kwh": 0.2}],
                },
            },
        }
    )
    return Site(spec, spec.horizon.build(), notes=("`load.hall` repeats one day",))


def charges_of(site: Site) -> tuple[Charge, ...]:
    """The tariff of :func:`small_site`, written out by hand."""
    horizon = site.horizon
    hour = horizon.hour
    band = np.select([(hour >= 23) | (hour < 7), (hour >= 17) & (hour < 22)], [0, 2], 1)
    names = ("valley", "flat", "peak")
    price = np.array([PRICES[name] for name in names])[band]
    imported, exported = Metered.of(Flow(GRID, FlowKind.IMPORT_KW)), Metered.of(Flow(GRID, FlowKind.EXPORT_KW))
    months = horizon.billing
    groups = Groups(months.ids, np.arange(months.count), ("",) * months.count)
    zero = np.zeros(months.count)
    return (
        EnergyCharge(Line("two_part.energy", "grid company", Stream.ENERGY), imported, price, Bands(band, names)),
        PeakCharge(
            Line("two_part.demand", "grid company", Stream.DEMAND),
            PeakDemand(imported, groups, zero, zero),
            np.full(months.count, 38.0),
        ),
        EnergyCharge(Line("sale.energy", "grid company", Stream.EXPORT), exported, np.full(horizon.steps, -0.2)),
    )


def fake_result(site: Site | None = None) -> DispatchResult:
    """The plan, the baseline, their bills and everything a report shows."""
    site = site or small_site()
    charges = charges_of(site)
    baseline, plan = _schedule(site, use_battery=False), _schedule(site, use_battery=True)
    paid, paid_before = settle(plan, charges), settle(baseline, charges)
    before, after = paid_before.by_stream(), paid.by_stream()
    delivered = plan.energy_kwh(FlowKind.DISCHARGE_KW)
    return DispatchResult(
        site=site,
        schedule=plan,
        ledger=paid,
        baseline=baseline,
        baseline_ledger=paid_before,
        certificate=Certificate(
            solver="PIQP",
            primal_residual=3.1e-10,
            dual_residual=0.0,
            relative_gap=2.4e-9,
            simultaneous_kwh=0.0,
            ledger_mismatch_relative=1.5e-15,
            attempts=(Attempt("PIQP", "optimal", 0.21),),
            repair=Repair(intervals=12, rounds=1, everywhere=False, cost=3.5),
            rules=(RuleCheck("green.self_use", "self-use of available energy", ">=", 0.6, 0.83, "1", ok=True),),
        ),
        streams={str(stream): before[stream] - after[stream] for stream in before},
        batteries={"bess": BatteryUse(delivered, delivered / 0.95 / ENERGY_KWH, 0.1 * delivered, _wear())},
        marginals=(
            MarginalValue("grid.transformer", "transformer", "2027-07", "kW", 31.2, 44),
            MarginalValue("bess.power", "charging power of bess", "2027-06", "kW", 0.0456, 240),
        ),
        timing=Timing(0.05, 0.12, 0.2, 0.21, 0.02, 0.6),
        notes=site.notes,
    )


def _wear() -> BatteryWear:
    return BatteryWear(
        full_cycles=52.4,
        cycles_by_depth=(3, 0, 0, 1200, 0, 0, 0, 0, 59, 0),
        mean_soc_frac=0.431,
        counted_cost=9_950.0,
        planned_cost=10_000.0,
        relative_difference=50 / 9_950,
        cycle_life_frac=0.0123,
        calendar_life_frac=None,
        years_to_end_of_life=13.25,
    )


def _schedule(site: Site, *, use_battery: bool) -> Schedule:
    horizon, hour = site.horizon, site.horizon.hour
    load = site.values(site.spec.load["hall"].power_kw)
    sun = site.values(site.spec.generator["pv"].profile) * site.spec.generator["pv"].capacity_kw
    charge_kw = 0.88 * POWER_KW
    discharge_kw = charge_kw * 4 * 0.95 * 0.95 / 5  # four hours in, five hours out, 5 % lost each way
    charge: NDArray[np.float64] = np.where((hour >= 1) & (hour < 5), charge_kw, 0.0) * use_battery
    discharge: NDArray[np.float64] = np.where((hour >= 17) & (hour < 22), discharge_kw, 0.0) * use_battery
    net = load + charge - discharge - sun
    export = np.clip(-net, 0.0, 500.0)
    curtailed = np.clip(-net, 0.0, None) - export
    energy = 0.1 * ENERGY_KWH + np.cumsum(0.95 * charge - discharge / 0.95) * horizon.step_h
    return Schedule(
        horizon,
        {
            Flow(GRID, FlowKind.IMPORT_KW): np.clip(net, 0.0, None),
            Flow(GRID, FlowKind.EXPORT_KW): export,
            Flow("hall", FlowKind.LOAD_KW): load,
            Flow("pv", FlowKind.AVAILABLE_KW): sun,
            Flow("pv", FlowKind.USED_KW): sun - curtailed,
            Flow("pv", FlowKind.CURTAILED_KW): curtailed,
            Flow("bess", FlowKind.CHARGE_KW): charge,
            Flow("bess", FlowKind.DISCHARGE_KW): discharge,
            Flow("bess", FlowKind.ENERGY_KWH): energy,
        },
    )
