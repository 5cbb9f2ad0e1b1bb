"""Which assumptions matter: each one low and high, with the sizes as they are and with sizes that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from storage_opt.errors import Fault, InputError
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.assumptions import Assumption, AssumptionKind, assumptions
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.landscape import best_of
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.running import Question, Run, answers

__all__ = ["Tornado", "TornadoBar", "TornadoEnd", "tornado"]

_MOST_BARS = 10


@dataclass(frozen=True, slots=True)
class TornadoEnd:
    """One end of an assumption.

    Parameters
    ----------
    value : float
        What is assumed. [unit of the assumption]
    held : Finding or None
        The best sizes of today under it; None when no schedule keeps all rules.
    followed : Finding or None
        The best sizes under it.
    """

    value: float
    held: Finding | None
    followed: Finding | None


@dataclass(frozen=True, slots=True, eq=False)
class TornadoBar:
    """One assumption.

    Parameters
    ----------
    assumption : Assumption
        What is assumed.
    low, high : TornadoEnd
        Its ends.
    best : Finding
        The optimum under what the site assumes.
    """

    assumption: Assumption
    low: TornadoEnd
    high: TornadoEnd
    best: Finding

    def changes(self, *, sizes_follow: bool) -> tuple[float, float]:
        """Change of the net present value at both ends, NaN where there is no schedule. [money]"""
        chosen = [end.followed if sizes_follow else end.held for end in (self.low, self.high)]
        low, high = (float("nan") if found is None else found.npv - self.best.npv for found in chosen)
        return low, high

    @property
    def width(self) -> float:
        """Largest change at either end, whether sizes are held or follow. [money]"""
        both = (*self.changes(sizes_follow=False), *self.changes(sizes_follow=True))
        return max((abs(change) for change in both if change == change), default=0.0)  # noqa: PLR0124 - NaN


@dataclass(frozen=True, eq=False)
class Tornado:
    """The assumptions that matter most.

    Parameters
    ----------
    case : Case
        The sizing.
    best : Finding
        The optimum under what the site assumes.
    bars : tuple of TornadoBar
        What matters most first.
    others : tuple of str
        Names of assumptions that matter less and are not shown.
    """

    case: Case
    best: Finding
    bars: tuple[TornadoBar, ...]
    others: tuple[str, ...] = ()


def tornado(
    problem: SizingProblem | Site | Case,
    *,
    most: int = _MOST_BARS,
    spans: Mapping[str, tuple[float, float]] | None = None,
    workers: int = 2,
    progress: Callable[[str], None] | None = None,
    resume: Path | None = None,
) -> Tornado:
    """Vary every assumption by itself.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized.
    most : int
        Number of assumptions to show.
    spans : mapping of str to tuple of float, optional
        Low and high value of assumptions by name, instead of the default ones. [unit of the assumption]
    workers, progress, resume
        As of :class:`~storage_opt.studies.sizing.running.Run`.

    Raises
    ------
    InputError
        When a span is of no assumption, or lies outside of what has a meaning.
    InfeasibleError, UnboundedError, SolverError
        When there is no optimum.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    varied = _spanned(case, spans or {})
    best = best_of(case)
    sizes = tuple(zip(case.names, best.sizes, strict=True))
    questions = [
        Question(((one.name, value),), held)
        for one, low, high in varied
        for value in (low, high)
        for held in (sizes, ())
    ]
    found = answers(case, questions, Run(workers, progress, resume), "tornado")
    bars = [
        TornadoBar(
            one, TornadoEnd(low, *found[4 * n : 4 * n + 2]), TornadoEnd(high, *found[4 * n + 2 : 4 * n + 4]), best
        )
        for n, (one, low, high) in enumerate(varied)
    ]
    bars.sort(key=lambda bar: -bar.width)
    return Tornado(case, best, tuple(bars[:most]), tuple(bar.assumption.name for bar in bars[most:]))


def _spanned(case: Case, spans: Mapping[str, tuple[float, float]]) -> list[tuple[Assumption, float, float]]:
    known = {one.name: one for one in assumptions(case.problem.site)}
    for name, (low, high) in spans.items():
        if name not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            raise InputError([Fault(f"`{name}` is nothing that the site assumes", f"name one of {listed}", key=name)])
        least, most = known[name].least, known[name].most
        if not least <= low <= high <= most:
            what = f"the span of `{name}` from {low:g} to {high:g} does not lie within {least:g} and {most:g}"
            raise InputError([Fault(what, "give a span that rises and lies within", key=name)])
    # a budget is a decision, and its frontier says more
    varied = [one for one in known.values() if one.kind is not AssumptionKind.BUDGET]
    return [(one, *spans.get(one.name, (one.low, one.high))) for one in varied]
