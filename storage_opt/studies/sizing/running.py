"""Many findings of one case: in parallel, with progress, and written down as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from storage_opt.io.journal import Journal
from storage_opt.model.pool import side_by_side
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.assumptions import Assumption, assumptions
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.problem import Ageing, SizingProblem

__all__ = ["Question", "Run", "answers"]

_WORTH_PROCESSES_S = 6.0
"""Work that takes less is done in this process: starting another one takes seconds."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: assumptions by name, and sizes that are held by name; all other sizes are at their best."""

    assumed: tuple[tuple[str, float], ...] = ()
    held: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The question as text."""
        return json.dumps([self.assumed, self.held])


@dataclass(frozen=True, slots=True)
class Run:
    """How questions are answered.

    Parameters
    ----------
    workers : int
        Processes; one does all in this process. Short work is done here in any case.
    progress : callable or None
        Told how far it is, a line now and then.
    resume : Path or None
        File in which results are kept: a run that was interrupted goes on from there.
    """

    workers: int = 2
    progress: Callable[[str], None] | None = None
    resume: Path | None = None


@dataclass(eq=False)
class _Desk:
    """A case, its assumptions, and the last one of another bill, which the next question often asks for again."""

    case: Case
    last: tuple[tuple[tuple[str, float], ...], Case] | None = None
    known: dict[str, Assumption] = field(init=False)

    def __post_init__(self) -> None:
        self.known = {one.name: one for one in assumptions(self.case.problem.site)}

    def answer(self, question: Question) -> Finding | None:
        numbers = {name: number for number, name in enumerate(self.case.names)}
        held = {numbers[name]: value for name, value in question.held}
        return self._under(question.assumed).find(held)

    def _under(self, assumed: tuple[tuple[str, float], ...]) -> Case:
        """The case under assumptions; those of the bill first, those of money on top of them."""
        changes = [(self.known[name], value) for name, value in assumed]
        of_bill = [(one, value) for one, value in changes if not one.is_financial]
        key = tuple((one.name, value) for one, value in of_bill)
        if not key:
            return self.case.changed(changes)
        if self.last is None or self.last[0] != key:
            self.last = (key, self.case.changed(of_bill))
        return self.last[1].changed([(one, value) for one, value in changes if one.is_financial])


def answers(case: Case, questions: Sequence[Question], run: Run, what: str) -> list[Finding | None]:
    """A finding for each question, None where no schedule keeps all rules.

    Parameters
    ----------
    case : Case
        What is asked about.
    questions : sequence of Question
        What is asked.
    run : Run
        How.
    what : str
        What it is for, in words, for progress.

    Raises
    ------
    InputError
        When the file to go on from holds results of another problem.
    """
    journal = None if run.resume is None else Journal.open(run.resume, case.fingerprint)
    found: dict[str, Finding | None] = {}
    if journal is not None:
        found = {key: _read(entry) for key, entry in journal.found.items()}
    waiting = list(dict.fromkeys(question for question in questions if question.key not in found))
    done, total = len(set(questions)) - len(waiting), len(set(questions))
    for question, finding in _worked(case, waiting, run.workers):
        found[question.key] = finding
        done += 1
        if journal is not None:
            journal.add(question.key, None if finding is None else asdict(finding))
        if run.progress:
            run.progress(f"{what}: {done} of {total}")
    return [found[question.key] for question in questions]


def _worked(case: Case, waiting: Sequence[Question], workers: int) -> Iterator[tuple[Question, Finding | None]]:
    """Answers as they come: here while it is short work, the rest in processes."""
    desk, began = _Desk(case), time.perf_counter()
    for done, question in enumerate(waiting):
        spent = time.perf_counter() - began
        left = len(waiting) - done
        # the first question pays for compiling, so the second one tells how long the others take
        if workers > 1 and done > 1 and left > 1 and spent / done * left > _WORTH_PROCESSES_S:
            shared = (case.problem.site, case.problem.solver, case.problem.ageing)
            rest = waiting[done:]
            for number, finding in side_by_side(_open, shared, _answer, rest, workers):
                yield rest[number], finding
            return
        yield question, desk.answer(question)


def _open(shared: tuple[Site, str | None, Ageing]) -> _Desk:
    site, solver, ageing = shared
    case = Case.of(SizingProblem.of(site, solver=solver).with_ageing(ageing))
    case.problem.sized()
    return _Desk(case)


def _answer(desk: _Desk, question: Question) -> Finding | None:
    return desk.answer(question)


def _read(entry: dict[str, object] | None) -> Finding | None:
    if entry is None:
        return None
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return Finding(**values)  # type: ignore[arg-type]
