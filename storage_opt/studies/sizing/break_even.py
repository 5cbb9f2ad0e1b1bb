"""At which value of an assumption a project pays: with sizes that are given, or with any that could be built."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq

from storage_opt.errors import Fault, InputError, SolverError
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.assumptions import Assumption, assumption_of
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.landscape import best_of
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.running import Desk, Run, answers, as_written

__all__ = ["BreakEven", "Payment", "break_even", "break_even_of_building", "break_evens"]

_NEVER_CLOSER = 1e-14
_CLOSE = 1e-6
"""Share of the bracket to which the value is found from which building pays."""
_GAIN = 1e-7
"""Share of the bill that building has to gain to count: less is noise of the solver."""
_MOST_ROUNDS = 50
_SOLVES = 10
"""Of a search, about."""


class Payment(StrEnum):
    """Where something pays within a range of an assumption."""

    CROSSES = "crosses"
    EVERYWHERE = "pays everywhere"
    NOWHERE = "pays nowhere"


@dataclass(frozen=True, slots=True, eq=False)
class BreakEven:
    """Where something begins or ceases to pay.

    Parameters
    ----------
    assumption : Assumption
        What varies.
    is_of_building : bool
        Whether sizes follow, and the question is whether anything pays; otherwise the sizes are held.
    payment : Payment
        Whether there is such a value in the range.
    value : float or None
        The value; None when there is none in the range. [unit of the assumption]
    pays_above : bool or None
        Whether it pays above that value, or below it.
    bracket : tuple of float
        The range that was looked at.
    npv_at_ends : tuple of float or None
        Net present value at its ends; None where no schedule keeps all rules. [money]
    sizes : tuple of float
        The sizes that were held, or those that pay last; none where there is no such value. [unit]
    solves : int
        Values that were looked at.
    """

    assumption: Assumption
    is_of_building: bool
    payment: Payment
    value: float | None
    pays_above: bool | None
    bracket: tuple[float, float]
    npv_at_ends: tuple[float | None, float | None]
    sizes: tuple[float, ...]
    solves: int


@dataclass(eq=False)
class _Probe:
    """Findings at values of one assumption, each found once."""

    case: Case
    assumption: Assumption
    tell: Callable[[str], None] | None
    found: dict[tuple[float, tuple[float, ...] | None], Finding | None] = field(default_factory=dict)

    def at(self, value: float, sizes: tuple[float, ...] | None) -> Finding | None:
        if (value, sizes) not in self.found:
            held = {} if sizes is None else dict(enumerate(sizes))
            self.found[value, sizes] = self.case.changed([(self.assumption, value)]).find(held)
            if self.tell:
                self.tell(f"break-even: {self.assumption.name} = {value:.6g}")
        return self.found[value, sizes]

    @property
    def values(self) -> int:
        return len({value for value, _ in self.found})


def break_evens(case: Case, names: Sequence[str], run: Run) -> tuple[BreakEven, ...]:
    """Of each assumption, :func:`break_even` of the best sizes and :func:`break_even_of_building`, in this order.

    Parameters
    ----------
    case : Case
        What is sized.
    names : sequence of str
        Names of the assumptions.
    run : Run
        In how many processes, who is told, and where break-evens are kept.

    Raises
    ------
    InputError, InfeasibleError, SolverError
        As of :func:`break_even`.
    """
    for name in names:
        _asked(case, name, None)
    tasks = [_Search(name, of_building) for name in names for of_building in (False, True)]
    return tuple(answers(case, tasks, run, "break-even", solves=_SOLVES))


@dataclass(frozen=True, slots=True)
class _Search:
    """One search, as a task."""

    name: str
    of_building: bool

    @property
    def key(self) -> str:
        return json.dumps(["break-even", self.name, self.of_building])

    def answer(self, desk: Desk) -> BreakEven:
        search = break_even_of_building if self.of_building else break_even
        return search(desk.case, self.name, progress=desk.tell)

    def written(self, answer: BreakEven) -> object:
        return {one.name: getattr(answer, one.name) for one in fields(answer) if one.name != "assumption"}

    def read(self, entry: object, desk: Desk) -> BreakEven:
        kept = as_written(entry)
        kept |= {"assumption": assumption_of(desk.case.problem.site, self.name), "payment": Payment(kept["payment"])}
        return BreakEven(**kept)


def break_even(
    problem: SizingProblem | Site | Case,
    name: str,
    *,
    sizes: Mapping[str, float] | None = None,
    bracket: tuple[float, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BreakEven:
    """The value of an assumption at which the net present value of given sizes is zero.

    Parameters
    ----------
    problem : SizingProblem, Site or Case
        What is sized.
    name : str
        Name of the assumption, such as ``capex of bess``.
    sizes : mapping of str to float, optional
        All sizes that are open; by default the best ones under what the site assumes. [unit]
    bracket : tuple of float, optional
        Range to look in; by default all values that have a meaning.
    progress : callable, optional
        Told each value that is looked at.

    Raises
    ------
    InputError
        When the name is not known, its values are whole numbers, or sizes are missing.
    SolverError
        When no solver gives an answer.

    Notes
    -----
    Brent's method on ``NPV(value) = 0`` between the ends of the range, which have to differ in sign.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    assumption, ends = _asked(case, name, bracket)
    held = best_of(case).sizes if sizes is None else _all_sizes(case, sizes)
    probe = _Probe(case, assumption, progress)

    def npv_at(value: float) -> float:
        worth = _npv(probe.at(float(value), held))
        if worth is None:
            what = f"these sizes have no schedule at {assumption.name} = {value:g}"
            raise InputError([Fault(what, "narrow the bracket", key=name)])
        return worth

    low, high = npv_at(ends[0]), npv_at(ends[1])
    if low * high > 0.0:
        payment = Payment.EVERYWHERE if low > 0.0 else Payment.NOWHERE
        return BreakEven(assumption, False, payment, None, None, ends, (low, high), held, probe.values)
    span = ends[1] - ends[0]
    value = float(brentq(npv_at, *ends, xtol=_NEVER_CLOSER * span, rtol=_NEVER_CLOSER, maxiter=200))
    return BreakEven(assumption, False, Payment.CROSSES, value, high > low, ends, (low, high), held, probe.values)


