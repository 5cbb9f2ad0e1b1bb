"""Bills of planned or metered schedules."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.studies.billing import bill
from tests.support.settled import at_rest
from tests.support.small_sites import small_site


def test_a_bill_needs_no_solver():
    code = (
        "import sys\n"
        "from tests.support.small_sites import small_site\n"
        "from tests.support.settled import at_rest\n"
        "from storage_opt.studies.billing import bill\n"
        "site = small_site(100.0, battery={'b': {'energy_kwh': 10.0, 'power_kw': 5.0}})\n"
        "assert abs(bill(site, at_rest(site)).total - 240.0) < 1e-9\n"
        "print(sorted({'cvxpy', 'piqp', 'highspy', 'clarabel', 'ecos'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_schedule_on_another_horizon_is_refused():
    with pytest.raises(InputError, match=r"schedule has 48 intervals of 60 min .* the site 24 of 60 min"):
        bill(small_site(1.0), at_rest(small_site(1.0, days=2)))


def test_missing_flows_are_named_together():
    tariff = {
        "buy": {"energy": [{"price_per_kwh": 0.1}]},
        "sell": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.1}]},
    }
    site = small_site(1.0, tariff=tariff)
    load = Flow("load", FlowKind.LOAD_KW)
    with pytest.raises(InputError) as raised:
        bill(site, Schedule(site.horizon, {load: at_rest(site)[load]}))
    assert [fault.column for fault in raised.value.faults] == ["grid.import_kw", "grid.export_kw"]
    assert "`buy.energy`" in raised.value.faults[0].what


def test_a_metered_schedule_needs_only_what_is_billed():
    site = small_site(1.0, battery={"b": {"energy_kwh": 10.0, "power_kw": 5.0}})
    imported = Flow(GRID, FlowKind.IMPORT_KW)
    metered = Schedule(site.horizon, {imported: at_rest(site)[imported] * 2})
    assert bill(site, metered).total == pytest.approx(4.8)


def test_a_metered_schedule_is_billed_for_the_depth_of_its_cycles():
    """One cycle of 8 of 10 kWh at 100 for each kWh: 1,000 x 0.001 x 0.8^2 = 0.64, and no solver for it."""
    wear = {"replacement_cost_per_kwh": 100.0, "segments": 5, "cycle_life": {"coefficient": 1e-3, "exponent": 2.0}}
    site = small_site(1.0, battery={"b": {"energy_kwh": 10.0, "power_kw": 10.0, "wear": wear}})
    metered = dict(at_rest(site))
    metered[Flow("b", FlowKind.ENERGY_KWH)] = np.array([1.0] * 6 + [9.0] * 6 + [1.0] * 12)
    lines = bill(site, Schedule(site.horizon, metered)).by_line()
    assert lines["b.wear"] == pytest.approx(0.64, rel=1e-12)
    del metered[Flow("b", FlowKind.ENERGY_KWH)]
    with pytest.raises(InputError, match=r"b\.energy_kwh"):
        bill(site, Schedule(site.horizon, metered))
