"""Rebates decided exactly: which billing periods reach their threshold, by branch and bound over convex problems.

A period is open (rebate without having to reach the threshold, a lower bound), granted (rebate, threshold reached) or
refused (full price, whatever the energy). A schedule that reaches the threshold of every open period pays what the
problem says, so the cheapest such node that no other bound undercuts is the optimum. Most periods are far on one side
of their threshold and never branch.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.charges.proportional import ProportionalCharge
from storage_opt.charges.rebate import Assumed, EnergyRebate, RebatedCharge
from storage_opt.errors import InfeasibleError
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


@dataclass(frozen=True, slots=True)
class _Node:
    """A branch: what each billing period is assumed to be."""

    assumed: tuple[int, ...]
    solved: Solved

    @property
    def cost(self) -> float:
        """Its optimal cost, a lower bound while periods are open. [money]"""
        return self.solved.cost


@dataclass(slots=True)
class _Search:
    """Solves nodes and remembers them."""

    site: Site
    charges: Sequence[Charge]
    rules: Sequence[ContractRule]
    rebate: EnergyRebate
    solver: str | None
    tell: Callable[[str], None] | None
    guess: Point | None
    rows: list[Branch] = field(default_factory=list)
    compile_s: float = 0.0

    def node(self, assumed: tuple[int, ...], *, explain: bool = False) -> _Node | None:
        """A solved branch; None when no schedule keeps it."""
        name = self.name_of(assumed)
        if self.tell:
            self.tell(f"rebate: {name}")
        branch = self.rebate.assuming(np.array(assumed))
        charges = [_assuming(charge, self.rebate, branch) for charge in self.charges]
        began = perf_counter()
        program = compile_program(self.site, charges, self.rules)
        self.compile_s += perf_counter() - began
        try:
            optimum = solve_program(program, solver=self.solver, tell=self.tell, guess=self.guess, explain=explain)
        except InfeasibleError:
            if explain:
                raise
            self.rows.append(Branch(name, None, "infeasible", chosen=False))
            return None
        self.guess = optimum.point
        found = _Node(assumed, Solved(program, optimum))
        self.rows.append(
            Branch(name, found.cost, "bound" if self.missed(found) is not None else "solved", chosen=False)
        )
        return found

    def missed(self, node: _Node) -> int | None:
        """The open period that misses its threshold by most; None when the node pays what it says."""
        flows = node.solved.program.flow_values(node.solved.optimum.point.x)
        horizon = self.site.horizon
        energy = self.rebate.energy.measure(flows, horizon)
        threshold = self.rebate.threshold_kwh
        open_ = np.array(node.assumed) == Assumed.OPEN
        short: NDArray[np.float64] = np.where(open_ & ~self.rebate.granted(flows, horizon), threshold - energy, 0.0)
        return int(np.argmax(short / threshold)) if short.any() else None

    def name_of(self, assumed: tuple[int, ...]) -> str:
        """A branch in words."""
        labels = self.site.horizon.billing.labels
        granted = [label for label, state in zip(labels, assumed, strict=True) if state == Assumed.GRANTED]
        refused = [label for label, state in zip(labels, assumed, strict=True) if state == Assumed.REFUSED]
        parts = [f"rebate reached in {', '.join(granted)}"] if granted else []
        parts += [f"no rebate in {', '.join(refused)}"] if refused else []
        return "; ".join(parts) or "rebate in every period"


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
    if not rebates:
        began = perf_counter()
        program = compile_program(site, charges, rules)
        compile_s = perf_counter() - began
        if tell:
            tell(f"solving {program.form.size:,} variables")
        optimum = solve_program(program, solver=solver, tell=tell, guess=guess, explain=explain)
        return Solved(program, optimum, compile_s=compile_s)
    (rebate,) = rebates
    return _best(_Search(site, charges, rules, rebate, solver, tell, guess), explain=explain)


def _best(search: _Search, *, explain: bool) -> Solved:
    root = search.node(tuple(int(state) for state in search.rebate.assumed), explain=explain)
    if root is None:
        raise InfeasibleError(())
    order = count()
    queue = [(root.cost, next(order), root)]
    while True:
        _, _, node = heapq.heappop(queue)
        period = search.missed(node)
        if period is None:
            chosen = search.name_of(node.assumed)
            rows = [replace(row, chosen=row.name == chosen) for row in search.rows]
            branches = tuple(rows) if len(rows) > 1 else ()
            return replace(node.solved, branches=branches, compile_s=search.compile_s)
        for state in (Assumed.GRANTED, Assumed.REFUSED):
            assumed = (*node.assumed[:period], int(state), *node.assumed[period + 1 :])
            child = search.node(assumed)
            if child is not None:
                heapq.heappush(queue, (child.cost, next(order), child))


def _assuming(charge: Charge, rebate: EnergyRebate, branch: EnergyRebate) -> Charge:
    """The charge in a branch of its rebate, also where it is part of what a share is taken of."""
    if isinstance(charge, RebatedCharge) and charge.rebate is rebate:
        return replace(charge, rebate=branch)
    if isinstance(charge, ProportionalCharge):
        return replace(charge, charges=tuple(_assuming(part, rebate, branch) for part in charge.charges))
    return charge
