"""Jobs that are decided one by one: each within its window and its width, all of its work done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.modeler import Expression, Limit, Modeler
from storage_opt.schedule import FlowKind
from storage_opt.workload.jobs import Blocks
from storage_opt.workload.plan import WorkPlan

__all__ = ["Part", "state_blocks"]

_Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rate of some of the work of a class, what else it does, what waits if divisible (T,). [unit], [unit h]"""

    rate: Expression
    extra: Mapping[FlowKind, Expression]
    backlog: Expression | None = None
    opposites: tuple[Opposites, ...] = ()


def state_blocks(model: Modeler, plan: WorkPlan) -> Part:
    """State a decision for each job and interval of its window.

    Notes
    -----
    ``jobs``:  ``h sum_t x[j,t] + refused[j] - lost[j] = w[j]`` with ``0 <= x[j,t] <= g[j] overlap[j,t]``;
    ``first_starts``, ``starts``:  ``s[j,t] >= x[j,t] - x[j,t-1]``;  ``restarts``:  ``v[j] >= sum_t s[j,t] - g[j]``, and
    ``lost[j] = checkpoint v[j]``. Jobs that are paused in whole lose exactly that; a fluid job that creeps up and never
    runs in whole may lose less, so this bounds the loss from below.
    """
    blocks, windows, spec = plan.blocks, plan.windows, plan.spec
    assert blocks is not None
    assert windows is not None
    h, steps, name = model.horizon.step_h, model.horizon.steps, plan.jobs_name
    units = model.variable(
        f"{name}.units", blocks.size, lower=0.0, upper=[Limit(None, blocks.most_units)], prompt=_waits(blocks)
    )
    work = model.group_totals(f"{name}.work", h * units, blocks.owner, blocks.jobs.size)
    extra: dict[FlowKind, Expression] = {}
    if spec.value_per_unit_h is not None:
        refused = model.variable(f"{name}.refused_unit_h", blocks.jobs.size, lower=0.0)
        at = np.minimum((windows.release_h[blocks.jobs] / h).astype(np.intp), steps - 1)
        extra[FlowKind.REFUSED_UNITS] = (_onto(at, steps) / h) @ refused
        work = work + refused
    if spec.checkpoint_h:
        restarted = _restarts(model, name, units, blocks, windows.units[blocks.jobs])
        lost = spec.checkpoint_h * restarted
        last = np.append(blocks.owner[1:] != blocks.owner[:-1], True)
        extra[FlowKind.LOST_UNITS] = (_onto(blocks.interval[last], steps) / h) @ lost
        work = work - lost
    model.require(name, work == windows.work_unit_h[blocks.jobs])
    if blocks.late_h.any():
        extra[FlowKind.LATE_UNIT_H] = _onto(blocks.interval, steps) @ sp.diags_array(blocks.late_h) @ units
    rate = model.group_totals(f"{name}.rate", units, blocks.interval, steps)
    return Part(rate, extra)


def _restarts(model: Modeler, name: str, units: Expression, blocks: Blocks, width: NDArray[np.float64]) -> Expression:
    """Units of each job that start more than once (n,). [unit]"""
    starts = model.variable(f"{name}.starts", blocks.size, lower=0.0)
    begins = np.append(
        True, (blocks.owner[1:] != blocks.owner[:-1]) | (blocks.interval[1:] != blocks.interval[:-1] + 1)
    )
    inside = np.flatnonzero(~begins)
    model.require(f"{name}.first_starts", starts[begins] - units[begins] >= 0)
    if inside.size:
        model.require(f"{name}.starts", starts[inside] - units[inside] + units[inside - 1] >= 0)
    total = model.group_totals(f"{name}.all_starts", starts, blocks.owner, blocks.jobs.size)
    restarted = model.variable(f"{name}.restarted", blocks.jobs.size, lower=0.0)
    model.require(f"{name}.restarts", restarted - total + width >= 0)
    return restarted


def _waits(blocks: Blocks) -> NDArray[np.float64]:
    """How long after its first interval each decision lies (N,)."""
    first = blocks.interval[np.searchsorted(blocks.owner, blocks.owner)]
    waits: NDArray[np.float64] = (blocks.interval - first).astype(np.float64)
    return waits


def _onto(interval: _Ints, steps: int) -> sp.csr_array:
    """Sums entries into their intervals (T, N)."""
    ones = np.ones(interval.size)
    return sp.csr_array((ones, (interval, np.arange(interval.size))), shape=(steps, interval.size))
