"""Where power is paid for, the relaxation may burn it; work draws what its curve says all the same, or it is told."""

from __future__ import annotations

import storage_opt
from tests.support.compute_sites import compute_site, job_table

NEGATIVE = {"t": {"energy": [{"price_per_kwh": [0.5] * 12 + [-0.5] * 12}]}}
CURVE = [
    {"busy_frac": 0.0, "power_frac": 0.0},
    {"busy_frac": 0.5, "power_frac": 0.25},
    {"busy_frac": 1.0, "power_frac": 1.0},
]


def test_power_stays_on_the_curve():
    work = {"batch": {"kind": "batch", "units": 4.0, "max_delay_h": 4.0}}
    result = storage_opt.optimize(compute_site(work, cluster={"power_curve": CURVE}, tariff=NEGATIVE))
    assert result.certificate.certified
    assert result.certificate.repair is not None
    assert result.certificate.repair.cost > 1.0


def test_a_straight_curve_leaves_nothing_to_burn():
    work = {"batch": {"kind": "batch", "units": 4.0, "max_delay_h": 12.0}}
    result = storage_opt.optimize(compute_site(work, tariff=NEGATIVE))
    assert result.certificate.certified
    assert result.savings > 0


def test_suspension_for_nothing_is_forbidden_or_told():
    series = {"train": {"kind": "training", "units": 4.0, "max_delay_h": 4.0, "checkpoint_h": 0.5}}
    burnt = storage_opt.optimize(compute_site(series, tariff=NEGATIVE))
    assert burnt.certificate.certified
    assert burnt.certificate.repair is not None
    jobs = {"train": job_table((2.0, 4.0, 4.0), (11.0, 3.0, 4.0))}
    single = {"kind": "training", "jobs": {"file": "-"}, "max_delay_h": 8.0, "checkpoint_h": 0.5}
    result = storage_opt.optimize(compute_site({"train": single}, jobs=jobs, tariff=NEGATIVE))
    assert any("paid for" in breach for breach in result.compute.jobs["train"].breaches)
    assert any("paid for" in note for note in result.notes)
