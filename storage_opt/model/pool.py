"""Many solves side by side, each in a worker process that is prepared once.

The processes are those of the watchdog: started as a module, so that a script needs no guard against being imported
again, in sessions of their own, and ended with their parent.
"""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from storage_opt.errors import SolverError, StorageOptError
from storage_opt.model.watchdog import Worker

__all__ = ["Ahead", "side_by_side"]

_Made = TypeVar("_Made")
_Task = TypeVar("_Task")
_Answer = TypeVar("_Answer")

_LONGEST_S = 3600.0
"""A worker that is silent for so long is ended; solvers in it have shorter limits of their own."""

_prepared: list[Any] = []
"""In a worker: what its tasks share."""


def side_by_side(
    make: Callable[[Any], _Made],
    shared: object,
    work: Callable[[_Made, _Task], _Answer],
    tasks: Sequence[_Task],
    workers: int,
) -> Iterator[tuple[int, _Answer]]:
    """Answers of `work` to tasks, as they come.

    Parameters
    ----------
    make : callable
        Makes what the tasks of a worker share, once in each; a function of a module.
    shared : object
        What it is made of; pickled.
    work : callable
        Answers a task; a function of a module.
    tasks : sequence
        What is asked; pickled.
    workers : int
        Number of processes.

    Yields
    ------
    tuple of int and answer
        Number of the task, and its answer.

    Raises
    ------
    StorageOptError
        What a task raises.
    SolverError
        When a process dies or a task fails otherwise; says why.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(tasks)):
        waiting.put(number)
    answers: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    running = [Worker.start() for _ in range(min(workers, len(tasks)))]

    def drive(worker: Worker) -> None:
        worker.call(_LONGEST_S, _prepare, make, shared)
        if (made := _awaited(worker)) is not None:
            answers.put((-1, made))
            return
        while True:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            worker.call(_LONGEST_S, _answer, work, tasks[number])
            answers.put((number, _awaited(worker)))

    try:
        for worker in running:
            threading.Thread(target=drive, args=(worker,), daemon=True).start()
        for _ in tasks:
            number, answer = answers.get()
            if isinstance(answer, _Failed):
                raise answer.error or SolverError(answer.words, "run it with one worker to see more")
            yield number, answer.value
    finally:
        for worker in running:
            worker.end()


class Ahead(Generic[_Answer]):
    """A call that a process of its own answers while this one goes on; forgetting it ends the process.

    Parameters
    ----------
    work : callable
        A function of a module.
    arguments : object
        What it is given; pickled.
    """

    def __init__(self, work: Callable[..., _Answer], *arguments: object) -> None:
        self._worker = Worker.start()
        self._worker.call(_LONGEST_S, _told, work, arguments)
        weakref.finalize(self, self._worker.end)

    @cached_property
    def _answered(self) -> _Found | _Failed | None:
        answer = _awaited(self._worker)
        self._worker.end()
        return answer

    def answer(self) -> _Answer:
        """The answer, awaited the first time.

        Raises
        ------
        StorageOptError
            What the call raises.
        SolverError
            When the process dies or the call fails otherwise; says why.
        """
        answered = self._answered
        if isinstance(answered, _Found):
            return cast("_Answer", answered.value)
        failed = answered or _Failed("a worker process said nothing")
        raise failed.error or SolverError(failed.words, "ask without it being answered ahead")


class _Failed:
    """Why there is no answer; with the failure itself where it is one that a user can act on."""

    def __init__(self, words: str, error: StorageOptError | None = None) -> None:
        self.words, self.error = words, error


class _Found:
    """An answer, which may be None."""

    def __init__(self, value: object) -> None:
        self.value = value


def _awaited(worker: Worker) -> _Found | _Failed | None:
    try:
        answer = worker.answers.get(timeout=_LONGEST_S)
    except queue.Empty:
        return _Failed(f"a worker process gave no answer in {_LONGEST_S:.0f} s")
    if answer is None or isinstance(answer, _Found | _Failed):
        return answer
    return _Failed("a worker process died (out of memory?)")


def _prepare(make: Callable[[Any], object], shared: object) -> _Failed | None:
    try:
        _prepared[:] = [make(shared)]
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises
        return _failed(error)
    return None


def _answer(work: Callable[[Any, Any], object], task: object) -> _Found | _Failed:
    return _told(work, (_prepared[0], task))


def _told(work: Callable[..., object], arguments: tuple[object, ...]) -> _Found | _Failed:
    try:
        return _Found(work(*arguments))
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises
        return _failed(error)


def _failed(error: Exception) -> _Failed:
    return _Failed(f"{type(error).__name__}: {error}", error if isinstance(error, StorageOptError) else None)
