"""The numbers on the pages about sites are those the program gives: every row of every table of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
import pytest

from storage_opt import DispatchResult
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.studies.checking import check
from tests.support.shipped import flexibility, optimised, work_before_and_after
from tests.support.source import DOCS, REPOSITORY

MONDAYS = {"guian": date(2027, 3, 8), "ulanqab": date(2027, 4, 5), "yangtze": date(2027, 12, 13)}
SITES = sorted(MONDAYS)
every_site = pytest.mark.parametrize("name", SITES)

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
IMPORT = Flow(GRID, FlowKind.IMPORT_KW)
TIES_RELATIVE = 2e-3
"""How far the energy of a week may be from the page: schedules of equal cost move a little between weeks."""

WORTH_RELATIVE = 0.05
"""How far a worth may be from the page: where several limits bind at once, it is shared among them."""


def page(name: str) -> str:
    return (DOCS / "sites" / f"{name}.md").read_text(encoding="utf-8")


def rows(name: str, head: str) -> list[list[str]]:
    """Cells of the rows of the table with this first column."""
    found, inside = [], False
    for line in page(name).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if cells and cells[0] == head:
            inside = True
        elif not cells:
            inside = False
        elif inside and not set(cells[0]) <= {"-"}:
            found.append(cells)
    return found


def told(text: str) -> tuple[float, float]:
    """A number as a page tells it, and half a unit of its last digit."""
    match = NUMBER.search(text)
    assert match, text
    digits = match.group().replace(",", "")
    decimals = len(digits.partition(".")[2])
    return float(digits), 0.5 * 10.0**-decimals


def assert_told(text: str, value: float, what: str, freedom: float = 1e-9) -> None:
    shown, half_a_digit = told(text)
    margin = half_a_digit * (1 + 1e-6) + freedom * abs(value)
    assert abs(shown - value) <= margin, f"{what}: the page says {text}, the program {value:.6g}"


def curtailed_gwh(schedule) -> float:
    return schedule.energy_kwh(FlowKind.CURTAILED_KW) / 1e6


def february_kwh_per_kva(result: DispatchResult) -> float:
    contract = result.site.spec.contract
    assert contract.supply.basic.capacity_kva == 80_000
    horizon = result.site.horizon
    return float(result.schedule[IMPORT][horizon.month == 2].sum() * horizon.step_h / 80_000)


FIGURES: Mapping[str, Callable[[DispatchResult], float]] = {
    "cost unshifted": lambda r: r.baseline_ledger.total / 1e6,
    "cost with the optimum": lambda r: r.ledger.total / 1e6,
    "saved": lambda r: r.savings / 1e6,
    "saved, share of the cost": lambda r: 100.0 * r.savings / r.baseline_ledger.total,
    "saved on energy, losses taken off": lambda r: (r.streams["energy_arbitrage"] + r.streams["storage_losses"]) / 1e6,
    "saved on demand": lambda r: r.streams["demand"] / 1e6,
    "price of keeping the rules": lambda r: r.compliance.cost / 1e6,
    "full cycles of the battery": lambda r: r.batteries["bess"].equivalent_cycles,
    "curtailed unshifted": lambda r: curtailed_gwh(r.baseline),
    "curtailed in the optimum": lambda r: curtailed_gwh(r.schedule),
    "consumption unshifted": lambda r: r.baseline.energy_kwh(FlowKind.LOAD_KW) / 1e6,
    "consumption in the optimum": lambda r: r.schedule.energy_kwh(FlowKind.LOAD_KW) / 1e6,
    "highest import unshifted": lambda r: r.baseline[IMPORT].max() / 1e3,
    "highest import in the optimum": lambda r: r.schedule[IMPORT].max() / 1e3,
    "use in February in the optimum": february_kwh_per_kva,
}


@every_site
def test_figures_of_the_year(name):
    result = optimised(name)
    found = rows(name, "figure")
    assert {"cost unshifted", "cost with the optimum", "saved"} <= {label for label, _ in found}
    for label, value in found:
        assert_told(value, FIGURES[label](result), label)


@every_site
def test_lines_of_the_bill(name):
    """All lines with money in them are there, and the columns sum to the cost."""
    result = optimised(name)
    before, after = ({line.split(".")[-1]: money for line, money in ledger.by_line().items()}
                     for ledger in (result.baseline_ledger, result.ledger))  # fmt: skip
    found = {cells[0].split("`")[1]: cells[1:] for cells in rows(name, "line")}
    assert set(found) == {line for line in before if before[line] or after[line]}
    for line, (without, optimum) in found.items():
        assert_told(without, before[line] / 1e6, line)
        assert_told(optimum, after[line] / 1e6, line)


@every_site
def test_what_flexibility_earns(name):
    """Costs of the four runs, and what each saves against the first."""
    found = flexibility(name)
    costs = (found.cost_of_neither, found.cost_of_work, found.cost_of_storage, found.cost_of_both)
    told_rows = rows(name, "what may move")
    assert [cells[0].split()[0] for cells in told_rows] == ["nothing", "work", "the", "all"]
    for (label, cost, saved), value in zip(told_rows, costs, strict=True):
        assert_told(cost, value / 1e6, label)
        if label != "nothing":
            assert_told(saved, (found.cost_of_neither - value) / 1e6, label)
    assert found.without_rules == (("neither",) if name == "ulanqab" else ())


@every_site
def test_energy_money_and_waiting_of_a_gpu_hour(name):
    before, after = work_before_and_after(name)
    classes = {cells[0].split("`")[1]: cells[1:] for cells in rows(name, "work") if "`" in cells[0]}
    assert set(classes) == set(optimised(name).site.spec.workload)
    for work, cells in classes.items():
        then, now = before[work], after[work]
        values = [then.kwh_per_unit_h, now.kwh_per_unit_h, then.cost_per_unit_h, now.cost_per_unit_h]
        if name == "ulanqab":
            values += [100.0 * then.green_frac, 100.0 * now.green_frac]
        for text, value in zip(cells, [*values, now.mean_delay_h], strict=True):
            assert_told(text, value, work, freedom=TIES_RELATIVE)


@every_site
def test_energy_and_money_of_a_million_tokens(name):
    before, after = work_before_and_after(name)
    found = {cells[0].split("`")[1]: cells[1:] for cells in rows(name, "a million tokens")}
    assert set(found) == {work for work, use in after.items() if use.tokens}
    for work, cells in found.items():
        then, now = before[work], after[work]
        values = (
            then.kwh_per_million_tokens,
            now.kwh_per_million_tokens,
            then.cost_per_million_tokens,
            now.cost_per_million_tokens,
        )
        for text, value in zip(cells, values, strict=True):
            assert_told(text, value, work, freedom=TIES_RELATIVE)


@every_site
def test_rules(name):
    result = optimised(name)
    checks = {
        planned.name.removeprefix("contract."): (planned, without)
        for planned, without in zip(result.certificate.rules, result.baseline_rules, strict=True)
    }
    found = {cells[0].split("`")[1]: cells[1:] for cells in rows(name, "rule")}
    assert set(found) == {rule for rule, (planned, _) in checks.items() if planned.unit == "%"}
    for rule, (required, without, optimum) in found.items():
        planned, baseline = checks[rule]
        assert required.startswith(planned.sense)
        assert_told(required, planned.required, rule)
        assert_told(without, baseline.achieved, rule)
        assert_told(optimum, planned.achieved, rule)


@every_site
def test_worth_of_limits(name):
    """Summed over all periods, as the program's last words on each limit do."""
    result = optimised(name)
    for label, text in rows(name, "limit"):
        limit = label.split("`")[1]
        worth = sum(m.value for m in result.marginals if m.rule.partition(".")[2] == limit)
        shown, half_a_digit = told(text)
        assert shown == pytest.approx(worth, rel=WORTH_RELATIVE, abs=half_a_digit), limit


