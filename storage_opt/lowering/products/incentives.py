"""Payments to batteries by rule, on the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.lowering.products.held import any_window
from storage_opt.lowering.products.presets import filled, preset_row
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.incentive import IncentiveSpec
from storage_opt.spec.resolved import Site

__all__ = ["Incentive", "capacity_share", "incentives"]


@dataclass(frozen=True, slots=True, eq=False)
class Incentive:
    """A payment to batteries by rule.

    Parameters
    ----------
    name : str
        Name of the payment.
    spec : IncentiveSpec
        What the user wrote, gaps filled.
    batteries : tuple of str
        Who is paid.
    paid : (T,) bool array
        Intervals in which energy is paid.
    """

    name: str
    spec: IncentiveSpec
    batteries: tuple[str, ...]
    paid: NDArray[np.bool_]

    def sold(self, battery: str) -> Flow:
        """Energy of a battery that is sold under it. [kW]"""
        return Flow(f"{self.name}.{battery}", FlowKind.DELIVERED_KW)

    def source(self, battery: str) -> Flow:
        """Flow that the energy comes from. [kW]"""
        return Flow(battery, FlowKind.DISCHARGE_KW if self.spec.kind == "discharge" else FlowKind.CHARGE_KW)

    def most_kw(self, site: Site) -> float:
        """Most energy that can be sold under it at a time. [kW]"""
        specs = [site.spec.battery[battery] for battery in self.batteries]
        return sum(b.discharge_limit_kw if self.spec.kind == "discharge" else b.power_kw for b in specs)


def incentives(site: Site) -> tuple[Incentive, ...]:
    """Every payment by rule, worked out once for each site.

    Raises
    ------
    InputError
        When a payment is not eligible, has no kind or price, or names what is no battery; lists all faults.
    """
    return site.once(_lowered)


def _lowered(site: Site) -> tuple[Incentive, ...]:
    faults = Faults()
    found = []
    for name, spec in site.spec.incentive.items():
        with gathered(faults):
            found.append(_one(site, name, filled(spec, f"incentive.{name}")))
    faults.raise_if_any()
    return tuple(found)


def _one(site: Site, name: str, spec: IncentiveSpec) -> Incentive:
    key = f"incentive.{name}"
    if not spec.eligible:
        what = "is a payment without eligibility: `eligible` is not true"
        hint = (
            "storage behind a user's meter is not eligible for the capacity price of 发改价格〔2026〕114号; set "
            "eligible = true only if the batteries stand on the list of the rule, or leave the payment out"
        )
        refuse(f"{key}.eligible", what, hint)
    if spec.kind is None:
        refuse(f"{key}.kind", "is missing", 'write "discharge", "charge" or "capacity", or a preset')
    unknown = [battery for battery in spec.batteries if battery not in site.spec.battery]
    if unknown or not site.spec.battery:
        what = f"there is no battery `{unknown[0]}`" if unknown else "the site has no battery to pay"
        refuse(f"{key}.batteries", what, f"name one of {', '.join(site.spec.battery) or 'the batteries you add'}")
    needed = {"capacity": ("price_per_kw_year", "net_peak_h")}.get(spec.kind, ("price_per_kwh",))
    missing = [field for field in needed if getattr(spec, field) is None]
    if missing:
        refuse(f"{key}.{missing[0]}", f"is missing, which a {spec.kind} payment needs", "give it, or a preset")
    batteries = spec.batteries or tuple(site.spec.battery)
    row = preset_row(spec, key)
    total_kw = sum(site.spec.battery[battery].discharge_limit_kw for battery in batteries)
    if row is not None and row.least_kw is not None and total_kw < row.least_kw:
        what = f"`{row.product}` asks for {row.least_kw:,.6g} kW or more, the batteries have {total_kw:,.6g} kW"
        refuse(f"{key}.preset", what, "leave the payment out")
    return Incentive(name, spec, batteries, any_window(spec.window, site.horizon, f"{key}.window"))


def capacity_share(site: Site, battery: str, net_peak_h: float) -> float:
    """Share of a battery's power that counts as capacity: full-power hours over the net peak, at most 1. [0-1]

    Notes
    -----
    ``k = min(1, eta_d (E_max - E_min) / P_discharge / T)`` with the window that holds all year, 发改价格〔2026〕114号.
    """
    spec = site.spec.battery[battery]
    window = float(site.values(spec.soc_max_frac).min() - site.values(spec.soc_min_frac).max())
    if not spec.discharge_limit_kw:
        return 0.0
    full_power_h = spec.discharge_efficiency * max(window, 0.0) * spec.energy_kwh / spec.discharge_limit_kw
    return min(1.0, full_power_h / net_peak_h)
