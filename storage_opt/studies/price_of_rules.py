"""What keeping the rules of a contract costs, told apart from what storage saves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from storage_opt.charges.base import Charge
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import Solved, solve_site
from storage_opt.studies.result import Compliance

__all__ = ["price_of_rules"]


def price_of_rules(
    site: Site,
    charges: Sequence[Charge],
    rules: Sequence[ContractRule],
    planned: Solved,
    baseline_checks: Iterable[RuleCheck],
    *,
    always: bool | None = None,
    solver: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> Compliance | None:
    """The optimal cost with every contract rule less the optimal cost without any.

    Parameters
    ----------
    site, charges, rules
        What was solved.
    planned : Solved
        The optimum that keeps the rules; where none binds, it costs the same without them.
    baseline_checks : iterable of RuleCheck
        The rules, measured on the baseline.
    always : bool or None
        Whether to solve without rules; by default only when the baseline breaks one, because then its bill is that
        of a site that does not comply, and the savings hold the price of compliance.
    solver, tell
        As for :func:`~storage_opt.studies.dispatch.optimize`.

    Returns
    -------
    Compliance or None
        None when nothing was asked.
    """
    broken = tuple(check.words for check in baseline_checks if not check.ok)
    if not rules or always is False or (always is None and not broken):
        return None
    names = {rule.rule.name for rule in rules}
    cost = planned.cost
    if not any(worth.rule.name in names for worth in planned.worths):
        return Compliance(cost, 0.0, broken)
    if tell:
        tell("solving without contract rules")
    free = solve_site(site, charges, (), solver=solver, tell=tell).cost
    return Compliance(free, max(cost - free, 0.0), broken)
