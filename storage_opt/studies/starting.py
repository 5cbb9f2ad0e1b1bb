"""A new site folder as a copy of a ready one."""

from __future__ import annotations

import shutil
from pathlib import Path

from storage_opt.catalog.profiles import profile_folder
from storage_opt.errors import Fault, InputError
from storage_opt.io.atomic import atomic_folder

__all__ = ["start_site"]


def start_site(profile: str, folder: Path) -> tuple[Path, ...]:
    """Copy a profile into a new folder; nothing is ever overwritten.

    Parameters
    ----------
    profile : str
        Name of a profile that ships.
    folder : Path
        Folder that does not exist yet, or is empty.

    Returns
    -------
    tuple of Path
        The files of the new folder.

    Raises
    ------
    InputError
        When there is no such profile, or the folder holds anything.
    """
    source = profile_folder(profile)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = f"`{folder}` exists already; `init` overwrites nothing"
        raise InputError([Fault(what, "name a folder that does not exist yet", str(folder))])
    with atomic_folder(folder) as staged:
        shutil.copytree(source, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
