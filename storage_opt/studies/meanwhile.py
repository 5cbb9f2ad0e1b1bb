"""Long work that is surely asked for later, begun in another process while something else goes on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from storage_opt.errors import SolverError
from storage_opt.model.pool import Ahead
from storage_opt.spec.resolved import Site

__all__ = ["Meanwhile", "is_worth_a_process"]

_Answer = TypeVar("_Answer")

_LONG = 20_000
_CORES = 2


def is_worth_a_process(site: Site, solves: int = 1) -> bool:
    """Whether so many solves over the site take longer than starting a process for them, and there is a core for it."""
    return site.horizon.steps * solves >= _LONG and (os.cpu_count() or 1) >= _CORES


class Meanwhile(Generic[_Answer]):
    """What a call about a site answers: begun at once where the year is long, else worked out when it is asked for.

    Parameters
    ----------
    work : callable
        A function of a module, of the site and a solver's name or None.
    site : Site
        The site.
    solver : str or None
        The solver.

    Notes
    -----
    Forgetting it ends its process.
    """

    def __init__(self, work: Callable[[Site, str | None], _Answer], site: Site, solver: str | None) -> None:
        self._call = (work, site, solver)
        self._ahead = Ahead(work, site, solver) if is_worth_a_process(site) else None

    @property
    def has_begun(self) -> bool:
        """Whether another process is at it."""
        return self._ahead is not None

    def __reduce__(self) -> tuple[object, ...]:
        # a process stays here; a copy elsewhere works it out when it is asked
        return partial, self._call

    def __call__(self) -> _Answer:
        """The answer."""
        if self._ahead is not None:
            # two long solves at once may be more than the memory holds; then one after the other
            with contextlib.suppress(SolverError):
                return self._ahead.answer()
        work, site, solver = self._call
        return work(site, solver)
