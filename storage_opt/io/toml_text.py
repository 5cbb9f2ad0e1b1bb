"""Bytes of a site file to a table of plain values, or faults with line numbers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from storage_opt.errors import Fault, InputError

__all__ = ["SITE_FILE", "find_site_file", "read_toml"]

SITE_FILE = "site.toml"
_LARGEST_BYTES = 10_000_000
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def find_site_file(path: Path | str) -> Path:
    """The site file that a user's SITE argument names: a folder that holds it, or the file itself.

    Raises
    ------
    InputError
        When there is none.
    """
    given = Path(path)
    if "\0" in str(path):
        raise InputError([Fault("the site's name holds a NUL character", "give the site's folder", repr(str(path)))])
    if given.is_dir():
        file = given / SITE_FILE
        if file.is_file():
            return file
        what = f"`{SITE_FILE}` is a folder" if file.is_dir() else f"the folder has no `{SITE_FILE}`"
        raise InputError([Fault(what, "start from a shipped profile with `storage-opt init`", str(given))])
    if not given.exists():
        raise InputError([Fault("no such site", f"give a folder with a `{SITE_FILE}`, or that file", str(given))])
    if given.suffix != ".toml" or not given.is_file():
        raise InputError([Fault("not a site file", f"give a folder with a `{SITE_FILE}`, or that file", str(given))])
    return given


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """Values of a TOML file in UTF-8, with or without byte-order mark.

    Raises
    ------
    InputError
        When it cannot be read, is not UTF-8 or is not TOML.
    """
    return parse_toml(_decoded(path, name), name)


def _decoded(path: Path, name: str) -> str:
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            what = f"the site file has {size:,} bytes, more than {_LARGEST_BYTES:,}"
            raise InputError([Fault(what, "put series into tables beside it", name)])
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Fault(f"cannot be read: {error.strerror}", "check the file and its rights", name)]) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8 (tables may be GBK, the site file may not)"
        raise InputError([Fault(f"line {line} is not UTF-8 text", hint, name, row=line)]) from error


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Values of a TOML text.

    Raises
    ------
    InputError
        With the line where the text stops being TOML.
    """
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError as error:
        raise InputError([Fault("tables or lists are nested too deeply", "flatten the file", name)]) from error
    except ValueError as error:
        raise InputError([_syntax_fault(str(error), name)]) from error


def _syntax_fault(message: str, name: str) -> Fault:
    place = _PLACE.search(message)
    line = int(place.group(1)) if place and place.group(1) else None
    words = _PLACE.sub("", message)
    where = f"line {line}" if line else "the end of the file" if place else "the file"
    if "overwrite" in words or "twice" in words or "mutate" in words or "already" in words:
        hint = "a key or table may occur only once; remove one, or rename it"
    elif "Invalid statement" in words or "Invalid value" in words:
        hint = 'write `key = value`; text needs quotes ("..."), true and false are lower case'
    else:
        hint = "see https://toml.io for the syntax; text needs quotes, lists need commas"
    return Fault(f"{where} is not valid TOML: {words[:1].lower()}{words[1:]}", hint, name, row=line)
