"""What the contract of green direct supply (绿电直连) requires of the schedule.

The ratios are those of 发改能源〔2025〕650号 (2025-05-21) art. 6 and 发改能源〔2026〕688号 (2026-05-14)
art. 1 and 6; none is in force unless it is written down here, because provinces set their own values.
"""

from __future__ import annotations

from storage_opt.spec.fields import Fraction, PowerKwSeries, Spec
from storage_opt.spec.supply import SupplySpec
from storage_opt.spec.tariff import Window

__all__ = ["ContractSpec"]


class ContractSpec(Spec):
    """Rules of a green direct supply contract, kept over the horizon."""

    self_use_of_available_min_frac: Fraction | None = None
    """Self-used energy over available generation, at least; 0.60 in 650号 art. 6. Curtailed energy is available."""
    self_use_of_consumption_min_frac: Fraction | None = None
    """Self-used energy over consumption, at least; 0.30 in 650号 art. 6, 0.35 from 2030."""
    export_of_available_max_frac: Fraction | None = None
    """Exported energy over available generation, at most; 0.20 in 650号 art. 6, set by the province."""
    deduct_storage_losses: bool = True
    """Whether energy lost in storage is taken off self-use. The rules are silent; deducting is the careful reading."""
    exchange_cap_kw: PowerKwSeries | None = None
    """Declared exchange power with the public grid, a limit in both directions (650号 art. 10)."""
    no_export: tuple[Window, ...] = ()
    """Periods named by the province in which nothing may be exported (650号 art. 11)."""
    exchange_peak_valley_max_frac: Fraction | None = None
    """Largest (highest - lowest) / highest import of a day (650号 art. 11; the day is an assumption)."""
    supply: SupplySpec | None = None
    """How backup, own plant and export are paid; none when tariffs say it all."""
