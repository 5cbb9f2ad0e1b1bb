"""Slacks of inequalities as columns, so that a pair may exclude one: only a repair pays for them.

A part above a corner is ``above >= x - corner`` in the convex problem, with no column for the part below. Where the
pair has to be told apart the row becomes ``x - above + below = corner``, which is the same problem.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.model.program import Columns, Program
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TieBreak

__all__ = ["with_slack_columns", "with_slacks", "without_slacks"]

_Vector = NDArray[np.float64]


def with_slacks(program: Program, x: _Vector) -> _Vector:
    """A point of the program with the slacks of the pairs behind it (n + S,)."""
    rows = program.slacks.rows
    if not rows.size:
        return x
    left = program.form.ineq_rhs - program.form.ineq @ x
    return np.concatenate([x, np.maximum(left[rows], 0.0)])


def with_slack_columns(program: Program, point: Point) -> tuple[Program, Point]:
    """The same problem and point with a column for each slack that a pair excludes; multipliers stay those of the rows.

    The bounds of these pairs follow from other limits once they exclude each other, so they cut no schedule off; the
    convex problem does without, which is faster, and its point may lie beyond them.
    """
    slacks, form, scaling = program.slacks, program.form, program.scaling
    count = slacks.rows.size
    if not count:
        return program, point
    rest = np.setdiff1d(np.arange(form.ineq_rhs.size), slacks.rows)
    ineq = sp.csr_array(form.ineq)
    moved = sp.hstack([ineq[slacks.rows], sp.eye_array(count)])
    nothing = np.zeros(count)
    upper = form.upper.copy()
    for pair in program.opposites:
        upper[pair.first] = np.minimum(upper[pair.first], pair.first_most)
    wider = StandardForm(
        sp.csc_array(sp.block_diag([form.quadratic, sp.csc_array((count, count))])),
        np.concatenate([form.cost, nothing]),
        form.constant,
        sp.csc_array(sp.vstack([sp.hstack([form.eq, sp.csc_array((form.eq_rhs.size, count))]), moved])),
        np.concatenate([form.eq_rhs, form.ineq_rhs[slacks.rows]]),
        sp.csc_array(sp.hstack([ineq[rest], sp.csc_array((rest.size, count))])),
        form.ineq_rhs[rest],
        np.concatenate([form.lower, nothing]),
        np.concatenate([upper, slacks.most]),
        form.integer,
    )
    sized = replace(Scaling.of(wider, np.concatenate([scaling.column, slacks.size])), objective=scaling.objective)
    wishes = program.tie_break
    wished = TieBreak(np.concatenate([wishes.even, nothing]), np.concatenate([wishes.prompt, nothing]))
    steps = program.horizon.steps
    blocks = tuple(
        Columns(f"slack_{start}", slice(form.size + start, form.size + start + steps), (), ())
        for start in range(0, count, steps)
    )
    turned = replace(program, form=wider, scaling=sized, tie_break=wished, columns=program.columns + blocks)
    return turned, replace(
        point,
        x=with_slacks(program, point.x),
        eq_dual=np.concatenate([point.eq_dual, point.ineq_dual[slacks.rows]]),
        ineq_dual=point.ineq_dual[rest],
        bound_dual=np.concatenate([point.bound_dual, point.ineq_dual[slacks.rows]]),
    )


def without_slacks(program: Program, point: Point) -> Point:
    """A point of the wider problem as one of the program.

    A multiplier that holds a part on its curve where power is paid for has no place in the convex problem, and is left
    out of the point; the figures of the certificate are those of the wider problem.
    """
    rows, size = program.slacks.rows, program.form.size
    if not rows.size:
        return point
    own = program.form.eq_rhs.size
    ineq_dual = np.zeros(program.form.ineq_rhs.size)
    ineq_dual[np.setdiff1d(np.arange(ineq_dual.size), rows)] = point.ineq_dual
    ineq_dual[rows] = np.maximum(point.eq_dual[own:], 0.0)
    return replace(
        point,
        x=point.x[:size],
        eq_dual=point.eq_dual[:own],
        ineq_dual=ineq_dual,
        bound_dual=point.bound_dual[:size],
    )
