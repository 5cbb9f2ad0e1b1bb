"""The sizes that pay, in one problem with the schedule of the year."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.errors import UnboundedError
from storage_opt.finance.cash_flow import CashFlow, cash_flow
from storage_opt.finance.project import AssetSize, Project
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.open_sizes import OpenSize, SizeKind, resized
from storage_opt.lowering.site import lower_site
from storage_opt.model.installed import require_installed
from storage_opt.model.joint import schedule_point
from storage_opt.model.optimum import solve_program
from storage_opt.model.watchdog import warm_up
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import dispatched
from storage_opt.studies.rebates import Solved
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.catalogue import best_of_catalogue
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.result import BuiltSize, SizeLimit, SizingCertificate, SizingResult, SizingTiming

__all__ = ["size"]

_Vector = NDArray[np.float64]

_WHOLE_YEAR = 0.97
"""Years that a horizon must cover to stand for one without a word."""


def size(
    site: Site, *, solver: str | None = None, progress: Callable[[str], None] | None = None
) -> SizingResult:
    """Find the sizes with the highest net present value, and prove it.

    Parameters
    ----------
    site : Site
        A site with ``[sizing]`` and ``[finance]``.
    solver : str or None
        Any solver CVXPY finds; by default the policy's chain with fallbacks.
    progress : callable or None
        Told what happens, a line a stage.

    Returns
    -------
    SizingResult
        Sizes, schedule, bill, cash flow, certificate.

    Raises
    ------
    InputError
        When nothing is open, or something open has no cost; lists all faults.
    FormulationError
        When a rule of the site does not grow in proportion to an open size.
    UnboundedError
        When a size without an end earns without limit.
    InfeasibleError, SolverError
        When there is no optimum; each says why and what to change.

    Notes
    -----
    ``min  sum_l w_l bill_l(x, s) + sum_k c_k (s_k - existing_k)`` over schedules x and sizes s together; see
    :class:`~storage_opt.studies.sizing.objective.Objective` for w and c, and docs/explanation/sizing.md for the proof.
    """
    require_installed(solver)
    warm_up()
    began = time.perf_counter()
    problem = SizingProblem.of(site, solver=solver, tell=progress)
    solved, values, bound, rounds = best_of_catalogue(problem)
    _refuse_endless(problem, solved, values)
    solved_s = time.perf_counter() - began
    if progress:
        progress("dispatching at the best sizes")
    guess = None if rounds > 1 else schedule_point(problem.sized(), solved.optimum.point)
    dispatch, _ = dispatched(problem.site_at(values), solver=solver, guess=guess)
    found = _Settled.of(problem, values, dispatch)
    total_s = time.perf_counter() - began
    certificate = SizingCertificate(
        found.objective(problem, values), bound, dispatch.certificate.certified, rounds
    )
    return SizingResult(
        problem.site_at(values),
        _built(problem, solved, values),
        _limits(problem, solved),
        dispatch,
        found.saving_per_year,
        found.bill_before_per_year,
        _cash_flow(problem, values, found, dispatch),
        certificate,
        (*_notes(problem), *dispatch.notes),
        SizingTiming(solved.compile_s, solved_s - solved.compile_s, total_s - solved_s, total_s),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Settled:
    """Bills of a year, before and with the sizes."""

    plan: Ledger
    saving_per_year: Mapping[Stream, float]
    bill_before_per_year: float
    weighted: float

    @classmethod
    def of(cls, problem: SizingProblem, values: _Vector, dispatch: DispatchResult) -> _Settled:
        before = _bill_as_it_stands(problem)
        years = problem.site.horizon.years
        mine, plan = before.by_stream(), dispatch.ledger.by_stream()
        saving = {stream: (mine.get(stream, 0.0) - plan.get(stream, 0.0)) / years for stream in (*mine, *plan)}
        return cls(dispatch.ledger, saving, before.total / years, _weighted(problem, values, dispatch.ledger))

    def objective(self, problem: SizingProblem, values: _Vector) -> float:
        """Weighted bill and cost of the sizes over the horizon. [money]"""
        return self.weighted + problem.size_cost(values)


def _weighted(problem: SizingProblem, values: _Vector, plan: Ledger) -> float:
    """The plan's bill under the weights of the objective; where they differ, that of the schedule that is best under them."""
    if problem.objective.is_uniform:
        return plan.total
    program = problem.compiled_at(values)
    return solve_program(program, solver=problem.solver).point.optimality.cost


def _bill_as_it_stands(problem: SizingProblem) -> Ledger:
    """The bill without anything new, nothing stored or shifted."""
    site = resized(problem.site, problem.sizes, problem.existing)
    charges = lower_site(site)
    return settle(baseline_schedule(site, charges, lower_rules(site)).schedule, charges)


