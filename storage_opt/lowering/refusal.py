"""How lowering refuses: every function raises for its own part, and the caller gathers before it raises again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from storage_opt.errors import Fault, Faults, InputError

__all__ = ["gathered", "refuse"]


def refuse(key: str, what: str, hint: str) -> NoReturn:
    """Raise an error with one fault at `key` of the site file."""
    raise InputError([Fault(what, hint, key=key)])


@contextmanager
def gathered(faults: Faults) -> Iterator[None]:
    """Keep the faults of what is refused inside, and go on after it."""
    try:
        yield
    except InputError as error:
        faults.extend(error.faults)
