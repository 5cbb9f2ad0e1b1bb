"""The main job: the schedule that minimises the bill, with its proof, its bill and its baseline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
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
from storage_opt.lowering.products.headroom import lower_headroom
from storage_opt.lowering.products.notes import product_notes
from storage_opt.lowering.site import lower_site
from storage_opt.model.certificate import TOLERANCE, Certificate
from storage_opt.model.duals import Worth
from storage_opt.model.installed import require_installed
from storage_opt.model.optimum import Optimum
from storage_opt.model.polish import NOISE_RELATIVE, polished, simultaneous_kwh
from storage_opt.model.program import Program
from storage_opt.model.solve import Point
from storage_opt.model.watchdog import warm_up
from storage_opt.model.whole import WHOLE
from storage_opt.rules.base import ContractRule, RuleCheck
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.backup_result import BackupResult
from storage_opt.studies.battery_use import battery_use
from storage_opt.studies.compliance import broken_rule_notes
from storage_opt.studies.compute_study import compute_result
from storage_opt.studies.declared import declared_quantities
from storage_opt.studies.islanding import simulate_islanding
from storage_opt.studies.meanwhile import Meanwhile
from storage_opt.studies.price_of_reserve import PriceOfReserve
from storage_opt.studies.price_of_rules import PriceOfRules, cost_without_rules
from storage_opt.studies.product_use import headroom_worth, product_uses, provider_names
from storage_opt.studies.rebates import Solved, solve_site
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
    ahead: bool = False,
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
    ahead : bool
        Whether compliance will be asked for: a long year is then solved without rules meanwhile, in another process.

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
    return dispatched(site, solver=solver, progress=progress, read_s=read_s, ahead=ahead)[0]


def dispatched(
    site: Site,
    *,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
    read_s: float = 0.0,
    guess: Point | None = None,
    explain: bool = True,
    ahead: bool = False,
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
        asked = _Asked.of(site)
        meanwhile = Meanwhile(cost_without_rules, site, solver) if ahead and asked.rules else None
    with clock("solve"):
        tell("compiling the model")
        solved = solve_site(
            site, asked.charges, asked.rules, solver=solver, tell=progress, guess=guess, explain=explain
        )
    clock.move("solve", "compile", solved.compile_s)
    with clock("settle"):
        tell("settling the bill")
        answered = _Answered.of(asked, solved)
        without_rules = meanwhile or partial(cost_without_rules, site, solver)
        price = PriceOfRules.of(asked.rules, solved, asked.baseline_rules, without_rules)
        result = _result(asked, solved, answered, price, solver)
    return replace(result, timing=clock.timing(read_s)), solved.optimum.point


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What is solved, and the same without storage."""

    site: Site
    charges: tuple[Charge, ...]
    rules: tuple[ContractRule, ...]
    headroom: tuple[ContractRule, ...]
    baseline: BaselineRun
    baseline_ledger: Ledger
    baseline_rules: tuple[RuleCheck, ...]

    @classmethod
    def of(cls, site: Site) -> _Asked:
        charges, rules, headroom = lower_site(site), lower_rules(site), lower_headroom(site)
        baseline = baseline_schedule(site, charges, rules)
        checks = tuple(rule.check(baseline.schedule, site.horizon) for rule in rules)
        return cls(site, charges, rules, headroom, baseline, settle(baseline.schedule, charges), checks)


@dataclass(frozen=True, slots=True, eq=False)
class _Answered:
    """The plan, its bill, and their proof."""

    schedule: Schedule
    ledger: Ledger
    certificate: Certificate

    @classmethod
    def of(cls, asked: _Asked, solved: Solved) -> _Answered:
        kept = (*asked.rules, *asked.headroom)
        schedule, ledger, mismatch = _settled_plan(asked.site, asked.charges, kept, solved.program, solved.optimum)
        checks = tuple(rule.check(schedule, asked.site.horizon) for rule in kept)
        return cls(schedule, ledger, _certificate(solved.optimum, schedule, mismatch, checks))


def _result(
    asked: _Asked, solved: Solved, found: _Answered, price: PriceOfRules | None, solver: str | None
) -> DispatchResult:
    site, charges, rules, baseline = asked.site, asked.charges, asked.rules, asked.baseline
    schedule, ledger = found.schedule, found.ledger
    plan, before = (schedule, ledger), (baseline.schedule, asked.baseline_ledger)
    compute = compute_result(site, charges, (solved.program, solved.optimum.point), plan, before)
    notes = _notes(
        site, baseline, asked.baseline_rules, solved.optimum, found.certificate, branched=bool(solved.branches)
    )
    return DispatchResult(
        site,
        schedule,
        ledger,
        baseline.schedule,
        asked.baseline_ledger,
        found.certificate,
        value_streams(site, charges, schedule, baseline.schedule, ledger, asked.baseline_ledger),
        battery_use(site, schedule, ledger),
        tuple(_marginal(worth) for worth in solved.worths),
        Timing(),
        (*notes, *(() if compute is None else compute.notes)),
        asked.baseline_rules,
        solved.branches,
        price,
        trace(site, schedule) if site.spec.generator else None,
        declared_quantities(site, ledger),
        compute,
        products=product_uses(site, schedule, baseline.schedule, ledger),
        headroom=headroom_worth(solved.worths, provider_names(site)) if site.spec.regulation else (),
        backup=_backup(PriceOfReserve(site, charges, rules, solved, solver), schedule),
    )


def _backup(price: PriceOfReserve, schedule: Schedule) -> BackupResult | None:
    if price.site.spec.backup is None:
        return None
    return BackupResult(simulate_islanding(price.site, schedule), price)


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
        *product_notes(site),
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
    if certificate.relative_gap > TOLERANCE and any(WHOLE in attempt.status for attempt in certificate.attempts):
        return (
            "not certified: the choice of events and blocks stopped at its time limit, with a cost at most "
            f"{certificate.relative_gap:.1e} of itself above the optimum; name the events, or shorten the horizon",
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
