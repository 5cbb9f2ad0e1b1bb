"""The solver process: reads calls from standard input, answers on standard output, ends with its parent.

Started as ``python -m storage_opt.model.worker``; see :mod:`storage_opt.model.watchdog`.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import BinaryIO, TypeAlias, cast

__all__ = ["read_frame", "serve", "write_frame"]

_LENGTH_BYTES = 8
_Call: TypeAlias = tuple[Callable[..., object], tuple[object, ...]]


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
    """Answer calls until the parent closes the pipe.

    Solvers may print to standard output from C, which would garble the answers; so answers leave through a
    duplicate and standard output itself goes nowhere.
    """
    calls = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    while True:
        try:
            function, arguments = cast("_Call", read_frame(calls))
        except EOFError:
            return
        write_frame(answers, function(*arguments))


if __name__ == "__main__":
    serve()
