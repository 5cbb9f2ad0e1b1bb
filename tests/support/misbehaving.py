"""Solvers that hang or die, importable by the solver process."""

from __future__ import annotations

import os
import time

from storage_opt.model.backends import Answer, solve_form
from storage_opt.model.standard_form import StandardForm


def hangs_for_piqp(problem: StandardForm, solver: str, probing: bool) -> Answer:
    """Sleep for an hour as PIQP, solve as anything else."""
    if solver == "PIQP":
        time.sleep(3600)
    return solve_form(problem, solver, probing=probing)


def dies_for_piqp(problem: StandardForm, solver: str, probing: bool) -> Answer:
    """End the process as PIQP, solve as anything else."""
    if solver == "PIQP":
        os._exit(11)
    return solve_form(problem, solver, probing=probing)
