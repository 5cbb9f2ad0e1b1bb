import io
from dataclasses import replace

import pytest
from rich.console import Console

from storage_opt.model.certificate import Certificate
from storage_opt.modeler import Sense
from storage_opt.report.cents import cents_text
from storage_opt.report.marginals import binding_words, marginal_words
from storage_opt.report.statement import statement_of
from storage_opt.report.tables import dispatch_tables, span_words
from storage_opt.studies.result import MarginalValue
from tests.support.results import fake_result


def _printed(renderables, width=120):
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    for shown in renderables:
        console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def result():
    return fake_result()


@pytest.fixture(scope="module")
def text(result):
    return _printed(dispatch_tables(result))


def _cells(text, start):
    line = next(line for line in text.splitlines() if line.strip().startswith(start))
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_headline_shows_cost_and_saving_with_currency(text, result):
    assert "teahouse: certified optimum" in text
    assert _cells(text, "Baseline 基准") == ["Baseline 基准", f"{result.baseline_ledger.total:,.0f}"]
    share = result.savings / result.baseline_ledger.total
    assert _cells(text, "Savings 节省") == ["Savings 节省", f"{result.savings:,.0f}", f"{share:.1%}"]


def test_bill_has_english_and_chinese_and_units(text, result):
    assert "Baseline 基准 [CNY]" in text
    assert "Optimised 优化 [CNY]" in text
    before, after = result.baseline_ledger.by_line(), result.ledger.by_line()
    assert _cells(text, "two_part.demand") == [
        "two_part.demand",
        "Demand charge 需量电费",
        f"{before['two_part.demand']:,.0f}",
        f"{after['two_part.demand']:,.0f}",
        f"{after['two_part.demand'] - before['two_part.demand']:,.0f}",
    ]


def test_parties_add_to_what_the_site_pays_to_the_cent(text, result):
    before, after = (statement_of(run).total_cents for run in (result.baseline_ledger, result.ledger))
    amounts = [cents_text(whole, ",") for whole in (before, after, after - before)]
    assert _cells(text, "Grid company") == ["Grid company 电网企业", *amounts]
    assert _cells(text, "Site pays") == ["Site pays 用户支付", *amounts]


def test_life_of_a_battery_is_told_with_its_cycles_by_depth(text):
    depths = text[text.index("Cycles by depth 按深度的循环次数") :]
    assert _cells(depths, "bess") == ["bess", "3", "0", "0", "1,200", "0", "0", "0", "0", "59", "0"]
    life = text[text.index("Battery life 电池寿命") :]
    assert _cells(life, "bess") == ["bess", "1.23%", "-", "13.2", "10,000", "9,950", "+0.50%"]
    assert "Mean SoC 平均荷电" in text
    assert "43%" in text


def test_a_battery_of_unknown_life_has_no_table_of_it(result):
    use = result.batteries["bess"]
    unknown = replace(use.wear, years_to_end_of_life=None, cycles_by_depth=(0,) * 10)
    shown = _printed(dispatch_tables(replace(result, batteries={"bess": replace(use, wear=unknown)})))
    assert "Battery life" not in shown
    assert "Cycles by depth" not in shown
    assert "Batteries 储能运行" in shown


def test_energy_of_a_large_battery_is_in_mwh(text):
    assert "Delivered 放电量 [MWh]" in text
    assert "Rated 额定 [kWh]" in text


def test_proof_and_rules_are_shown(text):
    assert _cells(text, "Relative gap") == ["Relative gap 相对对偶间隙", "2.4e-09", "<= 1e-06"]
    assert "opposite flows forbidden in 12 places, 1 round, at a cost of 3.5 CNY" in text
    assert _cells(text, "self-use of available energy") == [
        "self-use of available energy", ">= 60.00%", "83.00%", "kept",
    ]  # fmt: skip


def test_an_answer_without_proof_says_so_first(result):
    loose = replace(result, certificate=Certificate("ECOS", 1e-3, 0.0, 0.0, 0.0, 0.0))
    assert _printed(dispatch_tables(loose)).startswith("teahouse: NOT CERTIFIED")


def test_units_in_brackets_are_not_taken_for_markup(result):
    spec = result.site.spec.model_copy(update={"name": "[red]site[/red] :cat:"})
    named = replace(result, site=replace(result.site, spec=spec))
    assert "[red]site[/red] :cat:" in _printed(dispatch_tables(named))


def test_narrow_terminals_lose_no_number(result):
    total = f"{result.ledger.total:,.0f}"
    assert total in _printed(dispatch_tables(result), width=80)


def _worth(words, value=31.2, period="2027-07", intervals=44, sense=Sense.CAP):
    return MarginalValue(words.replace(" ", "_"), words, period, "kW", value, intervals, sense)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (_worth("transformer rating"), "one more kW of transformer rating in 2027-07 is worth 31.2 CNY (binds in 44"),
        (
            _worth("lowest state of charge of b", sense=Sense.FLOOR),
            "one kW less of lowest state of charge of b in 2027-07 is worth 31.2",
        ),
        (
            _worth("final state of charge of b", sense=Sense.EXACT),
            "moving final state of charge of b by one kW in 2027-07",
        ),
    ],
)
def test_a_binding_limit_is_a_sentence_that_says_which_way(value, text):
    assert marginal_words(value, "CNY").startswith(text)


def test_each_rule_is_told_once_in_its_dearest_period():
    values = [_worth("ramp limit", 9.0), _worth("power of b", 5.0), _worth("power of b", 5.0, "2027-08", 1)]
    assert binding_words(values, "CNY") == [
        "one more kW of power of b in 2027-07 is worth 5 CNY (binds in 44 intervals); 10 CNY over all periods",
        "one more kW of ramp limit in 2027-07 is worth 9 CNY (binds in 44 intervals)",
    ]


def test_span_names_zone_and_step(result):
    assert span_words(result.schedule.horizon) == (
        "2027-06-01 00:00 to 2027-08-01 00:00 Asia/Shanghai, 1,464 steps of 60 min"
    )
