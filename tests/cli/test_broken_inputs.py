"""The corpus of broken inputs: exit code, place and hint, never a traceback, and no file left behind."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app
from tests.support.broken_sites import ALL_CASES, INPUT, SOLVER_CASES, BrokenCase
from tests.support.site_folders import good_site

LEAST_CASES = 60
FOUND_WITHOUT_SOLVER = [case for case in ALL_CASES if not case.solves]


def _run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def _told(case: BrokenCase, result, folder) -> None:
    assert result.exit_code == case.code, result.stdout + result.stderr
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "error: " in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    for piece in case.tells:
        assert piece in result.stderr, result.stderr
    assert not [path.name for path in folder.iterdir() if path.name.startswith((".", "out"))]


def test_the_corpus_is_large_enough_and_every_case_has_its_own_name():
    names = [case.name for case in ALL_CASES]
    assert len(names) >= LEAST_CASES
    assert len(set(names)) == len(names)


def test_the_good_site_is_good(tmp_path):
    site = good_site().write(tmp_path / "site")
    result = _run("check", str(site))
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("case", FOUND_WITHOUT_SOLVER, ids=lambda case: case.name)
def test_check_tells(case, tmp_path):
    draft = good_site()
    case.mutate(draft)
    site = draft.write(tmp_path / "site")
    assert case.code == INPUT
    _told(case, _run("check", str(site)), tmp_path)


@pytest.mark.parametrize("case", SOLVER_CASES, ids=lambda case: case.name)
def test_optimize_tells(case, tmp_path):
    draft = good_site()
    # a week is enough to contradict oneself
    draft.replace("end = 2026-03-01", "end = 2026-01-08")
    case.mutate(draft)
    site = draft.write(tmp_path / "site")
    _told(case, _run("optimize", str(site), "--out", str(tmp_path / "out"), "--no-plots"), tmp_path)


@pytest.mark.parametrize("case", FOUND_WITHOUT_SOLVER[::9], ids=lambda case: case.name)
def test_optimize_leaves_nothing_behind(case, tmp_path):
    draft = good_site()
    case.mutate(draft)
    site = draft.write(tmp_path / "site")
    _told(case, _run("optimize", str(site), "--out", str(tmp_path / "out")), tmp_path)


def test_faults_of_spec_and_series_are_shown_together(tmp_path):
    draft = good_site()
    draft.replace("energy_kwh = 1000", "energy_kwh = -1000")
    draft.replace("soc_min_frac", "soc_min_fraq")
    draft.tables["load.csv"] = draft.frame("load.csv").drop(index=range(100, 103))
    draft.tables["pv.csv"] = draft.frame("pv.csv").assign(pv_frac=50.0)
    result = _run("check", str(draft.write(tmp_path / "site")))
    assert result.exit_code == INPUT
    for piece in ("battery.bess.energy_kwh", "soc_min_fraq", "3 missing intervals", 'unit = "%"'):
        assert piece in result.stderr
