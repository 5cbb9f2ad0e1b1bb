"""Products that can't be sold as they are written: exit code, place and hint, never a traceback."""

from __future__ import annotations

import json
import tomllib

import pytest
from typer.testing import CliRunner

from storage_opt.cli.app import app
from tests.support.broken_products import GOOD_PRODUCTS, PRODUCT_CASES
from tests.support.product_auditor import ProductAuditor
from tests.support.site_folders import good_site
from tests.support.worst_calls import WorstCalls

INPUT = 2


def test_every_case_has_its_own_name():
    names = [case.name for case in PRODUCT_CASES]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("case", PRODUCT_CASES, ids=lambda case: case.name)
def test_check_tells(case, tmp_path):
    draft = good_site()
    case.mutate(draft)
    result = CliRunner().invoke(app, ["check", str(draft.write(tmp_path / "site"))])
    assert result.exit_code == INPUT, result.stdout + result.stderr
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "error: " in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    for piece in case.tells:
        assert piece in result.stderr, result.stderr


def test_faults_of_several_products_are_told_together(tmp_path):
    draft = good_site()
    draft.text += GOOD_PRODUCTS
    draft.replace("eligible = true\n", "")
    draft.replace("price_held_per_kw_day = 0.3\n", "")
    draft.replace("2026-01-14T18:00:00", "2026-01-01T18:00:00")
    draft.replace("2026-01-14T20:00:00", "2026-01-01T20:00:00")
    result = CliRunner().invoke(app, ["check", str(draft.write(tmp_path / "site"))])
    assert result.exit_code == INPUT
    for key in ("regulation.peak", "response.dr.baseline", "incentive.new.eligible"):
        assert key in result.stderr, result.stderr


def test_what_optimize_writes_passes_the_audit(tmp_path):
    draft = good_site()
    draft.text = draft.text.replace("Asia/Shanghai", "UTC")
    draft.replace("end = 2026-03-01", 'end = 2026-01-16\nzone = "UTC"')
    draft.text += GOOD_PRODUCTS
    # the audit reads numbers from the site file, so the load is one
    draft.replace('{file = "load.csv", column = "load (MW)"}', "900")
    draft.replace('{file = "pv.csv", column = "pv_frac"}', "0.1")
    site = draft.write(tmp_path / "site")
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["optimize", str(site), "--out", str(out), "--no-plots"])
    assert result.exit_code == 0, result.stderr
    parsed = tomllib.loads((site / "site.toml").read_text(encoding="utf-8"))
    audited = ProductAuditor.of_csv(parsed, out / "schedule.csv")
    assert audited.audit() == []
    assert audited.column("peak.bess.up_kw").max() > 10.0
    assert audited.column("dr.delivered_kw").max() > 10.0
    assert WorstCalls(audited).run() == []
    # what was written settles to the same bill when it is read back
    billed = CliRunner().invoke(app, ["bill", str(site), "-s", str(out / "schedule.csv"), "--format", "json"])
    assert billed.exit_code == 0, billed.stderr
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(billed.stdout)["cost"]["metered"] == pytest.approx(summary["cost"]["optimized"], rel=1e-6)
