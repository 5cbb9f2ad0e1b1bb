"""What a dispatch says of the backup of a site: what is held, how long it lasts, and what holding it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from storage_opt.lowering.backup import BackupPlan
from storage_opt.studies.islanding import Islanding

__all__ = ["BackupResult"]


@dataclass(frozen=True, eq=False)
class BackupResult:
    """Backup of a planned schedule.

    Parameters
    ----------
    islanding : Islanding
        Survival from every start.
    ask_reserve_cost : callable
        How to find :attr:`reserve_cost`, which takes a second solve.
    """

    islanding: Islanding
    ask_reserve_cost: Callable[[], float] = field(repr=False)

    @property
    def plan(self) -> BackupPlan:
        """Critical load, ride-through and what each battery holds."""
        return self.islanding.plan

    @cached_property
    def reserve_cost(self) -> float:
        """Optimal cost with the reserve less the optimal cost without: arbitrage that is lost. [money]

        Solved for when first asked.
        """
        return self.ask_reserve_cost()