def _refuse_endless(problem: SizingProblem, solved: Solved, values: _Vector) -> None:
    """A size that was given no end must not stand at the one that it was given for the search."""
    endless = [
        size.name
        for size, value in zip(problem.sizes, values, strict=True)
        if not size.is_limited and value >= size.highest * (1.0 - 1e-6)
    ]
    if endless:
        keys = ", ".join(f"`{size.key}`" for size in problem.sizes if size.name in endless)
        hint = (
            f"each unit more earns more than it costs, whatever the size: give most in {keys}, and check capex, "
            "prices and export limits"
        )
        raise UnboundedError(endless, hint)


def _built(problem: SizingProblem, solved: Solved, values: _Vector) -> tuple[BuiltSize, ...]:
    years = problem.site.horizon.years
    cost = problem.objective.size_cost_per_year
    reduced = solved.optimum.point.bound_dual[-len(problem.sizes) :] / years
    rows = solved.program.rows
    pushed = np.zeros(len(problem.sizes))
    for row in rows:
        if row.rule is not None and row.rule.name in {f"{s.name}.most" for s in problem.sizes}:
            number = next(n for n, s in enumerate(problem.sizes) if row.rule.name == f"{s.name}.most")
            pushed[number] += float(solved.optimum.point.ineq_dual[row.where].sum()) / years
    new = values - problem.existing
    return tuple(
        BuiltSize(
            size,
            float(values[n]),
            float(problem.objective.capex_per_unit[n] * new[n]),
            float(cost[n] * new[n]),
            float(cost[n] - reduced[n] + pushed[n]),
        )
        for n, size in enumerate(problem.sizes)
    )


def _limits(problem: SizingProblem, solved: Solved) -> tuple[SizeLimit, ...]:
    """Limits on the sizes that bind, dearest first."""
    own = {row.rule.name for row in problem.demands(problem.lowest, problem.highest).rows}
    years, dual = problem.site.horizon.years, solved.optimum.point.ineq_dual
    found = [
        SizeLimit(r.rule.name, r.rule.words, r.rule.unit, r.rule.key, float(dual[r.where].sum()) / years)
        for r in solved.program.rows
        if r.rule is not None and r.rule.name in own
    ]
    largest = max((abs(limit.worth_per_year) for limit in found), default=0.0)
    kept = [limit for limit in found if limit.worth_per_year > _NOTHING * max(largest, 1e-9)]
    return tuple(sorted(kept, key=lambda limit: -limit.worth_per_year))


_NOTHING = 1e-6


def _cash_flow(problem: SizingProblem, values: _Vector, found: _Settled, dispatch: DispatchResult) -> CashFlow:
    finance, years = problem.objective.finance, problem.objective.finance.years
    discharged = sum(use.throughput_kwh for use in dispatch.batteries.values()) / problem.site.horizon.years
    project = Project(
        finance,
        asset_sizes(problem.sizes, values - problem.existing, finance.cost),
        {stream: np.full(years, amount) for stream, amount in found.saving_per_year.items()},
        throughput_kwh=np.full(years, discharged),
    )
    return cash_flow(project)


def asset_sizes(sizes: tuple[OpenSize, ...], new: _Vector, priced: Mapping[str, object]) -> dict[str, AssetSize]:
    """What is new, by asset that is paid for."""
    found: dict[str, AssetSize] = {}
    for size, amount in zip(sizes, new.tolist(), strict=True):
        if not size.is_bought or size.asset not in priced:
            continue
        before = found.get(size.asset, AssetSize())
        kva = amount if size.kind is SizeKind.APPARENT_POWER else 0.0
        found[size.asset] = AssetSize(
            before.power_kw + amount * size.power_kw_per_unit,
            before.energy_kwh + amount * size.energy_kwh_per_unit,
            before.capacity_kva + kva,
        )
    return found


def _notes(problem: SizingProblem) -> list[str]:
    notes = []
    years = problem.site.horizon.years
    if years < _WHOLE_YEAR:
        notes.append(
            f"the horizon of {years * 365:.0f} days stands for every part of a year; size on a whole year before you buy"
        )
    if problem.objective.worth.reason:
        notes.append(f"the objective differs from the net present value of the cash flow: {problem.objective.worth.reason}")
    if any(battery.wear is not None or battery.wear_cost_per_kwh for battery in problem.site.spec.battery.values()):
        notes.append(
            "wear counts in the choice of sizes and schedule, but is no cash: the cash flow pays for replacements and "
            "added cells instead"
        )
    return notes
