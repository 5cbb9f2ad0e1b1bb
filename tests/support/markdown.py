"""Fenced blocks and links of Markdown pages.

Markers stand in a comment on the line before a block:

| marker | meaning |
|---|---|
| ``<!-- file: site.toml -->`` | the block is written to that file |
| ``<!-- run -->`` | the ``$`` lines of a console block are run and must succeed |
| ``<!-- run: exit 3 -->`` | the same, with another exit code |
| ``<!-- not run: reason -->`` | a Python block that is shown only |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\s*$")
_MARKER = re.compile(r"^<!--\s*(file|run|not run)(?::\s*(.*?))?\s*-->$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, text, first line in the file, and marker."""

    language: str
    text: str
    line: int
    marker: str = ""
    argument: str = ""


def blocks(path: Path) -> list[Block]:
    """Fenced blocks of a page in order."""
    found: list[Block] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    marker, argument, start, language, inside = "", "", 0, "", False
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence and not inside:
            inside, start, language = True, number + 1, fence.group(1)
        elif fence:
            inside = False
            found.append(Block(language, "\n".join(lines[start:number]) + "\n", start + 1, marker, argument))
            marker = argument = ""
        elif not inside and (mark := _MARKER.match(line)):
            marker, argument = mark.group(1), mark.group(2) or ""
        elif not inside and line.strip():
            marker = argument = ""
    assert not inside, f"{path}: a block is not closed"
    return found


def links(path: Path) -> list[str]:
    """Targets of links and images outside fenced blocks."""
    return _LINK.findall(_prose(path))


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = [match.group(1) for line in _prose(path).splitlines() if (match := _HEADING.match(line))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _prose(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
