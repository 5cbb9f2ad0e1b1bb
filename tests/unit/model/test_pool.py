"""Workers answer side by side; what goes wrong in one is told by its parent."""

from __future__ import annotations

import math
import os

import pytest

from storage_opt.errors import SolverError
from storage_opt.model.pool import side_by_side


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
