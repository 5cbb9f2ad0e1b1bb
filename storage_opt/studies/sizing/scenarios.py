"""Sizes that are good for several years: chosen on some, tried on others, and compared with those of one year alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import InfeasibleError
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import npv
from storage_opt.lowering.scenario import Scenario, site_scenarios
from storage_opt.model.installed import require_installed
from storage_opt.model.joint_scenarios import Risk
from storage_opt.model.solve import Point
from storage_opt.model.watchdog import warm_up
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import dispatched
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.ageing import Lived
from storage_opt.studies.sizing.bills import Bills, bill_as_it_stands
from storage_opt.studies.sizing.catalogue import Best
from storage_opt.studies.sizing.result import SizingCertificate, SizingTiming
from storage_opt.studies.sizing.scenario_problem import ScenarioProblem, Year
from storage_opt.studies.sizing.scenario_result import AVERAGE, COMMON, Candidate, ScenarioOutcome, ScenarioSizing
from storage_opt.studies.sizing.study import built_sizes, project_of, refuse_endless

__all__ = ["size_over", "size_scenarios"]

_Vector = NDArray[np.float64]
_Tell = Callable[[str], None]


def size_scenarios(
    site: Site, *, compare: bool = True, solver: str | None = None, progress: _Tell | None = None
) -> ScenarioSizing:
    """Find the sizes that are best for all years of ``[sizing.scenario]`` together, and prove it.

    Parameters
    ----------
    site : Site
        A site with ``[sizing]``, its scenarios, and ``[finance]``.
    compare, solver, progress
        As for :func:`size_over`.

    Raises
    ------
    InputError
        When there is no scenario, or what one says cannot be applied; lists all faults.
    FormulationError, UnboundedError, InfeasibleError, SolverError
        As for :func:`size_over`.
    """
    scenarios = site_scenarios(site)
    risk = None if site.spec.sizing is None else site.spec.sizing.risk
    wanted = Risk() if risk is None else Risk(risk.cvar_level_frac, risk.cvar_weight_frac)
    return size_over(scenarios, risk=wanted, compare=compare, solver=solver, progress=progress)


def size_over(
    scenarios: Sequence[Scenario],
    *,
    risk: Risk | None = None,
    compare: bool = True,
    solver: str | None = None,
    progress: _Tell | None = None,
) -> ScenarioSizing:
    """Find the sizes that are best for several sites that differ in their year, and prove it.

    Parameters
    ----------
    scenarios : sequence of Scenario
        The years with their weights; sites with the same ``[sizing]``, ``[finance]`` and step.
    risk : Risk or None
        How much bad years weigh; by default the mean counts.
    compare : bool
        Whether the sizes of each year alone and of the average year are worked out and tried on all years.
    solver : str or None
        Any solver CVXPY finds; by default the policy's chain with fallbacks.
    progress : callable or None
        Told what happens, a line a stage.

    Returns
    -------
    ScenarioSizing
        Common sizes, each year with them, sizes one could have chosen instead, certificate.

    Raises
    ------
    InputError
        When the scenarios do not fit together, or something open has no cost; lists all faults.
    FormulationError
        When a rule does not grow in proportion to an open size, or bad years weigh and a cost is not linear.
    UnboundedError
        When a size without an end earns without limit.
    InfeasibleError, SolverError
        When there are no sizes with a schedule in every year that they are chosen for.

    Notes
    -----
    ``min  (1 - w) sum_i p_i C_i(s) + w CVaR_a(C(s)) + c (s - existing)``, C_i the weighted bill of the best schedule of
    year i at sizes s, told as money of a span as long as the first year.
    """
    require_installed(solver)
    warm_up()
    tell = progress or _silent
    began = time.perf_counter()
    problem = ScenarioProblem.of(scenarios, risk or Risk(), solver=solver, tell=progress)
    best = problem.best()
    refuse_endless(problem.joint, best.values)
    solved_s = time.perf_counter() - began
    seen = [_seen(problem, best, number, guess, tell) for number, guess in enumerate(_guesses(problem, best))]
    dispatched_s = time.perf_counter() - began - solved_s
    candidates = _candidates(problem, best, tell) if compare else []
    inside = [certified for (_, _, certified), is_inside in zip(seen, problem.inside, strict=True) if is_inside]
    cost = problem.judged(np.array([cost for _, cost, _ in seen]))
    total_s = time.perf_counter() - began
    return ScenarioSizing(
        problem.joint.new_at(best.values),
        built_sizes(problem.joint, best),
        problem.risk,
        tuple(outcome for outcome, _, _ in seen),
        tuple(candidates),
        SizingCertificate(cost, best.bound, all(inside), best.solves),
        problem.joint.objective.present_worth_of_saving,
        _notes(problem, seen),
        SizingTiming(best.solved.compile_s, solved_s - best.solved.compile_s, dispatched_s, total_s),
    )


def _silent(message: str) -> None:
    del message


_Seen = tuple[ScenarioOutcome, float, bool]
"""A year with the common sizes, its cost over the span of the first year, and whether it is certified."""


def _guesses(problem: ScenarioProblem, best: Best) -> list[Point | None]:
    known = problem.guesses(best)
    return [known.get(year.scenario.name) if year.problem.is_convex else None for year in problem.years]


def _seen(problem: ScenarioProblem, best: Best, number: int, guess: Point | None, tell: _Tell) -> _Seen:
    """The best schedule of a year at the common sizes."""
    year, weight = problem.years[number], float(problem.weights[number])
    name, is_outside = year.scenario.name, year.scenario.out_of_sample
    tell(f"dispatching {name} at the common sizes")
    try:
        dispatch, _ = dispatched(
            year.problem.site_at(best.values), solver=year.problem.solver, guess=guess, explain=not is_outside
        )
    except InfeasibleError:
        if not is_outside:
            raise
        before = bill_as_it_stands(year.problem).total / year.problem.site.horizon.years
        return ScenarioOutcome(name, weight, is_outside, np.inf, np.inf, before, -np.inf, None), np.inf, False
    bill, certified = dispatch.ledger.total, dispatch.certificate.certified
    if not year.problem.objective.is_uniform:
        # the schedule that is best under the weights of the objective is not that of the first year's bill
        bill = year.exact_at(best.values)
    cost = bill * year.scale + problem.size_cost(best.values)
    return _outcome(year, weight, best, dispatch, cost / problem.joint.site.horizon.years), cost, certified


def _outcome(year: Year, weight: float, best: Best, dispatch: DispatchResult, cost_per_year: float) -> ScenarioOutcome:
    before, years = bill_as_it_stands(year.problem), year.problem.site.horizon.years
    bills = Bills.of(before, dispatch)
    flow = cash_flow(project_of(Lived(year.problem, best), bills, dispatch))
    return ScenarioOutcome(
        year.scenario.name,
        weight,
        year.scenario.out_of_sample,
        cost_per_year,
        dispatch.ledger.total / years,
        before.total / years,
        npv(year.problem.objective.finance.discount_rate_frac, flow.after_tax),
        dispatch,
    )


def _candidates(problem: ScenarioProblem, best: Best, tell: _Tell) -> list[Candidate]:
    """The common sizes, those for the average year, where there is one, and for each year alone, tried on all years."""
    chosen: dict[str, _Vector] = {COMMON: best.values}
    tell("sizing for the average year")
    average = problem.best_on_average()
    if average is not None:
        chosen[AVERAGE] = average
    for year in problem.years:
        tell(f"sizing for {year.scenario.name} alone")
        try:
            chosen[year.scenario.name] = problem.best_alone(year)
        except InfeasibleError:
            # only a year that sizes are not chosen for can have none
            continue
    span, found = problem.joint.site.horizon.years, []
    for name, values in chosen.items():
        tell(f"trying the sizes of {name} on all years")
        costs = problem.costs(values)
        found.append(Candidate(name, values, costs / span, problem.judged(costs) / span))
    return found


def _notes(problem: ScenarioProblem, seen: Sequence[_Seen]) -> tuple[str, ...]:
    notes = []
    for year, (outcome, _, _) in zip(problem.years, seen, strict=True):
        name = year.scenario.name
        span = year.problem.site.horizon.years
        if span < _WHOLE_YEAR:
            notes.append(f"{name}: {span * 365:.0f} days stand for every part of a year")
        if outcome.dispatch is None:
            notes.append(f"{name}: the common sizes have no schedule that keeps all rules")
        else:
            notes += [f"{name}: {note}" for note in outcome.dispatch.notes]
    finance = problem.joint.objective.finance
    if finance.life is not None:
        notes.append("batteries are taken as new in every year; [finance.life] is not worked out for scenarios")
    if problem.joint.objective.worth.reason:
        reason = problem.joint.objective.worth.reason
        notes.append(f"the objective differs from the net present value of the cash flow: {reason}")
    if any(not year.problem.is_convex for year in problem.years):
        notes.append("rebates count as granted in the bound of the sizes, and as they are in every schedule")
    return tuple(notes)


_WHOLE_YEAR = 0.97
