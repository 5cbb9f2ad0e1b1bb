"""Which flows run away when the cost falls without end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from storage_opt.errors import UnboundedError
from storage_opt.model.program import Columns, Program
from storage_opt.model.solve import solve_convex

__all__ = ["runaway"]

_MOVES = 1e-6


def runaway(program: Program) -> UnboundedError:
    """The error that names the flows of a direction along which the cost falls for ever.

    Notes
    -----
    The direction d solves ``min q'd`` with ``A d = 0``, ``G d <= 0``, d non-negative where x has a lower bound,
    non-positive where it has an upper bound, and ``|d| <= 1``.
    """
    form = program.form
    ray = replace(
        form,
        constant=0.0,
        eq_rhs=np.zeros_like(form.eq_rhs),
        ineq_rhs=np.zeros_like(form.ineq_rhs),
        lower=np.where(np.isfinite(form.lower), 0.0, -1.0),
        upper=np.where(np.isfinite(form.upper), 0.0, 1.0),
    )
    verdict = solve_convex(ray, replace(program.scaling, column=np.ones(form.size)))
    direction = np.zeros(form.size) if verdict.point is None else verdict.point.x
    moving = [c for c in program.columns if np.any(np.abs(direction[c.where]) > _MOVES)]
    return UnboundedError([c.name for c in moving], _hint(moving))


def _hint(moving: list[Columns]) -> str:
    limits = sorted({limit.rule.key for columns in moving for limit in columns.upper if limit.rule is not None})
    if limits:
        return f"give a finite limit in {', '.join(f'`{key}`' for key in limits)}"
    return "limit at least one of them in the site file, for instance with `grid.import_limit_kw`"
