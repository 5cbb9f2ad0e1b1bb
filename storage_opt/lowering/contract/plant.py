"""What the owner of the plants is paid, and what exported energy earns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge, Stream
from storage_opt.charges.deviation import DeviationBand
from storage_opt.charges.quantity import PeriodEnergy
from storage_opt.lowering.contract.bill import Bill
from storage_opt.lowering.contract.market import difference
from storage_opt.lowering.contract.meters import EXPORT
from storage_opt.lowering.contract.ratios import yearly_available_kwh
from storage_opt.spec.plant_contract import PlantContractSpec

__all__ = ["lower_export", "lower_plant"]


def lower_export(bill: Bill) -> list[Charge]:
    """Revenue of export, where it is the site's and the site may export: ``- h sum X p (1 - loss)``."""
    may_export = bool(bill.site.values(bill.site.spec.grid.export_limit_kw).any())
    if not may_export or (bill.site.spec.generator and not bill.spec.plant.site_sells):
        return []
    price = bill.site.values(bill.spec.export_price_per_kwh) * (bill.spec.export_loss_frac - 1.0)
    return [bill.per_kwh(bill.line("export", bill.spec.market_payee, Stream.EXPORT), EXPORT, price)]


def lower_plant(bill: Bill) -> list[Charge]:
    """The plant's energy: as consumed, as produced, or as a fixed shape; and what is paid anyway.

    Notes
    -----
    consumed: ``h sum (G - X) p``;  produced: ``h sum G p``;  fixed shape V: ``h sum V (p - p_ref) + h sum G p_ref``;
    take-or-pay of a contract year: ``mean p max(0, share volume - h sum q)``, q what is paid for.
    """
    plant = bill.spec.plant
    if not bill.site.spec.generator or plant.owner == "site":
        return []
    price = bill.site.values(plant.price_per_kwh)
    if plant.basis == "fixed_shape":
        return _fixed_shape(bill, plant, price)
    basis = bill.produced - EXPORT if plant.basis == "consumed" else bill.produced
    charges: list[Charge] = []
    if price.any():
        line = bill.line("plant_energy", plant.payee, Stream.GENERATION)
        charges.append(bill.per_kwh(line, basis, price))
    if plant.take_or_pay_frac:
        years = bill.years
        energy = PeriodEnergy(basis, years)
        mean_price = np.bincount(years.ids, price) / np.bincount(years.ids)
        line = bill.line("plant_take_or_pay", plant.payee, Stream.GENERATION)
        low = plant.take_or_pay_frac * _volume(bill, plant)
        nothing = np.zeros(years.count)
        charges.append(DeviationBand(line, energy, low, nothing + np.inf, mean_price, nothing))
    return charges


def _fixed_shape(bill: Bill, plant: PlantContractSpec, price: NDArray[np.float64]) -> list[Charge]:
    assert plant.shape_kw is not None
    assert plant.reference_price_per_kwh is not None
    reference = bill.site.values(plant.reference_price_per_kwh)
    shape = bill.site.values(plant.shape_kw)
    line = bill.line("plant_energy", plant.payee, Stream.GENERATION)
    return [
        bill.per_kwh(line, bill.produced, reference),
        difference(bill, "plant_cfd", plant.payee, shape, price - reference),
    ]


def _volume(bill: Bill, plant: PlantContractSpec) -> NDArray[np.float64]:
    """Volume a take-or-pay share refers to in each contract year (Y,), as far as it lies in the horizon. [kWh]"""
    if plant.take_or_pay_volume_kwh_per_year is None:
        return yearly_available_kwh(bill.site, bill.years)
    share = np.bincount(bill.years.ids, bill.site.horizon.year_shares, bill.years.count)
    return np.asarray(plant.take_or_pay_volume_kwh_per_year * share, dtype=np.float64)