def break_even_of_building(
    problem: SizingProblem | Site | Case,
    name: str,
    *,
    bracket: tuple[float, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BreakEven:
    """The value of an assumption at which building anything begins to pay, sizes at their best.

    Parameters
    ----------
    problem, name, bracket, progress
        As of :func:`break_even`.

    Raises
    ------
    InputError, InfeasibleError, SolverError
        As :func:`break_even` does.

    Notes
    -----
    What is gained is the net present value at the best sizes less that of what stands already. It is never negative, so
    the answer is where it becomes more than noise. The best sizes at a value that pays are held until they pay no more;
    the best sizes there pay further, until none do. For a capital cost that is Dinkelbach's method (1967) on ``max over
    s of (saving(s) - other costs(s)) / capital(s)``; each round is one sizing, seldom more than ten of them.
    """
    case = problem if isinstance(problem, Case) else Case.of(problem)
    assumption, ends = _asked(case, name, bracket)
    probe = _Probe(case, assumption, progress)
    gain = _Gain(probe)
    pays = gain.of_best(ends[0]) > 0.0, gain.of_best(ends[1]) > 0.0
    worths = _npv(probe.at(ends[0], None)), _npv(probe.at(ends[1], None))
    if pays[0] == pays[1]:
        payment = Payment.EVERYWHERE if pays[0] else Payment.NOWHERE
        return BreakEven(assumption, True, payment, None, None, ends, worths, (), probe.values)
    value, last = _last_that_pays(gain, *(ends if pays[0] else ends[::-1]))
    return BreakEven(assumption, True, Payment.CROSSES, value, pays[1], ends, worths, last, probe.values)


@dataclass(frozen=True, slots=True, eq=False)
class _Gain:
    """What is gained by building, beyond what is noise. [money]"""

    probe: _Probe

    def of_best(self, value: float) -> float:
        """Of the best sizes."""
        best = self.probe.at(value, None)
        if best is None:
            raise self._without_schedule(value)
        return self._over_nothing(value, best)

    def of(self, value: float, sizes: tuple[float, ...]) -> float:
        """Of given sizes; as much as they cost is lost where they have no schedule."""
        found = self.probe.at(value, sizes)
        if found is None:
            return -abs(self.probe.case.problem.size_cost(np.array(sizes))) - 1.0
        return self._over_nothing(value, found)

    def _over_nothing(self, value: float, found: Finding) -> float:
        case = self.probe.case
        nothing = self.probe.at(value, tuple(case.problem.existing.tolist()))
        if nothing is None:
            raise self._without_schedule(value)
        return found.npv - nothing.npv - _GAIN * case.per_cost * max(abs(found.cost), abs(nothing.cost))

    def _without_schedule(self, value: float) -> InputError:
        what = f"there is no schedule at {self.probe.assumption.name} = {value:g}"
        return InputError([Fault(what, "narrow the bracket", key=self.probe.assumption.name)])


def _last_that_pays(gain: _Gain, yes: float, no: float) -> tuple[float, tuple[float, ...]]:
    """Where building ceases to pay, from a value at which it does to one at which nothing does, and what pays there."""
    value, span = yes, abs(no - yes)
    for _ in range(_MOST_ROUNDS):
        best = gain.probe.at(value, None)
        assert best is not None, "it pays there"
        sizes = best.sizes
        edge = float(brentq(gain.of, value, no, args=(sizes,), xtol=_CLOSE / 4.0 * span))
        if abs(edge - value) <= _CLOSE * span or gain.of_best(edge) <= 0.0:
            return edge, sizes
        value = edge
    what = f"no value of {gain.probe.assumption.name} was found in {_MOST_ROUNDS} rounds from which building pays"
    raise SolverError(what, "narrow the bracket")


def _asked(case: Case, name: str, bracket: tuple[float, float] | None) -> tuple[Assumption, tuple[float, float]]:
    assumption = assumption_of(case.problem.site, name)
    if assumption.is_whole:
        what = f"`{name}` takes whole numbers only, at which nothing crosses zero exactly"
        raise InputError([Fault(what, "look at its frontier instead", key=name)])
    low, high = bracket or (assumption.least, assumption.most)
    if not assumption.least <= low < high <= assumption.most:
        within = f"{assumption.least:g} and {assumption.most:g}"
        what = f"the bracket from {low:g} to {high:g} does not lie within {within}, or is empty"
        raise InputError([Fault(what, "give a bracket that rises and lies within", key=name)])
    return assumption, (low, high)


def _all_sizes(case: Case, sizes: Mapping[str, float]) -> tuple[float, ...]:
    missing, unknown = set(case.names) - set(sizes), set(sizes) - set(case.names)
    if missing or unknown:
        listed = ", ".join(f"`{name}`" for name in case.names)
        what = f"sizes have to be given of {listed}, got {', '.join(f'`{name}`' for name in sizes) or 'none'}"
        raise InputError([Fault(what, "give each of them once, or none for the best", key="sizing")])
    return tuple(float(sizes[name]) for name in case.names)


def _npv(found: Finding | None) -> float | None:
    return None if found is None else found.npv
