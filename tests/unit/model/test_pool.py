"""Workers answer side by side; what goes wrong in one is told by its parent."""

from __future__ import annotations

import gc
import math
import operator
import os
import time

import pytest

from storage_opt.errors import InputError, SolverError
from storage_opt.io.site_file import parse_spec
from storage_opt.model.pool import Ahead, side_by_side
from storage_opt.model.watchdog import Worker


def test_every_task_is_answered_once():
    tasks = [float(number) for number in range(7)]
    found = dict(side_by_side(float, "2.0", math.pow, tasks, 2))
    assert found == {number: 2.0**number for number in range(7)}


def test_a_task_that_fails_is_told():
    with pytest.raises(SolverError, match="ValueError: math domain error"):
        list(side_by_side(float, "-2.0", math.pow, [0.5], 1))


def test_a_worker_that_cannot_be_prepared_is_told():
    with pytest.raises(SolverError, match="could not convert"):
        list(side_by_side(float, "nothing", math.pow, [1.0, 2.0], 2))


def test_a_worker_that_dies_is_told():
    with pytest.raises(SolverError, match="died"):  # signal 9 to the session of the worker
        list(side_by_side(int, "0", os.kill, [9], 1))


def test_a_call_is_answered_ahead_and_as_often_as_it_is_asked():
    ahead = Ahead(math.pow, 2.0, 10.0)
    assert [ahead.answer(), ahead.answer()] == [1024.0, 1024.0]


def test_a_call_that_fails_ahead_is_told():
    ahead = Ahead(math.sqrt, -1.0)
    for _ in range(2):
        with pytest.raises(SolverError, match="ValueError"):
            ahead.answer()


def test_a_failure_that_a_user_can_act_on_comes_back_as_itself():
    with pytest.raises(InputError) as refused:
        Ahead(parse_spec, 'name = "empty"').answer()
    with pytest.raises(InputError) as here:
        parse_spec('name = "empty"')
    assert refused.value.faults == here.value.faults
    with pytest.raises(InputError, match="horizon"):
        list(side_by_side(parse_spec, 'name = "empty"', operator.is_, [1.0], 1))


class Unreadable:
    """What another process cannot make again."""

    def __reduce__(self):
        return int, ("no number",)


def test_a_call_that_cannot_be_read_is_not_awaited_for_ever():
    with pytest.raises(SolverError, match="died"):
        Ahead(math.sqrt, Unreadable()).answer()


def test_a_call_that_is_forgotten_ends_its_process(monkeypatch):
    worker = Worker.start()
    monkeypatch.setattr(Worker, "start", lambda: worker)
    ahead = Ahead(time.sleep, 600.0)
    assert worker.process.poll() is None
    del ahead
    gc.collect()
    assert worker.process.wait(timeout=10.0) != 0
