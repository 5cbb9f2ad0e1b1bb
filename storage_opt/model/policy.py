"""Which solver, in which order, for how long.

Measured on two cores, year problems with battery, plants, demand charges (docs/explanation/solver-policy.md):
PIQP is fastest on linear and quadratic problems, Clarabel next, HiGHS the most different third opinion and
the only one of them for whole variables.
"""

from __future__ import annotations

from storage_opt.model.standard_form import StandardForm

__all__ = ["IN_PROCESS_NONZEROS", "solver_chain", "takes_quadratic", "time_limit_s"]

_LONGEST_SEARCH_S = 120.0
"""Whole variables get no more than this: what is found by then is used, and its gap told."""

IN_PROCESS_NONZEROS = 20_000
"""Problems up to this size are solved in this process: too small to hang, and the hand-over would cost more."""


def solver_chain(form: StandardForm, requested: str | None) -> tuple[str, ...]:
    """Solvers to try in order; a requested solver is tried alone."""
    if requested is not None:
        return (requested.upper(),)
    if form.integer.size:
        return ("HIGHS",)
    return ("PIQP", "CLARABEL", "HIGHS")


def takes_quadratic(solver: str) -> bool:
    """Whether the solver handles a quadratic tie-break as fast as a linear problem."""
    return solver in {"PIQP", "CLARABEL"}


def time_limit_s(form: StandardForm, solver: str) -> float:
    """Longest time a solver may take before it is ended. [s]

    About twenty times what the solver needs for a problem of this size, and never below half a minute: a limit
    is there to catch a solver that hangs, not to hurry one that works. Whole variables may take a minute at least; what
    is found by then is used, and its gap told.
    """
    per_nonzero = 1e-4 if solver in {"PIQP", "CLARABEL"} else 4e-4
    if form.integer.size:
        return min(max(60.0, per_nonzero * form.nonzeros), _LONGEST_SEARCH_S)
    return max(30.0, per_nonzero * form.nonzeros)
