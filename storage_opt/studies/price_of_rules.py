"""What keeping the rules of a contract costs, told apart from what storage saves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage_opt.charges.base import Charge
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import Solved, solve_site
from storage_opt.studies.result import Compliance

__all__ = ["PriceOfRules"]


@dataclass(frozen=True, slots=True, eq=False)
class PriceOfRules:
    """The optimal cost with every contract rule less the optimal cost without any, found when it is called.

    Parameters
    ----------
    site, charges : Site, sequence of Charge
        What was solved.
    cost : float
        Optimal cost with the rules. [money]
    rule_binds : bool
        Whether a rule has a worth at the optimum; where none has, the cost without rules is the same.
    broken_by_baseline : tuple of str
        Rules the baseline does not keep, in words: its bill is that of a site that does not comply.
    solver : str or None
        As for :func:`~storage_opt.studies.dispatch.optimize`.
    """

    site: Site
    charges: Sequence[Charge]
    cost: float
    rule_binds: bool
    broken_by_baseline: tuple[str, ...]
    solver: str | None

    @classmethod
    def of(
        cls,
        site: Site,
        charges: Sequence[Charge],
        rules: Sequence[ContractRule],
        planned: Solved,
        baseline_checks: Iterable[RuleCheck],
        solver: str | None,
    ) -> PriceOfRules | None:
        """The question for a solved site; None without rules."""
        if not rules:
            return None
        names = {rule.rule.name for rule in rules}
        binds = any(worth.rule.name in names for worth in planned.worths)
        broken = tuple(check.words for check in baseline_checks if not check.ok)
        return cls(site, tuple(charges), planned.cost, binds, broken, solver)

    def __call__(self) -> Compliance:
        """Solve without the rules, if one binds."""
        if not self.rule_binds:
            return Compliance(self.cost, 0.0, self.broken_by_baseline)
        free = solve_site(self.site, self.charges, (), solver=self.solver).cost
        return Compliance(free, max(self.cost - free, 0.0), self.broken_by_baseline)
