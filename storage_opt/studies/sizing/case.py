"""One sizing under other assumptions, or at sizes that are held: what it is worth, solved as little as possible."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.errors import InfeasibleError
from storage_opt.lowering.site import lower_site
from storage_opt.model.joint import Demands, SizeRow, joint_program
from storage_opt.model.optimum import solve_relaxed
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.spec.resolved import Site
from storage_opt.studies.rebates import solve_branches
from storage_opt.studies.sizing.ageing import sized_for_life
from storage_opt.studies.sizing.assumptions import Assumption
from storage_opt.studies.sizing.bills import bill_as_it_stands
from storage_opt.studies.sizing.objective import objective
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.result import SizingResult

__all__ = ["Case", "Finding"]

_Vector = NDArray[np.float64]
_KEPT = 1e-9
"""Share of itself by which a requirement on held sizes may be missed by rounding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What sizes are worth.

    Parameters
    ----------
    npv : float
        Net present value as the sizing counts it: wear is a cost. [money]
    npv_most : float
        What nothing at these sizes can beat: the same from the bound of the cost. [money]
    cash_npv : float
        Net present value of the cash: wear left out, which is no cash. [money]
    cost : float
        Weighted bill and sizes over the horizon, what the sizing minimises. [money]
    sizes : tuple of float
        All K sizes, held or best. [unit]
    slopes : tuple of float
        Change of `npv` for a unit more of each size that is held, in the order of the sizes, and zero for the others;
        NaN where a rebate leaves none. [money/unit]
    keeps_limits : bool
        Whether the sizes keep budget, land and durations.
    """

    npv: float
    npv_most: float
    cash_npv: float
    cost: float
    sizes: tuple[float, ...]
    slopes: tuple[float, ...]
    keeps_limits: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """An optimum in money of the horizon; `wear` is the part of the cost that is no cash."""

    cost: float
    bound: float
    sizes: _Vector
    slopes: _Vector
    wear: float


@dataclass(frozen=True, eq=False)
class Case:
    """A sizing problem, and the bill without anything new.

    Parameters
    ----------
    problem : SizingProblem
        The problem.
    before : mapping of Stream to float
        Best bill of the horizon without anything new. [money]
    is_convex : bool
        Whether the cost is a convex function of the sizes: no rebate is open.
    """

    problem: SizingProblem
    before: Mapping[Stream, float]
    is_convex: bool
    _bills: dict[bytes, _Solved] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: SizingResult | SizingProblem | Site, *, solver: str | None = None) -> Case:
        """The case of what was sized, of a problem, or of a site with ``[sizing]`` and ``[finance]``.

        Where the site says how batteries age, the state that they have on average at the best sizes is that of all.
        """
        if isinstance(problem, SizingResult):
            return cls(problem.problem, problem.bill_before, problem.problem.is_convex)
        if isinstance(problem, Site):
            stated = SizingProblem.of(problem, solver=solver)
            ages = problem.spec.finance is not None and problem.spec.finance.life
            problem = sized_for_life(stated).problem if ages else stated
        return cls(problem, bill_as_it_stands(problem).by_stream(), problem.is_convex)

    def changed(self, changes: Sequence[tuple[Assumption, float]]) -> Case:
        """The case under other assumptions; where only money changes, nothing is compiled again."""
        if not changes:
            return self
        site = self.problem.site
        for assumption, value in changes:
            site = assumption.change(site, value)
        if not all(assumption.is_financial for assumption, _ in changes):
            stated = SizingProblem.of(site, solver=self.problem.solver)
            return Case.of(stated.with_ageing(self.problem.ageing))
        repriced = replace(self.problem, site=site, objective=objective(site, self.problem.sizes))
        if dict(repriced.objective.weights) == dict(self.problem.objective.weights):
            return replace(self, problem=repriced)
        return replace(self, problem=repriced.with_ageing(self.problem.ageing), _bills={})

    @cached_property
    def before_weighted(self) -> float:
        """The bill without anything new, under the weights of the objective. [money]"""
        weights = self.problem.objective.weights
        return sum(weights.get(stream, 1.0) * amount for stream, amount in self.before.items())

    @cached_property
    def per_cost(self) -> float:
        """Net present value of a unit of money less over the horizon."""
        return self.problem.objective.present_worth_of_saving / self.problem.site.horizon.years

    @cached_property
    def fixed(self) -> float:
        """Present worth of costs that do not depend on the sizes, of everything that is bought. [money]"""
        chosen = self.problem.objective
        bought = {size.asset for size in self.problem.sizes if size.is_bought and size.asset in chosen.finance.cost}
        return sum(chosen.worth.fixed_of(asset) for asset in sorted(bought))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the K sizes."""
        return tuple(size.name for size in self.problem.sizes)

    def npv(self, cost: float) -> float:
        """Net present value of a cost over the horizon: ``W/Y (bill as it stands - cost) + fixed costs``. [money]"""
        return self.per_cost * (self.before_weighted - cost) + self.fixed

    def find(self, held: Mapping[int, float]) -> Finding | None:
        """What held sizes are worth, the others at their best; None when no schedule keeps all rules.

        Parameters
        ----------
        held : mapping of int to float
            Values of sizes by their number; none for the best of all. [unit]
        """
        count = len(self.problem.sizes)
        try:
            if len(held) == count:
                values = np.array([held[number] for number in range(count)])
                found = self._at(values)
                keeps = all(row.coefficients @ values <= row.most + _KEPT * abs(row.most) for row in self._rows)
            else:
                found, keeps = self._best(held), True
        except InfeasibleError:
            return None
        scale = self.per_cost
        weight = self.problem.objective.weights.get(Stream.WEAR, 1.0)
        npv = self.npv(found.cost)
        return Finding(
            npv,
            self.npv(found.bound),
            npv + scale * weight * found.wear,
            found.cost,
            tuple(found.sizes.tolist()),
            tuple((-scale * found.slopes).tolist()),
            bool(keeps),
        )

    @cached_property
    def _rows(self) -> Sequence[SizeRow]:
        return self.problem.demands(self.problem.lowest, self.problem.highest).rows

    def _at(self, values: _Vector) -> _Solved:
        """All sizes held; the bill is solved once, whatever the sizes cost."""
        key = values.tobytes()
        if key not in self._bills:
            self._bills[key] = self._bill(values)
        bill, cost = self._bills[key], self.problem.size_cost(values)
        slopes = bill.slopes + self.problem.cost_per_unit
        return _Solved(bill.cost + cost, bill.bound + cost, values, slopes, bill.wear)

    def _bill(self, values: _Vector) -> _Solved:
        problem = self.problem
        if self.is_convex:
            sized = problem.sized()
            program = sized.at(values)
            point = solve_relaxed(program, solver=problem.solver, explain=False, probing=True).point
            found = point.optimality
            return _Solved(
                found.cost, found.bound, values, sized.gradient(program, point), self._wear(sized.largest, point)
            )
        solved = solve_branches(
            lower_site(problem.site_at(values)),
            problem.site.horizon.billing,
            lambda branch: problem.compiled_at(values, branch),
            weights=problem.objective.weights,
            exact=False,
            solver=problem.solver,
            explain=False,
        )
        bound = solved.cost - solved.optimum.relative_gap * abs(solved.cost)
        nothing = np.full(values.size, np.nan)
        return _Solved(solved.cost, bound, values, nothing, self._wear(solved.program, solved.optimum.point))

    def _best(self, held: Mapping[int, float]) -> _Solved:
        problem, count = self.problem, len(self.problem.sizes)
        low, high = problem.lowest.copy(), problem.highest.copy()
        for number, value in held.items():
            low[number] = high[number] = value
        if not self.is_convex:
            solved = problem.solve(low, high)
            bound = solved.cost - solved.optimum.relative_gap * abs(solved.cost)
            wear = self._wear(solved.program, solved.optimum.point)
            values = problem.sizes_of(solved)
            return _Solved(solved.cost, bound, values, np.full(count, np.nan), wear)
        sized = problem.sized()
        program = joint_program(sized, self._demands(held, low, high))
        point = solve_relaxed(program, solver=problem.solver, explain=False, probing=bool(held)).point
        is_held = np.isin(np.arange(count), list(held))
        slopes = np.where(is_held, point.bound_dual[-count:], 0.0)
        values = np.where(is_held, low, np.clip(point.x[-count:], low, high))
        found = point.optimality
        return _Solved(found.cost, found.bound, values, slopes, self._wear(sized.largest, point))

    def _demands(self, held: Mapping[int, float], low: _Vector, high: _Vector) -> Demands:
        """Requirements on the sizes, those on held ones alone checked and left out: their multipliers say nothing."""
        rows = []
        for row in self._rows:
            if set(np.flatnonzero(row.coefficients)) - set(held):
                rows.append(row)
            elif row.coefficients @ low > row.most + _KEPT * (abs(row.most) + 1.0):
                raise InfeasibleError(())
        return replace(self.problem.demands(low, high), rows=tuple(rows))

    @staticmethod
    def _wear(program: Program, point: Point) -> float:
        """Wear of a schedule. [money]"""
        terms = [term for term in program.terms if term.charge.line.stream is Stream.WEAR]
        if not terms:
            return 0.0
        only = replace(program, terms=tuple(terms))
        return sum(only.line_costs(point.x).values())

    @cached_property
    def fingerprint(self) -> str:
        """A number of the problem: another site, price or open size has another."""
        sized = self.problem.sized()
        form, digest = sized.largest.form, hashlib.sha256()
        rows = [row.coefficients for row in self._rows] + [np.array([row.most]) for row in self._rows]
        sparse = (form.quadratic, form.eq, form.ineq, sized.eq_rhs, sized.ineq_rhs)
        dense = (form.cost, form.eq_rhs, form.ineq_rhs, form.lower, form.upper, sized.constant)
        own = (self.problem.cost_per_unit, self.problem.lowest, self.problem.highest, self.problem.existing)
        numbers = np.array([form.constant, self.before_weighted, self.per_cost, self.fixed])
        limits = tuple(limit.slopes for limit in sized.limits)
        for matrix in sparse:
            for part in (matrix.data, matrix.indices, matrix.indptr):
                digest.update(np.ascontiguousarray(part).tobytes())
        for array in (*dense, *own, numbers, *rows, *limits):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(" ".join(self.names).encode())
        digest.update(self.problem.objective.finance.model_dump_json().encode())
        return digest.hexdigest()
