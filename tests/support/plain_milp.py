"""Mixed-integer problems written out block by block for scipy's HiGHS: without CVXPY and without the package.

Every pair of opposite flows gets a binary in every interval, so that the optimum is the exact one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

__all__ = ["PlainMilp", "plain_battery"]


@dataclass(eq=False)
class PlainMilp:
    """A problem over blocks of `steps` variables each.

    Parameters
    ----------
    steps : int
        Variables of a block, unless it is told otherwise.
    """

    steps: int
    _blocks: dict[str, slice] = field(default_factory=dict)
    _low: list[NDArray[np.float64]] = field(default_factory=list)
    _high: list[NDArray[np.float64]] = field(default_factory=list)
    _cost: list[NDArray[np.float64]] = field(default_factory=list)
    _whole: list[NDArray[np.float64]] = field(default_factory=list)
    _rows: list[tuple[dict[str, Any], Any, Any]] = field(default_factory=list)

    def block(
        self, name: str, low: Any = 0.0, high: Any = np.inf, cost: Any = 0.0, *, size: int = 0, whole: bool = False
    ) -> None:
        """Variables with bounds and a cost each."""
        size = size or self.steps
        start = sum(part.size for part in self._low)
        self._blocks[name] = slice(start, start + size)
        for kept, value in ((self._low, low), (self._high, high), (self._cost, cost), (self._whole, float(whole))):
            kept.append(np.broadcast_to(np.asarray(value, dtype=float), size))

    def rows(self, terms: dict[str, Any], low: Any, high: Any) -> None:
        """``low <= sum of term @ block <= high``; a number or a vector stands for a diagonal."""
        self._rows.append((terms, low, high))

    def exclude(self, first: str, first_most: float, second: str, second_most: float) -> None:
        """A binary in every interval: one of the two blocks is zero there."""
        switch = f"{first} or {second}"
        self.block(switch, 0.0, 1.0, whole=True)
        self.rows({first: 1.0, switch: -first_most}, -np.inf, 0.0)
        self.rows({second: 1.0, switch: second_most}, -np.inf, second_most)

    def solve(self) -> tuple[float, dict[str, NDArray[np.float64]]]:
        """Least cost and the blocks that reach it."""
        size = sum(part.size for part in self._low)
        constraints = []
        for terms, low, high in self._rows:
            matrix = sum(self._placed(name, term, size) for name, term in terms.items())
            constraints.append(LinearConstraint(sp.csr_array(matrix), low, high))
        answer = milp(
            np.concatenate(self._cost),
            integrality=np.concatenate(self._whole),
            bounds=Bounds(np.concatenate(self._low), np.concatenate(self._high)),
            constraints=constraints,
            options={"mip_rel_gap": 1e-9},
        )
        assert answer.status == 0, answer.message
        return float(answer.fun), {name: answer.x[where] for name, where in self._blocks.items()}

    def _placed(self, name: str, term: Any, size: int) -> sp.csr_array:
        where = self._blocks[name]
        count = where.stop - where.start
        inner = sp.csr_array(term) if getattr(term, "ndim", 0) == 2 else sp.diags_array(np.broadcast_to(term, count))
        rows = inner.shape[0]
        before, after = sp.csr_array((rows, where.start)), sp.csr_array((rows, size - where.stop))
        return sp.csr_array(sp.hstack([before, inner, after]))


def plain_battery(
    problem: PlainMilp, name: str, power: float, energy: float, efficiency: float, cost: tuple[Any, Any] = (0.0, 0.0)
) -> None:
    """Blocks ``<name>.charge``, ``<name>.discharge`` and ``<name>.stored``, hourly, that end as they start."""
    steps = problem.steps
    problem.block(f"{name}.charge", 0.0, power, cost[0])
    problem.block(f"{name}.discharge", 0.0, power, cost[1])
    problem.block(f"{name}.stored", 0.0, energy)
    here = np.arange(steps)
    change = sp.eye_array(steps) - sp.coo_array((np.ones(steps), (here, (here - 1) % steps)))
    problem.rows(
        {f"{name}.stored": change, f"{name}.charge": -efficiency, f"{name}.discharge": 1.0 / efficiency}, 0.0, 0.0
    )
    problem.exclude(f"{name}.charge", power, f"{name}.discharge", power)
