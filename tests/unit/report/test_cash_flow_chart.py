"""The picture of a cash flow."""

import io

import numpy as np
import pytest

from storage_opt.finance.cash_flow import cash_flow
from storage_opt.report.cash_flow_chart import cash_flow_figure, kinds_of_cash
from tests.support.projects import KINDS, finance, project


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_sum_to_the_cash_flow(kind):
    flow = cash_flow(project(finance(kind)))
    np.testing.assert_allclose(sum(kinds_of_cash(flow).values()), flow.after_tax, rtol=1e-12)


def test_the_picture_says_what_it_shows():
    flow = cash_flow(project(finance("holiday and carrying")))
    figure = cash_flow_figure(flow, "Teahouse", "CNY")
    figure.savefig(io.BytesIO())
    title = figure.get_suptitle()
    assert title.startswith("Teahouse: net present value")
    assert "after tax" in title
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert any("Taxes" in text for text in legend)
    assert figure.axes[0].get_ylabel().endswith("[thousand CNY]")


def test_a_project_without_one_rate_is_drawn():
    flow = cash_flow(project(finance(cost={"bess": {"capex": 1.0}}), savings={}, augmentation=None))
    assert "no IRR" in cash_flow_figure(flow, "Teahouse", "CNY").get_suptitle()
