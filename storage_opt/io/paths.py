"""Where a site may look for its tables: inside its own folder, nowhere else."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from storage_opt.errors import Fault, InputError
from storage_opt.io.spec_faults import nearest

__all__ = ["table_path"]

_MOST_NAMES = 2_000


def table_path(folder: Path, name: str, key: str = "") -> Path:
    """Path of a table that a site names, which must be a file inside the site folder.

    Parameters
    ----------
    folder : Path
        The site folder.
    name : str
        File name as written, relative to the folder.
    key : str
        Key that names it, for the message.

    Raises
    ------
    InputError
        When it leads outside, also through links, or is not a file.
    """
    if not name.strip() or "\0" in name:
        what = f"file name {name!r} is empty or unusable"
        raise InputError([Fault(what, "name a table in the site folder", key=key)])
    written = PureWindowsPath(name)
    inside = "copy the table into the site folder and name it relative to that"
    if Path(name).is_absolute() or written.is_absolute() or written.drive or ".." in written.parts:
        raise InputError([Fault(f"file `{name}` lies outside the site folder", inside, name, key)])
    root = folder.resolve()
    path = root / name
    try:
        real = path.resolve()
        exists, is_file = real.exists(), real.is_file()
    except (OSError, RuntimeError) as error:
        raise InputError([Fault(f"file `{name}` cannot be reached", "check its name and links", name, key)]) from error
    if not real.is_relative_to(root):
        raise InputError([Fault(f"file `{name}` is a link that leads outside the site folder", inside, name, key)])
    if not exists:
        raise InputError([Fault(f"file `{name}` does not exist", _missing_hint(root, name), name, key)])
    if not is_file:
        raise InputError([Fault(f"`{name}` is a folder, must be a file", "name the table inside it", name, key)])
    return real


def _missing_hint(root: Path, name: str) -> str:
    folders = [root] if (root / name).parent == root else [(root / name).parent, root]
    names: list[str] = []
    for folder in folders:
        if folder.is_dir():
            names += [entry.relative_to(root).as_posix() for entry in sorted(folder.iterdir()) if entry.is_file()]
    tables = [found for found in names[:_MOST_NAMES] if found != "site.toml"]
    close = nearest(name, tables)
    if close:
        return f"did you mean `{close}`?"
    if tables:
        return f"the folder holds {', '.join(f'`{found}`' for found in tables[:10])}"
    return "put the table beside the site file"
