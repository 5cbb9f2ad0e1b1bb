"""Cells of one age: what they still hold, and which of their limits they reach first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage_opt.spec.life import LifeSpec

__all__ = ["ROUNDING", "Cells", "YearlyUse"]

_Array = NDArray[np.float64]

ROUNDING = 1e-9
"""Share of a life, or of rated energy, that counts as none."""

_SLOWEST = 1e-12
"""Share of a limit a year up to which it is never reached. [1/year]"""


@dataclass(frozen=True, slots=True, eq=False)
class YearlyUse:
    """What the cells of a battery go through in each year of a project, young and old ones alike.

    Parameters
    ----------
    life_frac : (Y,) array
        Share of life that a year takes.
    cycles : (Y,) array
        Equivalent full cycles: energy from the cells over the energy they hold.
    delivered_kwh_per_kwh : (Y,) array
        Energy delivered at the AC side for each kWh that the cells hold. [kWh/kWh]
    """

    life_frac: _Array
    cycles: _Array
    delivered_kwh_per_kwh: _Array

    @property
    def years(self) -> int:
        """Length of the project."""
        return int(self.life_frac.size)


@dataclass(slots=True, eq=False)
class Cells:
    """Cells that were put in at the start of one year.

    Parameters
    ----------
    rated_kwh : float
        Energy when new. [kWh]
    born : int
        Year at whose start they were put in, from 0.
    spent : (4,) array
        Shares of life, of the years, of the cycles and of the throughput under warranty that are used.
    ends_at_years : float
        Time at which the first of them is all used, from the start of the project; infinite while none is. [year]
    answered : bool
        Whether what is done at their end has been done.
    """

    rated_kwh: float
    born: int
    spent: _Array = field(default_factory=lambda: np.zeros(4))
    ends_at_years: float = np.inf
    answered: bool = False

    @property
    def ended(self) -> bool:
        """Whether their life has ended."""
        return bool(self.spent.max() >= 1.0 - ROUNDING)

    def held_kwh(self, spec: LifeSpec, later_life_frac: float = 0.0) -> float:
        """Energy they hold, now or when a further share of life is used. [kWh]"""
        return self.rated_kwh * max(1.0 - spec.life_fade_frac * (float(self.spent[0]) + later_life_frac), 0.0)

    def yearly(self, spec: LifeSpec, use: YearlyUse, year: int) -> _Array:
        """Share of each limit that a year takes (4,). [1/year]"""
        life = float(use.life_frac[year])
        delivered = float(use.delivered_kwh_per_kwh[year]) * self.held_kwh(spec, life / 2.0) / self.rated_kwh
        amounts = (1.0, float(use.cycles[year]), delivered)
        limits = (spec.warranty_years, spec.warranty_cycles, spec.warranty_throughput_kwh_per_kwh)
        return np.array([life, *(a / b if b else 0.0 for a, b in zip(amounts, limits, strict=True))])

    def end_at(self, yearly: _Array, now_years: float) -> float:
        """When the first limit is reached, if it goes on like that. [year]"""
        left = np.maximum(1.0 - self.spent, 0.0)
        return now_years + min(
            (float(a / b) for a, b in zip(left, yearly, strict=True) if b > _SLOWEST), default=np.inf
        )

    def grow_older(self, yearly: _Array, year: int) -> None:
        """Let a year go by."""
        if np.isinf(self.ends_at_years):
            end = self.end_at(yearly, float(year))
            self.ends_at_years = end if end <= year + 1.0 + ROUNDING else np.inf
        self.spent = self.spent + yearly
