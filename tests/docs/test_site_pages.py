"""The numbers on the pages about sites are those the program gives: every row of every table of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from storage_opt import DispatchResult
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.studies.checking import check
from tests.support.shipped import optimised
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
    "cost without storage": lambda r: r.baseline_ledger.total / 1e6,
    "cost with the optimum": lambda r: r.ledger.total / 1e6,
    "saved": lambda r: r.savings / 1e6,
    "saved, share of the cost": lambda r: 100.0 * r.savings / r.baseline_ledger.total,
    "saved on energy, losses taken off": lambda r: (r.streams["energy_arbitrage"] + r.streams["storage_losses"]) / 1e6,
    "saved on demand": lambda r: r.streams["demand"] / 1e6,
    "price of keeping the rules": lambda r: r.compliance.cost / 1e6,
    "full cycles of the battery": lambda r: r.batteries["bess"].equivalent_cycles,
    "curtailed without storage": lambda r: curtailed_gwh(r.baseline),
    "curtailed in the optimum": lambda r: curtailed_gwh(r.schedule),
    "highest import without storage": lambda r: r.baseline[IMPORT].max() / 1e3,
    "highest import in the optimum": lambda r: r.schedule[IMPORT].max() / 1e3,
    "use in February in the optimum": february_kwh_per_kva,
}


@every_site
def test_figures_of_the_year(name):
    result = optimised(name)
    found = rows(name, "figure")
    assert {"cost without storage", "cost with the optimum", "saved"} <= {label for label, _ in found}
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
    found = rows(name, "one week")
    assert len(found) >= 4
    for label, text in found:
        assert_told(text, values[label], label, freedom=TIES_RELATIVE)


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


# ---------------------------------------------------------------------------------- numbers in the text


def test_what_the_page_of_ulanqab_says_beside_its_tables():
    result = optimised("ulanqab")
    available = result.schedule.energy_kwh(FlowKind.AVAILABLE_KW)
    load = result.schedule.energy_kwh(FlowKind.LOAD_KW)
    assert (round(available / 1e6), round(load / 1e6), round(available / load, 2)) == (861, 731, 1.18)
    # the owner of the plants gets 0.20 CNY for 90 % of what is available, whatever is used
    lines = result.ledger.by_line()
    paid = lines["contract.plant_energy"] + lines["contract.plant_take_or_pay"]
    assert paid == pytest.approx(0.20 * 0.90 * available, rel=1e-6)
    assert round(paid / 1e6) == 155
    assert round(result.provenance.energy_kwh["green_to_storage"] / 1e6) == 52
    # in two parts: 0.0520 CNY for all consumption in place of 0.60 x 730 h x 100 MVA a month
    assert round((0.0520 * load - 12 * 0.0520 * 0.60 * 730 * 100_000) / 1e6, 1) == 10.7
    worth = next(m.value for m in result.marginals if m.rule == "contract.export_of_available")
    assert worth / (available / 100.0) == pytest.approx(0.041, abs=0.001)
    supply = result.site.spec.contract.supply
    earned = result.site.values(supply.export_price_per_kwh) * (1.0 - supply.export_loss_frac)
    exported = result.schedule.total(FlowKind.EXPORT_KW)
    assert exported[earned < 0.040].sum() < 1e-4 * exported.sum()


def test_the_page_of_yangtze_is_right_about_the_rebate():
    result = optimised("yangtze")
    imported, month = result.schedule[IMPORT], result.site.horizon.month
    reached = {int(m) for m in range(1, 13) if imported[month == m].sum() / 80_000 >= 260}
    assert reached == set(range(1, 13)) - {2}
    assert [branch.state for branch in result.branches] == ["bound", "solved"]
    assert [branch.chosen for branch in result.branches] == [False, True]
    december = imported[month == 12].max()
    _, week = result.site.horizon.between(date(2027, 12, 13), date(2027, 12, 18))
    assert round(december / 1e3, 1) == 36.0
    assert imported[week].max() == pytest.approx(december, rel=1e-6)


def test_the_page_of_guian_is_right_about_energy_and_power():
    result = optimised("guian")
    assert result.batteries["bess"].losses_kwh / 1e6 == pytest.approx(3.7, abs=0.05)
    frame = result.schedule.to_frame().loc["2027-03-08":"2027-03-14"]
    hour = pd.DatetimeIndex(frame.index).hour
    assert frame["bess.discharge_kw"][(hour >= 10) & (hour < 13)].min() == pytest.approx(15_000, rel=1e-6)
    assert frame["bess.discharge_kw"][(hour >= 17) & (hour < 22)].mean() == pytest.approx(9_700, rel=1e-2)
    assert frame["bess.energy_kwh"][hour == 12].mean() / 60_000 == pytest.approx(0.16, abs=0.005)
