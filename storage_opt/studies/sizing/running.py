"""Many questions about one case: answered in parallel, with progress, and written down as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from storage_opt.charges.base import Stream
from storage_opt.io.journal import Journal
from storage_opt.model.pool import side_by_side
from storage_opt.spec.resolved import Site
from storage_opt.studies.meanwhile import is_worth_a_process
from storage_opt.studies.sizing.assumptions import Assumption, assumptions
from storage_opt.studies.sizing.case import Case, Finding
from storage_opt.studies.sizing.problem import Ageing, SizingProblem

__all__ = ["Desk", "Question", "Run", "Task", "answers", "as_written"]

_Answer = TypeVar("_Answer")
_Made = TypeVar("_Made")

_WORTH_PROCESSES_S = 6.0
"""Work that takes less is done in this process: starting another one takes seconds."""


class Task(Protocol[_Answer]):
    """Something asked about a case; it and its answer can be sent to another process."""

    @property
    def key(self) -> str:
        """The task as text."""

    def answer(self, desk: Desk) -> _Answer:
        """Work it out."""

    def written(self, answer: _Answer) -> object:
        """The answer as JSON has it."""

    def read(self, entry: object, desk: Desk) -> _Answer:
        """The answer that was written."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: assumptions by name, and sizes that are held by name; all other sizes are at their best."""

    assumed: tuple[tuple[str, float], ...] = ()
    held: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The question as text."""
        return json.dumps([self.assumed, self.held])

    def answer(self, desk: Desk) -> Finding | None:
        """What the sizes are worth; None where no schedule keeps all rules."""
        numbers = {name: number for number, name in enumerate(desk.case.names)}
        return desk.under(self.assumed).find({numbers[name]: value for name, value in self.held})

    def written(self, answer: Finding | None) -> object:
        """The finding as JSON has it."""
        return None if answer is None else asdict(answer)

    def read(self, entry: object, desk: Desk) -> Finding | None:
        """The finding that was written."""
        del desk
        return None if entry is None else Finding(**as_written(entry))


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
class Desk:
    """A case, what tasks share of it, and its last change of the bill, which the next question often asks for again."""

    case: Case
    tell: Callable[[str], None] | None = None
    last: tuple[tuple[tuple[str, float], ...], Case] | None = None
    known: dict[str, Assumption] = field(init=False)
    made: dict[Callable[[Case], Any], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = {one.name: one for one in assumptions(self.case.problem.site)}

    def under(self, assumed: tuple[tuple[str, float], ...]) -> Case:
        """The case under assumptions; those of the bill first, those of money on top of them."""
        changes = [(self.known[name], value) for name, value in assumed]
        of_bill = [(one, value) for one, value in changes if not one.is_financial]
        key = tuple((one.name, value) for one, value in of_bill)
        if not key:
            return self.case.changed(changes)
        if self.last is None or self.last[0] != key:
            self.last = (key, self.case.changed(of_bill))
        return self.last[1].changed([(one, value) for one, value in changes if one.is_financial])

    def once(self, make: Callable[[Case], _Made]) -> _Made:
        """What `make` returns for this case, made by the first task that asks for it."""
        if make not in self.made:
            self.made[make] = make(self.case)
        found: _Made = self.made[make]
        return found


def answers(case: Case, tasks: Sequence[Task[_Answer]], run: Run, what: str, *, solves: int = 1) -> list[_Answer]:
    """An answer to each task.

    Parameters
    ----------
    case : Case
        What is asked about.
    tasks : sequence of Task
        What is asked.
    run : Run
        How.
    what : str
        What it is for, in words, for progress.
    solves : int
        About how many solves a task takes.

    Raises
    ------
    InputError
        When the file to go on from holds results of another problem.
    """
    journal = None if run.resume is None else Journal.open(run.resume, case.fingerprint)
    desk, asked = Desk(case, run.progress), {task.key: task for task in tasks}
    found: dict[str, _Answer] = {}
    if journal is not None:
        found = {key: task.read(journal.found[key], desk) for key, task in asked.items() if key in journal.found}
    waiting = [task for key, task in asked.items() if key not in found]
    for task, answer in _worked(desk, waiting, run.workers, solves):
        found[task.key] = answer
        if journal is not None:
            journal.add(task.key, task.written(answer))
        if run.progress:
            run.progress(f"{what}: {len(found)} of {len(asked)}")
    return [found[task.key] for task in tasks]


def _worked(
    desk: Desk, waiting: Sequence[Task[_Answer]], workers: int, solves: int
) -> Iterator[tuple[Task[_Answer], _Answer]]:
    """Answers as they come: here while it is short work, the rest in processes; where each is long, all of them."""
    began = time.perf_counter()
    is_long = is_worth_a_process(desk.case.problem.site, solves)
    for done, task in enumerate(waiting):
        spent = time.perf_counter() - began
        left = len(waiting) - done
        # the first task pays for compiling, so the second one tells how long the others take
        seems_long = done > 1 and spent / done * left > _WORTH_PROCESSES_S
        if workers > 1 and left > 1 and (is_long or seems_long):
            problem = desk.case.problem
            shared = (problem.site, problem.solver, problem.ageing, desk.case.before)
            rest = waiting[done:]
            for number, answer in side_by_side(_open, shared, _answered, rest, workers):
                yield rest[number], answer
            return
        yield task, task.answer(desk)


def as_written(entry: object) -> dict[str, Any]:
    """Fields of a record that came back from JSON, which has no tuples."""
    fields = cast("dict[str, Any]", entry)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _open(shared: tuple[Site, str | None, Ageing, Mapping[Stream, float]]) -> Desk:
    site, solver, ageing, before = shared
    problem = SizingProblem.of(site, solver=solver).with_ageing(ageing)
    return Desk(Case(problem, before, problem.is_convex))


def _answered(desk: Desk, task: Task[_Answer]) -> _Answer:
    return task.answer(desk)
