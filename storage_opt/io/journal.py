"""Results of a long run, a line each, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage_opt.errors import Fault, InputError
from storage_opt.io.atomic import atomic_file

__all__ = ["Journal"]

_KIND = "storage-opt results"


@dataclass(eq=False)
class Journal:
    """A file of results of one problem.

    Parameters
    ----------
    path : Path
        The file: JSON lines, the first of which says of what problem.
    fingerprint : str
        The problem.
    found : mapping of str to object
        What was found so far, by what was asked.
    """

    path: Path
    fingerprint: str
    found: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | str, fingerprint: str) -> Journal:
        """Read what was found, or begin a file.

        A last line that was cut off when a run was ended is left out.

        Raises
        ------
        InputError
            When the file is of another problem, or no such file.
        """
        journal = cls(Path(path), fingerprint)
        if journal.path.exists():
            journal.found = _read(journal.path, fingerprint)
        with atomic_file(journal.path) as staged:
            lines = [_header(fingerprint), *(_line(asked, found) for asked, found in journal.found.items())]
            staged.write_text("".join(lines), encoding="utf-8")
        return journal

    def add(self, asked: str, found: object) -> None:
        """Write down one result at once."""
        self.found[asked] = found
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(asked, found))


def _read(path: Path, fingerprint: str) -> dict[str, Any]:
    head, *lines = path.read_text(encoding="utf-8").split("\n")
    header = _parsed(head)
    if header.get("kind") != _KIND:
        what = f"`{path.name}` is no file of results"
        raise InputError([Fault(what, "name a file that does not exist yet", str(path))])
    if header.get("fingerprint") != fingerprint:
        what = f"`{path.name}` holds results of another problem: the site, its prices or its open sizes have changed"
        raise InputError([Fault(what, "name another file, or delete this one to start anew", str(path))])
    parsed = [_parsed(line) for line in lines]
    return {entry["asked"]: entry["found"] for entry in parsed if "asked" in entry and "found" in entry}


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _header(fingerprint: str) -> str:
    return json.dumps({"kind": _KIND, "fingerprint": fingerprint}) + "\n"


def _line(asked: str, found: object) -> str:
    return json.dumps({"asked": asked, "found": found}, allow_nan=False) + "\n"
