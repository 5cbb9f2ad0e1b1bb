"""Which billing periods take a rebate: convex problems that differ in numbers, searched and bounded period by period.

A period is *open* (rebate without having to reach its threshold: a lower bound), *granted* (rebate, threshold
reached) or *refused* (full price, whatever the energy). Periods hardly influence each other, so the search decides
each under the multipliers of the last solution, solves the whole with these decisions, and looks at every alternative
under the new multipliers: the sum of what alternatives gain is a valid bound (:mod:`storage_opt.model.separation`).
Where that does not prove the optimum to tolerance, branch and bound takes over.

Branches are solved as convex problems; opposite flows are separated where a branch may be the answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.rebate import Assumed
from storage_opt.errors import InfeasibleError
from storage_opt.model.backends import Status
from storage_opt.model.certificate import TOLERANCE
from storage_opt.model.optimum import Optimum, solve_program, solve_relaxed
from storage_opt.model.program import Program
from storage_opt.model.separation import Separation
from storage_opt.model.solve import Point, solve_convex
from storage_opt.model.standard_form import Scaling, StandardForm

__all__ = ["Decision", "Node", "RebateSearch", "States"]

States = tuple[int, ...]
_Vector = NDArray[np.float64]

_MOST_PASSES = 8
_MOST_NODES = 16
_MOST_SECONDS = 60.0
"""Time after which branches are not looked at further once one of them is known."""
_PROVEN = TOLERANCE / 4
"""Relative gap at which a branch is taken; the rest of the tolerance is for its own solution."""
_MISSED_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A branch and the optimum of its convex relaxation.

    Parameters
    ----------
    states : tuple of int
        What each billing period is assumed to be, see :class:`~storage_opt.charges.rebate.Assumed`.
    point : Point or None
        The optimum; None when no schedule keeps the branch.
    missed : (G,) bool array
        Open periods that do not reach their threshold; without any, the branch is a leaf: its cost is what is billed.
    """

    states: States
    point: Point | None
    missed: NDArray[np.bool_]

    @property
    def is_leaf(self) -> bool:
        """Whether the branch pays what it says."""
        return self.point is not None and not self.missed.any()

    @property
    def cost(self) -> float:
        """Optimal cost, infinite when infeasible. [money]"""
        return np.inf if self.point is None else self.point.optimality.cost


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The branch that is taken.

    Parameters
    ----------
    states : tuple of int
        Its states.
    optimum : Optimum
        Its exact optimum.
    bound : float
        Cost no schedule of any branch can beat. [money]
    """

    states: States
    optimum: Optimum
    bound: float

    @property
    def cost(self) -> float:
        """Cost of the branch. [money]"""
        return self.optimum.point.optimality.cost


@dataclass(frozen=True, slots=True)
class _Move:
    """Another state of a period, and by how much it raises the cost at least. [money]"""

    state: Assumed
    rise: float


@dataclass(eq=False)
class RebateSearch:
    """The search over the branches of one site.

    Parameters
    ----------
    granted, refused : Program
        The program with every period granted, and with every period refused; equal but for numbers.
    rows : slice
        Inequality rows of the thresholds, one a billing period.
    surcharge : (G,) array
        What a refused period pays more than a granted one whatever the schedule. [money]
    solver : str or None
        Solver the user asked for.
    exact : bool
        Whether opposite flows are separated in a branch that may be the answer.
    tell : callable or None
        Told the states of each branch before it is solved.
    """

    granted: Program
    refused: Program
    rows: slice
    surcharge: _Vector
    solver: str | None = None
    exact: bool = True
    tell: Callable[[States], None] | None = None
    nodes: dict[States, Node] = field(default_factory=dict)

    def decide(self, guess: Point | None = None, *, explain: bool = True) -> Decision:
        """The cheapest branch that pays what it says, solved exactly, and the cost nothing beats.

        Raises
        ------
        InfeasibleError
            When no branch has a schedule; with the rules that conflict, when it is asked to explain.
        """
        open_ = int(Assumed.OPEN)
        root = self.node((open_,) * (self.rows.stop - self.rows.start), guess)
        if root.point is None:
            solve_program(self.program(root.states), solver=self.solver, explain=explain)
            raise InfeasibleError(())
        bound = root.cost if root.is_leaf else self._by_period(root)
        leaves = [node for node in self.nodes.values() if node.is_leaf]
        best = self._exact(min(leaves, key=lambda node: node.cost)) if leaves else None
        if best is None or not _proves(best, bound):
            best, searched = self._by_branching(root, best)
            bound = max(bound, searched)
        if best is None:
            raise InfeasibleError((), reason="no branch of the rebate has a schedule")
        return replace(best, bound=bound)

    def node(self, states: States, guess: Point | None = None) -> Node:
        """The solved branch; solved once only."""
        if states not in self.nodes:
            if self.tell:
                self.tell(states)
            program = self.program(states)
            verdict = solve_convex(program.form, program.scaling, program.tie_break, requested=self.solver, guess=guess)
            self.nodes[states] = Node(states, verdict.point, self._missed(states, verdict.point))
        return self.nodes[states]

    def program(self, states: States) -> Program:
        """The program of a branch."""
        form = self._form(np.array(states))
        return replace(self.granted, form=form, scaling=Scaling.of(form, self.granted.scaling.column))

    # ------------------------------------------------------------------------------ period by period

    def _by_period(self, root: Node) -> float:
        """Improve a leaf period by period; the best bound on the way."""
        moves = self._moves(root)
        bound = root.cost + _gained(root, moves)
        node = self._first(root, moves)
        for _ in range(_MOST_PASSES):
            if node is None:
                break
            moves = self._moves(node)
            bound = max(bound, node.cost + _gained(node, moves))
            if node.is_leaf and node.cost - bound <= _PROVEN * max(abs(node.cost), 1e-9):
                break
            node = self._better(node, moves, root.point)
        return bound

    def _first(self, root: Node, moves: dict[int, _Move]) -> Node | None:
        """Every missed period in its better state, or, where that is impossible together, refused."""
        refused = {period: _Move(Assumed.REFUSED, 0.0) for period in moves}
        nodes = (self.node(_moved(root.states, some), root.point) for some in (moves, refused))
        return next((node for node in nodes if node.point is not None), None)

    def _better(self, node: Node, moves: dict[int, _Move], guess: Point | None) -> Node | None:
        """A cheaper branch: all moves that gain together, or else one of the two best alone; None when none is."""
        wanted = [p for p, move in moves.items() if move.rise < 0.0 or node.missed[p]]
        best = sorted(wanted, key=lambda period: moves[period].rise)
        for some in (best, best[:1], best[1:2]):
            states = _moved(node.states, {period: moves[period] for period in some})
            if not some or states in self.nodes:
                continue
            found = self.node(states, guess)
            if found.cost < node.cost or not node.is_leaf:
                return found if found.point is not None else None
        return None

    def _moves(self, node: Node, *, missed_only: bool = False) -> dict[int, _Move]:
        """The best other state of each period, and by how much it raises the cost under the node's multipliers.

        Of a node of the tree only open periods may move: what is decided stays.
        """
        assert node.point is not None
        here = np.array(node.states)
        prices = self._split.prices(self._form(here), node.point)
        found = {}
        for period, options in self._alternatives(node).items():
            if missed_only and not node.missed[period]:
                continue
            own = self._split.column == period
            value = float(prices[own] @ node.point.x[own]) + self._surcharge(period, here[period])
            costs = {option: self._period_cost(node.point, here, period, option) for option in options}
            option = min(costs, key=lambda one: costs[one])
            found[period] = _Move(option, costs[option] - value)
        return found

    def _exact(self, leaf: Node) -> Decision | None:
        """The branch with opposite flows separated; None where it then has no schedule, or misses a threshold."""
        program = self.program(leaf.states)
        try:
            solve = solve_program if self.exact else solve_relaxed
            optimum = solve(program, solver=self.solver, guess=leaf.point, explain=False)
        except InfeasibleError:
            return None
        still = not self._missed(leaf.states, optimum.point).any()
        return Decision(leaf.states, optimum, -np.inf) if still else None

    def _alternatives(self, node: Node) -> dict[int, tuple[Assumed, ...]]:
        """Other states of each period that could be cheaper.

        A granted period whose threshold costs nothing, and an open one that reaches it, have none.
        """
        assert node.point is not None
        costs_something = node.point.ineq_dual[self.rows] > 0
        found: dict[int, tuple[Assumed, ...]] = {}
        for period, state in enumerate(node.states):
            if state == Assumed.REFUSED:
                found[period] = (Assumed.GRANTED,)
            elif state == Assumed.GRANTED and costs_something[period]:
                found[period] = (Assumed.REFUSED,)
            elif node.missed[period]:
                found[period] = (Assumed.GRANTED, Assumed.REFUSED)
        return found

    def _period_cost(self, point: Point, here: NDArray[np.int_], period: int, option: Assumed) -> float:
        """Least cost of a period in another state under the multipliers of a point. [money]

        Infinite when the state is impossible, minus infinity when nothing can be said.
        """
        other = here.copy()
        other[period] = option
        form = self._form(other)
        part, scaling = self._split.part(form, self.granted.scaling, self._split.prices(form, point), period)
        verdict = solve_convex(part, scaling)
        if verdict.point is None:
            return np.inf if verdict.status is Status.INFEASIBLE else -np.inf
        return verdict.point.optimality.bound + self._surcharge(period, option)

    # ------------------------------------------------------------------------------ branch and bound

    def _by_branching(self, root: Node, best: Decision | None) -> tuple[Decision | None, float]:
        """Best bound first, until it meets the best branch or the nodes run out; that branch and the bound."""
        order = count()
        queue = [(self._bound(root), next(order), root)]
        began = perf_counter()
        while queue:
            cost, _, node = heapq.heappop(queue)
            spent = len(self.nodes) >= _MOST_NODES or perf_counter() - began > _MOST_SECONDS
            if best is not None and (_proves(best, cost) or spent):
                return best, min(cost, best.cost)
            if node.is_leaf:
                found = self._exact(node)
                if found is not None:
                    best = found if best is None or found.cost < best.cost else best
                    continue
            for child in self._children(node, root.point):
                heapq.heappush(queue, (max(cost, self._bound(child)), next(order), child))
        return best, np.inf if best is None else best.cost

    def _bound(self, node: Node) -> float:
        """What no branch below the node can beat. [money]"""
        return node.cost + (0.0 if node.is_leaf else _gained(node, self._moves(node, missed_only=True)))

    def _children(self, node: Node, guess: Point | None) -> list[Node]:
        """The branch with its worst open period decided either way; none when no period is open."""
        open_ = np.flatnonzero(np.array(node.states) == Assumed.OPEN)
        if not open_.size:
            return []
        period = int(np.argmax(node.missed)) if node.missed.any() else int(open_[0])
        both = [
            self.node((*node.states[:period], int(state), *node.states[period + 1 :]), guess)
            for state in (Assumed.GRANTED, Assumed.REFUSED)
        ]
        return [child for child in both if child.point is not None]

    # ------------------------------------------------------------------------------ numbers of a branch

    @cached_property
    def _split(self) -> Separation:
        return Separation.of(self.granted, self.granted.horizon.billing.ids)

    def _form(self, states: NDArray[np.int_]) -> StandardForm:
        """Full prices in refused periods, thresholds in granted ones."""
        cheap, dear = self.granted.form, self.refused.form
        refused = np.append(states == Assumed.REFUSED, False)[self._split.column]
        rhs = cheap.ineq_rhs.copy()
        rhs[self.rows] = np.where(states == Assumed.GRANTED, cheap.ineq_rhs[self.rows], dear.ineq_rhs[self.rows])
        constant = cheap.constant + float(self.surcharge @ (states == Assumed.REFUSED))
        return replace(cheap, cost=np.where(refused, dear.cost, cheap.cost), ineq_rhs=rhs, constant=constant)

    def _surcharge(self, period: int, state: int) -> float:
        return float(self.surcharge[period]) if state == Assumed.REFUSED else 0.0

    def _missed(self, states: States, point: Point | None) -> NDArray[np.bool_]:
        """Open periods below their threshold (G,)."""
        if point is None:
            return np.zeros(len(states), dtype=np.bool_)
        form = self.granted.form
        below = form.ineq[self.rows] @ point.x - form.ineq_rhs[self.rows]
        scale = np.maximum(np.abs(form.ineq_rhs[self.rows]), 1.0)
        missed: NDArray[np.bool_] = (np.array(states) == Assumed.OPEN) & (below > _MISSED_RELATIVE * scale)
        return missed


def _proves(found: Decision, bound: float) -> bool:
    """Whether a branch is optimal to tolerance when nothing is cheaper than the bound."""
    return found.cost - bound <= _PROVEN * max(abs(found.cost), 1e-9)


def _moved(states: States, moves: dict[int, _Move]) -> States:
    return tuple(int(moves[period].state) if period in moves else state for period, state in enumerate(states))


def _gained(node: Node, moves: dict[int, _Move]) -> float:
    """What all moves gain at most together; a period that misses its threshold has to move. [money]"""
    return sum(move.rise if node.missed[period] else min(move.rise, 0.0) for period, move in moves.items())
