import io
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from storage_opt.ledger.marginal import price_per_kwh
from storage_opt.report import style
from storage_opt.report.charts import week_figure
from storage_opt.report.month_chart import bill_by_period, months_figure
from storage_opt.report.week import typical_week
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from tests.support.results import charges_of, fake_result, small_site

IMPORT = Flow(GRID, FlowKind.IMPORT_KW)


def _price(result):
    return price_per_kwh(charges_of(result.site), IMPORT, result.site.horizon)


def _drawn(figure):
    """The picture's bytes; warnings are errors, so a missing glyph or a layout that can't fit would fail."""
    image = io.BytesIO()
    with style.styled():
        figure.savefig(image, format="png", dpi=50)
    return image.getvalue()


def _heights(axes):
    return sum(bar.get_height() for bars in axes.containers for bar in bars)


@pytest.fixture(scope="module")
def result():
    return fake_result()


def test_price_adds_the_charges_of_one_flow(result):
    assert set(np.unique(_price(result))) == {0.25, 0.55, 1.05}
    exported = price_per_kwh(charges_of(result.site), Flow(GRID, FlowKind.EXPORT_KW), result.site.horizon)
    assert set(exported) == {-0.2}


def test_the_week_with_the_median_saving_is_drawn(result):
    """Savings of the seven whole weeks are made 1, 3, 5, 7, 6, 4, 2 in calendar order: 4 is the median, the sixth."""
    horizon = result.schedule.horizon
    monday = 6 * 24  # 2027-06-07
    saved = np.zeros(horizon.steps)
    for number, saving in enumerate((1.0, 3.0, 5.0, 7.0, 6.0, 4.0, 2.0)):
        saved[monday + number * 168] = saving
    flows = {**result.schedule.flows, IMPORT: result.baseline[IMPORT] - saved}
    week = typical_week(replace(result, schedule=Schedule(horizon, flows)), np.ones(horizon.steps))
    assert week.where == slice(monday + 5 * 168, monday + 6 * 168)
    assert week.words == "week from 2027-07-12 (median energy saving of 7 weeks)"


def test_a_week_with_a_clock_change_has_its_true_length():
    site = small_site(start=date(2027, 3, 22), end=date(2027, 3, 29))
    spec = site.spec.model_copy(update={"horizon": site.spec.horizon.model_copy(update={"zone": "Europe/Berlin"})})
    berlin = fake_result(replace(site, spec=spec, horizon=spec.horizon.build()))
    assert typical_week(berlin, _price(berlin)).where == slice(0, 167)
    assert _drawn(week_figure(berlin, _price(berlin)))


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2027, 6, 2), date(2027, 6, 4), "the whole horizon"),
        (date(2027, 6, 2), date(2027, 6, 12), "seven days from 2027-06-02"),
        (datetime.fromisoformat("2027-06-02T06:00"), datetime.fromisoformat("2027-06-02T18:00"), "the whole horizon"),
    ],
)
def test_short_horizons_are_drawn_as_they_are(start, end, words):
    short = fake_result(small_site(start=start, end=end))
    assert typical_week(short, _price(short)).words == words
    assert len(week_figure(short, _price(short)).axes) == 4
    assert len(months_figure(short).axes) == 1


def test_panels_state_quantity_and_unit(result):
    labels = [axes.get_ylabel() for axes in week_figure(result, _price(result)).axes]
    assert [label.split("\n")[1] for label in labels] == ["[CNY/kWh]", "[kW]", "[kW]", "[%]"]


def test_a_large_site_is_drawn_in_mw(result):
    big = {flow: 100.0 * values for flow, values in result.schedule.flows.items()}
    large = replace(result, schedule=Schedule(result.schedule.horizon, big))
    assert week_figure(large, _price(result)).axes[1].get_ylabel() == "Power\n[MW]"


def test_month_bars_stack_to_the_bill(result):
    periods = result.schedule.horizon.billing.labels
    amounts = bill_by_period(result.ledger, periods)
    assert sum(row.sum() for row in amounts.values()) == pytest.approx(result.ledger.total)
    axes = months_figure(result).axes[0]
    heights = _heights(axes)
    assert heights * 1e3 == pytest.approx(result.ledger.total + result.baseline_ledger.total)
    assert axes.get_ylabel().endswith("[thousand CNY]")


def test_lines_beyond_the_palette_are_one_and_nothing_is_lost(result):
    entry = result.ledger.entries[0]
    many = [
        replace(entry, line=replace(entry.line, name=f"line_{number}"), amount=float(number + 1))
        for number in range(12)
    ]
    ledger = replace(result.ledger, entries=tuple(many))
    axes = months_figure(replace(result, ledger=ledger, baseline_ledger=ledger)).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert "Other" in " ".join(names)
    assert len([name for name in names if name.startswith("line_")]) == len(style.LINES) - 1
    assert _heights(axes) == pytest.approx(2 * sum(range(1, 13)))


def test_text_that_no_font_holds_is_replaced_not_boxed(monkeypatch):
    monkeypatch.setattr(style, "cjk_font", lambda: None)
    assert style.drawable("乌兰察布", "Site") == "Site"
    assert style.drawable("cost in $", "Site") == r"cost in \$"
    assert style.label("load") == "Load"
    monkeypatch.setattr(style, "cjk_font", lambda: "DejaVu Sans")
    assert style.label("load") == "Load 负荷"


def test_a_chinese_font_is_found_by_name():
    assert style.choose_font(["Arial", "SimHei", "Microsoft YaHei"]) == "Microsoft YaHei"
    assert style.choose_font(["Arial"]) is None


def test_names_without_glyphs_raise_no_warning(result):
    spec = result.site.spec.model_copy(update={"name": "乌兰察布 $5"})
    named = replace(result, site=replace(result.site, spec=spec))
    assert _drawn(week_figure(named, _price(named))) != _drawn(months_figure(named))


def test_charts_leave_matplotlib_as_it_was(result):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    assert _drawn(months_figure(result)) == _drawn(months_figure(result))
    assert dict(mpl.rcParams) == before
