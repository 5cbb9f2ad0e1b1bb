"""The sizes that pay, in one problem with the schedule of the year."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import UnboundedError
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.project import AssetSize, Project
from storage_opt.lowering.open_sizes import OpenSize, SizeKind
from storage_opt.lowering.site import lower_site
from storage_opt.model.installed import require_installed
from storage_opt.model.joint import SizeRow, schedule_point
from storage_opt.model.watchdog import warm_up
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import dispatched
from storage_opt.studies.rebates import Solved, solve_branches
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.ageing import Lived, cells_cost, sized_for_life
from storage_opt.studies.sizing.bills import Bills, standing_bill
from storage_opt.studies.sizing.catalogue import Best, dearer_than_units
from storage_opt.studies.sizing.problem import NEW, SizingProblem
from storage_opt.studies.sizing.result import BuiltSize, SizeLimit, SizingCertificate, SizingResult, SizingTiming
from storage_opt.studies.sizing.sellable import selling_what_it_can

__all__ = ["asset_sizes", "built_sizes", "project_of", "refuse_endless", "size"]

_Vector = NDArray[np.float64]

_WHOLE_YEAR = 0.97
"""Years that a horizon must cover to stand for one without a word."""
_AT_END = 1e-6
_NOTHING = 1e-7
"""Share of the cost that all of a limit must be worth to be told."""


def size(
    site: Site,
    *,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
    ahead: bool = False,
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
    ahead : bool
        As for :func:`~storage_opt.studies.dispatch.optimize`, of the dispatch at the best sizes.

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
    stated = SizingProblem.of(site, solver=solver, tell=progress)
    before = standing_bill(stated)
    lived = sized_for_life(stated)
    problem, best = lived.problem, lived.best
    refuse_endless(problem, best.values)
    solved_s = time.perf_counter() - began
    if progress:
        progress("dispatching at the best sizes")
    judged, dispatch = _dispatched(problem, best, ahead=ahead)
    certificate = SizingCertificate(
        _settled(problem, best, judged), best.bound, judged.certificate.certified, best.solves
    )
    if not certificate.certified and problem.is_convex:
        # better a name than a number that is not proven
        problem.sized().require(best.values, problem.compiled_at(best.values))
    found = Bills.of(before(), dispatch)
    total_s = time.perf_counter() - began
    return SizingResult(
        problem.new_at(best.values),
        built_sizes(problem, best),
        _limits(problem, best.solved),
        dispatch,
        found.saving_per_year,
        found.before,
        cash_flow(project_of(lived, found, dispatch)),
        certificate,
        problem,
        (*_uncertified(certificate, problem), *_notes(lived), *dispatch.notes),
        SizingTiming(best.solved.compile_s, solved_s - best.solved.compile_s, total_s - solved_s, total_s),
        lived.life,
    )


def _dispatched(problem: SizingProblem, best: Best, *, ahead: bool) -> tuple[DispatchResult, DispatchResult]:
    """The schedule that the sizes were chosen with, and that of the first year; one where nothing ages."""
    guess = schedule_point(problem.sized(), best.solved.optimum.point) if problem.is_convex else None
    site, unsold = selling_what_it_can(problem.site_at(best.values))
    judged, _ = dispatched(site, solver=problem.solver, guess=guess, ahead=ahead and problem.ageing is NEW)
    if unsold:
        words = f"not sold, because nothing backs them at these sizes: {', '.join(unsold)}"
        judged = replace(judged, notes=(words, *judged.notes))
    if problem.ageing is NEW:
        return judged, judged
    new, _ = selling_what_it_can(problem.new_at(best.values))
    return judged, dispatched(new, solver=problem.solver, ahead=ahead)[0]


def _settled(problem: SizingProblem, best: Best, judged: DispatchResult) -> float:
    """Weighted bill and cost of the sizes over the horizon, as settled. [money]

    Where streams have other weights than one, the schedule that is best under them is not that of the first year's
    bill, and is solved for.
    """
    bill = judged.ledger.total
    if not problem.objective.is_uniform:
        bill = solve_branches(
            lower_site(problem.site_at(best.values)),
            problem.site.horizon.billing,
            lambda branch: problem.compiled_at(best.values, branch),
            weights=problem.objective.weights,
            solver=problem.solver,
        ).cost
    return bill + problem.size_cost(best.values) + best.catalogue_cost


def refuse_endless(problem: SizingProblem, values: _Vector) -> None:
    """A size that was given no end must not stand at the one that it was given for the search."""
    endless = [
        size
        for size, value in zip(problem.sizes, values, strict=True)
        if not size.is_limited and value >= size.highest * (1.0 - _AT_END)
    ]
    if endless:
        keys = ", ".join(f"`{size.key}`" for size in endless)
        hint = (
            f"each unit more earns more than it costs, whatever the size: give most in {keys}, and check capex, "
            "prices and export limits"
        )
        raise UnboundedError([size.name for size in endless], hint)


def built_sizes(problem: SizingProblem, best: Best) -> tuple[BuiltSize, ...]:
    """What is built, what it costs and what one more unit would be worth."""
    years, count = problem.site.horizon.years, len(problem.sizes)
    point = best.solved.optimum.point
    cost = problem.cost_per_unit / years
    rows = {row.rule.name: row for row in problem.demands(problem.lowest, problem.highest).rows}
    own = [
        (rows[row.rule.name].coefficients, point.ineq_dual[row.where].sum())
        for row in best.solved.program.rows
        if row.rule is not None and row.rule.name in rows
    ]
    pushed = sum((coefficients * dual for coefficients, dual in own), start=np.zeros(count))
    new = best.values - problem.existing
    found = []
    for n, size in enumerate(problem.sizes):
        worth = cost[n] + (pushed[n] - point.bound_dual[n - count]) / years
        dearer = dearer_than_units(problem, n, float(best.values[n]))
        capex = float(problem.objective.capex_per_unit[n] * new[n]) + dearer
        a_year = dearer * problem.objective.capex_worth(size.asset) if dearer else 0.0
        found.append(BuiltSize(size, float(best.values[n]), capex, float(cost[n] * new[n]) + a_year, float(worth)))
    return tuple(found)


def _limits(problem: SizingProblem, solved: Solved) -> tuple[SizeLimit, ...]:
    """Limits on the sizes that bind, dearest first."""
    own = {
        row.rule.name: abs(row.most)
        for row in problem.demands(problem.lowest, problem.highest).rows
        if not _is_of_fixed(problem, row)
    }
    years, point = problem.site.horizon.years, solved.optimum.point
    nothing = _NOTHING * abs(point.optimality.cost) / years
    found = []
    for row in solved.program.rows:
        if row.rule is not None and row.rule.name in own:
            worth = float(point.ineq_dual[row.where].sum()) / years
            if worth * max(own[row.rule.name], 1.0) > nothing:
                found.append(SizeLimit(row.rule.name, row.rule.words, row.rule.unit, row.rule.key, worth))
    return tuple(sorted(found, key=lambda limit: -limit.worth_per_year))


def _is_of_fixed(problem: SizingProblem, row: SizeRow) -> bool:
    """Whether it is an end of a range without width, whose two ends share what they are worth as they like."""
    mine = row.coefficients != 0
    return bool(mine.sum() == 1 and np.all(problem.lowest[mine] >= problem.highest[mine]))


def project_of(lived: Lived, found: Bills, dispatch: DispatchResult) -> Project:
    """What is built and what it saves in each year, as batteries are in that year."""
    problem, best = lived.problem, lived.best
    finance = _with_catalogue(problem, best)
    new = asset_sizes(problem.sizes, best.values - problem.existing, finance.cost)
    if lived.life is None:
        discharged = sum(use.throughput_kwh for use in dispatch.batteries.values()) / problem.site.horizon.years
        return Project(
            finance,
            new,
            {stream: np.full(finance.years, amount) for stream, amount in found.saving_per_year.items()},
            throughput_kwh=np.full(finance.years, discharged),
        )
    by_year, nothing = lived.life.savings, np.zeros(finance.years)
    streams = dict.fromkeys((*found.standing, *by_year))
    return Project(
        finance,
        new,
        {stream: by_year.get(stream, nothing) + found.standing.get(stream, 0.0) for stream in streams},
        augmentation=cells_cost(finance, lived.life),
        replacements={name: nothing for name in lived.life.batteries if name in new},
        throughput_kwh=lived.life.discharged_kwh,
    )


def _with_catalogue(problem: SizingProblem, best: Best) -> FinanceSpec:
    """The finance with what the catalogue asks beyond prices per unit."""
    finance = problem.objective.finance
    cost = dict(finance.cost)
    for n, size in enumerate(problem.sizes):
        dearer = dearer_than_units(problem, n, float(best.values[n]))
        if dearer:
            cost[size.asset] = cost[size.asset].model_copy(update={"capex": cost[size.asset].capex + dearer})
    return finance.model_copy(update={"cost": cost})


def asset_sizes(sizes: tuple[OpenSize, ...], new: _Vector, priced: Mapping[str, object]) -> dict[str, AssetSize]:
    """What is new, by asset that is paid for."""
    found: dict[str, AssetSize] = {}
    for size, amount in zip(sizes, new.tolist(), strict=True):
        if not size.is_bought or size.asset not in priced or not amount:
            continue
        before = found.get(size.asset, AssetSize())
        kva = amount if size.kind is SizeKind.APPARENT_POWER else 0.0
        found[size.asset] = AssetSize(
            before.power_kw + amount * size.power_kw_per_unit,
            before.energy_kwh + amount * size.energy_kwh_per_unit,
            before.capacity_kva + kva,
        )
    return found


def _twice(problem: SizingProblem) -> list[str]:
    """What is paid twice, and what is paid nothing."""
    notes = []
    cost = problem.objective.finance.cost
    for name, battery in problem.site.spec.battery.items():
        wears = battery.wear is not None or battery.wear_cost_per_kwh
        if name in cost and wears and (cost[name].life_years is not None or problem.objective.finance.life is not None):
            notes.append(
                f"cells of {name} are paid for twice in the choice of sizes, by wear and by renewal: sizes are on the "
                "small side; leave one of them out to see how much"
            )
    free = [size.name for n, size in enumerate(problem.sizes) if size.is_bought and not problem.cost_per_unit[n]]
    if free:
        notes.append(f"costs nothing, so that a larger one may be as good: {', '.join(free)}")
    return notes


def _uncertified(certificate: SizingCertificate, problem: SizingProblem) -> list[str]:
    """Why sizes are not called optimal, and how much better others could be at most."""
    if certificate.certified or not certificate.dispatch_certified:
        return []
    most = (certificate.cost - certificate.bound) / problem.site.horizon.years
    return [
        f"sizes not certified: other sizes could save at most {most:,.0f} {problem.site.spec.currency} a year more "
        f"({certificate.relative_gap:.1e} of the cost), because the bound lets opposite flows run at once and decides "
        "in parts; compare sizes by optimising the site with each"
    ]


def _notes(lived: Lived) -> list[str]:
    problem, notes = lived.problem, []
    if all(size.range.lowest == size.range.highest for size in problem.sizes):
        notes.append("no size is open: what has a cost is taken as new at its size in the file, and judged")
    years = problem.site.horizon.years
    if years < _WHOLE_YEAR:
        notes.append(f"the horizon of {years * 365:.0f} days stands for the whole year; size on a year before you buy")
    if problem.objective.worth.reason:
        notes.append(
            f"the objective differs from the net present value of the cash flow: {problem.objective.worth.reason}"
        )
    if any(battery.wear is not None or battery.wear_cost_per_kwh for battery in problem.site.spec.battery.values()):
        notes.append(
            "wear counts in the choice of sizes and schedule, but is no cash: the cash flow pays for replacements and "
            "added cells instead"
        )
    notes += _twice(problem)
    if lived.life is not None:
        agreed = "agree" if lived.settled and lived.life.converged else "do NOT agree yet"
        notes.append(
            f"sizes and life {agreed} after {lived.rounds} rounds, the last of which moved a size by at most "
            f"{lived.moved_frac:.1%}; sizes are certified for batteries as they are on average of that life"
        )
        notes.extend(lived.life.notes)
    return notes
