"""Runs solvers in a process of their own, so that one that hangs can be ended.

A solver call cannot be interrupted inside a process, and some solvers have no time limit. The worker is
started ahead of time and kept for later solves.
"""

from __future__ import annotations

import warnings
from concurrent.futures import Future, TimeoutError as FutureTimeout

from loky import get_reusable_executor
from loky.process_executor import BrokenProcessPool

from storage_opt.model.backends import Answer, Status, solve_form
from storage_opt.model.policy import IN_PROCESS_NONZEROS, time_limit_s
from storage_opt.model.standard_form import StandardForm

__all__ = ["solve_watched", "warm_up"]

_IDLE_S = 300


def warm_up() -> Future[None]:
    """Start the solver process in the background, to be ready when the problem is."""
    future: Future[None] = _submit(_import_solvers)
    return future


def solve_watched(form: StandardForm, solver: str, limit_s: float | None = None) -> Answer:
    """Solve a scaled problem; a solver that exceeds its time, or dies, fails instead of hanging.

    Parameters
    ----------
    form : StandardForm
        The problem, scaled.
    solver : str
        Solver name.
    limit_s : float or None
        Longest time; by default the policy's. [s]
    """
    limit = time_limit_s(form, solver) if limit_s is None else limit_s
    if form.nonzeros <= IN_PROCESS_NONZEROS and not form.integer.size and limit_s is None:
        return _solve_reporting(form, solver)
    future = _submit(_solve_reporting, form, solver)
    try:
        answer: Answer = future.result(timeout=limit)
    except FutureTimeout:
        _end_worker()
        return Answer(Status.FAILED, None, None, None, limit, message=f"ended after {limit:.0f} s without an answer")
    except BrokenProcessPool:
        _end_worker()
        return Answer(Status.FAILED, None, None, None, 0.0, message="solver process died (out of memory?)")
    except KeyboardInterrupt:
        _end_worker()
        raise
    return answer


def _solve_reporting(form: StandardForm, solver: str) -> Answer:
    """Solve, and turn whatever the solver raises into a failed answer with its words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return solve_form(form, solver)
    except Exception as error:  # noqa: BLE001 - a solver may raise anything; the next one shall try
        return Answer(Status.FAILED, None, None, None, 0.0, message=f"{type(error).__name__}: {error}")


def _submit(function: object, *arguments: object) -> Future:  # type: ignore[type-arg]
    executor = get_reusable_executor(max_workers=1, timeout=_IDLE_S)
    return executor.submit(function, *arguments)


def _end_worker() -> None:
    get_reusable_executor(max_workers=1, timeout=_IDLE_S).shutdown(wait=False, kill_workers=True)


def _import_solvers() -> None:
    import highspy  # noqa: F401
    import piqp  # noqa: F401
