"""The solver process: reads calls from standard input, answers on standard output, ends with its parent.

Started as ``python -m storage_opt.model.worker``; see :mod:`storage_opt.model.watchdog`.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import queue
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, TypeAlias, cast

__all__ = ["read_frame", "serve", "write_frame"]

_LENGTH_BYTES = 8
_Call: TypeAlias = tuple[Callable[..., object], tuple[object, ...], float]
"""Function, arguments, and the time after which the process ends itself. [s]"""


def write_frame(stream: BinaryIO, content: object) -> None:
    """Send one object, preceded by its length."""
    body = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> object:
    """Receive one object.

    Raises
    ------
    EOFError
        When the other side is gone.
    """
    head = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    body = stream.read(length)
    if len(head) < _LENGTH_BYTES or len(body) < length:
        raise EOFError
    return pickle.loads(body)  # noqa: S301 - both ends are this package, joined by a private pipe


def serve() -> None:
    """Answer calls until the parent closes the pipe, which it also does by dying.

    Solvers may print to standard output from C, which would garble the answers; so answers leave through a
    duplicate and standard output itself goes nowhere.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(calls,), daemon=True).start()
    while True:
        function, arguments, deadline_s = calls.get()
        with open(os.devnull, "wb") as quiet:  # noqa: PTH123 - faulthandler needs a file descriptor
            # a solver that holds the interpreter lock stops every Python thread; this timer runs in C
            faulthandler.dump_traceback_later(deadline_s, exit=True, file=quiet)
            answer = function(*arguments)
            faulthandler.cancel_dump_traceback_later()
        write_frame(answers, answer)


def _receive(calls: queue.SimpleQueue[_Call]) -> None:
    """Pass on calls, and end the process at once when the parent is gone, whatever a solver is doing.

    A call that cannot be read ends it as well: nobody would ever answer it.
    """
    while True:
        try:
            calls.put(cast("_Call", read_frame(sys.stdin.buffer)))
        except Exception:  # noqa: BLE001 - the parent is told by the end of the pipe
            os._exit(0)


if __name__ == "__main__":
    serve()
