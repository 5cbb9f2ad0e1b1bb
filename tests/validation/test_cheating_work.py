"""Every way in which work could burn power that is paid for, against a problem with a binary in every interval.

The references state curves by other means than the package: filled segment by segment, or on a line that a
binary chooses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt import optimize
from tests.support.compute_sites import compute_site
from tests.support.plain_milp import PlainMilp

CURVE = [
    {"busy_frac": 0.0, "power_frac": 0.0},
    {"busy_frac": 0.5, "power_frac": 0.25},
    {"busy_frac": 1.0, "power_frac": 1.0},
]
SPEED = [
    {"speed_frac": 0.8, "power_frac": 0.58},
    {"speed_frac": 0.9, "power_frac": 0.73},
    {"speed_frac": 1.0, "power_frac": 1.0},
]
NIGHT = np.array([0.5] * 12 + [-0.5] * 12)


def plain_work(units: Any, delay_h: int, checkpoint_h: float = 0.0) -> PlainMilp:
    """Work of ten units that may wait, hourly: ``r`` between its curves, ``stopped`` where it falls behind."""
    units = np.broadcast_to(np.asarray(units, dtype=float), 24)
    arrived = np.cumsum(units)
    due = np.append(np.zeros(delay_h), arrived)[:24]
    due[-1] = arrived[-1]
    problem = PlainMilp(24)
    problem.block("r", 0.0, 10.0)
    problem.block("backlog", 0.0, arrived - due)
    problem.block("stopped", 0.0, 20.0)
    problem.block("resumed", 0.0, 20.0)
    change = np.eye(24) - np.eye(24, k=-1)
    problem.rows({"backlog": change, "r": 1.0, "stopped": -checkpoint_h}, units, units)
    short = change @ units
    problem.rows({"stopped": 1.0, "resumed": -1.0, "r": change}, short, short)
    problem.exclude("stopped", 20.0, "resumed", 20.0)
    return problem


def plain_curve(problem: PlainMilp, price: Any, activity: str = "r") -> None:
    """Power over activity, filled segment by segment: the second only when the first is full."""
    price = np.asarray(price, dtype=float)
    problem.block("first", 0.0, 5.0, 0.5 * price)
    problem.block("second", 0.0, 5.0, 1.5 * price)
    problem.block("full", 0.0, 1.0, whole=True)
    problem.rows({"first": 1.0, "second": 1.0, activity: -1.0}, 0.0, 0.0)
    problem.rows({"second": 1.0, "full": -5.0}, -np.inf, 0.0)
    problem.rows({"first": 1.0, "full": -5.0}, 0.0, np.inf)


def plain_speed(problem: PlainMilp) -> None:
    """Activity ``y`` of capped units ``u``, on the line that a binary chooses, and never below another."""
    problem.block("u", 0.0, 10.0)
    problem.block("y", 0.0, 10.0)
    problem.rows({"u": 1.0, "r": -1.0}, 0.0, np.inf)
    problem.rows({"u": -0.8, "r": 1.0}, 0.0, np.inf)
    lines = {"slow": (1.5, -0.62), "fast": (2.7, -1.7)}
    for name, (slope, offset) in lines.items():
        problem.block(name, 0.0, 1.0, whole=True)
        problem.rows({"y": 1.0, "r": -slope, "u": -offset}, 0.0, np.inf)
        problem.rows({"y": 1.0, "r": -slope, "u": -offset, name: 50.0}, -np.inf, 50.0)
    problem.rows(dict.fromkeys(lines, 1.0), 1.0, 1.0)


def assert_work_exact(work: dict[str, Any], reference: PlainMilp, price: Any = NIGHT, **parts: Any) -> None:
    """The bill of one class of work equals the reference, after a repair that cost something."""
    tariff = {"t": {"energy": [{"price_per_kwh": [float(p) for p in price]}]}}
    result = optimize(compute_site({"batch": {"kind": "batch", **work}}, tariff=tariff, **parts))
    assert result.certificate.certified, result.certificate
    assert result.certificate.repair is not None
    assert result.certificate.repair.cost > 0.1
    assert result.ledger.total == pytest.approx(reference.solve()[0], rel=1e-6, abs=1e-7)


def test_power_above_a_convex_curve():
    """A curve in an epigraph lets the servers draw more than their work takes, where that is paid for."""
    reference = plain_work(4.0, 4)
    plain_curve(reference, NIGHT)
    assert_work_exact({"units": 4.0, "max_delay_h": 4.0}, reference, cluster={"power_curve": CURVE})


def test_power_above_the_curve_of_capped_units():
    reference = plain_work(4.0, 4)
    plain_speed(reference)
    reference.block("paid", 0.0, 10.0, NIGHT)
    reference.rows({"paid": 1.0, "y": -1.0}, 0.0, 0.0)
    assert_work_exact({"units": 4.0, "max_delay_h": 4.0, "speed_curve": SPEED}, reference)


def test_work_repeated_without_a_stop():
    reference = plain_work(4.0, 4, 0.5)
    reference.block("paid", 0.0, 10.0, NIGHT)
    reference.rows({"paid": 1.0, "r": -1.0}, 0.0, 0.0)
    assert_work_exact({"units": 4.0, "max_delay_h": 4.0, "checkpoint_h": 0.5}, reference)


def test_every_curve_of_work_at_once():
    reference = plain_work(4.0, 4, 0.5)
    plain_speed(reference)
    plain_curve(reference, NIGHT, "y")
    work = {"units": 4.0, "max_delay_h": 4.0, "checkpoint_h": 0.5, "speed_curve": SPEED}
    assert_work_exact(work, reference, cluster={"power_curve": CURVE})


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.integers(0, 6), st.sampled_from([0.0, 0.3]))
def test_random_work_with_negative_prices_equals_a_binary_in_every_interval(seed: int, delay: int, checkpoint: float):
    rng = np.random.default_rng(seed)
    price, units = rng.uniform(-0.4, 0.6, 24).round(3), rng.uniform(0.0, 9.0, 24).round(2)
    reference = plain_work(units, delay, checkpoint)
    plain_curve(reference, price)
    work = {"kind": "batch", "units": units.tolist(), "max_delay_h": float(delay), "checkpoint_h": checkpoint}
    tariff = {"t": {"energy": [{"price_per_kwh": price.tolist()}]}}
    result = optimize(compute_site({"batch": work}, cluster={"power_curve": CURVE}, tariff=tariff))
    assert result.certificate.certified, result.certificate
    assert result.ledger.total == pytest.approx(reference.solve()[0], rel=1e-6, abs=1e-7)
