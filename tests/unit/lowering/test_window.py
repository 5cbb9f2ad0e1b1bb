"""Months, day types and wall-clock windows as masks."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.horizon import Horizon
from storage_opt.lowering.window import window_mask
from storage_opt.spec.tariff import Window


def hours_inside(window: Window, horizon: Horizon) -> list[str]:
    mask = window_mask(window, horizon, "key")
    return [stamp.strftime("%d %H:%M") for stamp in horizon.stamps[mask]]


def test_an_empty_window_is_always():
    assert window_mask(Window(), Horizon(date(2025, 1, 1), date(2025, 1, 3)), "key").all()


@pytest.mark.parametrize(
    ("hours", "count"),
    [
        (("06:00-08:00",), 2),
        (("22:00-02:00",), 4),
        (("22:00-24:00",), 2),
        (("22:00-00:00",), 2),
        (("00:00-24:00",), 24),
        (("06:00-08:00", "07:00-09:00"), 3),
    ],
)
def test_length_of_windows(hours, count):
    mask = window_mask(Window(hours=hours), Horizon(date(2025, 1, 1), date(2025, 1, 2)), "key")
    assert mask.sum() == count


def test_conditions_hold_together():
    horizon = Horizon(date(2025, 1, 31), date(2025, 2, 3))  # Friday to Sunday
    window = Window.model_validate({"months": [2], "days": ["weekend"], "hours": ["23:00-01:00"]})
    assert hours_inside(window, horizon) == ["01 00:00", "01 23:00", "02 00:00", "02 23:00"]


def test_a_day_listed_as_workday_is_one():
    horizon = Horizon(date(2025, 9, 28), date(2025, 9, 29), workdays=frozenset({date(2025, 9, 28)}))
    assert window_mask(Window.model_validate({"days": ["weekday"]}), horizon, "key").all()


def test_boundary_inside_an_interval_is_refused_with_the_step_that_holds_it():
    horizon = Horizon(date(2025, 1, 1), date(2025, 1, 2))
    with pytest.raises(InputError) as raised:
        window_mask(Window(hours=("18:30-22:00", "06:00-07:15")), horizon, "tariff.t.energy[0].tou[2]")
    first, second = raised.value.faults
    assert first.key == "tariff.t.energy[0].tou[2].hours"
    assert "18:30" in first.what
    assert "step_minutes = 30" in first.hint
    assert "07:15" in second.what
    assert "step_minutes = 15" in second.hint


def test_a_half_hour_shift_of_the_clock_moves_intervals_against_windows():
    # Lord Howe Island sets its clock by half an hour, so hourly intervals start at :30 on one side of it
    horizon = Horizon(date(2025, 4, 6), date(2025, 4, 7), 30, "Australia/Lord_Howe")
    assert window_mask(Window(hours=("06:00-07:00",)), horizon, "key").sum() == 2
    part, _ = horizon.between(horizon.stamps[0].to_pydatetime(), horizon.stamps[48].to_pydatetime())
    hourly = Horizon(part.start, part.end, 60, "Australia/Lord_Howe")
    with pytest.raises(InputError, match="step_minutes = 30"):
        window_mask(Window(hours=("06:00-07:00",)), hourly, "key")


def test_mask_follows_the_wall_clock_of_a_whole_year():
    horizon = Horizon(date(2025, 1, 1), date(2026, 1, 1), 60, "Europe/Berlin")
    mask = window_mask(Window(hours=("02:00-03:00",)), horizon, "key")
    assert mask.sum() == 365  # one lost in March, one won in October
    assert np.array_equal(mask, horizon.hour == 2)
