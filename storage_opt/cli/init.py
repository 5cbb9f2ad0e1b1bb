"""`storage-opt init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init"]


def init(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Name of a profile; `profiles` lists them.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="New folder; by default named like the profile.")
    ] = None,
) -> None:
    """Copy a profile into a new folder to edit.

    Nothing is ever overwritten.
    """
    from storage_opt.studies.starting import start_site

    target = Path(profile) if folder is None else folder
    for path in start_site(profile, target):
        typer.echo(str(path))
    typer.echo(f"next: edit `{target / 'site.toml'}`, then `storage-opt check {target}`", err=True)
