"""Every command of the command line by its full name, commands of a group as ``group command``."""

from __future__ import annotations

import typer

from storage_opt.cli.app import app

TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
LEAVES = {
    name if leaf is command else f"{name} {leaf.name}": leaf
    for name, command in TOP.items()
    for leaf in (getattr(command, "commands", None) or {name: command}).values()
}
