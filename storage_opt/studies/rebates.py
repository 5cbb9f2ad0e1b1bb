"""The exact optimum of a site, conditional rebates decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.charges.fixed import FixedCharge
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.charges.rebate import Assumed, EnergyRebate, RebatedCharge
from storage_opt.model.branches import Decision, RebateSearch, States
from storage_opt.model.compile import compile_program
from storage_opt.model.duals import Worth, limit_worths
from storage_opt.model.optimum import Optimum, solve_program
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.rules.base import ContractRule
from storage_opt.spec.resolved import Site
from storage_opt.studies.result import Branch

__all__ = ["Solved", "solve_site"]


@dataclass(frozen=True, eq=False)
class Solved:
    """An exact optimum with its program, what was branched on the way, and the time that compiling took. [s]"""

    program: Program
    optimum: Optimum
    branches: tuple[Branch, ...] = ()
    compile_s: float = 0.0

    @property
    def cost(self) -> float:
        """Optimal cost. [money]"""
        return self.optimum.point.optimality.cost

    @cached_property
    def worths(self) -> tuple[Worth, ...]:
        """What one more unit of each binding limit is worth."""
        return limit_worths(self.program, self.optimum.point)


def solve_site(
    site: Site,
    charges: Sequence[Charge],
    rules: Sequence[ContractRule],
    *,
    solver: str | None = None,
    tell: Callable[[str], None] | None = None,
    guess: Point | None = None,
    explain: bool = True,
) -> Solved:
    """The exact optimum of a site, conditional rebates decided.

    Parameters
    ----------
    site, charges, rules
        What is solved.
    solver, tell, guess, explain
        As for :func:`~storage_opt.model.optimum.solve_program`.

    Raises
    ------
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.
    """
    rebates = list({id(c.rebate): c.rebate for c in charges if isinstance(c, RebatedCharge)}.values())
    began = perf_counter()
    if not rebates:
        program = compile_program(site, charges, rules)
        compile_s = perf_counter() - began
        if tell:
            tell(f"solving {program.form.size:,} variables")
        optimum = solve_program(program, solver=solver, tell=tell, guess=guess, explain=explain)
        return Solved(program, optimum, compile_s=compile_s)
    (rebate,) = rebates
    periods = site.horizon.billing
    granted, refused = (
        compile_program(site, _branch(charges, rebate, np.full(periods.count, state)), rules)
        for state in (Assumed.GRANTED, Assumed.REFUSED)
    )
    search = RebateSearch(granted, refused, _threshold_rows(granted), _surcharge(charges, periods.count), solver)
    if tell:
        said = tell
        search.tell = lambda states: said(f"rebate: {_words(states, periods.labels)}")
    compile_s = perf_counter() - began
    found = search.decide(guess, explain=explain)
    # prices of a branch stand in its expressions, too, by which the bill is compared with the objective
    program = compile_program(site, _branch(charges, rebate, np.array(found.states)), rules)
    branches = _told(search, found, periods.labels)
    return Solved(program, _certified_gap(found), branches, compile_s)


def _certified_gap(found: Decision) -> Optimum:
    """The optimum of the branch, with its gap to the bound of all branches where that is wider than its own."""
    gap = (found.cost - found.bound) / max(abs(found.cost), 1e-9)
    return replace(found.optimum, relative_gap=max(gap, found.optimum.relative_gap))


def _threshold_rows(program: Program) -> slice:
    return next(rows.where for rows in program.rows if rows.name.endswith(".rebate"))


def _branch(charges: Sequence[Charge], rebate: EnergyRebate, assumed: NDArray[np.int_]) -> list[Charge]:
    """The charges in a branch, also where a rebated one is part of what a share is taken of."""
    branch = rebate.assuming(assumed)

    def one(charge: Charge) -> Charge:
        if isinstance(charge, RebatedCharge):
            return replace(charge, rebate=branch)
        if isinstance(charge, ProportionalCharge):
            return replace(charge, charges=tuple(one(part) for part in charge.charges))
        return charge

    return [one(charge) for charge in charges]


def _surcharge(charges: Sequence[Charge], count: int) -> NDArray[np.float64]:
    """What refused periods pay more than granted ones whatever the schedule (G,). [money]"""
    total = np.zeros(count)
    for charge in charges:
        if isinstance(charge, RebatedCharge) and isinstance(charge.inner, FixedCharge):
            total += (1.0 - charge.rebate.price_frac) * charge.inner.price * charge.inner.quantity
        elif isinstance(charge, ProportionalCharge):
            total += charge.share_frac * _surcharge(charge.charges, count)
    return total


def _told(search: RebateSearch, chosen: Decision, labels: Sequence[str]) -> tuple[Branch, ...]:
    """A row for each branch that was looked at; none when the rebate was never in doubt."""
    if len(search.nodes) == 1:
        return ()
    rows = []
    for node in search.nodes.values():
        name, is_chosen = _words(node.states, labels), node.states == chosen.states
        if node.point is None:
            rows.append(Branch(name, None, "infeasible", chosen=False))
        else:
            cost, state = (chosen.cost, "solved") if is_chosen else (node.cost, "bound")
            rows.append(Branch(name, cost, state, is_chosen))
    return tuple(rows)


def _words(states: States, labels: Sequence[str]) -> str:
    """A branch in words."""
    granted = [label for label, state in zip(labels, states, strict=True) if state == Assumed.GRANTED]
    refused = [label for label, state in zip(labels, states, strict=True) if state == Assumed.REFUSED]
    parts = [f"rebate reached in {', '.join(granted)}"] if granted else []
    parts += [f"no rebate in {', '.join(refused)}"] if refused else []
    return "; ".join(parts) or "rebate in every period"
