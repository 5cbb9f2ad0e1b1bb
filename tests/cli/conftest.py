"""A site folder that every command can run in a fraction of a second: one June week, hourly, no files."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app
from tests.support.teahouse import SITE


@pytest.fixture
def site_folder(tmp_path, monkeypatch):
    """A folder `teahouse` with a site, inside the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    folder = tmp_path / "teahouse"
    folder.mkdir()
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    return folder


@pytest.fixture
def change(site_folder):
    """Replace a text of the site file that occurs in it exactly once."""

    def replace(old, new):
        file = site_folder / "site.toml"
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def run():
    """Run a command line and return its result; an unexpected exception is raised, not printed."""

    def invoke(*words, code=0):
        result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        assert result.exit_code == code, result.stdout + result.stderr
        return result

    return invoke
