"""The compiled problem with its named rules made soft, hard or absent: the ground of every diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.program import Program
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.modeler import Limit, Rule

__all__ = ["ElasticForm", "RuleRows", "rule_rows"]

_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RuleRows:
    """All rows ``R x <= rhs`` that one rule stands for."""

    rule: Rule
    matrix: sp.csr_array
    rhs: _Vector

    @property
    def magnitude(self) -> float:
        """Typical size of the rule's right-hand side, to weigh its relaxation. [rule.unit]"""
        return float(np.max(np.abs(self.rhs), initial=abs(self.rule.required or 0.0))) or 1.0


def rule_rows(program: Program) -> tuple[RuleRows, ...]:
    """The rows of every rule; several limits under one name are one rule."""
    found: dict[str, tuple[Rule, list[sp.csr_array], list[_Vector]]] = {}

    def keep(rule: Rule, matrix: sp.csr_array, rhs: _Vector) -> None:
        _, matrices, sides = found.setdefault(rule.name, (rule, [], []))
        matrices.append(matrix)
        sides.append(rhs)

    unit = sp.eye_array(program.form.size, format="csr")
    for columns in program.columns:
        for limit in columns.upper:
            if limit.rule is not None:
                keep(limit.rule, unit[columns.where], limit.values)
        for limit in columns.lower:
            if limit.rule is not None:
                keep(limit.rule, -unit[columns.where], -limit.values)
    equalities, inequalities = program.form.eq.tocsr(), program.form.ineq.tocsr()
    for rows in program.rows:
        if rows.rule is None:
            continue
        if rows.is_equality:
            keep(rows.rule, equalities[rows.where], program.form.eq_rhs[rows.where])
            keep(rows.rule, -equalities[rows.where], -program.form.eq_rhs[rows.where])
        else:
            keep(rows.rule, inequalities[rows.where], program.form.ineq_rhs[rows.where])
    return tuple(_finite(rule, sp.csr_array(sp.vstack(m)), np.concatenate(sides)) for rule, m, sides in found.values())


def _finite(rule: Rule, matrix: sp.csr_array, rhs: _Vector) -> RuleRows:
    """The rows of a rule where it bounds at all."""
    bounding = np.isfinite(rhs)
    return RuleRows(rule, matrix[bounding], rhs[bounding])


@dataclass(frozen=True, slots=True, eq=False)
class ElasticForm:
    """Least weighted violation of rules subject to physics.

    Parameters
    ----------
    form, scaling : StandardForm, Scaling
        The problem: always feasible, never unbounded.
    slack_of : mapping of rule name to slice
        Columns of each rule's slacks.
    """

    form: StandardForm
    scaling: Scaling
    slack_of: Mapping[str, slice]

    @classmethod
    def of(
        cls, program: Program, rules: tuple[RuleRows, ...], weights: Mapping[str, float], uniform: frozenset[str]
    ) -> ElasticForm:
        """Physics without rules, plus the rules that have a weight.

        Parameters
        ----------
        weights : mapping of rule name to float
            Cost of violating a rule by its own magnitude; rules without a weight are absent.
        uniform : frozenset of str
            Rules whose violation is one number for all intervals instead of one an interval.
        """
        base = _without_rules(program)
        kept = [rule for rule in rules if rule.rule.name in weights]
        sizes = [1 if rule.rule.name in uniform else rule.rhs.size for rule in kept]
        starts = base.size + np.concatenate([[0], np.cumsum(sizes)]).astype(int)
        slack_of = {rule.rule.name: slice(a, b) for rule, a, b in zip(kept, starts, starts[1:], strict=False)}
        extra = int(sum(sizes))
        blocks = [
            -sp.csr_array(np.ones((rule.rhs.size, 1))) if size == 1 else -sp.eye_array(size, format="csr")
            for rule, size in zip(kept, sizes, strict=True)
        ]
        cost = [np.full(s, weights[r.rule.name] / r.magnitude) for r, s in zip(kept, sizes, strict=True)]
        pad_eq, pad_ineq = sp.csr_array((base.eq.shape[0], extra)), sp.csr_array((base.ineq.shape[0], extra))
        rules_matrix = [sp.hstack([sp.vstack([rule.matrix for rule in kept]), sp.block_diag(blocks)])] if kept else []
        form = StandardForm(
            sp.csc_array((base.size + extra, base.size + extra)),
            np.concatenate([np.zeros(base.size), *cost]),
            0.0,
            sp.csc_array(sp.hstack([base.eq, pad_eq])),
            base.eq_rhs,
            sp.csc_array(sp.vstack([sp.hstack([base.ineq, pad_ineq]), *rules_matrix])),
            np.concatenate([base.ineq_rhs, *(rule.rhs for rule in kept)]),
            np.concatenate([base.lower, np.zeros(extra)]),
            np.concatenate([base.upper, np.full(extra, np.inf)]),
            np.zeros(0, dtype=np.intp),
        )
        column = np.concatenate(
            [program.scaling.column, *(np.full(s, r.magnitude) for r, s in zip(kept, sizes, strict=True))]
        )
        return cls(form, Scaling.of(form, column), slack_of)

    def violations(self, x: _Vector) -> dict[str, float]:
        """Largest violation of each rule at x. [rule.unit]"""
        return {name: float(np.max(x[where], initial=0.0)) for name, where in self.slack_of.items()}


def _without_rules(program: Program) -> StandardForm:
    """Physics alone: rows without a rule, bounds of nature."""
    form = program.form
    lower, upper = form.lower.copy(), form.upper.copy()
    for columns in program.columns:
        if columns.upper:
            upper[columns.where] = _by_nature(columns.upper, np.minimum, np.inf)
        if columns.lower:
            lower[columns.where] = _by_nature(columns.lower, np.maximum, -np.inf)
    ruled_eq = np.zeros(form.eq.shape[0], dtype=bool)
    ruled_ineq = np.zeros(form.ineq.shape[0], dtype=bool)
    for rows in program.rows:
        if rows.rule is not None or rows.implied:
            (ruled_eq if rows.is_equality else ruled_ineq)[rows.where] = True
    eq, ineq = form.eq.tocsr()[~ruled_eq], form.ineq.tocsr()[~ruled_ineq]
    return StandardForm(
        sp.csc_array((form.size, form.size)),
        np.zeros(form.size),
        0.0,
        sp.csc_array(eq),
        form.eq_rhs[~ruled_eq],
        sp.csc_array(ineq),
        form.ineq_rhs[~ruled_ineq],
        lower,
        upper,
        np.zeros(0, dtype=np.intp),
    )


def _by_nature(limits: tuple[Limit, ...], choose: np.ufunc, without: float) -> _Vector | float:
    bounds = [limit.values for limit in limits if limit.rule is None and not limit.implied]
    return choose.reduce(bounds) if bounds else without
