"""Which solvers this machine has."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from storage_opt.errors import Fault, InputError
from storage_opt.model.backends import NATIVE

__all__ = ["require_installed"]


def require_installed(solver: str | None) -> None:
    """Refuse a solver that is not here, and say which are.

    Raises
    ------
    InputError
        When neither this package nor CVXPY knows the solver on this machine.
    """
    cp: ModuleType = import_module("cvxpy")
    known = sorted({*NATIVE, *cp.installed_solvers()})
    if solver is not None and solver.upper() not in known:
        raise InputError([Fault(f"there is no solver `{solver}` on this machine", f"take one of {', '.join(known)}")])
