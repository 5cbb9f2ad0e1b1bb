"""What the pages about sites say about what to build is what the program gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.measures import discounted_payback, irr, npv
from storage_opt.studies.sizing.break_even import break_even
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.result import SizingResult
from tests.docs.test_site_pages import assert_told, page, rows
from tests.support.shipped import shipped
from tests.support.sized import nothing_built, sized, sized_if
from tests.support.source import DOCS

SITES = ("guian", pytest.param("ulanqab", marks=pytest.mark.slow), "yangtze")
every_site = pytest.mark.parametrize("name", SITES)

FLAT_RELATIVE = 1e-3
"""How far a size may be from the page: around the optimum the cost is flat."""

SIZES = {
    "battery, energy": "bess.energy_kwh",
    "battery, power": "bess.power_kw",
    "tank, energy": "data_centre.energy_kwh",
    "tank, power": "data_centre.power_kw",
    "access capacity": "grid.access_capacity_kva",
}

MUCH_CHEAPER, CHEAPER, DEARER = (
    {"finance.cost.bess.capex_per_kwh": 650 * f, "finance.cost.bess.capex_per_kw": 600 * f} for f in (0.6, 0.8, 1.2)
)
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "battery 20 % cheaper": CHEAPER,
    "battery 20 % dearer": DEARER,
    "discount rate 8 %": {"finance.discount_rate_frac": 0.08},
    "tank 200 CNY/kWh": {"finance.cost.data_centre.capex_per_kwh": 200},
    "cells paid once": {"battery.bess.wear_cost_per_kwh": 0.0},
    "land for twice as much": {"sizing.land_m2": 3000},
    "battery 40 % cheaper": MUCH_CHEAPER,
    # a battery of nothing: without its table the one of the site would stand there for nothing
    "no battery": {"sizing.battery.bess": {"energy_kwh": {"most": 1.0}, "power_kw": {"most": 1.0}}},
    "basic charge by demand": {"contract.supply.basic": {"mode": "actual_demand"}},
}


def worth(flow: CashFlow, row: Any) -> float:
    return npv(flow.project.spec.discount_rate_frac, row) / 1e6


def investment(result: SizingResult) -> float:
    return sum(built.capex for built in result.sizes) / 1e6


def saved_with_nothing_built(name: str) -> float:
    without = nothing_built(name)
    return (without.baseline_ledger.total - without.ledger.total) / without.site.horizon.years / 1e6


def of_party(name: str, party: str) -> float:
    flow = sized(name).cash_flow
    return worth(flow, flow.parties[party]["after_tax"])


def after_tax(name: str) -> Any:
    return sized(name).cash_flow.after_tax


PROJECT: Mapping[str, Callable[[str], float | None]] = {
    "investment": lambda name: investment(sized(name)),
    "saved a year": lambda name: sized(name).cash_saving_per_year / 1e6,
    "saved a year with nothing built, not counted": saved_with_nothing_built,
    "net present value": lambda name: worth(sized(name).cash_flow, after_tax(name)),
    "IRR": lambda name: 100.0 * (irr(after_tax(name)).rate or 0.0),
    "discounted payback": lambda name: discounted_payback(after_tax(name), 0.06),
    "net present value of the investor": lambda name: of_party(name, "investor"),
    "net present value of the host": lambda name: of_party(name, "host"),
}


@every_site
def test_the_project(name):
    assert sized(name).certificate.certified
    found = rows(name, "project")
    assert {"investment", "saved a year", "net present value"} <= {label for label, _ in found}
    for label, text in found:
        value = sized(name).value(SIZES[label]) / 1e3 if label in SIZES else PROJECT[label](name)
        assert value is not None, label
        assert_told(text, value, label, freedom=FLAT_RELATIVE)


@every_site
def test_what_it_is_compared_with(name):
    """The bill before is the best one with nothing built."""
    without = nothing_built(name)
    assert sized(name).bill_before_per_year == pytest.approx(
        without.ledger.total / without.site.horizon.years, rel=1e-6
    )


@every_site
def test_what_limits_it(name):
    """Each limit of the page is worth what it says, and none that binds is left out."""
    found = {cells[0].split("`")[1]: cells[1] for cells in rows(name, "limit on sizes")}
    limits = {limit.name: limit.worth_per_year for limit in sized(name).limits}
    assert found.keys() == limits.keys()
    for limit, text in found.items():
        assert_told(text, limits[limit], limit, freedom=0.02)


def test_it_is_flat_without_limits_at_ulanqab():
    assert "no limit" in page("ulanqab")


def assert_row(name: str, cells: list[str], result: SizingResult) -> None:
    label, *sizes, capex, value = cells
    named = [size for key, size in SIZES.items() if not key.endswith("power")]
    built = {one.size.name: one.value for one in result.sizes}
    open_ = [size for size in named if size in {one.size.name for one in sized(name).sizes}]
    for text, size in zip(sizes, open_, strict=True):
        energy, _, power = text.partition(", ")
        assert_told(energy, built.get(size, 0.0) / 1e3, f"{label}: {size}", freedom=FLAT_RELATIVE)
        if power:
            assert_told(power, built.get("bess.power_kw", 0.0) / 1e3, f"{label}: power", freedom=FLAT_RELATIVE)
    assert_told(capex, investment(result), f"{label}: investment", freedom=FLAT_RELATIVE)
    assert_told(value, worth(result.cash_flow, result.cash_flow.after_tax), f"{label}: value", freedom=FLAT_RELATIVE)


WHAT_IFS = [(name, cells[0]) for name in ("guian", "ulanqab", "yangtze") for cells in rows(name, "if")]


@pytest.mark.parametrize(
    ("name", "label"), [pair for pair in WHAT_IFS if pair[1] == "as it is" and pair[0] != "ulanqab"]
)
def test_the_table_of_changes_starts_with_the_optimum(name, label):
    assert_row(name, rows(name, "if")[0], sized(name))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "label"), WHAT_IFS)
def test_what_would_change_it(name, label):
    cells = next(cells for cells in rows(name, "if") if cells[0] == label)
    result = sized_if(name, CHANGES[label]) if label in CHANGES else sized(name)
    assert result.certificate.certified
    assert_row(name, cells, result)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["guian", "yangtze"])
def test_the_break_even(name):
    """How much dearer the battery may be, at the sizes of the page."""
    (told,) = re.findall(r"costs (\d\.\d\d) times as much", page(name))
    value = break_even(Case.of(shipped(name)), "capex of bess").value
    assert value is not None
    assert_told(told, value, "break-even", freedom=FLAT_RELATIVE)


PICTURES = [
    *((name, "cash-flow") for name in ("guian", "ulanqab", "yangtze")),
    *((name, picture) for name in ("guian", "yangtze") for picture in ("map", "tornado")),
    *(("ulanqab", picture) for picture in ("frontier", "map")),  # half a minute a solve
]


@pytest.mark.parametrize(("name", "picture"), PICTURES)
def test_it_is_pictured(name, picture):
    assert f"](../images/{name}-{picture}.png)" in page(name)
    assert (DOCS / "images" / f"{name}-{picture}.png").stat().st_size < 200_000
