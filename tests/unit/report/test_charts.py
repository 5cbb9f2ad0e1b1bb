import io
from dataclasses import replace
from datetime import date, datetime
from typing import get_args

import numpy as np
import pytest
from matplotlib.patches import StepPatch

import storage_opt
from storage_opt.ledger.marginal import price_per_kwh
from storage_opt.report import style
from storage_opt.report.charts import week_figure
from storage_opt.report.compute_panel import work_colours
from storage_opt.report.month_chart import bill_by_period, months_figure
from storage_opt.report.week import typical_week
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.workload import WorkloadSpec
from storage_opt.studies.checking import check
from tests.support.compute_sites import compute_site
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


def _week(result):
    return week_figure(result, check(result.site).import_price)


def _entries(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def _steps(axes, words):
    """The area or line of a name."""
    (found,) = [patch for patch in axes.patches if isinstance(patch, StepPatch) and patch.get_label() == words]
    return found.get_data()


@pytest.fixture(scope="module")
def result():
    return fake_result()


WORK = {
    "index": {"kind": "batch", "units": 2.0, "max_delay_h": 24.0},
    "train": {"kind": "training", "units": 2.0, "max_delay_h": 12.0},
    "chat": {"kind": "inference", "units": [2.0] * 8 + [4.0] * 16},
}
TANK = {"energy_kwh": 40.0, "charge_kw": 10.0, "discharge_kw": 10.0}
BATTERY = {"bess": {"energy_kwh": 20.0, "power_kw": 5.0}}


@pytest.fixture(scope="module")
def computing():
    """Twelve days of three classes, a tank and a battery; the drawn week starts on Monday the sixth."""
    site = compute_site(
        WORK,
        days=12,
        units=20.0,
        cluster={"idle_kw_per_unit": 0.2},
        facility={"cooling": {"cop": 4.0, "tank": TANK}},
        battery=BATTERY,
    )
    return storage_opt.optimize(site)


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


# ------------------------------------------------------------------------------------------- compute


def test_compute_and_cold_have_their_panels(computing):
    figure = _week(computing)
    assert [axes.get_ylabel().split("\n")[0] for axes in figure.axes] == [
        style.label("price"),
        "Power",
        "Compute",
        "Battery",
        style.label("stored"),
    ]
    assert figure.axes[2].get_ylabel() == "Compute\n[kW]"
    assert _entries(figure.axes[2]) == ["chat", "train", "index", style.label("idle"), style.label("unshifted")]
    assert _entries(figure.axes[4]) == ["bess", style.label("cold_storage")]
    assert _drawn(figure)


def test_areas_of_work_stack_to_the_power_of_the_cluster(computing):
    where = typical_week(computing, check(computing.site).import_price).where
    axes = _week(computing).axes[2]
    below = np.zeros(168)
    for name in ("chat", "train", "index", style.label("idle")):
        area = _steps(axes, name)
        assert area.baseline == pytest.approx(below)
        if Flow(name, FlowKind.IT_KW) in computing.schedule:
            height = computing.schedule[Flow(name, FlowKind.IT_KW)][where]
            assert area.values - area.baseline == pytest.approx(height)
        below = area.values
    assert where.start > 0
    assert below == pytest.approx(computing.schedule[Flow("gpu", FlowKind.IT_KW)][where])


def test_dashed_lines_are_the_baseline(computing):
    where = typical_week(computing, check(computing.site).import_price).where
    axes = _week(computing).axes
    unshifted = computing.baseline[Flow("gpu", FlowKind.IT_KW)][where]
    assert _steps(axes[2], style.label("unshifted")).values == pytest.approx(unshifted)
    load = _steps(axes[1], style.label("load")).values
    assert load == pytest.approx(computing.schedule[Flow("hall", FlowKind.LOAD_KW)][where])
    unshifted_load = _steps(axes[1], style.label("unshifted_load")).values
    assert unshifted_load == pytest.approx(computing.baseline[Flow("hall", FlowKind.LOAD_KW)][where])
    assert np.abs(load - unshifted_load).max() > 1.0


def test_a_tank_is_shown_in_percent(computing):
    where = typical_week(computing, check(computing.site).import_price).where
    cold = _week(computing).axes[4].get_lines()[1]
    held = computing.schedule[Flow("hall", FlowKind.TANK_KWH)][where.start - 1 : where.stop]
    assert cold.get_ydata() == pytest.approx(100.0 * held / 40.0)
    assert cold.get_ydata().max() == pytest.approx(100.0, abs=0.1)


def test_work_that_never_moves_has_no_unshifted_load():
    site = compute_site({"chat": {"kind": "inference", "units": 10.0}}, facility={"cooling": {"cop": 2.0}})
    figure = _week(storage_opt.optimize(site))
    assert len(figure.axes) == 3
    assert style.label("unshifted_load") not in _entries(figure.axes[1])
    # every unit is at work: nothing waits
    assert _entries(figure.axes[2]) == ["chat", style.label("unshifted")]


def test_a_tank_without_a_battery_has_a_panel():
    chat = {"chat": {"kind": "inference", "units": 10.0}}
    result = storage_opt.optimize(compute_site(chat, facility={"cooling": {"cop": 2.0, "tank": TANK}}))
    figure = _week(result)
    assert [axes.get_ylabel().split("\n")[0] for axes in figure.axes[2:]] == ["Compute", style.label("stored")]
    assert _entries(figure.axes[3]) == [style.label("cold_storage")]
    assert style.label("unshifted_load") in _entries(figure.axes[1])


def test_power_of_servers_is_not_counted_twice_for_the_unit():
    site = compute_site({"chat": {"kind": "inference", "units": 6000.0}}, units=6000.0)
    figure = _week(storage_opt.optimize(site))
    assert [axes.get_ylabel() for axes in figure.axes[1:]] == ["Power\n[kW]", "Compute\n[kW]"]
    site = compute_site({"chat": {"kind": "inference", "units": 12000.0}}, units=12000.0)
    figure = _week(storage_opt.optimize(site))
    assert figure.axes[2].get_ylabel() == "Compute\n[MW]"
    assert _steps(figure.axes[2], "chat").values == pytest.approx(np.full(24, 12.0))


def test_eight_classes_are_told_apart_and_fit():
    kinds = ["batch"] * 4 + ["training"] * 2 + ["inference"] * 2
    work = {f"a_name_of_some_length_{n}": {"kind": kind, "units": 1.0} for n, kind in enumerate(kinds)}
    result = storage_opt.optimize(compute_site(work, cluster={"idle_kw_per_unit": 0.5}))
    colours = work_colours(result.site.spec)
    assert [name[-1] for name in colours] == list("67450123")
    assert len(set(colours.values())) == 8
    figure = _week(result)
    assert _entries(figure.axes[2]) == [*colours, style.label("idle"), style.label("unshifted")]
    assert _drawn(figure)
    assert figure.axes[2].get_legend().get_window_extent().width < figure.bbox.width


def test_kinds_of_work_are_the_kinds_of_a_site():
    assert set(style.KINDS_OF_WORK) == set(get_args(WorkloadSpec.model_fields["kind"].annotation))


def test_work_without_glyphs_is_numbered(monkeypatch):
    monkeypatch.setattr(style, "cjk_font", lambda: None)
    site = compute_site({"推理": {"kind": "inference", "units": 4.0}, "训练": {"kind": "training", "units": 4.0}})
    figure = _week(storage_opt.optimize(site))
    assert _entries(figure.axes[2]) == ["work 1", "work 2", "Unshifted"]
    assert _drawn(figure)
