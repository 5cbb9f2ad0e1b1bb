"""What products are paid, as lines of the bill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.reservation import Reservation
from storage_opt.errors import Faults
from storage_opt.lowering.products.events import EventResponse, event_responses
from storage_opt.lowering.products.held import HeldPower, held_powers
from storage_opt.lowering.products.incentives import Incentive, capacity_share, incentives
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site

__all__ = ["lower_products"]


def lower_products(site: Site) -> tuple[Charge, ...]:
    """A charge for each payment of each product; what the site receives is negative.

    Raises
    ------
    InputError
        When a product can't be sold as it is written; lists all faults.
    """
    charges: list[Charge] = []
    faults = Faults()
    with gathered(faults):
        charges += [charge for held in held_powers(site) for charge in _held(held)]
    with gathered(faults):
        charges += [charge for event in event_responses(site) for charge in _event(event, site)]
    with gathered(faults):
        charges += [charge for payment in incentives(site) for charge in _incentive(payment, site)]
    faults.raise_if_any()
    for payment in incentives(site):
        with gathered(faults):
            _refuse_called_energy(site, payment)
    faults.raise_if_any()
    return tuple(charges)


def _refuse_called_energy(site: Site, payment: Incentive) -> None:
    """Refuse to pay by rule for energy that a product is paid for as called: which kWh is which, no meter tells."""
    ways = {"discharge": "up", "charge": "down"}
    if payment.spec.kind not in ways:
        return
    way = ways[str(payment.spec.kind)]
    for held in held_powers(site):
        pays = held.spec.call_probability_frac > 0 and held.called_per_kwh.any() and way in held.directions
        for provider in held.providers if pays else ():
            if provider.name in payment.batteries and np.any(held.offered_by(provider, way) & payment.paid):
                what = (
                    f"and regulation.{held.name} would both pay for energy of `{provider.name}` that is called: the "
                    "same kWh would be sold twice"
                )
                hint = "keep their batteries or windows apart, or leave price_called_per_kwh out"
                refuse(f"incentive.{payment.name}", what, hint)


def _held(product: HeldPower) -> list[Charge]:
    """Payment for holding, once for symmetric power, and for what is called."""
    charges: list[Charge] = []
    payee = product.spec.payee
    paid_for = product.flows(product.directions[0])
    if product.price_per_kw_h.any() and paid_for:
        line = Line(f"{product.name}.held", payee, Stream.RESERVE)
        charges.append(Reservation(line, Metered.of(*paid_for), product.price_per_kw_h))
    every = [flow for direction in product.directions for flow in product.flows(direction)]
    share = product.spec.call_probability_frac
    if share and product.called_per_kwh.any() and every:
        line = Line(f"{product.name}.called", payee, Stream.RESERVE)
        charges.append(EnergyCharge(line, Metered.of(*every).times(share), -product.called_per_kwh))
    return charges


def _event(product: EventResponse, site: Site) -> list[Charge]:
    spec, name = product.spec, product.name
    promised, response = Metered.of(product.committed), Metered.of(product.delivered)
    charges: list[Charge] = []

    def line(part: str) -> Line:
        return Line(f"{name}.{part}", spec.payee, Stream.RESERVE)

    if spec.price_per_kwh is not None:
        charges.append(EnergyCharge(line("response"), response, -site.values(spec.price_per_kwh)))
    if spec.price_per_kw is not None:
        charges.append(
            EnergyCharge(line("promise"), promised, -spec.price_per_kw * _per_hour(product, site), unit="kW h")
        )
    if spec.underdelivery_price_per_kwh is not None:
        price = site.values(spec.underdelivery_price_per_kwh)
        charges.append(EnergyCharge(line("underdelivery"), promised - response, price))
    return charges


def _per_hour(product: EventResponse, site: Site) -> NDArray[np.float64]:
    """Share of its event that an hour is (T,). [1/h]"""
    ids = product.events.ids
    hours = np.bincount(ids[ids >= 0], minlength=product.events.count) * site.horizon.step_h
    share: NDArray[np.float64] = np.where(ids >= 0, 1.0 / np.append(hours, np.inf)[ids], 0.0)
    return share


def _incentive(payment: Incentive, site: Site) -> list[Charge]:
    spec = payment.spec
    line = Line(f"{payment.name}.{spec.kind}", spec.payee, Stream.RESERVE)
    if spec.kind == "capacity":
        assert spec.price_per_kw_year is not None
        assert spec.net_peak_h is not None
        counted_kw = sum(
            site.spec.battery[b].discharge_limit_kw * capacity_share(site, b, spec.net_peak_h)
            for b in payment.batteries
        )
        periods = site.horizon.billing
        years = periods.total(site.horizon.year_shares)
        return [FixedCharge(line, np.full(periods.count, counted_kw), "kW", -spec.price_per_kw_year * years)]
    assert spec.price_per_kwh is not None
    sold = Metered.of(*(payment.sold(battery) for battery in payment.batteries))
    return [EnergyCharge(line, sold, -site.values(spec.price_per_kwh))]
