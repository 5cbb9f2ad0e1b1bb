"""Ready sites that ship with the package, to run and to copy."""

from __future__ import annotations

import difflib
from pathlib import Path

from storage_opt.errors import Fault, InputError

__all__ = ["profile_folder", "profile_names", "profiles_root"]

_PACKAGE = Path(__file__).resolve().parents[1]
_SITE_FILE = "site.toml"


def profiles_root() -> Path:
    """Folder of all profiles: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / "_profiles"
    return inside if inside.is_dir() else _PACKAGE.parent / "profiles"


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that ship, sorted."""
    return tuple(sorted(path.parent.name for path in profiles_root().glob(f"*/{_SITE_FILE}")))


def profile_folder(name: str) -> Path:
    """Folder of a profile: its `site.toml`, series and README.

    Raises
    ------
    InputError
        When there is none of that name; the nearest name is suggested.
    """
    names = profile_names()
    if name in names:
        return profiles_root() / name
    listed = f"there are: {', '.join(names)}" if names else f"no profiles in {profiles_root()}; reinstall the package"
    near = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean `{near[0]}`? {listed[0].upper()}{listed[1:]}" if near else listed
    raise InputError([Fault(f"there is no profile named `{name}`", hint)])
