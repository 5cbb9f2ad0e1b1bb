"""What keeping the rules of a contract costs, told apart from what storage saves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from storage_opt.lowering.site import lower_site
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import Solved, solve_site
from storage_opt.studies.result import Compliance

__all__ = ["PriceOfRules", "cost_without_rules"]


def cost_without_rules(site: Site, solver: str | None = None) -> float:
    """Optimal cost of a site whose contract requires nothing. [money]"""
    return solve_site(site, lower_site(site), (), solver=solver).cost


@dataclass(frozen=True, slots=True, eq=False)
class PriceOfRules:
    """The optimal cost with every contract rule less the optimal cost without any, found when it is called.

    Parameters
    ----------
    cost : float
        Optimal cost with the rules. [money]
    broken_by_baseline : tuple of str
        Rules the baseline does not keep, in words: its bill is that of a site that does not comply.
    without_rules : callable
        Finds the optimal cost without rules.
    """

    cost: float
    broken_by_baseline: tuple[str, ...]
    without_rules: Callable[[], float]

    @classmethod
    def of(
        cls,
        rules: Sequence[ContractRule],
        planned: Solved,
        baseline_checks: Iterable[RuleCheck],
        without_rules: Callable[[], float],
    ) -> PriceOfRules | None:
        """The question for a solved site; None without rules."""
        if not rules:
            return None
        names = {rule.rule.name for rule in rules}
        binds = any(worth.rule.name in names for worth in planned.worths)
        broken = tuple(check.words for check in baseline_checks if not check.ok)
        return cls(planned.cost, broken, without_rules if binds else partial(float, planned.cost))

    def __call__(self) -> Compliance:
        """Solve without the rules, if one has a worth at the optimum: where none has, the cost is the same."""
        free = self.without_rules()
        return Compliance(free, max(self.cost - free, 0.0), self.broken_by_baseline)
