"""Why no schedule keeps all rules: the smallest set that conflicts, and how much each would have to give.

Method (Chinneck, Feasibility and Infeasibility in Optimization, 2008): an elastic solve shows rules that must
give; they are made hard one round after another until what is hard is infeasible by itself; a deletion filter then
drops every rule the conflict does not need. Each remaining rule is finally relaxed alone, by one number for all
intervals, while all others hold.
"""

from __future__ import annotations

import numpy as np

from storage_opt.errors import Conflict, InfeasibleError
from storage_opt.model.elastic import ElasticForm, RuleRows, rule_rows
from storage_opt.model.program import Program
from storage_opt.model.solve import solve_convex
from storage_opt.modeler import Rule, Sense

__all__ = ["diagnosed"]

_HARD = 1e3
_VIOLATED_RELATIVE = 1e-6
_GAP_TOLERANCE = 1e-3
"""Violations near zero need no relative accuracy; they are judged against the size of each rule."""


def diagnosed(program: Program) -> InfeasibleError | None:
    """The error that tells a user why the site is infeasible; None when it is feasible after all."""
    rules = rule_rows(program)
    everything = frozenset(rule.rule.name for rule in rules)
    core: frozenset[str] = frozenset()
    while True:
        broken = _broken(program, rules, hard=core, soft=everything - core)
        if not broken:
            return None if not core else _explained(program, rules, core)
        if broken & core:
            return _explained(program, rules, _filtered(program, rules, core))
        if not _broken(program, rules, hard=core | broken, soft=frozenset()):
            core |= broken
            continue
        return _explained(program, rules, _filtered(program, rules, core | broken))


def _broken(
    program: Program, rules: tuple[RuleRows, ...], *, hard: frozenset[str], soft: frozenset[str]
) -> frozenset[str]:
    """Rules that the least violation breaks; absent rules cannot be broken."""
    weights = dict.fromkeys(hard, _HARD) | dict.fromkeys(soft, 1.0)
    violated = _least_violations(program, rules, weights, frozenset())
    magnitude = {rule.rule.name: rule.magnitude for rule in rules}
    return frozenset(name for name, amount in violated.items() if amount > _VIOLATED_RELATIVE * magnitude[name])


def _filtered(program: Program, rules: tuple[RuleRows, ...], core: frozenset[str]) -> frozenset[str]:
    """The core without every rule whose absence leaves it infeasible."""
    for name in sorted(core):
        without = core - {name}
        if without and _broken(program, rules, hard=without, soft=frozenset()):
            core = without
    return core


def _explained(program: Program, rules: tuple[RuleRows, ...], core: frozenset[str]) -> InfeasibleError:
    conflicting = [rule for rule in rules if rule.rule.name in core]
    conflicts = [_conflict(rule.rule, _relaxation(program, rules, rule)) for rule in conflicting]
    magnitude = {rule.rule.name: rule.magnitude for rule in rules}
    conflicts.sort(key=lambda c: np.inf if c.relaxation is None else c.relaxation / magnitude[c.name])
    # where no rule of this set helps alone, other rules conflict as well, and the least changes look at all of them
    alone = any(conflict.relaxation is not None for conflict in conflicts)
    return InfeasibleError(conflicts, _together(program, rules, conflicting if alone else list(rules)))


def _conflict(rule: Rule, relaxation: float | None) -> Conflict:
    attainable = None
    if rule.required is not None and relaxation is not None:
        attainable = rule.required + (-relaxation if rule.sense is Sense.FLOOR else relaxation)
    return Conflict(rule.name, rule.words, relaxation, rule.unit, rule.key, rule.required, attainable)


def _together(program: Program, rules: tuple[RuleRows, ...], conflicting: list[RuleRows]) -> tuple[Conflict, ...]:
    """Least changes of several rules at once, each weighed by its size; none when one rule gives it all."""
    names = frozenset(rule.rule.name for rule in conflicting)
    weights = {rule.rule.name: 1.0 if rule.rule.name in names else _HARD for rule in rules}
    violated = _least_violations(program, rules, weights, names)
    changed = [r for r in conflicting if violated.get(r.rule.name, 0.0) > _VIOLATED_RELATIVE * r.magnitude]
    return tuple(_conflict(rule.rule, violated[rule.rule.name]) for rule in changed) if len(changed) > 1 else ()


def _relaxation(program: Program, rules: tuple[RuleRows, ...], alone: RuleRows) -> float | None:
    """Least uniform relaxation of one rule that makes the site feasible; None when it cannot."""
    name = alone.rule.name
    weights = {rule.rule.name: _HARD for rule in rules} | {name: 1.0}
    violated = _least_violations(program, rules, weights, frozenset([name]))
    others = (r for r in rules if r.rule.name != name)
    if any(violated[r.rule.name] > _VIOLATED_RELATIVE * r.magnitude for r in others):
        return None
    return violated[name]


def _least_violations(
    program: Program, rules: tuple[RuleRows, ...], weights: dict[str, float], uniform: frozenset[str]
) -> dict[str, float]:
    elastic = ElasticForm.of(program, rules, weights, uniform)
    verdict = solve_convex(elastic.form, elastic.scaling, gap_tolerance=_GAP_TOLERANCE)
    return {} if verdict.point is None else elastic.violations(verdict.point.x)
