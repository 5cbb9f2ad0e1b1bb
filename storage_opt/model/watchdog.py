"""Runs solvers in a process of their own, so that one that hangs can be ended.

A solver call cannot be interrupted inside a process, and some solvers have no time limit. The process is
started ahead of time, kept for later solves, and ends with this one.
"""

from __future__ import annotations

import atexit
import contextlib
import queue
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass
from typing import BinaryIO, cast

from storage_opt.model.backends import Answer, Status, solve_form
from storage_opt.model.policy import IN_PROCESS_NONZEROS, time_limit_s
from storage_opt.model.standard_form import StandardForm
from storage_opt.model.worker import read_frame, write_frame

__all__ = ["Worker", "solve_watched", "warm_up"]

_DIED = object()
_GRACE_S = 5.0
_START_S = 120.0


@dataclass(slots=True, eq=False)
class Worker:
    """A solver process and the thread that waits for its answers."""

    process: subprocess.Popen[bytes]
    answers: queue.SimpleQueue[object]

    @classmethod
    def start(cls) -> Worker:
        """Start a process in a session of its own, so that Ctrl-C reaches only its parent."""
        process = subprocess.Popen(
            [sys.executable, "-m", "storage_opt.model.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        worker = cls(process, queue.SimpleQueue())
        threading.Thread(target=worker.collect, daemon=True).start()
        return worker

    def collect(self) -> None:
        """Pass on every answer; at the end of the pipe, say that the process died."""
        stream = cast("BinaryIO", self.process.stdout)
        with stream:
            try:
                while True:
                    self.answers.put(read_frame(stream))
            except (EOFError, OSError):
                self.answers.put(_DIED)

    def call(self, limit_s: float, function: object, *arguments: object) -> None:
        """Hand over a call; a process that is gone shows when the answer is awaited.

        The process ends itself a little after the limit, so that it does not outlive a parent that was killed.
        """
        try:
            write_frame(cast("BinaryIO", self.process.stdin), (function, arguments, limit_s + _GRACE_S))
        except OSError:
            self.answers.put(_DIED)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            cast("BinaryIO", self.process.stdin).close()


_ready: list[Worker] = []
"""The process that waits for work: none or one."""


def warm_up() -> None:
    """Start the solver process in the background, to be ready when the problem is."""
    if not _ready:
        worker = Worker.start()
        _ready.append(worker)
        worker.call(_START_S, _import_solvers)


def solve_watched(form: StandardForm, solver: str, limit_s: float | None = None, *, probing: bool = False) -> Answer:
    """Solve a scaled problem; a solver that exceeds its time, or dies, fails instead of hanging.

    Parameters
    ----------
    form : StandardForm
        The problem, scaled.
    solver : str
        Solver name.
    limit_s : float or None
        Longest time; by default the policy's. [s]
    probing : bool
        As of :func:`~storage_opt.model.backends.solve_form`.
    """
    limit = time_limit_s(form, solver) if limit_s is None else limit_s
    if form.nonzeros <= IN_PROCESS_NONZEROS and not form.integer.size and limit_s is None:
        return _solve_reporting(form, solver, probing)
    warm_up()
    worker = _ready.pop()
    answered = False
    try:
        worker.call(limit, _solve_reporting, form, solver, probing)
        answer = worker.answers.get(timeout=limit)
        while answer is None:  # the answer to the warm-up call
            answer = worker.answers.get(timeout=limit)
        answered = isinstance(answer, Answer)
    except queue.Empty:
        return Answer(Status.FAILED, None, None, None, limit, message=f"ended after {limit:.0f} s without an answer")
    finally:
        if answered:
            _ready.append(worker)
        else:
            worker.end()
    if not isinstance(answer, Answer):
        return Answer(Status.FAILED, None, None, None, 0.0, message="solver process died (out of memory?)")
    return answer


def _solve_reporting(form: StandardForm, solver: str, probing: bool) -> Answer:
    """Solve, and turn whatever the solver raises into a failed answer with its words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return solve_form(form, solver, probing=probing)
    except Exception as error:  # noqa: BLE001 - a solver may raise anything; the next one shall try
        return Answer(Status.FAILED, None, None, None, 0.0, message=f"{type(error).__name__}: {error}")


def _import_solvers() -> None:
    import highspy  # noqa: F401
    import piqp  # noqa: F401


@atexit.register
def _end_ready() -> None:
    while _ready:
        _ready.pop().end()
