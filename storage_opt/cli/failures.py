"""What a user sees when something is wrong: each fault, its place and one action; never a traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import typer

from storage_opt.errors import InputError, StorageOptError

__all__ = ["failure_text", "guarded"]

_P = ParamSpec("_P")
_INTERRUPTED = 130


def guarded(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, with failures of this package turned into text on stderr and an exit code."""

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except StorageOptError as failure:
            typer.echo(failure_text(failure), err=True)
            raise typer.Exit(failure.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(_INTERRUPTED) from None

    return run


def failure_text(failure: StorageOptError) -> str:
    """The failure as ``error: what (place)``, an empty line, and ``hint: one action``; one such block a fault."""
    if isinstance(failure, InputError):
        return "\n\n".join(_block(str(fault), fault.hint) for fault in failure.faults)
    hint = str(getattr(failure, "hint", ""))
    return _block(str(failure).removesuffix(f"; hint: {hint}"), hint)


def _block(what: str, hint: str) -> str:
    return f"error: {what}\n\nhint: {hint}" if hint else f"error: {what}"
