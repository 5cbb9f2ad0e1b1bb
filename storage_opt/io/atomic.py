"""Outputs appear whole or not at all, and never in place of something the user wrote."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage_opt.errors import Fault, InputError

__all__ = ["atomic_file", "atomic_folder", "refuse_input_file", "refuse_unsafe_folder"]

MARK = "summary.json"
"""A folder that holds this file was written by this package."""


@contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """A path to write to; what was written takes the name `path` when the block ends without an exception.

    Parameters
    ----------
    path : Path or str
        The file to write; an older one is replaced.

    Raises
    ------
    InputError
        When the folder of `path` cannot be written to.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError([Fault(f"`{target}` is a folder, must be a file", "name the file inside it", str(target))])
    staged = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.touch(exist_ok=False)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield staged
        staged.replace(target)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(folder: Path | str, inputs: Iterable[Path | str] = ()) -> Iterator[Path]:
    """A folder to write into; its files move to `folder` when the block ends without an exception.

    Parameters
    ----------
    folder : Path or str
        Where the outputs go; created when absent. Earlier outputs of the same names are replaced.
    inputs : iterable of Path or str
        Folders or files that were read; they may not be written over.

    Raises
    ------
    InputError
        When `folder` is an input, or holds files that this package did not write.
    """
    target = Path(folder)
    refuse_unsafe_folder(target, inputs)
    existed = target.is_dir()
    # beside the target, so that moving is renaming and never copying
    home = target if existed else target.parent
    staged = home / f".{target.name}.{uuid.uuid4().hex[:8]}"
    created: list[Path] = []
    try:
        created = _make_folders(home)
        staged.mkdir()
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield staged
        if existed:
            for file in sorted(staged.iterdir()):
                _move(file, target / file.name)
            staged.rmdir()
        else:
            staged.rename(target)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        for made in reversed(created):
            made.rmdir()
        raise


def refuse_unsafe_folder(folder: Path | str, inputs: Iterable[Path | str] = ()) -> None:
    """Refuse an output folder that is an input or holds what the user wrote; cheap, so ask before a long run.

    Raises
    ------
    InputError
        With the reason.
    """
    target = Path(folder)
    name = str(folder)
    hint = "choose a new folder for the outputs"
    if target.exists() and not target.is_dir():
        raise InputError([Fault(f"`{name}` is a file, outputs need a folder", hint, name)])
    read = {Path(source).resolve() for source in inputs}
    read |= {source.parent for source in read if source.is_file()}
    if target.resolve() in read or (target / "site.toml").exists():
        what = f"`{name}` is the folder of a site; its files would be mixed with outputs"
        raise InputError([Fault(what, hint, name)])
    if target.is_dir() and not (target / MARK).exists() and any(target.iterdir()):
        raise InputError([Fault(f"`{name}` holds files that storage-opt did not write", hint, name)])


def refuse_input_file(path: Path | str, inputs: Iterable[Path | str]) -> None:
    """Refuse an output file that is one of the files that were read, by whatever name.

    Raises
    ------
    InputError
        With the reason.
    """
    target = Path(path)
    for source in inputs:
        read = Path(source)
        if target.resolve() == read.resolve() or (target.exists() and read.exists() and target.samefile(read)):
            what = f"`{target}` is an input and would be written over"
            raise InputError([Fault(what, "choose a new file for the output", str(target))])


def _make_folders(folder: Path) -> list[Path]:
    """Create a folder and its parents; the ones that were made, outermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir()
    return missing[::-1]


def _move(file: Path, target: Path) -> None:
    if target.is_dir() and file.is_dir():
        shutil.rmtree(target)
    file.replace(target)


def _unwritable(target: Path, error: OSError) -> InputError:
    what = f"cannot write to `{target}`: {error.strerror or error}"
    return InputError([Fault(what, "choose a folder you may write to", str(target))])
