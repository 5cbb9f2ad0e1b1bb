"""A sizing for several years in all its forms says the same, also of a year without a schedule."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from storage_opt.lowering.scenario import Scenario
from storage_opt.model.joint_scenarios import Risk
from storage_opt.report.scenario_chart import scenario_figure
from storage_opt.report.scenario_tables import scenario_view
from storage_opt.report.view import as_csv, as_json
from storage_opt.studies.sizing.scenarios import size_over
from tests.support.two_years import day, years


@pytest.fixture(scope="module")
def result():
    given = years({"small": 10.0, "large": 30.0}, {"small": 3.0})
    return size_over([*given, Scenario("hot", day(50.0), 1.0, out_of_sample=True)], risk=Risk(0.7, 0.2))


def _printed(result) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    for part in scenario_view(result).tables():
        console.print(part)
    return console.export_text()


def test_tables_tell_years_choices_and_proof(result):
    text = _printed(result)
    for words in ("sizes certified optimal", "hot *", "VSS", "EVPI", "average year", "样本外", "20% of the objective"):
        assert words in text, words


def test_document_and_rows_agree(result):
    document = json.loads(as_json(scenario_view(result).document()))
    assert document["status"] == "certified"
    assert [one["scenario"] for one in document["scenarios"]] == ["small", "large", "hot"]
    lines = as_csv(scenario_view(result).rows()).splitlines()
    assert len(lines) == 4
    assert float(lines[1].split(",")[5]) == pytest.approx(document["scenarios"][0]["cost_per_year"])
    assert document["candidates"][0]["regret_per_year"]["large"] >= -1e-3


def test_a_year_without_a_schedule_is_said(result):
    hot = replace(result.outcomes[2], cost_per_year=np.inf, bill_per_year=np.inf, npv=-np.inf, dispatch=None)
    broken = replace(result, outcomes=(*result.outcomes[:2], hot))
    assert "no schedule" in _printed(broken)
    assert json.loads(as_json(scenario_view(broken).document()))["scenarios"][2]["npv"] is None
    assert any("no schedule" in text.get_text() for text in scenario_figure(broken).axes[0].texts)


def test_the_chart_names_every_year(result):
    axes = scenario_figure(result).axes[0]
    assert sorted(label.get_text() for label in axes.get_yticklabels()) == ["hot", "large", "small"]
    assert len(axes.patches) == 3
