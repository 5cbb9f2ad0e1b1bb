"""Results are written down as they come, and only read for the problem that they are of."""

from __future__ import annotations

import math

import pytest

from storage_opt.errors import InputError
from storage_opt.io.journal import Journal


def test_what_is_added_is_read_again(tmp_path):
    journal = Journal.open(tmp_path / "results.jsonl", "a")
    journal.add("one", {"npv": 0.1 + 0.2})
    journal.add("two", None)
    journal.add("three", [math.nan])
    found = Journal.open(tmp_path / "results.jsonl", "a").found
    assert found["one"] == {"npv": 0.1 + 0.2}
    assert found["two"] is None
    assert math.isnan(found["three"][0])


def test_a_line_that_was_cut_off_is_left_out_and_the_file_mended(tmp_path):
    file = tmp_path / "results.jsonl"
    Journal.open(file, "a").add("one", 1)
    file.write_text(file.read_text(encoding="utf-8") + '{"asked": "two", "fo', encoding="utf-8")
    journal = Journal.open(file, "a")
    assert journal.found == {"one": 1}
    journal.add("two", 2)
    assert Journal.open(file, "a").found == {"one": 1, "two": 2}


def test_another_problem_is_refused_and_its_results_stay(tmp_path):
    file = tmp_path / "results.jsonl"
    Journal.open(file, "a").add("one", 1)
    with pytest.raises(InputError, match="another problem"):
        Journal.open(file, "b")
    assert Journal.open(file, "a").found == {"one": 1}


def test_a_file_of_something_else_is_never_written_over(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="no file of results"):
        Journal.open(file, "a")
    assert file.read_text(encoding="utf-8") == "mine"
