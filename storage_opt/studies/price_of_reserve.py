"""What holding energy for a loss of the grid costs in arbitrage that is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from storage_opt.charges.base import Charge
from storage_opt.rules.base import ContractRule
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import Solved, solve_site

__all__ = ["PriceOfReserve"]


@dataclass(frozen=True, slots=True, eq=False)
class PriceOfReserve:
    """The optimal cost with the reserve less the optimal cost without it, found when it is called.

    Parameters
    ----------
    site, charges, rules : Site, sequence of Charge, sequence of ContractRule
        What was solved.
    planned : Solved
        The optimum with the reserve.
    solver : str or None
        As for :func:`~storage_opt.studies.dispatch.optimize`.
    """

    site: Site
    charges: Sequence[Charge]
    rules: Sequence[ContractRule]
    planned: Solved
    solver: str | None

    def __call__(self) -> float:
        """Solve without the reserve; where it has no worth at the optimum of a convex problem, it costs nothing."""
        convex = not self.planned.branches and self.planned.optimum.repair is None
        if convex and not any(worth.rule.name.endswith(".backup") for worth in self.planned.worths):
            return 0.0
        spec = self.site.spec.model_copy(update={"backup": None})
        free = solve_site(replace(self.site, spec=spec), self.charges, self.rules, solver=self.solver).cost
        return max(self.planned.cost - free, 0.0)
