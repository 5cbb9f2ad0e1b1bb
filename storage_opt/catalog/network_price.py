"""Network (T&D) prices of the two-part tariff, by grid and voltage."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.grids import find_grid, find_voltage_kv
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, InputError

__all__ = ["NetworkPrice", "VoltageKv", "network_price", "network_prices"]

VoltageKv = Annotated[Literal[10, 35, 110, 220], BeforeValidator(int)]


class NetworkPrice(ProvenanceRow):
    """Network prices of a grid at a voltage, two-part, including VAT and the base-period cross-subsidy. CNY."""

    grid: str
    """Code of the grid."""
    voltage_kv: VoltageKv
    """Voltage of the connection. [kV]"""
    energy_per_kwh: Annotated[float, Field(ge=0)]
    """Energy price of the network. [CNY/kWh]"""
    demand_per_kw_month: Annotated[float, Field(gt=0)]
    """Demand price. [CNY/kW-month]"""
    capacity_per_kva_month: Annotated[float, Field(gt=0)]
    """Capacity price, the alternative to the demand price. [CNY/kVA-month]"""
    loss_frac: Annotated[float, Field(ge=0, lt=0.2)]
    """Loss rate that is charged on the energy price. [0-1]"""
    funds_per_kwh: Annotated[float, Field(ge=0)] | None = None
    """Government funds and surcharges of industrial users; None when they were not in what was read. [CNY/kWh]"""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"network price of {self.grid} at {self.voltage_kv} kV"


@cache
def network_prices() -> tuple[NetworkPrice, ...]:
    """All rows of the table."""
    return read_rows("network_prices.csv", NetworkPrice)


def network_price(grid: str, voltage: str | float, on: date) -> NetworkPrice:
    """Network prices in force on a day, otherwise the row nearest in time: ask :func:`stale_note` about it.

    Parameters
    ----------
    grid : str
        Code or name of the grid.
    voltage : str or float
        Voltage, such as ``"110kV"`` or 110. [kV]
    on : date
        Day of supply.

    Raises
    ------
    InputError
        When the table has no such grid or voltage.
    """
    code, voltage_kv = find_grid(grid).grid, find_voltage_kv(voltage)
    of_grid = [row for row in network_prices() if row.grid == code]
    rows = [row for row in of_grid if row.voltage_kv == voltage_kv]
    if not rows:
        listed = ", ".join(f"{row.voltage_kv}kV" for row in of_grid)
        what = f"the table has no network price of {code} at {voltage_kv} kV"
        raise InputError([Fault(what, f"choose one of {listed}")])
    return min(rows, key=lambda row: row.days_from(on))
