"""Every Python block of README and docs runs, and every console block marked for it."""

from __future__ import annotations

import contextlib
import io
import shlex
import subprocess
import sys

import pytest

from tests.support import markdown
from tests.support.source import DOCS, REPOSITORY

PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
MAIN = [sys.executable, "-c", "from storage_opt.cli import main; main()"]


def _runs(block: markdown.Block) -> bool:
    shown_only = block.marker == "not run"
    return (block.language == "python" and not shown_only) or block.marker in {"file", "run"}


WITH_CODE = [page for page in PAGES if any(_runs(block) for block in markdown.blocks(page))]


def _id(page) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def _run_python(page, block: markdown.Block, names: dict[str, object]) -> str:
    said = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec", dont_inherit=True)
    with contextlib.redirect_stdout(said):
        exec(code, names)
    return said.getvalue()


def _run_console(block: markdown.Block) -> None:
    wanted = int(block.argument.removeprefix("exit ") or 0)
    for line in block.text.splitlines():
        if not line.startswith("$ "):
            continue
        program, *arguments = shlex.split(line.removeprefix("$ "), comments=True)
        assert program == "storage-opt", f"only storage-opt is run here, not {program}"
        done = subprocess.run([*MAIN, *arguments], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == wanted, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", WITH_CODE, ids=_id)
def test_blocks_run_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    said = ""
    for block in markdown.blocks(page):
        if block.marker == "file":
            target = tmp_path / block.argument
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.marker == "run":
            _run_console(block)
        elif block.language == "python" and block.marker != "not run":
            said = _run_python(page, block, names)
        elif block.language == "result":
            assert said.strip() == block.text.strip(), f"{page.name}, line {block.line}"


def test_the_pages_that_promise_code_have_it():
    assert {"README.md", "docs/tutorial/first-site.md"} <= {_id(page) for page in WITH_CODE}


def test_what_is_not_run_says_why():
    silent = [
        f"{_id(page)}:{block.line}"
        for page in PAGES
        for block in markdown.blocks(page)
        if block.marker == "not run" and not block.argument
    ]
    assert silent == []
