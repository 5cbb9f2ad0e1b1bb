"""Published agency prices: by component, and by period only; each an anchor from which other prices follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from pydantic import Field

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.network_price import VoltageKv, network_price
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.catalog.tou_rows import Period
from storage_opt.errors import Fault, InputError
from storage_opt.spec.floating_base import FloatingBase, PriceComponents, period_prices

__all__ = ["AgencyPrices", "ComponentPrices", "PriceSheet", "agency_prices", "at_voltage", "component_prices"]


class _PublishedRow(ProvenanceRow):
    """Prices by period as a grid company published them, and the multipliers they were made with."""

    grid: str
    """Code of the grid or price zone."""
    voltage_kv: VoltageKv
    """Voltage of the connection. [kV]"""
    customer: str
    """Class of customer."""
    tip_multiplier: float | None = None
    """Multiplier of the tip."""
    peak_multiplier: float | None = None
    """Multiplier of the peak."""
    valley_multiplier: float | None = None
    """Multiplier of the valley."""
    deep_multiplier: float | None = None
    """Multiplier of the deep valley."""
    tip_per_kwh: float | None = None
    """Price of the tip. [CNY/kWh]"""
    peak_per_kwh: float
    """Price of the peak. [CNY/kWh]"""
    flat_per_kwh: float
    """Price of the flat period. [CNY/kWh]"""
    valley_per_kwh: float
    """Price of the valley. [CNY/kWh]"""
    deep_per_kwh: float | None = None
    """Price of the deep valley. [CNY/kWh]"""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"price sheet of {self.grid} at {self.voltage_kv} kV of {self.valid_from:%Y-%m}"

    @property
    def multipliers(self) -> Mapping[Period, float]:
        """Multiplier of each period that has one; flat is 1."""
        known = {
            Period.TIP: self.tip_multiplier,
            Period.PEAK: self.peak_multiplier,
            Period.FLAT: 1.0,
            Period.VALLEY: self.valley_multiplier,
            Period.DEEP: self.deep_multiplier,
        }
        return {period: multiplier for period, multiplier in known.items() if multiplier is not None}

    @property
    def published(self) -> Mapping[Period, float]:
        """Price of each period that was published. [CNY/kWh]"""
        known = {
            Period.TIP: self.tip_per_kwh,
            Period.PEAK: self.peak_per_kwh,
            Period.FLAT: self.flat_per_kwh,
            Period.VALLEY: self.valley_per_kwh,
            Period.DEEP: self.deep_per_kwh,
        }
        return {period: price for period, price in known.items() if price is not None}


class ComponentPrices(_PublishedRow):
    """A published price with its components, from which every period is recomputed."""

    two_part: bool
    """Whether it is a price of the two-part tariff."""
    complete: bool
    """Whether each component is known by itself; otherwise the note says what stands together."""
    base: FloatingBase
    """What the multipliers multiply."""
    purchase_per_kwh: float
    """Agency purchase price with its deviation part. [CNY/kWh]"""
    deviation_per_kwh: float
    """Deviation of earlier months within it. [CNY/kWh]"""
    capacity_compensation_per_kwh: float
    """Capacity compensation price. [CNY/kWh]"""
    loss_per_kwh: float
    """Line loss. [CNY/kWh]"""
    network_per_kwh: float
    """Energy price of the network. [CNY/kWh]"""
    system_per_kwh: float
    """System operation fee. [CNY/kWh]"""
    system_capacity_per_kwh: float
    """Pumped hydro and coal capacity items within it; 0 when not listed. [CNY/kWh]"""
    funds_per_kwh: float
    """Government funds and surcharges. [CNY/kWh]"""
    decimals: int = Field(ge=3, le=8)
    """Digits after the point to which the prices were published."""

    @property
    def components(self) -> PriceComponents:
        """The components alone."""
        return PriceComponents(**{name: getattr(self, name) for name in PriceComponents.__dataclass_fields__})

    @property
    def recomputed(self) -> Mapping[Period, float]:
        """Price of each period from the components. [CNY/kWh]"""
        return period_prices(self.base, self.components, self.multipliers)


class AgencyPrices(_PublishedRow):
    """A published price by period; what floats is inferred from it."""

    base: FloatingBase | None = None
    """What the multipliers multiply; None when the market forms prices."""
    floating_per_kwh: float | None = None
    """Inferred floating part: (price - flat) / (multiplier - 1), equal for all periods. [CNY/kWh]"""
    spread_per_kwh: float
    """Dearest period less cheapest, by their names, as published. [CNY/kWh]"""


@cache
def component_prices() -> tuple[ComponentPrices, ...]:
    """All published prices with components."""
    return read_rows("component_prices.csv", ComponentPrices)


@cache
def agency_prices() -> tuple[AgencyPrices, ...]:
    """All published prices by period only."""
    return read_rows("agency_prices.csv", AgencyPrices)


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """A flat price and what floats of it, from which the price of any period follows.

    Parameters
    ----------
    row : ComponentPrices or AgencyPrices
        The published row it stands on.
    voltage_kv : int
        Voltage the prices hold at. [kV]
    flat_per_kwh : float
        Price of the flat period. [CNY/kWh]
    floating_per_kwh : float or None
        What multipliers act on; None when the market forms prices. [CNY/kWh]
    shift_per_kwh : float
        What was added to the published prices on the way to another voltage. [CNY/kWh]
    notes : tuple of str
        How the numbers came about.
    """

    row: ComponentPrices | AgencyPrices
    voltage_kv: int
    flat_per_kwh: float
    floating_per_kwh: float | None
    shift_per_kwh: float = 0.0
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(row: ComponentPrices | AgencyPrices) -> PriceSheet:
        """The sheet of a published row, at its own voltage."""
        if isinstance(row, AgencyPrices):
            return PriceSheet(row, row.voltage_kv, row.flat_per_kwh, row.floating_per_kwh)
        parts = row.components
        return PriceSheet(row, row.voltage_kv, parts.flat_per_kwh, parts.floating_per_kwh(row.base))

    @property
    def base(self) -> FloatingBase | None:
        """What floats."""
        return self.row.base

    def price_per_kwh(self, period: Period, multiplier: float | None) -> float | None:
        """Price of a period, to the six digits of a published table; None when it does not follow. [CNY/kWh]

        Without a multiplier the published price of the period is taken.
        """
        if multiplier is None or self.floating_per_kwh is None:
            published = self.row.published.get(period)
            return None if published is None else round(published + self.shift_per_kwh, 6)
        return round(self.flat_per_kwh + self.floating_per_kwh * (multiplier - 1.0), 6)


def at_voltage(sheet: PriceSheet, voltage_kv: int, on: date) -> PriceSheet:
    """The same prices at another voltage: the network's energy price is exchanged.

    Parameters
    ----------
    sheet : PriceSheet
        Prices at the voltage they were published for.
    voltage_kv : int
        Wanted voltage. [kV]
    on : date
        Day whose network prices give the difference.

    Raises
    ------
    InputError
        When a network price is missing, or it is not known whether the network's price floats.

    Notes
    -----
    ``p(V2) = p(V1) - (tau(V1) - tau(V2)) m``, with m = 1 where the network's price does not float.
    """
    if voltage_kv == sheet.voltage_kv:
        return sheet
    if sheet.base is None:
        what = f"the {sheet.row.title} does not tell whether the network's price floats: no prices at {voltage_kv} kV"
        raise InputError([Fault(what, f"ask for {sheet.voltage_kv}kV, or write the prices into the site")])
    here, there = (network_price(sheet.row.grid, voltage, on) for voltage in (sheet.voltage_kv, voltage_kv))
    step = there.energy_per_kwh - here.energy_per_kwh
    floats = sheet.base.network_floats
    floating = sheet.floating_per_kwh
    note = (
        f"the {sheet.row.title}, moved to {voltage_kv} kV by the difference of network prices, {step:+.4f} CNY/kWh "
        f"({there.document}){', which floats' if floats else ''}"
    )
    return replace(
        sheet,
        voltage_kv=voltage_kv,
        flat_per_kwh=sheet.flat_per_kwh + step,
        floating_per_kwh=None if floating is None else floating + step * floats,
        shift_per_kwh=sheet.shift_per_kwh + step,
        notes=(*sheet.notes, note),
    )
