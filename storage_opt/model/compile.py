"""Site and charges to a compiled program: state everything in CVXPY once, then read off the matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from cvxpy.constraints.zero import Equality
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.charges.base import Charge, Stream
from storage_opt.errors import FormulationError
from storage_opt.lowering.products.headroom import lower_headroom
from storage_opt.model.builder import ModelBuilder
from storage_opt.model.bus import assemble_bus
from storage_opt.model.products import state_products
from storage_opt.model.program import ChargeTerm, Columns, OppositeColumns, Program, Rows, Slacks
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TieBreak
from storage_opt.modeler import Expression, Limit
from storage_opt.rules.base import ContractRule
from storage_opt.rules.cap import PowerCap
from storage_opt.schedule import GRID, Flow
from storage_opt.spec.resolved import Site

__all__ = ["UNWEIGHTED", "Weights", "assemble", "compile_program"]

Weights = Mapping[Stream, float]
"""Weights of streams of the bill in an objective; streams without one count once."""

UNWEIGHTED: Weights = {}


def compile_program(
    site: Site, charges: Sequence[Charge], rules: Sequence[ContractRule] = (), weights: Weights = UNWEIGHTED
) -> Program:
    """Assemble and compile a site.

    Parameters
    ----------
    site : Site
        A validated site.
    charges : sequence of Charge
        What it pays, from :func:`~storage_opt.lowering.site.lower_site`.
    rules : sequence of ContractRule
        What its contract requires, from :func:`~storage_opt.lowering.contract.rules.lower_rules`.
    weights : mapping of Stream to float
        What a unit of money of each stream counts in the objective; lines keep their amounts.

    Raises
    ------
    FormulationError
        When the cost of a charge is not convex; names the charge.
    """
    model, flows, opposites, terms = assemble(site, charges, rules)
    objective = sum(weights.get(term.charge.line.stream, 1.0) * term.cost for term in terms)
    problem = cp.Problem(cp.Minimize(objective), [record.constraint for record in model.constraints])
    # the same matrices as from CVXPY's default, in two thirds of the time for a 15-minute year
    data, _, inverse = problem.get_problem_data(cp.PIQP, canon_backend=cp.SCIPY_CANON_BACKEND)
    stuffed = data["param_prob"]
    form = StandardForm(
        sp.csc_array(data["P"]),
        data["q"],
        float(inverse[-1]["offset"]),
        sp.csc_array(data["A"]),
        data["b"],
        sp.csc_array(data["F"]),
        data["G"],
        _bounds(data["lower_bounds"], data["n_var"], -np.inf),
        _bounds(data["upper_bounds"], data["n_var"], np.inf),
        np.zeros(0, dtype=np.intp),
    )
    columns = tuple(
        Columns(r.name, _slice(stuffed.var_id_to_col[r.variable.id], r.variable.size), r.lower, r.upper)
        for r in model.variables
    )
    size = _typical_sizes(model, columns, form)
    even, prompt = np.zeros(form.size), np.zeros(form.size)
    for record, block in zip(model.variables, columns, strict=True):
        even[block.where] = record.even
        prompt[block.where] = record.prompt
    where = {record.name: block.where for record, block in zip(model.variables, columns, strict=True)}
    rows = _rows(model, stuffed.constraints)
    return Program(
        site.horizon,
        form,
        Scaling.of(form, size),
        TieBreak(even / size**2, prompt / size),
        tuple(model.variables),
        columns,
        rows,
        flows,
        terms,
        *_opposites(opposites, where, rows, form, size),
        *_whole(model, columns),
    )


def assemble(
    site: Site, charges: Sequence[Charge], rules: Sequence[ContractRule] = ()
) -> tuple[ModelBuilder, dict[Flow, Expression], tuple[Opposites, ...], tuple[ChargeTerm, ...]]:
    """State the whole model in CVXPY: bus, assets, rules, charges; each charge is checked for convexity by itself."""
    model = ModelBuilder(site.horizon)
    caps, others = _caps_first(rules)
    flows, opposites = assemble_bus(model, site, caps)
    flows |= state_products(model, site)
    for rule in (*others, *lower_headroom(site)):
        rule.require(model, flows)
    terms = []
    for charge in charges:
        cost = charge.as_expression(model, flows)
        if isinstance(cost, cp.Expression) and not cost.is_convex():
            raise FormulationError(charge.line.name, "is not convex", "use rising prices, or split it into branches")
        terms.append(ChargeTerm(charge, cost))
    return model, flows, opposites, tuple(terms)


def _whole(model: ModelBuilder, columns: tuple[Columns, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Columns of whole decisions, and the intervals of each."""
    marked, spans = [np.zeros(0, dtype=np.intp)], [np.zeros((0, 2), dtype=np.intp)]
    for record, block in zip(model.variables, columns, strict=True):
        if record.whole is not None:
            marked.append(np.arange(block.where.start, block.where.stop))
            spans.append(record.whole)
    return np.concatenate(marked), np.concatenate(spans)


