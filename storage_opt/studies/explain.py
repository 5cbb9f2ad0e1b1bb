"""What the model of a site says: variables, constraints and charges with names, sizes and equations."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.program import Program
from storage_opt.model.standard_form import StandardForm
from storage_opt.modeler import Limit
from storage_opt.schedule import Metered
from storage_opt.spec.resolved import Site
from storage_opt.studies.equations import equation_of
from storage_opt.studies.explanation import ChargeRow, ConstraintRow, Explanation, Sizes, VariableRow

__all__ = ["explain"]


def explain(site: Site) -> Explanation:
    """Compile a site and tell what the model holds.

    Parameters
    ----------
    site : Site
        Validated site.

    Raises
    ------
    InputError
        When a tariff can't be applied to the horizon.
    """
    charges = lower_site(site)
    program = compile_program(site, charges, lower_rules(site))
    horizon = site.horizon
    title = f"{site.spec.name}: {horizon.steps:,} intervals of {horizon.step_minutes} min from {horizon.start_instant}"
    return Explanation(
        title,
        _sizes(program.form),
        tuple(_variable(record.name, record.variable.size, money=record.money) for record in program.variables),
        _constraints(program),
        tuple(_charge(charge) for charge in charges),
    )


def _sizes(form: StandardForm) -> Sizes:
    matrices = (form.eq, form.ineq)
    longest_row = max(int(np.max(np.diff(m.tocsr().indptr), initial=0)) for m in matrices)
    longest_column = int(np.max(sum(np.diff(m.indptr) for m in matrices), initial=0))
    rows = form.eq.shape[0] + form.ineq.shape[0]
    return Sizes(form.size, rows, form.eq.nnz + form.ineq.nnz, longest_row, longest_column)


def _variable(name: str, size: int, *, money: bool) -> VariableRow:
    unit = "money" if money else "kWh" if "kwh" in name else "kW"
    return VariableRow(name, size, unit)


def _constraints(program: Program) -> tuple[ConstraintRow, ...]:
    found: dict[str, ConstraintRow] = {}
    for columns in program.columns:
        for limit in (*columns.lower, *columns.upper):
            _add_limit(found, limit)
    for rows in program.rows:
        size = rows.where.stop - rows.where.start
        rule = rows.rule
        words, unit, key = (rule.words, rule.unit, rule.key) if rule else ("", "", "")
        found[rows.name] = ConstraintRow(rows.name, size, equation_of(rows.name), words, unit, key)
    return tuple(found.values())


def _add_limit(found: dict[str, ConstraintRow], limit: Limit) -> None:
    if limit.rule is None:
        return
    name, rule = limit.rule.name, limit.rule
    rows = int(np.isfinite(limit.values).sum()) + (found[name].rows if name in found else 0)
    found[name] = ConstraintRow(name, rows, equation_of(name), rule.words, rule.unit, rule.key)


def _charge(charge: Charge) -> ChargeRow:
    flow = _flow(charge.metered) if charge.metered else ""
    return ChargeRow(charge.line.name, type(charge).__name__, charge.equation, flow, charge.line.payee)


def _flow(metered: Metered) -> str:
    parts = [f"{'-' if weight < 0 else '+'} {flow.column}" for flow, weight in metered.terms]
    return " ".join(parts).removeprefix("+ ")
