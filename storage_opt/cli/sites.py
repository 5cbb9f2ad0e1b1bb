"""The argument SITE and the options that several commands share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage_opt.spec.resolved import Site

__all__ = [
    "FormatOption",
    "FromOption",
    "OutputFormat",
    "SiteArgument",
    "ToOption",
    "open_site",
    "output_folder",
    "site_path",
]


class OutputFormat(StrEnum):
    """How the answer stands on stdout."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


_STAMPS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]

SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="Folder with site.toml, that file, or the name of a profile.")
]
FormatOption = Annotated[
    OutputFormat, typer.Option("--format", "-f", help="Form of the answer on stdout.", show_default=True)
]
FromOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=_STAMPS, metavar="DATE", help="First instant of a part of the horizon."),
]
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=_STAMPS, metavar="DATE", help="Instant after the last interval of that part."),
]


def site_path(text: str) -> Path:
    """Where a site stands: what exists under that name, otherwise the profile of that name.

    Raises
    ------
    InputError
        When there is neither.
    """
    from storage_opt.catalog.profiles import profile_folder, profile_names
    from storage_opt.errors import Fault, InputError

    path = Path(text)
    if path.exists():
        return path
    if text in profile_names():
        return profile_folder(text)
    names = ", ".join(f"`{name}`" for name in profile_names())
    what = f"there is no folder, site file or profile named `{text}`"
    raise InputError([Fault(what, f"give a folder with site.toml, or one of the profiles {names}")])


def output_folder(path: Path) -> Path:
    """Where outputs of a site go unless the user says otherwise: ``<name of its folder>-out`` in the current folder."""
    site = path.resolve()
    return Path(f"{(site.parent if site.is_file() else site).name}-out")


def open_site(path: Path, start: datetime | None = None, end: datetime | None = None) -> Site:
    """The site, or a part of its horizon.

    Raises
    ------
    InputError
        When it can't be read, or the part does not lie in the horizon.
    """
    from storage_opt.errors import Fault, InputError
    from storage_opt.io.site_file import load_site

    site = load_site(path)
    if start is None and end is None:
        return site
    horizon = site.horizon
    try:
        return site.between(start or horizon.start_instant, end or horizon.end_instant)
    except ValueError as error:
        hint = f"choose --from and --to within {horizon.start_instant:%Y-%m-%d} and {horizon.end_instant:%Y-%m-%d}"
        raise InputError([Fault(str(error), hint, key="--from, --to")]) from error