def _caps_first(rules: Sequence[ContractRule]) -> tuple[dict[Flow, list[Limit]], list[ContractRule]]:
    """Caps of single flows as bounds, which solvers handle better than rows, and the other rules."""
    caps: dict[Flow, list[Limit]] = {}
    others: list[ContractRule] = []
    for rule in rules:
        bound = rule.bound if isinstance(rule, PowerCap) else None
        if bound is None or bound[0].owner != GRID:
            others.append(rule)
        else:
            caps.setdefault(bound[0], []).append(bound[1])
    return caps, others


def _bounds(values: NDArray[np.float64] | None, size: int, without: float) -> NDArray[np.float64]:
    return np.full(size, without) if values is None else np.asarray(values, dtype=np.float64)


def _slice(start: int, size: int) -> slice:
    return slice(start, start + size)


def _rows(model: ModelBuilder, stuffed: Sequence[Expression]) -> tuple[Rows, ...]:
    """Row ranges of the named constraints; CVXPY stacks equalities first, then inequalities, in order."""
    starts: dict[int, slice] = {}
    offset = {True: 0, False: 0}
    for constraint in stuffed:
        is_equality = type(constraint).__name__ == "Zero"
        starts[constraint.id] = _slice(offset[is_equality], constraint.size)
        offset[is_equality] += constraint.size
    return tuple(
        Rows(
            record.name,
            starts[record.constraint.id],
            isinstance(record.constraint, Equality),
            record.rule,
        )
        for record in model.constraints
        if record.constraint.id in starts
    )


def _typical_sizes(model: ModelBuilder, columns: tuple[Columns, ...], form: StandardForm) -> NDArray[np.float64]:
    """One magnitude for power and energy, one for money, so that scaling keeps the matrix as it is."""
    power = max((np.max(_finite(form.upper[c.where]), initial=0.0) for c in columns), default=1.0)
    power = max(power, float(np.max(np.abs(form.eq_rhs), initial=0.0))) or 1.0
    size = np.full(form.size, power)
    money = float(np.max(np.abs(form.cost), initial=1.0)) * power
    for record, block in zip(model.variables, columns, strict=True):
        if record.money:
            size[block.where] = money
        if record.whole is not None:
            size[block.where] = 1.0
    return size


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.abs(values[np.isfinite(values)])


def _opposites(
    pairs: Sequence[Opposites],
    where: Mapping[str, slice],
    rows: Sequence[Rows],
    form: StandardForm,
    size: NDArray[np.float64],
) -> tuple[tuple[OppositeColumns, ...], Slacks]:
    """Columns of each pair, and the rows whose slack stands in one."""
    row_of = {row.name: row.where for row in rows}
    found: list[OppositeColumns] = []
    slack_rows, most, sizes = [np.zeros(0, dtype=np.intp)], [np.zeros(0)], [np.zeros(0)]
    behind = form.size
    for pair in pairs:
        first = where[pair.first]
        columns = np.arange(first.start, first.stop)
        if pair.most is None:
            second = where[pair.second]
            others = np.arange(second.start, second.stop)
            found.append(OppositeColumns(pair, columns, others, form.upper[first], form.upper[second]))
            continue
        row = row_of[pair.second]
        slack_rows.append(np.arange(row.start, row.stop))
        most.append(pair.most[1])
        sizes.append(size[first])
        found.append(OppositeColumns(pair, columns, np.arange(behind, behind + columns.size), *pair.most))
        behind += columns.size
    return tuple(found), Slacks(np.concatenate(slack_rows), np.concatenate(most), np.concatenate(sizes))
