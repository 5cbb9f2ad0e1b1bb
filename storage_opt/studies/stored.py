"""Stored energy at the start of each interval; a schedule tells it at the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.battery import BatterySpec

__all__ = ["stored_at_starts_kwh"]


def stored_at_starts_kwh(spec: BatterySpec, schedule: Schedule, name: str) -> NDArray[np.float64]:
    """Energy in a battery at the start of each interval (T,); the first from the flows of the first interval. [kWh]"""
    h = schedule.horizon.step_h
    charge, discharge = (float(schedule[Flow(name, kind)][0]) for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW))
    ending = schedule[Flow(name, FlowKind.ENERGY_KWH)]
    gain = h * (spec.charge_efficiency * charge - discharge / spec.discharge_efficiency - spec.auxiliary_kw)
    initial = (ending[0] - gain) / (1.0 - spec.loss_frac(h))
    return np.concatenate([[initial], ending[:-1]])
