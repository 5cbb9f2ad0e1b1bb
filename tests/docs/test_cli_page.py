"""The page of commands has every command and option, and nothing that does not exist."""

from __future__ import annotations

import re

import pytest

from tests.support.commands import LEAVES as COMMANDS
from tests.support.source import DOCS

PAGE = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `storage-opt ([a-z ]+)[^`]*`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
SECTIONS = {name.strip(): text for name, text in SECTIONS.items()}


def _options(name: str) -> set[str]:
    named = {text for parameter in COMMANDS[name].params for text in (*parameter.opts, *parameter.secondary_opts)}
    return {text for text in named if text.startswith("--")}


def test_every_command_has_its_section():
    assert SECTIONS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_there_and_exists(name):
    written = set(re.findall(r"`(--[\w-]+)", SECTIONS[name]))
    assert written - {"--help"} == _options(name) - {"--help"}
