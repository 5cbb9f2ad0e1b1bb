"""What a unit of size costs and what a unit of the bill counts, from the finance of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.errors import Fault, Faults
from storage_opt.finance.present_worth import PresentWorth, present_worth
from storage_opt.finance.project import SizeUnit
from storage_opt.lowering.open_sizes import OpenSize, SizeKind
from storage_opt.model.compile import Weights
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site

__all__ = ["Objective", "objective"]

_SAME = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """A net present value, told as money of the first year.

    Parameters
    ----------
    finance : FinanceSpec
        Costs and rates.
    worth : PresentWorth
        Coefficients of the net present value.
    weights : mapping of Stream to float
        What a unit of money of each stream counts.
    size_cost_per_year : (K,) array
        What a unit of each size costs a year of the first year's money, upkeep and replacements included. [money/unit]
    capex_per_unit : (K,) array
        Investment for a unit of each size. [money/unit]
    present_worth_of_saving : float
        Net present value of a unit of money saved every year: what the objective is to be multiplied by.

    Notes
    -----
    ``NPV = W (saving - sum_k c_k (s_k - s_k^existing))``, W the present worth of a unit saved every year in the prices
    of energy, c the present worth of a unit of size over W, and savings of other streams weighted by their present
    worth over W. Wear is no cash, but counts as a cost of its own, or the schedule would spend cells for nothing.
    """

    finance: FinanceSpec
    worth: PresentWorth
    weights: Weights
    size_cost_per_year: NDArray[np.float64]
    capex_per_unit: NDArray[np.float64]
    present_worth_of_saving: float

    @property
    def is_uniform(self) -> bool:
        """Whether all streams count the same, so that the best schedule is that of the first year's bill."""
        return all(abs(weight - 1.0) < _SAME for weight in self.weights.values())

    def capex_worth(self, asset: str) -> float:
        """What a unit of money of investment costs a year of the first year's money. [1/year]"""
        cost = self.finance.cost[asset]
        dearer = cost.model_copy(update={"capex": cost.capex + 1.0})
        with_it = present_worth(self.finance.model_copy(update={"cost": {asset: dearer}})).fixed_of(asset)
        return (self.worth.fixed_of(asset) - with_it) / self.present_worth_of_saving


def objective(site: Site, sizes: Sequence[OpenSize]) -> Objective:
    """The objective of a sizing.

    Parameters
    ----------
    site : Site
        A site with costs.
    sizes : sequence of OpenSize
        What is open.

    Raises
    ------
    InputError
        When something that is open has no cost; lists all of it.
    """
    finance = _priced(site, sizes)
    worth = present_worth(finance)
    unit = worth.of_saving(Stream.ENERGY)
    level = present_worth(finance.model_copy(update={"escalation_frac": {}})).of_saving(Stream.ENERGY)
    weights = {stream: (worth.of_saving(stream) if stream is not Stream.WEAR else level) / unit for stream in Stream}
    return Objective(
        finance,
        worth,
        weights,
        np.array([-_worth_of_unit(worth, size) / unit for size in sizes]),
        np.array([_capex(finance, size) for size in sizes]),
        unit,
    )


def _priced(site: Site, sizes: Sequence[OpenSize]) -> FinanceSpec:
    file = site.source.name if site.source else ""
    finance, faults = site.spec.finance, Faults()
    if finance is None:
        faults.add(
            Fault("is missing, which sizing needs", "write it, with a table [finance.cost.NAME]", file, "finance")
        )
        faults.raise_if_any()
        raise AssertionError
    for size in sizes:
        key = f"finance.cost.{size.asset}"
        if any(choice.capex for choice in size.range.choices) and not (size.is_bought and size.asset in finance.cost):
            what = f"`{size.key}` has choices with capex, but nothing is bought for it"
            hint = f"write [{key}]" if size.is_bought else "leave capex out of the choices"
            faults.add(Fault(what, hint, file, f"{size.key}.choices"))
            continue
        if size.is_billed:
            continue
        if size.asset not in finance.cost:
            what = f"capex is missing: `{size.key}` is open and would be built for nothing"
            faults.add(Fault(what, f"write [{key}] with capex_per_{size.kind.value.lower()}", file, key))
        elif not _capex(finance, size) and not _others_pay(finance, size, sizes):
            what = f"says no capex for the {size.kind} that `{size.key}` leaves open"
            hint = f"give capex_per_{size.kind.value.lower()}, or fix the size"
            faults.add(Fault(what, hint, file, key))
    faults.raise_if_any()
    return finance


def _others_pay(finance: FinanceSpec, size: OpenSize, sizes: Sequence[OpenSize]) -> bool:
    """Whether the asset is paid by another size of it that is open, as where power comes with the energy."""
    return any(other.asset == size.asset and _capex(finance, other) > 0 for other in sizes if other is not size)


def _capex(finance: FinanceSpec, size: OpenSize) -> float:
    if not size.is_bought or size.asset not in finance.cost:
        return 0.0
    cost = finance.cost[size.asset]
    if size.kind is SizeKind.APPARENT_POWER:
        return cost.capex_per_kva
    return cost.capex_per_kw * size.power_kw_per_unit + cost.capex_per_kwh * size.energy_kwh_per_unit


def _worth_of_unit(worth: PresentWorth, size: OpenSize) -> float:
    if not size.is_bought or size.asset not in worth.spec.cost:
        return 0.0
    if size.kind is SizeKind.APPARENT_POWER:
        return worth.of_size(size.asset, SizeUnit.KVA)
    power = worth.of_size(size.asset, SizeUnit.KW) if size.power_kw_per_unit else 0.0
    energy = worth.of_size(size.asset, SizeUnit.KWH) if size.energy_kwh_per_unit else 0.0
    return power * size.power_kw_per_unit + energy * size.energy_kwh_per_unit
