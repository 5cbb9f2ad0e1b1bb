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
from storage_opt.horizon import Periods
from storage_opt.model.branches import Decision, RebateSearch, States
from storage_opt.model.compile import UNWEIGHTED, Weights, compile_program
from storage_opt.model.duals import Worth, limit_worths
from storage_opt.model.optimum import Optimum, solve_program, solve_relaxed
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.rules.base import ContractRule
from storage_opt.spec.resolved import Site
from storage_opt.studies.result import Branch

__all__ = ["PLAIN", "InBranch", "Solved", "solve_branches", "solve_site"]


@dataclass(frozen=True, slots=True)
class InBranch:
    """Makes the charges of a branch; equal for equal states, so that what is compiled for one can be kept.

    Parameters
    ----------
    states : tuple of int
        What each billing period is taken for, see :class:`~storage_opt.charges.rebate.Assumed`; empty where no rebate
        is open.
    """

    states: States = ()

    @classmethod
    def all(cls, count: int, state: Assumed) -> InBranch:
        """The branch in which all of `count` billing periods are in a state."""
        return cls((int(state),) * count)

    def __call__(self, charges: Sequence[Charge]) -> list[Charge]:
        """The charges in the branch, also where a rebated one is part of what a share is taken of."""
        if not self.states:
            return list(charges)
        assumed, branches = np.array(self.states), dict[int, EnergyRebate]()

        def one(charge: Charge) -> Charge:
            if isinstance(charge, RebatedCharge):
                # one object for all charges of a rebate, whose threshold is stated once
                branch = branches.setdefault(id(charge.rebate), charge.rebate.assuming(assumed))
                return replace(charge, rebate=branch)
            if isinstance(charge, ProportionalCharge):
                return replace(charge, charges=tuple(one(part) for part in charge.charges))
            return charge

        return [one(charge) for charge in charges]


PLAIN = InBranch()
"""Charges as they are."""


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
    return solve_branches(
        charges,
        site.horizon.billing,
        lambda branch: compile_program(site, branch(charges), rules),
        solver=solver,
        tell=tell,
        guess=guess,
        explain=explain,
    )


def solve_branches(  # noqa: PLR0913 (what solve_site takes, and what is compiled)
    charges: Sequence[Charge],
    billing: Periods,
    compiled: Callable[[InBranch], Program],
    *,
    weights: Weights = UNWEIGHTED,
    exact: bool = True,
    solver: str | None = None,
    tell: Callable[[str], None] | None = None,
    guess: Point | None = None,
    explain: bool = True,
) -> Solved:
    """The exact optimum of whatever is compiled, conditional rebates decided.

    Parameters
    ----------
    charges : sequence of Charge
        Charges of the site, to see which rebates are open.
    billing : Periods
        Billing periods.
    compiled : callable
        The program, given what makes the charges of a branch out of charges with an open rebate.
    weights : mapping of Stream to float
        Weights of the streams in the objective.
    exact : bool
        Whether opposite flows and whole decisions are decided; otherwise the optimum is one that nothing can beat.
    solver, tell, guess, explain
        As for :func:`~storage_opt.model.optimum.solve_program`.
    """
    rebates = list({id(c.rebate): c.rebate for c in charges if isinstance(c, RebatedCharge)}.values())
    began = perf_counter()
    if not rebates:
        program = compiled(PLAIN)
        compile_s = perf_counter() - began
        if tell:
            tell(f"solving {program.form.size:,} variables")
        solve = solve_program if exact else solve_relaxed
        optimum = solve(program, solver=solver, tell=tell, guess=guess, explain=explain)
        return Solved(program, optimum, compile_s=compile_s)
    granted, refused = (compiled(InBranch.all(billing.count, state)) for state in (Assumed.GRANTED, Assumed.REFUSED))
    surcharge = _surcharge(charges, billing.count, weights)
    search = RebateSearch(granted, refused, _threshold_rows(granted), surcharge, solver, exact)
    if tell:
        said = tell
        search.tell = lambda states: said(f"rebate: {_words(states, billing.labels)}")
    compile_s = perf_counter() - began
    found = search.decide(guess, explain=explain)
    # prices of a branch stand in its expressions, too, by which the bill is compared with the objective
    program = compiled(InBranch(found.states))
    branches = _told(search, found, billing.labels)
    return Solved(program, _certified_gap(found), branches, compile_s)


def _certified_gap(found: Decision) -> Optimum:
    """The optimum of the branch, with its gap to the bound of all branches where that is wider than its own."""
    gap = (found.cost - found.bound) / max(abs(found.cost), 1e-9)
    return replace(found.optimum, relative_gap=max(gap, found.optimum.relative_gap))


def _threshold_rows(program: Program) -> slice:
    return next(rows.where for rows in program.rows if rows.name.endswith(".rebate"))


def _surcharge(charges: Sequence[Charge], count: int, weights: Weights) -> NDArray[np.float64]:
    """What refused periods pay more than granted ones whatever the schedule (G,), weighted. [money]"""
    total = np.zeros(count)
    for charge in charges:
        weight = weights.get(charge.line.stream, 1.0)
        if isinstance(charge, RebatedCharge) and isinstance(charge.inner, FixedCharge):
            total += weight * (1.0 - charge.rebate.price_frac) * charge.inner.price * charge.inner.quantity
        elif isinstance(charge, ProportionalCharge):
            total += weight * charge.share_frac * _surcharge(charge.charges, count, UNWEIGHTED)
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
