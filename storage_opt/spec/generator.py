"""Wind, PV and other plants with a given availability."""

from __future__ import annotations

from storage_opt.spec.fields import FractionSeries, MoneyPerKwh, PowerKw, PriceSeries, Spec
from storage_opt.spec.series import Constant

__all__ = ["GeneratorSpec"]


class GeneratorSpec(Spec):
    """A plant whose available power is capacity x profile."""

    capacity_kw: PowerKw
    """Installed capacity at the bus."""
    profile: FractionSeries
    """Available output as a share of capacity."""
    curtailable: bool = True
    """Whether output may be reduced below what is available; false means must-take."""
    curtailment_cost_per_kwh: PriceSeries = Constant(0.0)
    """Paid for each kWh available but not used."""
    energy_cost_per_kwh: MoneyPerKwh = 0.0
    """Paid for each kWh used, such as the price of a power purchase agreement or variable upkeep."""
    payee: str = "plant owner"
    """Who is paid for energy and curtailment."""
