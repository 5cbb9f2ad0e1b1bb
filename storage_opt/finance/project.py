"""What a project is: new capacity that is paid for, and what the bill is lower by in each year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.spec.finance import FinanceSpec

__all__ = ["AssetSize", "Project", "Row", "SizeUnit"]

Row = NDArray[np.float64]
"""A number a year: (N + 1,) from year 0 in a cash flow, (N,) from year 1 in what a project is told."""


class SizeUnit(StrEnum):
    """What new capacity is measured in."""

    KWH = "kwh"
    KW = "kw"
    KVA = "kva"


@dataclass(frozen=True, slots=True)
class AssetSize:
    """New capacity of an asset, beyond what the site has.

    Parameters
    ----------
    power_kw : float
        Power. [kW]
    energy_kwh : float
        Energy capacity; of a building: of its cold tank. [kWh]
    capacity_kva : float
        Access capacity. [kVA]
    """

    power_kw: float = 0.0
    energy_kwh: float = 0.0
    capacity_kva: float = 0.0

    @classmethod
    def of(cls, unit: SizeUnit, amount: float) -> AssetSize:
        """A size in one unit and nothing of the others. [unit]"""
        match unit:
            case SizeUnit.KWH:
                return cls(energy_kwh=amount)
            case SizeUnit.KW:
                return cls(power_kw=amount)
            case SizeUnit.KVA:
                return cls(capacity_kva=amount)


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A project before any rate, tax or loan is applied to it.

    Parameters
    ----------
    spec : FinanceSpec
        Costs, rates, taxes, loan and sharing; N is its `years`.
    sizes : mapping of str to AssetSize
        New capacity by asset. An asset that is named here pays its fixed costs too, even at size zero.
    savings : mapping of Stream to (N,) array
        Bill without the project less bill with it in each year, in prices of year 1; `Stream.WEAR` is imputed, never
        cash, and left out. [money]
    augmentation : (N,) array, optional
        Spent on cells that are added, at the end of each year, in prices of year 0. [money]
    replacements : mapping of str to (N,) array
        Spent on replacing an asset, in prices of year 0, instead of what its `life_years` say. [money]
    throughput_kwh : (N,) array, optional
        Energy discharged in each year, for the levelised cost of storage. [kWh]
    charging_cost : (N,) array, optional
        Paid for the energy that is charged, in prices of year 1, for the levelised cost of storage. [money]

    Raises
    ------
    ValueError
        When a row does not have N finite numbers, or an asset no cost.
    """

    spec: FinanceSpec
    sizes: Mapping[str, AssetSize]
    savings: Mapping[Stream, Row]
    augmentation: Row | None = None
    replacements: Mapping[str, Row] = field(default_factory=dict)
    throughput_kwh: Row | None = None
    charging_cost: Row | None = None

    def __post_init__(self) -> None:
        rows = {
            **{f"savings of {stream.value}": row for stream, row in self.savings.items()},
            **{f"replacements of {name}": row for name, row in self.replacements.items()},
            "augmentation": self.augmentation,
            "throughput_kwh": self.throughput_kwh,
            "charging_cost": self.charging_cost,
        }
        for what, row in rows.items():
            if row is not None and (np.shape(row) != (self.spec.years,) or not np.all(np.isfinite(row))):
                message = f"{what} must be {self.spec.years} finite numbers, one a year of the project"
                raise ValueError(message)
        for name in (*self.sizes, *self.replacements):
            if name not in self.spec.cost or name not in self.sizes:
                message = f"{name!r} has no cost; write a [finance.cost.{name}] section, and give its size"
                raise ValueError(message)

    @property
    def years(self) -> Row:
        """Numbers of the years (N + 1,): 0, 1, ..., N."""
        return np.arange(self.spec.years + 1, dtype=np.float64)

    @property
    def cash_savings(self) -> dict[Stream, Row]:
        """Savings of the streams that are cash, in the order of the streams (N,). [money]"""
        return {stream: self.savings[stream] for stream in Stream if stream in self.savings and stream != Stream.WEAR}
