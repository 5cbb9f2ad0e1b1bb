"""Among equal optima flows are even and work is prompt, and neither costs anything."""

from __future__ import annotations

import numpy as np
import pytest

import storage_opt
from storage_opt.schedule import Flow, FlowKind
from tests.support.compute_sites import compute_site

FLAT = {"t": {"energy": [{"price_per_kwh": 0.5}]}}


def test_work_does_not_wait_for_nothing():
    work = {"batch": {"kind": "batch", "units": [8.0] * 6 + [0.0] * 18, "max_delay_h": 12.0}}
    result = storage_opt.optimize(compute_site(work, tariff=FLAT))
    assert result.savings == pytest.approx(0.0, abs=1e-6)
    backlog = result.schedule[Flow("batch", FlowKind.BACKLOG_UNIT_H)]
    assert backlog.max() < 0.05


def test_among_equal_hours_the_first_is_taken():
    # one unit-hour, cheap from 20:00 to 24:00: all of it at 20:00
    arriving = [0.0] * 12 + [1.0] + [0.0] * 11
    price = {"t": {"energy": [{"price_per_kwh": [1.0] * 20 + [0.2] * 4}]}}
    work = {"batch": {"kind": "batch", "units": arriving, "max_delay_h": 11.0}}
    result = storage_opt.optimize(compute_site(work, tariff=price))
    rate = result.schedule[Flow("batch", FlowKind.WORK_UNITS)]
    assert rate[20] == pytest.approx(1.0, abs=0.01)
    assert result.ledger.total == pytest.approx(0.2, rel=1e-6)
    assert np.all(rate[:20] < 1e-6)
