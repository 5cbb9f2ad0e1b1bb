"""The main job: the schedule that minimises the bill, with its proof, its bill and its baseline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from storage_opt.charges.base import Charge
from storage_opt.ledger.audit import ledger_mismatch
from storage_opt.ledger.baseline import BaselineRun, baseline_schedule
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.ledger.provenance import trace
from storage_opt.ledger.streams import value_streams
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.certificate import TOLERANCE, Certificate
from storage_opt.model.duals import Worth
from storage_opt.model.installed import require_installed
from storage_opt.model.optimum import Optimum
from storage_opt.model.polish import NOISE_RELATIVE, polished, simultaneous_kwh
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.model.watchdog import warm_up
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.battery_use import battery_use
from storage_opt.studies.compliance import broken_rule_notes
from storage_opt.studies.compute_study import compute_result
from storage_opt.studies.declared import declared_quantities
from storage_opt.studies.price_of_rules import PriceOfRules
from storage_opt.studies.rebates import solve_site
from storage_opt.studies.result import DispatchResult, MarginalValue, Timing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["dispatched", "optimize"]

_SHOWS_IN_THE_BILL = 1e-7
"""Relative difference of the bill at which less noise is removed."""


def optimize(
    site: Site,
    *,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
    read_s: float = 0.0,
) -> DispatchResult:
    """Find the cheapest schedule of a site, prove it, and settle its bill.

    Parameters
    ----------
    site : Site
        Validated site, from :func:`storage_opt.load_site`.
    solver : str or None
        Any solver CVXPY finds; by default the policy's chain with fallbacks.
    progress : callable or None
        Told what happens, a line a stage.
    read_s : float
        Time already spent on reading, to be shown with the other stages. [s]

    Returns
    -------
    DispatchResult
        Schedule, bill, baseline, certificate, value streams, marginal values.

    Raises
    ------
    InputError
        When a tariff can't be applied to the horizon; lists all faults.
    InfeasibleError, UnboundedError, SolverError
        When there is no certified optimum; each says why and what to change.
    """
    return dispatched(site, solver=solver, progress=progress, read_s=read_s)[0]


def dispatched(
    site: Site,
    *,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
    read_s: float = 0.0,
    guess: Point | None = None,
    explain: bool = True,
) -> tuple[DispatchResult, Point]:
    """As :func:`optimize`, with the optimal point for the next branch of a choice.

    `guess` is the point of the branch before; `explain` asks for the rules that conflict where there is no schedule.
    """
    require_installed(solver)
    tell = progress or _silent
    clock = _Clock()
    warm_up()
    with clock("build"):
        tell("lowering tariffs")
        charges, rules = lower_site(site), lower_rules(site)
        baseline = baseline_schedule(site, charges, rules)
        baseline_rules = tuple(rule.check(baseline.schedule, site.horizon) for rule in rules)
    with clock("solve"):
        tell("compiling the model")
        solved = solve_site(site, charges, rules, solver=solver, tell=progress, guess=guess, explain=explain)
        program, optimum = solved.program, solved.optimum
    clock.move("solve", "compile", solved.compile_s)
    with clock("settle"):
        tell("settling the bill")
        schedule, ledger, mismatch = _settled_plan(site, charges, rules, program, optimum)
        baseline_ledger = settle(baseline.schedule, charges)
        checks = tuple(rule.check(schedule, site.horizon) for rule in rules)
        certificate = _certificate(optimum, schedule, mismatch, checks)
        streams = value_streams(site, charges, schedule, baseline.schedule, ledger, baseline_ledger)
        use = battery_use(site, schedule, ledger)
        provenance = trace(site, schedule) if site.spec.generator else None
        plan, before = (schedule, ledger), (baseline.schedule, baseline_ledger)
        compute = compute_result(site, charges, (program, optimum.point), plan, before)
    result = DispatchResult(
        site,
        schedule,
        ledger,
        baseline.schedule,
        baseline_ledger,
        certificate,
        streams,
        use,
        tuple(_marginal(worth) for worth in solved.worths),
        clock.timing(read_s),
        (
            *_notes(site, baseline, baseline_rules, optimum, certificate, branched=bool(solved.branches)),
            *(() if compute is None else compute.notes),
        ),
        baseline_rules,
        solved.branches,
        PriceOfRules.of(site, charges, rules, solved, baseline_rules, solver),
        provenance,
        declared_quantities(site, ledger),
        compute,
    )
    return result, optimum.point


def _notes(
    site: Site,
    baseline: BaselineRun,
    baseline_rules: tuple[RuleCheck, ...],
    optimum: Optimum,
    certificate: Certificate,
    *,
    branched: bool,
) -> tuple[str, ...]:
    return (
        *site.notes,
        *contract_notes(site),
        *compute_plan(site).notes,
        *baseline.notes,
        *broken_rule_notes(baseline_rules),
        *_solver_notes(optimum),
        *_uncertified_notes(certificate, branched=branched),
    )


def _marginal(worth: Worth) -> MarginalValue:
    rule = worth.rule
    return MarginalValue(
        rule.name, rule.words, worth.period, rule.unit, worth.value, worth.binding_intervals, rule.sense
    )


def _settled_plan(
    site: Site, charges: tuple[Charge, ...], rules: tuple[ContractRule, ...], program: Program, optimum: Optimum
) -> tuple[Schedule, Ledger, float]:
    """Schedule without solver noise, its bill, and the difference of that bill from the objective.

    What counts as noise is made finer where removing it would show in the bill, or break a rule.
    """
    flows = program.flow_values(optimum.point.x)
    planned = program.line_costs(optimum.point.x)
    for noise in (NOISE_RELATIVE, NOISE_RELATIVE * 1e-2, NOISE_RELATIVE * 1e-4):
        schedule = polished(site, flows, noise)
        ledger = settle(schedule, charges)
        mismatch = ledger_mismatch(charges, planned, ledger)
        if mismatch <= _SHOWS_IN_THE_BILL and all(rule.check(schedule, site.horizon).ok for rule in rules):
            break
    return schedule, ledger, mismatch


def _certificate(optimum: Optimum, schedule: Schedule, mismatch: float, checks: tuple[RuleCheck, ...]) -> Certificate:
    found = optimum.point.optimality
    return Certificate(
        solver=optimum.point.solver,
        primal_residual=found.primal_residual,
        dual_residual=found.dual_residual,
        relative_gap=optimum.relative_gap,
        simultaneous_kwh=simultaneous_kwh(schedule),
        ledger_mismatch_relative=mismatch,
        attempts=optimum.attempts,
        repair=optimum.repair,
        rules=checks,
    )


def _solver_notes(optimum: Optimum) -> Iterable[str]:
    failed = [a for a in optimum.attempts if a.status.startswith(("failed", "answer fails"))]
    return tuple(f"{a.solver} {a.status} after {a.seconds:.1f} s; the next solver took over" for a in failed)


def _uncertified_notes(certificate: Certificate, *, branched: bool) -> Iterable[str]:
    """Why an answer is not called optimal, and what to do about it."""
    if certificate.certified:
        return ()
    if certificate.repair is not None and certificate.relative_gap > TOLERANCE:
        return (
            "not certified: the search over opposite flows stopped at its time limit, with a cost at most "
            f"{certificate.relative_gap:.1e} of itself above the optimum; shorten the horizon with --from and --to",
        )
    if branched and certificate.relative_gap > TOLERANCE:
        return (
            "not certified: the search over periods with and without rebate stopped, with a cost at most "
            f"{certificate.relative_gap:.1e} of itself above the optimum; shorten the horizon with --from and --to",
        )
    return ("not certified: see which figure of the certificate is above its limit, and try another --solver",)


def _silent(message: str) -> None:
    del message


@dataclass
class _Clock:
    """Wall time of each stage. [s]"""

    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, float] = field(default_factory=dict)

    def move(self, source: str, target: str, seconds: float) -> None:
        """Count a part of one stage under another."""
        self.spent[source] -= seconds
        self.spent[target] = self.spent.get(target, 0.0) + seconds

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.spent[stage] = time.perf_counter() - begin

    def timing(self, read_s: float) -> Timing:
        stages: Mapping[str, float] = self.spent
        total = read_s + time.perf_counter() - self.started
        return Timing(read_s, stages["build"], stages["compile"], stages["solve"], stages["settle"], total)
