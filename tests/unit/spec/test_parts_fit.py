"""What does not fit together at a site is told at once: every name and number, each with what to do."""

from __future__ import annotations

import pytest

from storage_opt.errors import InputError
from storage_opt.io.site_file import parse_spec

SITE = """
name = "all wrong"
[horizon]
start = 2027-01-01
end = 2027-01-02
step_minutes = 60
[load.hall]
power_kw = 100
[battery.hall]
energy_kwh = 10
power_kw = 5
[cluster.gpu]
facility = "nowhere"
installed_units = 4
idle_kw_per_unit = 0.1
full_kw_per_unit = 0.7
[workload.train]
cluster = "none"
kind = "batch"
units = 1.0
max_delay_h = 4
[backup]
ride_through_h = 1
critical_frac = 0.5
batteries = ["bes", "bess"]
[finance.cost.wind]
capex_per_kw = 3000
[finance.cost.hall]
capex_per_kva = 10
[sizing.battery.bss]
energy_kwh = { most = 100 }
[sizing.generator.pv]
capacity_kw = { most = 100 }
[sizing.grid]
transformer_kva = { most = 100 }
"""

TOLD = (
    "`tariff` is missing",
    "name 'hall' is used twice",
    "cluster 'gpu' stands in facility 'nowhere'",
    "workload 'train' runs on cluster 'none'",
    "backup names battery 'bes'",
    "backup names battery 'bess'",
    "finance.cost names 'wind'",
    "finance.cost.hall.capex_per_kva does not fit a battery",
    "sizing.battery names 'bss'",
    "sizing.generator names 'pv'",
    "sizing.grid opens transformer_kva",
)


def test_everything_that_does_not_fit_is_told_at_once():
    with pytest.raises(InputError) as refused:
        parse_spec(SITE)
    told = [fault.what for fault in refused.value.faults]
    assert len(told) == len(TOLD)
    for mine, expected in zip(told, TOLD, strict=True):
        assert mine.startswith(expected)
    assert all(fault.hint for fault in refused.value.faults)
