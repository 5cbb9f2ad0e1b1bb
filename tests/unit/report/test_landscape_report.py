"""Pictures, tables and documents of what is known around the best sizes."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from storage_opt.report.landscape_chart import frontier_figure, landscape_figure
from storage_opt.report.landscape_view import (
    break_even_view,
    frontier_view,
    landscape_view,
    marginal_view,
    tornado_view,
)
from storage_opt.report.landscape_words import assumption_words, value_words
from storage_opt.report.tornado_chart import tornado_figure
from storage_opt.report.view import as_csv, as_json
from storage_opt.studies.sizing.assumptions import assumption_of, assumptions
from storage_opt.studies.sizing.break_even import break_even, break_even_of_building
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import flatness, frontier
from storage_opt.studies.sizing.landscape import landscape
from storage_opt.studies.sizing.marginal import marginal_values
from storage_opt.studies.sizing.tornado import tornado
from tests.support.landscape_sites import battery_site


@pytest.fixture(scope="module")
def case():
    return Case.of(battery_site())


@pytest.fixture(scope="module")
def map_(case):
    return landscape(case, "bess.power_kw", "bess.energy_kwh", counts=(6, 5), workers=1)


@pytest.fixture(scope="module")
def views(case, map_):
    return {
        "landscape": landscape_view(map_, flatness(case)),
        "frontier": frontier_view(frontier(case, "bess.energy_kwh", count=4, workers=1)),
        "tornado": tornado_view(tornado(case, most=3, workers=1)),
        "break_even": break_even_view(
            [break_even(case, "capex of bess"), break_even_of_building(case, "upkeep of bess")], "CNY"
        ),
        "marginal": marginal_view(marginal_values(case, ranges=False), "CNY"),
    }


def _shown(view):
    said = io.StringIO()
    console = Console(width=140, file=said)
    for part in view.tables():
        console.print(part)
    return said.getvalue()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("landscape", "within 1 % of the optimum 净现值损失不超过1%"),
        ("frontier", "Power of bess 功率 [kW]"),
        ("tornado", "Matters less 影响较小"),
        ("break_even", "Investment of bess 建设投资: the project at these sizes pays below"),
        ("marginal", "one more kW of power of bess"),
    ],
)
def test_three_forms_of_one_answer(views, name, words):
    view = views[name]
    assert words in _shown(view)
    assert json.loads(as_json(view.document()))
    lines = as_csv(view.rows()).splitlines()
    assert len(lines) > 1
    assert all(line.count(",") == lines[0].count(",") for line in lines)


def test_the_document_of_a_map_holds_every_point(views, map_):
    document = json.loads(as_json(views["landscape"].document()))
    assert len(document["points"]) == 30
    assert max(point["npv"] for point in document["points"]) == pytest.approx(document["best"]["npv"], rel=1e-6)
    assert document["bounded_between_points"] is True


def test_a_map_marks_the_optimum_and_the_flat_region(map_):
    figure = landscape_figure(map_)
    said = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "Optimum" in said
    assert "within 1 % of the optimum" in said
    assert figure.axes[0].get_xlabel().startswith("Power of bess")


def test_a_map_of_assumptions_has_no_flat_region(case):
    made = landscape(case, "discount_rate", "capex of bess", counts=(3, 3), workers=1)
    said = " ".join(text.get_text() for text in landscape_figure(made).legends[0].get_texts())
    assert "within 1 %" not in said


def test_a_frontier_shows_the_other_sizes(case):
    figure = frontier_figure(frontier(case, "bess.energy_kwh", count=4, workers=1))
    assert [axes.get_ylabel().split("\n")[1] for axes in figure.axes] == ["[thousand CNY]", "[kW]"]


def test_a_tornado_has_a_row_for_each_assumption(case):
    figure = tornado_figure(tornado(case, most=4, workers=1))
    assert len(figure.axes[0].get_yticklabels()) == 4


def test_every_assumption_has_words_and_values_have_units():
    for one in assumptions(battery_site()):
        english = assumption_words(one, chinese=False)
        assert english[0].isupper()
        assert english.endswith(one.asset)
        assert assumption_words(one).startswith(f"{english} ")
    assert value_words("x", 0.8) == "0.8×"
    assert value_words("1/year", -0.01) == "−1 %"
    assert value_words("year", 12.0) == "12 years"


def test_a_factor_of_capital_cost_is_told_in_prices():
    assert assumption_of(battery_site(), "capex of bess").prices == (("kWh", 160.0), ("kW", 100.0))
