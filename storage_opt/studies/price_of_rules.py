"""What keeping the rules of a contract costs, told apart from what storage saves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage_opt.errors import SolverError
from storage_opt.lowering.site import lower_site
from storage_opt.model.pool import Ahead
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import Solved, solve_site
from storage_opt.studies.result import Compliance

__all__ = ["PriceOfRules", "cost_without_rules", "without_rules_ahead"]

_LONG = 20_000
"""Intervals from which on a solve takes longer than starting a process for it."""
_CORES = 2


def cost_without_rules(site: Site, solver: str | None = None) -> float:
    """Optimal cost of a site whose contract requires nothing. [money]"""
    return solve_site(site, lower_site(site), (), solver=solver).cost


def without_rules_ahead(site: Site, rules: Sequence[ContractRule], solver: str | None = None) -> Ahead[float] | None:
    """Start on :func:`cost_without_rules` before the plan is known; None where it would not save time."""
    if not rules or site.horizon.steps < _LONG or (os.cpu_count() or 1) < _CORES:
        return None
    return Ahead(cost_without_rules, site, solver)


@dataclass(frozen=True, slots=True, eq=False)
class PriceOfRules:
    """The optimal cost with every contract rule less the optimal cost without any, found when it is called.

    Parameters
    ----------
    site : Site
        What was solved.
    cost : float
        Optimal cost with the rules. [money]
    rule_binds : bool
        Whether a rule has a worth at the optimum; where none has, the cost without rules is the same.
    broken_by_baseline : tuple of str
        Rules the baseline does not keep, in words: its bill is that of a site that does not comply.
    solver : str or None
        As for :func:`~storage_opt.studies.dispatch.optimize`.
    ahead : Ahead or None
        The cost without rules, where another process has started on it.
    """

    site: Site
    cost: float
    rule_binds: bool
    broken_by_baseline: tuple[str, ...]
    solver: str | None
    ahead: Ahead[float] | None = None

    @classmethod
    def of(
        cls,
        site: Site,
        rules: Sequence[ContractRule],
        planned: Solved,
        baseline_checks: Iterable[RuleCheck],
        solver: str | None,
        ahead: Ahead[float] | None = None,
    ) -> PriceOfRules | None:
        """The question for a solved site; None without rules."""
        if not rules:
            return None
        names = {rule.rule.name for rule in rules}
        binds = any(worth.rule.name in names for worth in planned.worths)
        broken = tuple(check.words for check in baseline_checks if not check.ok)
        return cls(site, planned.cost, binds, broken, solver, ahead if binds else None)

    def __call__(self) -> Compliance:
        """Solve without the rules, if one binds."""
        if not self.rule_binds:
            return Compliance(self.cost, 0.0, self.broken_by_baseline)
        free = self._without()
        return Compliance(free, max(self.cost - free, 0.0), self.broken_by_baseline)

    def _without(self) -> float:
        if self.ahead is not None:
            # two long solves at once may be more than the memory holds; then one after the other
            with contextlib.suppress(SolverError):
                return self.ahead.answer()
        return cost_without_rules(self.site, self.solver)
