"""The registry is sound, and the compiled program has no long line; times are not tested here."""

from __future__ import annotations

import pytest

import storage_opt
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.standard_form import longest_line
from tests.bench.dispatch import LONGEST_LINE
from tests.bench.registry import BenchSpec, Reach, all_specs, register
from tests.bench.runner import measured
from tests.bench.sites import site_folder


def test_a_name_is_taken_once():
    taken = next(iter(all_specs().values()))
    with pytest.raises(ValueError, match="registered twice"):
        register(taken)


def test_what_should_be_reached_must_be_measured():
    spec = BenchSpec("x", "", lambda smoke: {}, {"work_s": lambda state: None}, reach={"worl_s": Reach(most=1.0)})
    with pytest.raises(ValueError, match="worl_s"):
        measured(spec, smoke=True)


def test_reach_tells_too_slow_from_fast_enough():
    assert Reach(most=1.0).holds(1.0)
    assert not Reach(most=1.0).holds(1.01)
    assert not Reach(least=8.0).holds(7.9)


def test_the_fastest_run_counts():
    waits = iter([3, 1, 2])
    order: list[int] = []
    spec = BenchSpec("x", "", lambda smoke: {}, {"work_s": lambda state: order.append(next(waits))}, repeat=3)
    figures = measured(spec, smoke=False)
    assert order == [3, 1, 2]
    assert figures["total_s"] == figures["work_s"]
    assert figures["memory_mb"] > 1


def test_no_row_or_column_is_long_in_a_year_with_every_charge():
    site = storage_opt.load_site(site_folder(60, smoke=False))
    assert longest_line(compile_program(site, lower_site(site)).form) <= LONGEST_LINE