@every_site
def test_the_week(name):
    result = optimised(name)
    monday = MONDAYS[name]
    _, where = result.site.horizon.between(monday, monday + timedelta(days=7))
    h = result.site.horizon.step_h
    price = check(result.site).import_price[where]

    def flow(kind: FlowKind) -> np.ndarray:
        return result.schedule.total(kind)[where]

    def mwh(kind: FlowKind) -> float:
        return float(flow(kind).sum() * h / 1e3)

    def mean_price(kind: FlowKind) -> float:
        return float(price @ flow(kind) / flow(kind).sum())

    values = {
        "charged": mwh(FlowKind.CHARGE_KW),
        "discharged": mwh(FlowKind.DISCHARGE_KW),
        "curtailed": mwh(FlowKind.CURTAILED_KW),
        "exported": mwh(FlowKind.EXPORT_KW),
        "mean price of import while it charges": mean_price(FlowKind.CHARGE_KW),
        "mean price of import while it discharges": mean_price(FlowKind.DISCHARGE_KW),
    }
    hour = result.site.horizon.hour[where]

    def mean_load_mw(label: str) -> float:
        match = re.fullmatch(r"mean load from (\d+) to (\d+) h, (unshifted|optimum)", label)
        assert match, label
        start, end = int(match[1]), int(match[2])
        inside = (hour >= start) & (hour < end) if start < end else (hour >= start) | (hour < end)
        schedule = result.baseline if match[3] == "unshifted" else result.schedule
        return float(schedule.total(FlowKind.LOAD_KW)[where][inside].mean() / 1e3)

    found = rows(name, "one week")
    assert len(found) >= 8
    for label, text in found:
        value = values[label] if label in values else mean_load_mw(label)
        assert_told(text, value, label, freedom=TIES_RELATIVE)


@every_site
def test_the_picture_is_there_and_shows_that_week(name):
    assert f"](../images/{name}-week.png)" in page(name)
    assert (DOCS / "images" / f"{name}-week.png").stat().st_size < 400_000
    script = (DOCS / "images" / "weeks.py").read_text(encoding="utf-8")
    monday = MONDAYS[name]
    assert f'"{name}": date({monday.year}, {monday.month}, {monday.day})' in script
    sunday = monday + timedelta(days=6)
    assert f"Monday {monday.day} to Sunday {sunday.day} {monday:%B %Y}" in page(name)


@every_site
def test_the_page_is_linked_and_says_synthetic(name):
    assert f"](sites/{name}.md)" in (DOCS / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in page(name)
    assert (REPOSITORY / "profiles" / name / "README.md").read_text(encoding="utf-8").count(
        f"docs/sites/{name}.md"
    ) == 1
